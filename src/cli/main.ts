// The command line's door: finds the command, runs it, and turns what it throws into words and an exit code.

import { fail } from "../base/failure.ts";
import { nearest } from "../define/check.ts";
import { commandHelp, commonOptions, readArguments } from "./arguments.ts";
import { commands } from "./command-table.ts";
import { exitCodeOf, print, reportError, tolerateClosedReaders } from "./output.ts";
import { packageVersion } from "./package-version.ts";

/** Runs one command line (without `node` and the script); resolves with the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  tolerateClosedReaders();
  const [name, ...rest] = args;
  const json = args.includes("--json");
  try {
    if (name === undefined || name === "help" || name === "--help" || name === "-h") {
      print(generalHelp());
      return name === undefined ? 2 : 0;
    }
    if (name === "--version" || name === "-v") {
      print(packageVersion());
      return 0;
    }
    const command = commands.find((one) => one.name === name);
    if (command === undefined) throw later.includes(name) ? notYet(name) : unknownCommand(name);
    if (rest.includes("--help") || rest.includes("-h")) {
      print(commandHelp(command));
      return 0;
    }
    return await command.run(command, readArguments(command, rest));
  } catch (error) {
    reportError(error, json);
    return exitCodeOf(error);
  }
}

/** Commands that are part of the plan, and of no release so far. */
const later = ["backup", "deploy", "doctor", "restore", "trace", "upgrade", "worker"];

function notYet(name: string) {
  return fail("RUNTIME_NOT_AVAILABLE", `\`pentad ${name}\` is not available yet`);
}

function unknownCommand(name: string) {
  const near = nearest(
    name,
    commands.map((one) => one.name),
  );
  return fail("CLI_USAGE", `Expected a command, got ${JSON.stringify(name)}`, {
    hint: near === undefined ? "See `pentad --help`" : `Did you mean \`pentad ${near}\`?`,
  });
}

function generalHelp(): string {
  const width = Math.max(...commands.map((one) => one.name.length));
  return [
    "pentad: five small files become one live ML product",
    "",
    "Usage: pentad COMMAND [OPTIONS]",
    "",
    "Commands:",
    ...commands.map((one) => `  ${one.name.padEnd(width)}  ${one.summary}`),
    "",
    "Every command takes:",
    ...Object.entries(commonOptions).map(
      ([option, { value, help }]) => `  ${`--${option}${value === undefined ? "" : ` ${value}`}`.padEnd(14)}  ${help}`,
    ),
    "",
    "Exit codes: 0 done, 1 failed, 2 used wrongly",
  ].join("\n");
}
