// Reads a command line: strict about names and values, with the nearest right word in the error.

import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { fail, messageOf } from "../base/failure.ts";
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
    if ((error as { name?: string }).name === "PentadError") throw error;
    throw usage(spec, firstSentence(messageOf(error)));
  }
}

function firstSentence(text: string): string {
  return (text.split(/\.\s|\n/)[0] ?? text).replace(/\.$/, "");
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
