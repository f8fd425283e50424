// Names for things: ids that sort by time, and content hashes.

import { createHash, randomBytes } from "node:crypto";

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

/** An id such as `run_01jd…`: ten characters of time, ten of chance; later ids sort after earlier ones. */
export function newId(prefix: string, atMs: number = Date.now()): string {
  let time = "";
  let rest = atMs;
  for (let i = 0; i < 10; i++) {
    time = alphabet[rest % 32] + time;
    rest = Math.floor(rest / 32);
  }
  let chance = "";
  for (const byte of randomBytes(10)) chance += alphabet[byte % 32];
  return `${prefix}_${time}${chance}`;
}

/** SHA-256 in hexadecimal. */
export function contentHash(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

/** A name that can stand in a URL, a path and a table: lower case, digits and hyphens; empty when nothing is left. */
export function slug(text: string): string {
  // The tables of Unicode are megabytes that a process whose names are plain need not touch.
  const plain = /[^ -~]/.test(text) ? text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "") : text;
  return plain
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
}
