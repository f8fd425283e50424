// What the engine's own errors mean in our words.

import type { ErrorCodeName } from "../base/error-codes.ts";
import { fail, isFailure, messageOf, type PentadError } from "../base/failure.ts";

/**
 * RUNTIME_DISK_FULL, RUNS_STEP_MEMORY, RUNTIME_NOT_WRITABLE or RUNS_CANCELLED where the engine met that; INTERNAL for
 * everything else. `details.engine` is the engine's own kind of error, e.g. `Conversion Error`, for callers that know
 * what their statement may run into.
 */
export function engineFailure(error: unknown, sql: string): PentadError {
  if (isFailure(error)) return error;
  const message = messageOf(error);
  // "Failed to extract statements: Parser Error: syntax error …"
  const [, kind = "Error", text = message] =
    /^(?:Failed to [a-z ]+: )?([A-Z][A-Za-z ]*? Error): ([\s\S]*)$/.exec(message) ?? [];
  const code = codeOf(kind, text);
  const details = { engine: kind, statement: sql.length > 1000 ? `${sql.slice(0, 1000)}…` : sql };
  return fail(code, sentence(code, text), { cause: error, details });
}

function codeOf(kind: string, text: string): ErrorCodeName {
  // Spilling beyond what the disk has left is an out-of-memory error to the engine, but a full disk to a person.
  if (/no space left on device|max_temp_directory_size|disk quota exceeded/i.test(text)) return "RUNTIME_DISK_FULL";
  if (kind === "Out of Memory Error") return "RUNS_STEP_MEMORY";
  if (/^interrupt/i.test(kind)) return "RUNS_CANCELLED";
  // The engine's own wording for a Parquet file that was cut off or overwritten.
  if (/no magic bytes found|not enough bytes|parquet file|snappy|zstd decompress/i.test(text) && /\.parquet/.test(text))
    return "FEATURES_FILE_CORRUPT";
  if (/permission denied|read-only file system/i.test(text)) return "RUNTIME_NOT_WRITABLE";
  return "INTERNAL";
}

function sentence(code: ErrorCodeName, text: string): string {
  const first = (text.split("\n")[0] as string).trim().replace(/\.$/, "");
  switch (code) {
    case "RUNTIME_DISK_FULL":
      return "The disk is full: the query engine could not write its temporary files";
    case "RUNS_STEP_MEMORY":
      return "The query engine needed more memory than its limit allows";
    case "RUNS_CANCELLED":
      return "The query was stopped";
    case "FEATURES_FILE_CORRUPT":
    case "RUNTIME_NOT_WRITABLE":
      return first;
    default:
      return `The query engine refused a statement: ${first}`;
  }
}
