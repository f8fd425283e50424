// Compiles small user files: right ones must pass, wrong ones must fail at the marked line with words a user can read.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";

const fixtures = join(import.meta.dirname, "fixtures");
const tsc = resolve(import.meta.dirname, "../../node_modules/typescript/bin/tsc");

interface CompileError {
  readonly at: string;
  /** The first line and what the compiler indents below it. */
  readonly message: string;
}

const output = spawnSync(process.execPath, [tsc, "-p", fixtures, "--pretty", "false"], {
  cwd: fixtures,
  encoding: "utf8",
}).stdout;
const errors = parseErrors(output);

function parseErrors(text: string): CompileError[] {
  const found: { at: string; message: string }[] = [];
  for (const line of text.split("\n").filter(Boolean)) {
    const match = /^(.+?)\((\d+),\d+\): error TS\d+: (.*)$/.exec(line);
    if (match !== null) found.push({ at: `${match[1]}:${match[2]}`, message: match[3] as string });
    else found[found.length - 1]!.message += `\n${line}`;
  }
  return found;
}

/** `//! part of the message` speaks of the next line that is not such a comment. */
function expectations(file: string): CompileError[] {
  const lines = readFileSync(join(fixtures, file), "utf8").split("\n");
  return lines.flatMap((line, index) => {
    const marker = /^\s*\/\/! (.*)$/.exec(line);
    return marker === null ? [] : [{ at: `${file}:${index + 2}`, message: marker[1] as string }];
  });
}

test("right user files compile, and their inputs and answers have the types of the schema", () => {
  assert.deepEqual(
    errors.filter(({ at }) => !at.startsWith("wrong/")),
    [],
  );
});

for (const file of globSync("wrong/*.ts", { cwd: fixtures }).sort()) {
  const purpose = readFileSync(join(fixtures, file), "utf8")
    .split("\n")[0]!
    .replace(/^\/\/ (.*)\.$/, "$1");
  test(`the compiler names it: ${purpose.charAt(0).toLowerCase()}${purpose.slice(1)}`, () => {
    const expected = expectations(file);
    const got = errors.filter(({ at }) => at.startsWith(`${file}:`));
    assert.ok(expected.length > 0, `${file} marks no error`);
    assert.deepEqual(
      got.map(({ at }) => at),
      expected.map(({ at }) => at),
      `errors stand where they are marked; the compiler said:\n${got.map(({ at, message }) => `${at} ${message}`).join("\n")}`,
    );
    expected.forEach(({ at, message }, index) => {
      assert.ok(
        got[index]!.message.includes(message),
        `${at}: expected the message to hold\n  ${message}\ngot\n  ${got[index]!.message}`,
      );
    });
  });
}
