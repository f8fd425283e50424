// Turns what a user names, a path or a web address, into a file on this machine that can be read.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, constants, type FileHandle, open, stat } from "node:fs/promises";
import { isAbsolute, relative, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { fail, systemCode } from "../base/failure.ts";
import { type DownloadOptions, download } from "./download.ts";
import type { Place } from "./place.ts";

export interface LocalFile {
  readonly path: string;
  readonly bytes: number;
  /** For people: the path as the user wrote it, or the address without its secrets. */
  readonly name: string;
}

export function isWebAddress(location: string): boolean {
  return /^https?:\/\//i.test(location);
}

/** Any scheme before `://`, except a drive letter. */
function schemeOf(location: string): string | undefined {
  return /^([a-z][a-z0-9+.-]+):\/\//i.exec(location)?.[1]?.toLowerCase();
}

/** What a source reads, without user names, passwords and query texts, which may be secrets. */
export function describeLocation(location: string): string {
  if (!isWebAddress(location) || !URL.canParse(location)) return location;
  const { origin, pathname } = new URL(location);
  return `${origin}${pathname}`;
}

/** The path to watch for changes, relative to the project; undefined for web addresses and files outside the project. */
export function watchedPath(location: string): { readonly watch: string } | Record<never, never> {
  if (schemeOf(location) !== undefined || isAbsolute(location)) return {};
  return { watch: location };
}

/**
 * Finds the file, downloading it to the temporary folder when it is a web address.
 * Throws SOURCES_FILE_MISSING, SOURCES_NOT_READABLE, SOURCES_NOT_TABULAR, SOURCES_EMPTY or SOURCES_UNREACHABLE.
 */
export async function localFile(location: string, place: Place, options: DownloadOptions = {}): Promise<LocalFile> {
  const name = describeLocation(location);
  if (isWebAddress(location)) {
    const path = await download(location, name, place, options);
    return checked(path, name, "the answer");
  }
  return checked(localPath(location, place.projectFolder), name, `relative to ${place.projectFolder}`);
}

function localPath(location: string, projectFolder: string): string {
  const scheme = schemeOf(location);
  if (scheme === "file") return fileURLToPath(location);
  if (scheme !== undefined)
    throw fail(
      "SOURCES_UNREACHABLE",
      `Expected a path or an http(s) address, got ${JSON.stringify(describeLocation(location))}`,
      { hint: "Download the file first, and name its path" },
    );
  return resolve(projectFolder, location);
}

async function checked(path: string, name: string, where: string): Promise<LocalFile> {
  try {
    const facts = await stat(path);
    if (facts.isDirectory())
      throw fail("SOURCES_NOT_TABULAR", `Expected a file, got the folder ${name}`, { hint: "Name one file inside it" });
    if (!facts.isFile())
      throw fail("SOURCES_NOT_TABULAR", `Expected a regular file, got ${name}, which is a device or a pipe`);
    await access(path, constants.R_OK);
    if (facts.size === 0) throw fail("SOURCES_EMPTY", `${name} is empty (0 bytes)`);
    return { path, bytes: facts.size, name };
  } catch (error) {
    throw readFailure(error, name, where);
  }
}

/** The operating system's refusals in our words. */
export function readFailure(error: unknown, name: string, where = ""): unknown {
  const code = (error as { code?: unknown } | null)?.code;
  if (code === "ENOENT" || code === "ENOTDIR")
    return fail("SOURCES_FILE_MISSING", `There is no file ${name}`, {
      cause: error,
      ...(where === "" ? {} : { hint: `Check the path; it is ${where}` }),
    });
  if (code === "EACCES" || code === "EPERM")
    return fail("SOURCES_NOT_READABLE", `${name} may not be read: permission denied`, { cause: error });
  if (code === "ENAMETOOLONG" || code === "ELOOP")
    return fail("SOURCES_FILE_MISSING", `There is no such file: ${name.slice(0, 100)}`, { cause: error });
  if (systemCode(error) === "RUNTIME_DISK_FULL")
    return fail("RUNTIME_DISK_FULL", `The disk became full while ${name} was read into the temporary folder`, {
      cause: error,
    });
  return error;
}

/** Larger files are judged by size and time alone: hashing them would cost more than it saves. */
const hashedBytes = 16 * 1024 * 1024;

/** A text that changes when the file may have changed; null for web addresses and files that cannot be read now. */
export async function fileFingerprint(location: string, projectFolder: string): Promise<string | null> {
  if (isWebAddress(location)) return null;
  let file: FileHandle | undefined;
  try {
    const path = localPath(location, projectFolder);
    const facts = await stat(path, { bigint: true });
    if (facts.size > hashedBytes) return `${facts.size}:${facts.mtimeNs}`;
    file = await open(path);
    const hash = createHash("sha256");
    await pipeline(createReadStream("", { fd: file, autoClose: false }), hash);
    return `sha256:${hash.digest("hex")}`;
  } catch {
    // Reading it will say what is wrong, with a code.
    return null;
  } finally {
    await file?.close();
  }
}

/** A path for people: relative when that is shorter. */
export function shownPath(path: string, from: string): string {
  const short = relative(from, path);
  return short !== "" && !short.startsWith("..") ? short : path;
}
