// Refuses what a page of another site asks in a person's name, wherever a request comes in.

import { fail } from "../base/failure.ts";

export interface Asked {
  readonly method: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
}

/**
 * A page of another site must not act in a person's name, nor reach a loopback server under a name of its own (DNS
 * rebinding). Tools send no origin and use the address itself. Throws HTTP_FORBIDDEN.
 */
export function refuseOtherSites({ method, host, origin }: Asked, loopback: boolean): void {
  const name = (host ?? "").replace(/:\d+$/, "");
  if (loopback && !["", "127.0.0.1", "localhost", "[::1]"].includes(name) && !name.endsWith(".localhost"))
    throw fail("HTTP_FORBIDDEN", `Expected a request for localhost, got one for ${name}`, {
      hint: "Serve other names with --host, behind a proxy that checks who may ask",
    });
  if (origin === undefined || method === "GET" || method === "HEAD") return;
  if (URL.parse(origin)?.host !== host)
    throw fail("HTTP_FORBIDDEN", `Expected a request from ${host}, got one from ${origin}`);
}
