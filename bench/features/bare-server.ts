// A bare HTTP server in a process of its own that gives a constant answer of 1 kB: what no server on Node.js can be quicker than.

import { spawn } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface BareServer {
  readonly url: string;
  stop(): Promise<void>;
}

export function bareServer(): Promise<BareServer> {
  const child = spawn(process.execPath, [import.meta.filename], { stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`The bare server ended with ${code}`)));
    child.stdout.once("data", (line) =>
      resolve({
        url: String(line).trim(),
        stop: () =>
          new Promise((stopped) => {
            child.once("exit", () => stopped());
            child.kill();
          }),
      }),
    );
  });
}

if (process.argv[1] === import.meta.filename) {
  const answer = JSON.stringify({ values: Array.from({ length: 200 }, (_, at) => 1000 + at) });
  const headers = { "content-type": "application/json", "content-length": answer.length };
  const server = createServer((incoming, outgoing) => {
    incoming.resume();
    incoming.on("end", () => outgoing.writeHead(200, headers).end(answer));
  });
  server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`));
}
