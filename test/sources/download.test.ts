// Sources behind a web address, against a server on this machine.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { isFailure } from "../../src/base/failure.ts";
import { csv } from "../../src/sources/csv.ts";
import { json } from "../../src/sources/json.ts";
import { type Bench, openBench } from "./reading.ts";

let bench: Bench;
let server: Server;
let origin: string;
const asked: { url: string | undefined; authorization: string | undefined }[] = [];

before(async () => {
  bench = await openBench();
  server = createServer((request, response) => {
    asked.push({ url: request.url, authorization: request.headers.authorization });
    const path = (request.url ?? "").split("?")[0];
    if (path === "/a.csv") response.end("a,b\n1,2\n");
    else if (path === "/a.csv.gz") response.end(gzipSync("a,b\n3,4\n"));
    else if (path === "/packed.csv")
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("a,b\n5,6\n"));
    else if (path === "/moved") response.writeHead(302, { location: "/a.csv" }).end();
    else if (path === "/a.json") response.end('[{"a": 1}]');
    else if (path === "/empty") response.end();
    else if (path === "/page") response.end("<!DOCTYPE html><html>sign in</html>");
    else if (path === "/denied") response.writeHead(403).end("no");
    else if (path === "/large") response.end(`a\n${"1\n".repeat(2_000_000)}`);
    else if (path === "/cut") {
      response.writeHead(200, { "content-length": "1000" });
      response.write("a,b\n1,2\n");
      setTimeout(() => response.destroy(), 20);
    } else if (path === "/slow") response.write("a,b\n");
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(async () => {
  server.closeAllConnections();
  server.close();
  await bench.close();
});

async function refused(
  path: string,
  pattern: RegExp,
  options?: Parameters<typeof csv>[1],
  code = "SOURCES_UNREACHABLE",
): Promise<void> {
  await assert.rejects(bench.read(csv(path.startsWith("http") ? path : origin + path, options)), (error) => {
    assert.ok(isFailure(error), String(error));
    assert.equal(error.code, code);
    assert.match(error.message, pattern);
    assert.doesNotMatch(`${error.message} ${error.hint}`, /secret/);
    return true;
  });
}

test("CSV and JSON are downloaded, gzipped as a file or on the way, and over a redirect", async () => {
  assert.deepEqual((await bench.read(csv(`${origin}/a.csv`))).cells, [["1", "2"]]);
  assert.deepEqual((await bench.read(csv(`${origin}/a.csv.gz`))).cells, [["3", "4"]]);
  assert.deepEqual((await bench.read(csv(`${origin}/packed.csv`))).cells, [["5", "6"]]);
  assert.deepEqual((await bench.read(csv(`${origin}/moved`))).cells, [["1", "2"]]);
  assert.deepEqual((await bench.read(json(`${origin}/a.json`))).cells, [["1"]]);
});

test("a user name and password in the address become a header, and are never shown", async () => {
  const address = origin.replace("http://", "http://user:secret@");
  await bench.read(csv(`${address}/a.csv?token=secret`));
  assert.deepEqual(asked.at(-1), { url: "/a.csv?token=secret", authorization: `Basic ${btoa("user:secret")}` });
  await refused(`${address}/nothing?token=secret`, /^http:\/\/127.0.0.1:\d+\/nothing answered 404/);
});

test("what the server refuses, cuts off or never sends is told apart", async () => {
  await refused("/denied", /answered 403/);
  await refused("/nothing", /answered 404 Not Found/);
  await refused("/cut", /could not be fetched|broke off/);
  await refused("/slow", /did not finish within 1s/, { timeout: "1s" });
  const closed = createServer().listen(0, "127.0.0.1");
  await once(closed, "listening");
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  await refused(`http://127.0.0.1:${port}/a.csv`, /the connection was refused/);
  await refused("http://no-such-host.invalid/a.csv", /could not be fetched/);
});

test("an answer that is too large, empty or a web page is refused", async () => {
  await refused("/large", /larger than the limit of 1 MB/, { maxMb: 1 });
  await refused("/empty", /is empty/, {}, "SOURCES_EMPTY");
  await refused("/page", /looks like a web page/, {}, "SOURCES_NOT_TABULAR");
});

test("a stopped run stops the download", async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 50);
  await assert.rejects(bench.read(csv(`${origin}/slow`), { signal: controller.signal }), (error) =>
    isFailure(error, "RUNS_CANCELLED"),
  );
});
