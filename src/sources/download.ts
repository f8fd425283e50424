// Fetches a web address into a file, with limits on size and time.

import { createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { durationMs } from "../base/clock.ts";
import { fail, isFailure, messageOf, systemCode } from "../base/failure.ts";
import { newId } from "../base/ids.ts";
import type { Place } from "./place.ts";

export interface DownloadOptions {
  /** The most that is downloaded, in MB; 4096 by default. */
  readonly maxMb?: number;
  /** The longest that a download may take, e.g. "10m", which is the default. */
  readonly timeout?: string;
  /** Sent with the request, e.g. an Authorization header. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** How long a server may stay silent. */
const silenceMs = 30_000;

/** Downloads to the temporary folder and gives the file's path. Throws SOURCES_UNREACHABLE, RUNTIME_DISK_FULL or RUNS_CANCELLED. */
export async function download(address: string, name: string, place: Place, options: DownloadOptions): Promise<string> {
  if (!URL.canParse(address)) throw fail("SOURCES_UNREACHABLE", `Expected a web address, got ${JSON.stringify(name)}`);
  const limitBytes = (options.maxMb ?? 4096) * 1024 * 1024;
  const time = options.timeout ?? "10m";
  const deadline = AbortSignal.timeout(durationMs(time, "timeout"));
  const silence = new AbortController();
  let alarm = setTimeout(() => silence.abort(), silenceMs);
  const signal = AbortSignal.any([place.signal, deadline, silence.signal]);
  const path = join(place.temporaryFolder, newId("download"));
  try {
    await mkdir(place.temporaryFolder, { recursive: true });
    const { url, headers } = withoutCredentials(address);
    const response = await fetch(url, { signal, headers: { accept: "*/*", ...headers, ...options.headers } });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw fail("SOURCES_UNREACHABLE", `${name} answered ${response.status} ${response.statusText}`.trim(), {
        hint:
          response.status === 401 || response.status === 403
            ? "Check that the address may be read without signing in"
            : "Check the address in a browser",
        details: { status: response.status },
      });
    }
    let received = 0;
    const expected = Number(response.headers.get("content-length") ?? Number.NaN);
    const encoded = response.headers.has("content-encoding");
    if (expected > limitBytes) throw tooLarge(name, options);
    const counted = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        clearTimeout(alarm);
        alarm = setTimeout(() => silence.abort(), silenceMs);
        received += chunk.length;
        done(received > limitBytes ? tooLarge(name, options) : null, chunk);
      },
    });
    await pipeline(Readable.fromWeb(response.body as ReadableStream), counted, createWriteStream(path), { signal });
    if (!encoded && received < expected)
      throw fail(
        "SOURCES_UNREACHABLE",
        `${name} broke off after ${received.toLocaleString("en")} of ${expected.toLocaleString("en")} bytes`,
      );
    return path;
  } catch (error) {
    await rm(path, { force: true });
    if (isFailure(error)) throw error;
    if (place.signal.aborted) throw fail("RUNS_CANCELLED", `The download of ${name} was stopped`, { cause: error });
    if (deadline.aborted) throw fail("SOURCES_UNREACHABLE", `${name} did not finish within ${time}`, { cause: error });
    if (silence.signal.aborted)
      throw fail("SOURCES_UNREACHABLE", `${name} stayed silent for ${silenceMs / 1000} seconds`, { cause: error });
    if (systemCode(error) === "RUNTIME_DISK_FULL")
      throw fail("RUNTIME_DISK_FULL", `The disk became full while ${name} was downloaded`, { cause: error });
    throw fail("SOURCES_UNREACHABLE", `${name} could not be fetched: ${reasonOf(error)}`, { cause: error });
  } finally {
    clearTimeout(alarm);
  }
}

function tooLarge(name: string, { maxMb = 4096 }: DownloadOptions) {
  return fail("SOURCES_UNREACHABLE", `${name} is larger than the limit of ${maxMb.toLocaleString("en")} MB`, {
    hint: "Raise maxMb, or download the file yourself",
  });
}

/** fetch refuses addresses that hold a user name and a password; they become the header that they stand for. */
function withoutCredentials(address: string): { url: URL; headers: Record<string, string> } {
  const url = new URL(address);
  if (url.username === "" && url.password === "") return { url, headers: {} };
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = "";
  url.password = "";
  return { url, headers: { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` } };
}

function reasonOf(error: unknown): string {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  switch (cause?.code) {
    case "ECONNREFUSED":
      return "the connection was refused";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "the host's name is not known";
    case "ECONNRESET":
    case "UND_ERR_SOCKET":
      return "the connection broke";
    default:
      return cause?.message ?? messageOf(error);
  }
}
