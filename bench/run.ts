// Runs the benches, all or those whose name holds a given word, and writes their results.

import { globSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Bench, machineFacts, measure, resultPage, writeResult } from "./harness.ts";

const words = process.argv.slice(2);
const files = globSync("**/*.bench.ts", { cwd: import.meta.dirname }).sort();
const chosen = files.filter((file) => words.length === 0 || words.some((word) => file.includes(word)));

if (chosen.length === 0) {
  console.error(`bench: expected a word of one of ${files.join(", ")}, got ${words.join(" ")}`);
  process.exit(2);
}

for (const file of chosen) {
  const { bench } = (await import(pathToFileURL(join(import.meta.dirname, file)).href)) as {
    bench: () => Bench | Promise<Bench>;
  };
  const facts = machineFacts();
  const made = await bench();
  try {
    console.log(writeResult(basename(file, ".bench.ts"), resultPage(made, await measure(made), facts, new Date())));
  } finally {
    await made.close?.();
  }
}
