// Listens on one port and stops cleanly: open requests finish, streams end, nothing hangs.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { fail } from "../base/failure.ts";
import { answerDirectly, type DirectOptions } from "./direct.ts";

export interface ServeOptions {
  readonly port: number;
  readonly host: string;
  readonly direct: DirectOptions;
}

export interface Serving {
  readonly url: string;
  close(): Promise<void>;
}

/** Throws RUNTIME_PORT_IN_USE when somebody else listens there. Port 0 takes any free one. */
export async function serve(app: Hono, { port, host, direct }: ServeOptions): Promise<Serving> {
  const server = createServer(answerDirectly(direct, getRequestListener(app.fetch)));
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(listenFailure(error, port, host)));
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  const shown = host.includes(":") ? `[${host}]` : host;
  return {
    url: `http://${shown}:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        // Event streams never end by themselves.
        setTimeout(() => server.closeAllConnections(), 300).unref();
      }),
  };
}

function listenFailure(error: NodeJS.ErrnoException, port: number, host: string): Error {
  if (error.code === "EADDRINUSE")
    return fail("RUNTIME_PORT_IN_USE", `Expected port ${port} on ${host} to be free, got one that is in use`, {
      hint: `Pass another --port, e.g. --port ${port + 1}, or stop the program that listens there`,
    });
  if (error.code === "EACCES")
    return fail("RUNTIME_NOT_WRITABLE", `Expected to listen on port ${port}, got no permission`, {
      hint: "Choose a port above 1023",
    });
  if (error.code === "EADDRNOTAVAIL" || error.code === "ENOTFOUND")
    return fail("CLI_USAGE", `--host: expected an address of this machine, got ${JSON.stringify(host)}`);
  return error;
}
