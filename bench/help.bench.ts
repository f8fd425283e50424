// How quickly the command answers: `pentad --help` and `pentad --version` beside a bare Node.js.

import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import type { Bench, Variant } from "./harness.ts";

const command = resolve(import.meta.dirname, "../bin/pentad.mjs");

function variant(name: string, args: readonly string[], expected: RegExp): Variant {
  return {
    name,
    async run() {
      const startedAt = performance.now();
      const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: "utf8" });
      const ms = performance.now() - startedAt;
      if (status !== 0 || !expected.test(stdout)) throw new Error(`${name} ended with ${status}: ${stdout}${stderr}`);
      return { ms };
    },
  };
}

export function bench(): Bench {
  const help = variant("pentad --help", [command, "--help"], /\bdev\b/);
  return {
    title: "`pentad --help`",
    method:
      "The whole process, from its start to its end, as a shell would see it; from source, with Node's compile cache filled by an earlier start. Beside it a Node.js that does nothing.",
    rounds: 21,
    goal: { variant: help.name, atMostMs: 150 },
    variants: [help, variant("node -e 0", ["-e", "console.log(0)"], /0/)],
  };
}
