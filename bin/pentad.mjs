#!/usr/bin/env node
// The command's first file: any Node.js can read it; it starts the CLI, under a newer Node.js when this one is too old.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isNewEnough, runWithNewerNode } from "./newer-node.mjs";

const arguments_ = process.argv.slice(2);

if (isNewEnough(process.version)) {
  const { enableCompileCache } = await import("node:module");
  enableCompileCache();
  // A source checkout runs its own source; the published package holds compiled JavaScript only.
  const source = new URL("../src/cli/main.ts", import.meta.url);
  const { main } = await import((existsSync(source) ? source : new URL("../dist/cli/main.js", import.meta.url)).href);
  const code = await main(arguments_);
  if (typeof code === "number") process.exitCode = code;
} else {
  await runWithNewerNode(fileURLToPath(import.meta.url), arguments_);
}
