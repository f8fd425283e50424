// Restate as a peer: its server, which npm brings as a binary, and a service of three steps that it calls.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createHttp2Server, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Context {
  run(name: string, step: () => Promise<number>): Promise<number>;
}

/** What is used of `@restatedev/restate-sdk`. */
export interface RestateSdk {
  service(definition: object): object;
  createEndpointHandler(options: {
    services: object[];
    logger?: () => void;
  }): (request: Http2ServerRequest, response: Http2ServerResponse) => void;
}

/** A service whose one handler does the steps; `threeSteps` asks for it by HTTP, as Restate's callers do. */
export async function startRestate(
  { service, createEndpointHandler }: RestateSdk,
  binary: string,
  steps: readonly string[],
): Promise<{ threeSteps(): Promise<void>; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "pentad-bench-restate-"));
  const [ingress, admin, node, handlers] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const server = spawn(binary, ["--base-dir", folder, "--node-name", "bench"], {
    stdio: "ignore",
    env: {
      PATH: process.env.PATH,
      RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
      RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
      RESTATE_ADVERTISED_ADDRESS: `http://127.0.0.1:${node}`,
      DO_NOT_TRACK: "1",
    },
  });
  const ended = new Promise((resolve) => server.once("exit", resolve));
  let endpoint: ReturnType<typeof createHttp2Server> | undefined;
  const stop = async () => {
    server.kill();
    await ended;
    endpoint?.close();
    rmSync(folder, { recursive: true, force: true });
  };
  const bench = service({
    name: "bench",
    handlers: {
      threeSteps: async (context: Context) => {
        let sum = 0;
        for (const name of steps) sum += await context.run(name, async () => 1);
        return sum;
      },
    },
  });
  endpoint = createHttp2Server(createEndpointHandler({ services: [bench], logger: () => undefined }));
  endpoint.listen(handlers, "127.0.0.1").unref();
  try {
    await register(`http://127.0.0.1:${admin}/deployments`, `http://127.0.0.1:${handlers}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    async threeSteps() {
      const response = await fetch(`http://127.0.0.1:${ingress}/bench/threeSteps`, { method: "POST" });
      if ((await response.text()) !== String(steps.length)) throw new Error("Restate left a step out");
    },
    stop,
  };
}

/** The server needs a moment before it takes a deployment. */
async function register(address: string, uri: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(address, { method: "POST", headers, body: JSON.stringify({ uri }) }).catch(
      () => undefined,
    );
    if (answer?.ok) return;
    if (attempt === 100) throw new Error("the server did not start");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
