// The better of few trees and a linear model, fitted within a second or two: enough to tell whether there is something to learn.

import { messageOf } from "../base/failure.ts";
import type { Table } from "../base/table.ts";
import { type MetricName, metrics } from "../define/metrics.ts";
import { score } from "../learn/evaluation/metrics.ts";
import { type CandidateSpec, fit } from "../learn/fit.ts";
import type { Label, Prediction, Predictor } from "../learn/model.ts";
import { openModel } from "../learn/open-model.ts";

const seed = 1;

export interface QuickModel {
  readonly algorithm: string;
  readonly model: Predictor;
  readonly prediction: Prediction;
}

/** The better of few trees and a linear model. A label that one of them cannot fit is left to the other. */
export async function quickModel(
  train: Table,
  label: Label,
  test: Table,
  testLabel: Label,
  metric: MetricName,
): Promise<QuickModel | { readonly model: undefined; readonly reason: string }> {
  let best: (QuickModel & { readonly value: number }) | undefined;
  let reason = "none was tried";
  for (const spec of quickSpecs(train, label)) {
    try {
      const model = openModel(await fit(spec, train, label, { seed }));
      const prediction = model.predict(test);
      const value = score(metric, testLabel, prediction);
      const better =
        best === undefined || (metrics[metric].better === "higher" ? value > best.value : value < best.value);
      if (better && !Number.isNaN(value)) best = { algorithm: spec.algorithm, model, prediction, value };
    } catch (error) {
      reason = messageOf(error);
    }
  }
  return best ?? { model: undefined, reason };
}

/** The linear model's cost grows with the square of its columns: it is left out where categories make that many. */
const mostLinearColumns = 200;

function quickSpecs(train: Table, label: Label): CandidateSpec[] {
  const classes = label.task === "regression" ? 1 : label.classes.length;
  // Fewer trees where each iteration grows one per class; early stopping keeps noise from looking like a pattern.
  const trees = Math.max(30, Math.round(200 / (label.task === "multiclass" ? Math.min(classes, 5) : 1)));
  const stopping = train.rowCount >= 200 ? { trees, earlyStopping: 15 } : { trees: 40, earlyStopping: false as const };
  const specs: CandidateSpec[] = [
    { algorithm: "gradientBoosting", params: { ...stopping, learningRate: 0.15, leaves: 15, maxBins: 64 } },
  ];
  let columns = 0;
  for (const column of train.columns.values()) columns += column.type === "category" ? column.dictionary.length : 1;
  if (columns * Math.max(1, classes - 1) <= mostLinearColumns)
    specs.push(label.task === "regression" ? { algorithm: "ridge" } : { algorithm: "logistic" });
  return specs;
}
