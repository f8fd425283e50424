// What a training does with `auto()`: every candidate fitted on folds of the training rows, the best fitted on all of them.

import { type Table, takeRows } from "../../src/base/table.ts";
import type { TrainingDefinition } from "../../src/define/definition.ts";
import type { MetricName } from "../../src/define/metrics.ts";
import { score } from "../../src/learn/evaluation/metrics.ts";
import { labelLength, takeLabel } from "../../src/learn/label.ts";
import type { Artifact, Label } from "../../src/learn/model.ts";
import { openModel } from "../../src/learn/open-model.ts";
import { expandCandidates } from "../../src/training/auto.ts";
import { fitCandidate } from "../../src/training/fit-candidate.ts";
import type { LabelledRows } from "../../src/training/rows.ts";
import { foldsOf } from "../../src/training/split.ts";

export async function fitAuto(table: Table, label: Label, metric: MetricName, seed: number): Promise<Artifact> {
  const none = new Float64Array(0);
  const rows: LabelledRows = { table, label, times: null, groups: null, identities: none, draws: none };
  const features = [...table.columns.values()];
  const candidates = expandCandidates([{ algorithm: "auto", params: {} }], {
    task: label.task,
    rows: labelLength(label),
    features,
  });
  const every = Int32Array.from({ length: labelLength(label) }, (_, row) => row);
  const training = { split: { by: null, test: 0.2, gapMs: 0 }, seed } as unknown as TrainingDefinition;
  const { folds } = foldsOf(rows, every, label.task === "regression" ? "random" : "stratified", training);
  let best = candidates[0]!;
  let most = Number.NEGATIVE_INFINITY;
  for (const candidate of candidates) {
    let sum = 0;
    for (const { train, test } of folds) {
      const model = openModel(await fitCandidate(candidate, rows, train, { seed }));
      sum += test.length * score(metric, takeLabel(label, test), model.predict(takeRows(table, test)));
    }
    const worth = metric === "rocAuc" ? sum : -sum;
    if (process.env.PENTAD_BENCH_VERBOSE !== undefined)
      console.error(JSON.stringify(candidate), sum / labelLength(label));
    if (worth <= most) continue;
    most = worth;
    best = candidate;
  }
  return fitCandidate(best, rows, every, { seed });
}
