// The typed client against real servers of its own: what it sends, what it gives back, and what its errors say.

import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { type ClientError, connect } from "../../src/http/client.ts";

interface Asked {
  readonly url: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
}

/** A server that gives one answer to everything, and remembers what it was asked. */
async function serving(
  status: number,
  answer: string,
  work: (url: string, asked: Asked[]) => Promise<void>,
): Promise<void> {
  const asked: Asked[] = [];
  const server: Server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    asked.push({ url: request.url, headers: request.headers, body: JSON.parse(text) });
    if (answer !== "never") response.writeHead(status, { "content-type": "application/json" }).end(answer);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const rejection = async (promise: Promise<unknown>): Promise<ClientError> => {
  try {
    await promise;
  } catch (error) {
    return error as ClientError;
  }
  throw new Error("Expected a rejection");
};

test("predict posts the input as it is and gives the answer back", () =>
  serving(200, '{"prediction":true,"id":"p_1"}', async (url, asked) => {
    const client = connect({ url: `${url}/`, name: "rain in seattle", headers: { authorization: "Bearer x" } });
    assert.deepEqual(await client.predict({ precipitation: 4.2 }), { prediction: true, id: "p_1" });
    assert.equal(asked[0]?.url, "/predict/rain%20in%20seattle");
    assert.deepEqual(asked[0]?.body, { precipitation: 4.2 });
    assert.equal(asked[0]?.headers.authorization, "Bearer x");
    assert.equal(asked[0]?.headers["content-type"], "application/json");
  }));

test("predictMany asks once for all inputs, and explain asks for the reasons", () =>
  serving(200, "[{},{}]", async (url, asked) => {
    const client = connect({ url, name: "rain" });
    assert.equal((await client.predictMany([{ a: 1 }, { a: 2 }], { explain: true })).length, 2);
    assert.equal(asked.length, 1);
    assert.equal(asked[0]?.url, "/predict/rain?explain=true");
    assert.deepEqual(asked[0]?.body, [{ a: 1 }, { a: 2 }]);
  }));

test("an error of the product is thrown with its code, hint, status and details", () => {
  const error = {
    code: "INFERENCE_INPUT_INVALID",
    message: "wind: expected a number",
    hint: "Correct it",
    details: { field: "wind" },
  };
  return serving(400, JSON.stringify({ error }), async (url) => {
    const { name, code, message, hint, status, details } = await rejection(connect({ url, name: "rain" }).predict({}));
    assert.deepEqual({ name, code, message, hint, status, details }, { name: "PentadError", status: 400, ...error });
  });
});

test("an answer that is not a document is told as such, whatever its status", async () => {
  for (const status of [200, 502])
    await serving(status, "<html>", async (url) => {
      const error = await rejection(connect({ url, name: "rain" }).predict({}));
      assert.deepEqual([error.code, error.status], ["HTTP_UNREADABLE", status]);
      assert.match(error.message, new RegExp(`status ${status}`));
    });
});

test("a product that is not there, or does not answer in time, is unreachable", async () => {
  let gone = "";
  await serving(200, "{}", async (url) => {
    gone = url;
  });
  assert.equal((await rejection(connect({ url: gone, name: "rain" }).predict({}))).code, "HTTP_UNREACHABLE");
  await serving(200, "never", async (url) => {
    const error = await rejection(connect({ url, name: "rain", timeoutMs: 50 }).predict({}));
    assert.equal(error.code, "HTTP_UNREACHABLE");
    assert.match(error.message, /^No answer from http.*\/predict\/rain/);
  });
});

test("a request that the caller aborts rejects with the caller's reason", () =>
  serving(200, "never", async (url) => {
    const controller = new AbortController();
    const asking = rejection(connect({ url, name: "rain" }).predict({}, { signal: controller.signal }));
    controller.abort(new Error("changed my mind"));
    assert.equal((await asking).message, "changed my mind");
  }));
