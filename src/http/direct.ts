// Addresses answered straight on their connection: the objects of the web standard take longer than what is asked there.

import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { isFailure, messageOf } from "../base/failure.ts";
import type { Log } from "../base/log.ts";
import { checkMediaType, parseJson, readSmall, smallBytes } from "./body.ts";
import { errorResponse } from "./errors.ts";
import { refuseOtherSites } from "./other-sites.ts";

/** Gives the document that answers a body. */
export type DirectAnswer = (body: unknown) => Promise<unknown>;

export interface DirectOptions {
  /** By path; each is posted to, and the app answers there too. */
  readonly answers: Readonly<Record<string, DirectAnswer>>;
  /** Only this machine may ask: names other than localhost are refused. */
  readonly loopback: boolean;
  readonly log: Log;
}

/** Everything that is not as simple as most requests to those addresses goes to `app`, which answers it alike. */
export function answerDirectly({ answers, loopback, log }: DirectOptions, app: RequestListener): RequestListener {
  const byPath = new Map(Object.entries(answers));
  return (incoming, outgoing) => {
    const answer = incoming.method === "POST" ? byPath.get(incoming.url ?? "") : undefined;
    const bytes = Number(incoming.headers["content-length"] ?? 0);
    if (answer === undefined || !(bytes > 0 && bytes <= smallBytes)) return app(incoming, outgoing);
    reply(incoming, loopback, answer).then(
      (document) => send(outgoing, 200, document),
      (error: unknown) => {
        const { status, document } = errorResponse(error);
        if (!isFailure(error)) log.error(`POST ${incoming.url}: ${messageOf(error)}`);
        send(outgoing, status, document);
      },
    );
  };
}

async function reply(incoming: IncomingMessage, loopback: boolean, answer: DirectAnswer): Promise<unknown> {
  const { host, origin, "content-type": type } = incoming.headers;
  refuseOtherSites({ method: "POST", host, origin }, loopback);
  checkMediaType(type);
  return answer(parseJson(await readSmall(incoming)));
}

function send(outgoing: ServerResponse, status: number, document: unknown): void {
  const text = JSON.stringify(document);
  outgoing.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    "x-content-type-options": "nosniff",
  });
  outgoing.end(text);
}
