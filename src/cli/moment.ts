// A moment on the command line: a date, or a time with or without an offset.

import { type Arguments, type CommandSpec, usage } from "./arguments.ts";

/** In milliseconds since 1970; null when the option is not given. Without an offset a time is UTC, as everywhere. */
export function readMoment(spec: CommandSpec, args: Arguments, name: string): number | null {
  const text = args.text(name);
  if (text === undefined) return null;
  const ms = Date.parse(/^\d{4}-\d\d-\d\d[T ][\d:.]+$/.test(text) ? `${text.replace(" ", "T")}Z` : text);
  if (!/^\d{4}-\d\d/.test(text) || Number.isNaN(ms))
    throw usage(
      spec,
      `--${name}: expected a time such as 2024-01-31 or 2024-01-31T12:00Z, got ${JSON.stringify(text)}`,
    );
  return ms;
}
