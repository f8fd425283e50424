// Counts what a SQLite database has committed, by reading its write-ahead log.

import { readFileSync } from "node:fs";

/**
 * Transactions in the log: each ends with a frame that says so. The format is SQLite's own: a header of 32 bytes,
 * then frames of 24 bytes and a page; bytes 8 to 15 are the log's salt.
 */
export function commitsIn(path: string): number {
  const log = readFileSync(path);
  const frameBytes = 24 + log.readUInt32BE(8);
  let commits = 0;
  for (let at = 32; at + frameBytes <= log.length; at += frameBytes) {
    if (log.compare(log, 16, 24, at + 8, at + 16) !== 0) break;
    if (log.readUInt32BE(at + 4) !== 0) commits++;
  }
  return commits;
}
