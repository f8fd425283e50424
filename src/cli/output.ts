// What the command line prints: results on stdout, everything else on stderr, failures in full.

import { type Failure, isFailure, toFailure } from "../base/failure.ts";

/** A reader that has gone, as in `pentad logs | head`, ends no command and needs no word. */
export function tolerateClosedReaders(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function printJson(document: unknown): void {
  process.stdout.write(`${JSON.stringify(document, null, process.stdout.isTTY ? 2 : undefined)}\n`);
}

/** "where: what happened", the source line, the hint. */
export function failureText(failure: Failure): string {
  const { code, component, step, message, hint, location, cause } = failure;
  const where = component === null ? "" : `${component}${step === null || step === "load" ? "" : ` (${step})`}: `;
  const lines = [`${where}${message} [${code}]`];
  if (location !== null)
    lines.push(`  at ${location.file}:${location.line}${location.column === undefined ? "" : `:${location.column}`}`);
  if (cause !== null && tellsMore(cause, message) && failure.code !== "INTERNAL")
    lines.push(`  because ${cause.split("\n")[0]}`);
  lines.push(`  → ${hint}`);
  return lines.join("\n");
}

/** What the message says already, and the system's own words for it, need not be said twice. */
function tellsMore(cause: string, message: string): boolean {
  const first = cause.split("\n")[0] as string;
  return !message.includes(first.replace(/^The query engine refused a statement: /, "")) && !/^ENOENT\b/.test(first);
}

/** Exit code 2 for a command that was used wrongly, 1 for work that failed. */
export function exitCodeOf(error: unknown): 1 | 2 {
  return isFailure(error, "CLI_USAGE") || isFailure(error, "CLI_NODE_TOO_OLD") ? 2 : 1;
}

export function reportError(error: unknown, json: boolean): void {
  const failure = toFailure(error);
  if (json) {
    const { code, message, hint, location } = failure;
    const details = isFailure(error) ? error.details : undefined;
    printJson({
      error: {
        code,
        message,
        hint,
        ...(location === null ? {} : { location }),
        ...(details === undefined ? {} : { details }),
      },
    });
  }
  note(`error: ${failureText(failure)}`);
  if (failure.code === "INTERNAL" && error instanceof Error && process.env.PENTAD_DEBUG !== undefined)
    note(String(error.stack));
}

/** Columns padded to their widest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  return rows
    .map((row) =>
      row
        .map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index] as number)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export function rowsText(count: number): string {
  return `${count.toLocaleString("en")} ${count === 1 ? "row" : "rows"}`;
}

export function duration(ms: number | null): string {
  if (ms === null) return "";
  return ms < 1000
    ? `${Math.round(ms)} ms`
    : ms < 60_000
      ? `${(ms / 1000).toFixed(1)} s`
      : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** "840 kB", "1.2 GB". */
export function sizeText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const step = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  return `${Number((bytes / 1000 ** step).toPrecision(3))} ${units[step]}`;
}

const lineEveryMs = 10_000;

/** What long work does now, on stderr: one line that changes on a terminal, plain lines now and then elsewhere. */
export function progressLine(): { tell(text: string): void; end(): void } {
  const { stderr } = process;
  let toldAt = performance.now();
  let shown = false;
  return {
    tell(text) {
      if (stderr.isTTY) {
        stderr.write(`\r\u001b[2K${text}`);
        shown = true;
      } else if (performance.now() - toldAt > lineEveryMs) {
        toldAt = performance.now();
        note(text);
      }
    },
    end() {
      if (shown) stderr.write("\r\u001b[2K");
    },
  };
}
