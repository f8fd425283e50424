// Reads a command line: strict about names and values, with the nearest right word in the error.

import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { fail, isFailure, messageOf } from "../base/failure.ts";
import { nearest } from "../define/check.ts";

export interface OptionSpec {
  readonly type: "string" | "boolean";
  /** Shown in the help after the name, e.g. `FILE|URL`. */
  readonly value?: string;
  readonly help: string;
}

export interface CommandSpec {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What stands after the name, e.g. `DIR` or `[COMPONENT…]`. */
  readonly operands?: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Further lines for the command's own help. */
  readonly details?: readonly string[];
}

export const commonOptions: Readonly<Record<string, OptionSpec>> = {
  project: { type: "string", value: "DIR", help: "The project's folder (default: the current one)" },
  json: { type: "boolean", help: "Print one JSON document on stdout; logs go to stderr" },
  help: { type: "boolean", help: "Show this help" },
};

export interface Arguments {
  readonly operands: readonly string[];
  text(name: string): string | undefined;
  flag(name: string): boolean;
}

/** Throws CLI_USAGE for anything that the command does not know. */
export function readArguments(spec: CommandSpec, args: readonly string[]): Arguments {
  const known = { ...spec.options, ...commonOptions };
  const options: ParseArgsOptionsConfig = Object.fromEntries(
    Object.entries(known).map(([name, { type }]) => [name, { type, ...(name === "help" ? { short: "h" } : {}) }]),
  );
  const wrong = args.find((arg) => /^--[^=]/.test(arg) && !Object.hasOwn(known, arg.slice(2).split("=")[0] as string));
  if (wrong !== undefined) {
    const near = nearest(wrong.slice(2).split("=")[0] as string, Object.keys(known));
    throw usage(
      spec,
      `Expected an option of \`pentad ${spec.name}\`, got ${wrong}`,
      near === undefined ? undefined : `Did you mean --${near}?`,
    );
  }
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    for (const [name, value] of Object.entries(values))
      if (value === "") throw fail("CLI_USAGE", `--${name}: expected ${known[name]?.value ?? "a value"}, got nothing`);
    return {
      operands: positionals,
      text: (name) => values[name] as string | undefined,
      flag: (name) => values[name] === true,
    };
  } catch (error) {
    if (isFailure(error)) throw error;
    throw misread(spec, known, args, messageOf(error));
  }
}

/** Node's words for what is wrong with an option, in ours. */
function misread(
  spec: CommandSpec,
  known: Readonly<Record<string, OptionSpec>>,
  args: readonly string[],
  message: string,
) {
  const name = /'(?:-\w, )?--([\w-]+)/.exec(message)?.[1] ?? "";
  const wanted = known[name]?.value;
  if (wanted === undefined) {
    if (known[name] !== undefined) return usage(spec, `--${name}: expected no value, got one`);
    const short = args.find((arg) => /^-[^-]/.test(arg)) ?? args.find((arg) => arg.startsWith("-"));
    return usage(spec, `Expected an option of \`pentad ${spec.name}\`, got ${short ?? message}`);
  }
  const next = args[args.indexOf(`--${name}`) + 1];
  return next === undefined || known[next.replace(/^--/, "")] !== undefined
    ? usage(spec, `--${name}: expected ${wanted}, got nothing`)
    : usage(spec, `--${name}: expected ${wanted}, got ${next}`, `Write --${name}=${next} if that is meant`);
}

export function usage(spec: Pick<CommandSpec, "name">, message: string, hint?: string) {
  return fail("CLI_USAGE", message, { hint: hint ?? `See \`pentad ${spec.name} --help\`` });
}

/** A whole number within bounds. */
export function readNumber(
  spec: CommandSpec,
  args: Arguments,
  name: string,
  bounds: { min: number; max: number; otherwise: number },
): number {
  const text = args.text(name);
  if (text === undefined) return bounds.otherwise;
  const value = Number(text);
  if (!Number.isInteger(value) || value < bounds.min || value > bounds.max)
    throw usage(
      spec,
      `--${name}: expected a whole number from ${bounds.min} to ${bounds.max}, got ${JSON.stringify(text)}`,
    );
  return value;
}

export function commandHelp(spec: CommandSpec): string {
  const lines = [
    `pentad ${spec.name}${spec.operands === undefined ? "" : ` ${spec.operands}`}`,
    "",
    `  ${spec.summary}`,
    "",
    "Options:",
  ];
  const entries = Object.entries({ ...spec.options, ...commonOptions });
  const names = entries.map(([name, option]) => `--${name}${option.value === undefined ? "" : ` ${option.value}`}`);
  const width = Math.max(...names.map((name) => name.length));
  for (const [index, [, option]] of entries.entries())
    lines.push(`  ${(names[index] as string).padEnd(width)}  ${option.help}`);
  if (spec.details !== undefined) lines.push("", ...spec.details);
  return lines.join("\n");
}
