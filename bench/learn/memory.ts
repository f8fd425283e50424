// Memory of a fit of 1,000,000 × 28 against LightGBM: the columns are made in the process, and what counts is how far it grows.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Column } from "../../src/base/table.ts";
import { fit } from "../../src/learn/fit.ts";
import { random } from "../../src/learn/random.ts";
import { python } from "./jobs.ts";

const rows = 1_000_000;
const features = 28;

interface Memory {
  readonly beforeMb: number;
  readonly peakMb: number;
}

export function raceMemory(say: (line?: string) => void, rounds: number): void {
  const here = fileURLToPath(import.meta.url);
  const programs: Record<string, [string, string]> = {
    Pentad: [process.execPath, here],
    LightGBM: [python, here.replace(".ts", ".py")],
  };
  const results = new Map<string, Memory[]>();
  for (let round = 0; round < Math.min(rounds, 3); round++)
    for (const [name, [program, file]] of Object.entries(programs)) {
      try {
        const out = execFileSync(program, [file, "measure"], {
          encoding: "utf8",
          stdio: ["ignore", "pipe", "ignore"],
        });
        results.set(name, [...(results.get(name) ?? []), JSON.parse(out) as Memory]);
      } catch {
        say(`${name} could not be measured.`);
      }
    }
  say("### Memory, 1000000 × 28");
  say();
  say(
    "The columns (224 MB of doubles) are made in the process, then 10 trees are grown on one thread. The greatest of the rounds.",
  );
  say();
  say("| | resident before the fit, MB | peak, MB | grown by |");
  say("|---|---|---|---|");
  for (const [name, list] of results) {
    const [before, peak] = [Math.max(...list.map((one) => one.beforeMb)), Math.max(...list.map((one) => one.peakMb))];
    say(`| ${name} | ${before.toFixed(0)} | ${peak.toFixed(0)} | ${(peak - before).toFixed(0)} |`);
  }
  say();
}

async function measure(): Promise<void> {
  const source = random(3);
  const columns = Array.from({ length: features }, (_, f): [string, Column] => {
    const values = new Float64Array(rows);
    for (let row = 0; row < rows; row++) values[row] = source.normal();
    return [`x${f}`, { type: "number", values }];
  });
  const first = (columns[0]![1] as { values: Float64Array }).values;
  const codes = Int32Array.from(first, (value) => (value + source.normal() > 0 ? 1 : 0));
  const beforeMb = process.memoryUsage().rss / 2 ** 20;
  await fit(
    { algorithm: "gradientBoosting", params: { trees: 10, earlyStopping: false } },
    { rowCount: rows, columns: new Map(columns) },
    { task: "binary", codes, classes: ["0", "1"] },
    { seed: 1 },
  );
  console.log(JSON.stringify({ beforeMb, peakMb: process.resourceUsage().maxRSS / 1024 }));
}

if (process.argv[2] === "measure") await measure();
