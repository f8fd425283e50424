// Batch prediction of 100 trees × 31 leaves against onnxruntime running the same model, one thread each, by time of the processor.

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Column } from "../../src/base/table.ts";
import { fit } from "../../src/learn/fit.ts";
import { toOnnx } from "../../src/learn/onnx/onnx.ts";
import { openModel } from "../../src/learn/open-model.ts";
import { random } from "../../src/learn/random.ts";
import { python } from "./jobs.ts";

const rows = 100_000;
const features = 20;

export async function racePrediction(say: (line?: string) => void, folder: string, rounds: number): Promise<void> {
  const source = random(7);
  const signal = new Float64Array(rows);
  const columns = Array.from({ length: features }, (_, f): [string, Column] => {
    // 32-bit numbers, so that both programs see the same.
    const values = Float64Array.from({ length: rows }, () => Math.fround(source.normal()));
    if (f < 6) for (let row = 0; row < rows; row++) signal[row]! += Math.sin(values[row]! * (1 + f / 2));
    return [`x${f}`, { type: "number", values }];
  });
  const table = { rowCount: rows, columns: new Map(columns) };
  const codes = Int32Array.from(signal, (value) => (source.next() < 1 / (1 + Math.exp(-value)) ? 1 : 0));
  const params = { trees: 100, leaves: 31, earlyStopping: false } as const;
  const artifact = await fit(
    { algorithm: "gradientBoosting", params },
    table,
    { task: "binary", codes, classes: ["0", "1"] },
    { seed: 1 },
  );
  const model = openModel(artifact);
  writeFileSync(join(folder, "model.onnx"), toOnnx(artifact));
  writeFileSync(
    join(folder, "rows.f64"),
    Float64Array.from(columns.flatMap(([, column]) => [...(column as { values: Float64Array }).values])),
  );
  model.predict(table);
  const program = fileURLToPath(new URL("./prediction.py", import.meta.url));
  const own: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    model.predict(table);
    const { user, system } = process.cpuUsage(before);
    own.push((user + system) / 1000);
    try {
      theirs.push(
        Number(
          execFileSync(python, [program, folder, String(rows)], {
            encoding: "utf8",
            stdio: ["ignore", "pipe", "ignore"],
          }),
        ),
      );
    } catch {
      say("onnxruntime is not installed, so batch prediction is not compared.");
      return;
    }
  }
  const best = (values: number[]): number => Math.min(...values);
  say("### Batch prediction, 100 trees × 31 leaves, 100000 × 20");
  say();
  say("| | least processor time of the rounds, ms | rows per second |");
  say("|---|---|---|");
  for (const [name, values] of [
    ["Pentad", own],
    ["onnxruntime, one thread", theirs],
  ] as const)
    say(`| ${name} | ${best(values).toFixed(0)} | ${((rows / best(values)) * 1000).toExponential(2)} |`);
  say();
  say(`Pentad is ${(best(theirs) / best(own)).toFixed(2)} × as fast.`);
  say();
}
