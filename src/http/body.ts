// Reads request bodies: JSON within a size, with a clear error for everything else.

import type { IncomingMessage } from "node:http";
import type { Context } from "hono";
import { fail } from "../base/failure.ts";

const mostBytes = 16 * 1024 * 1024;
/** Up to here a body is read in one piece. */
export const smallBytes = 1024 * 1024;

/** The JSON value of the request's body. Throws HTTP_BODY_INVALID, HTTP_BODY_TOO_LARGE or HTTP_MEDIA_TYPE. */
export async function readJson(context: Context): Promise<unknown> {
  checkMediaType(context.req.header("content-type"));
  const declared = Number(context.req.header("content-length") ?? 0);
  if (declared > mostBytes) throw tooLarge(declared);
  const incoming = (context.env as { incoming?: IncomingMessage } | undefined)?.incoming;
  const small = incoming !== undefined && declared > 0 && declared <= smallBytes;
  return parseJson(small ? await readSmall(incoming) : await readText(context));
}

/** Throws HTTP_MEDIA_TYPE. curl sends JSON under the type of forms unless told otherwise; other sites' forms are refused by their origin. */
export function checkMediaType(type = "application/json"): void {
  if (!/^(?:application\/(?:[\w.+-]+\+)?json|application\/x-www-form-urlencoded|text\/plain)\b/i.test(type))
    throw fail("HTTP_MEDIA_TYPE", `Expected application/json, got ${type}`);
}

/** Throws HTTP_BODY_INVALID. */
export function parseJson(text: string): unknown {
  if (text.trim() === "") throw fail("HTTP_BODY_INVALID", "Expected a JSON body, got an empty one");
  try {
    return JSON.parse(text);
  } catch (error) {
    throw fail("HTTP_BODY_INVALID", `Expected a JSON body, got text that does not parse: ${(error as Error).message}`);
  }
}

/** Straight from the connection, which takes a third of the time; for bodies whose size was declared, since no more comes. */
export function readSmall(incoming: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    incoming.on("data", (part: Buffer) => parts.push(part));
    incoming.on("end", () => resolve((parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)).toString()));
    const breakOff = () => {
      if (!incoming.readableEnded) reject(fail("HTTP_BODY_INVALID", "Expected a whole body, got one that broke off"));
    };
    incoming.on("error", breakOff);
    incoming.on("close", breakOff);
  });
}

/** A body without a declared length is cut off where it grows too large, not read to its end. */
async function readText(context: Context): Promise<string> {
  const body = context.req.raw.body;
  if (body === null) return "";
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body as unknown as AsyncIterable<Uint8Array>) {
    size += part.byteLength;
    if (size > mostBytes) throw tooLarge(size);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function tooLarge(bytes: number) {
  return fail("HTTP_BODY_TOO_LARGE", `Expected at most ${mostBytes} bytes, got ${bytes}`);
}
