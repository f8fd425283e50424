// Damaged and hostile files of every kind of model that the registry serves: an error or a sound answer, never a crash or a hang.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFailure } from "../../src/base/failure.ts";
import { type Column, categoryColumn, type Table } from "../../src/base/table.ts";
import { fitAnomaly } from "../../src/learn/anomaly.ts";
import { fitBestClusters } from "../../src/learn/clusters/silhouette.ts";
import { fitCustom } from "../../src/learn/custom-model.ts";
import { fitForecast } from "../../src/learn/forecast/forecast.ts";
import type { Artifact } from "../../src/learn/model.ts";
import { random } from "../../src/learn/random.ts";
import { openServed } from "../../src/models/served-model.ts";

const source = random(5);
const rows = 120;
const table: Table = {
  rowCount: rows,
  columns: new Map<string, Column>([
    ["size", { type: "number", values: Float64Array.from({ length: rows }, () => source.normal()) }],
    ["kind", categoryColumn(Array.from({ length: rows }, (_, i) => ["a", "b", null][i % 3] as string | null))],
  ]),
};
const label = { task: "regression", values: Float64Array.from({ length: rows }, (_, i) => i) } as const;
const day = 86_400_000;
const series = {
  times: Float64Array.from({ length: rows }, (_, i) => (i % 60) * day),
  values: Float64Array.from({ length: rows }, (_, i) => i % 7),
  keys: Array.from({ length: rows }, (_, i) => (i < 60 ? "x" : "y")),
};
const path = { value: [1, 2], lower: [0, 1], upper: [2, 3] };
const custom = {
  fit: () => ({ weights: Float64Array.of(1, 2) }),
  predict: (_: unknown, asked: readonly unknown[]) => asked.map(() => 1),
  location: undefined,
  locate: () => undefined,
};

const made: Readonly<Record<string, () => Artifact | Promise<Artifact>>> = {
  "odd rows": () => fitAnomaly(table, { trees: 5 }, { seed: 1 }),
  groups: () => fitBestClusters(table, { clusters: 3 }, { seed: 1 }),
  "a naive forecast": () =>
    fitForecast(series, { algorithm: "seasonalNaive", params: { horizon: 2 } }, { seed: 1, keyColumns: ["shop"] }),
  "a smoothed forecast": () =>
    fitForecast(
      series,
      { algorithm: "ets", params: { horizon: 2 } },
      { seed: 1, keyColumns: ["shop"], smooth: () => path },
    ),
  "a model of one's own": () =>
    fitCustom({ file: "training.ts", code: "c", name: "n" }, custom, table, label, { seed: 1 }),
};

/** Values that no reader expects. */
const odd: readonly unknown[] = [null, -1, 1e308, Number.NaN, "x", [], {}, { length: 1e9 }, 0.5, true, ["a", "a"]];

function* damages(artifact: Artifact): Generator<Artifact> {
  for (const name of Object.keys(artifact.meta))
    for (const value of odd) yield { ...artifact, meta: { ...artifact.meta, [name]: value as never } };
  for (const [name, array] of Object.entries(artifact.arrays)) {
    const { [name]: _, ...without } = artifact.arrays;
    yield { ...artifact, arrays: without };
    yield { ...artifact, arrays: { ...artifact.arrays, [name]: array.slice(1) } };
    for (const value of [-1, 1e9, Number.NaN]) {
      const changed = array.slice();
      changed[changed.length >> 1] = value;
      yield { ...artifact, arrays: { ...artifact.arrays, [name]: changed } };
    }
  }
  yield { ...artifact, format: "pentad.other/1" };
  yield { ...artifact, format: "__proto__" };
  yield { ...artifact, meta: null as never };
  yield { ...artifact, arrays: null as never };
}

describe("a damaged file of", () => {
  for (const [name, make] of Object.entries(made))
    it(`${name} is refused, or answers soundly`, async () => {
      const artifact = await make();
      assert.ok(openServed(artifact));
      let tried = 0;
      for (const damaged of damages(artifact)) {
        tried++;
        try {
          const model = openServed(damaged);
          const answer = model.predictRow({ size: 1, kind: "a", shop: "x" });
          assert.ok(["number", "object"].includes(typeof answer));
        } catch (error) {
          assert.ok(
            isFailure(error) && ["MODELS_ARTIFACT_CORRUPT", "MODELS_CUSTOM_FAILED"].includes(error.code),
            `${String(error)}\n${(error as Error).stack}`,
          );
        }
      }
      assert.ok(tried > 30);
    });
});
