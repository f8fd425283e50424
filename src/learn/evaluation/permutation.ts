// Permutation importance (Breiman 2001): how much worse the model gets when one feature's values are shuffled among the rows.

import { type Column, type Table, takeRows } from "../../base/table.ts";
import { labelLength } from "../label.ts";
import type { Label, Predictor } from "../model.ts";
import { random, shuffled } from "../random.ts";
import { type MetricName, metrics } from "./metric-table.ts";
import { type ScoreOptions, scorer } from "./metrics.ts";

export interface PermutationOptions extends ScoreOptions {
  readonly seed: number;
  /** Shuffles per feature. Default 5. */
  readonly rounds?: number;
}

export interface PermutationImportance {
  readonly feature: string;
  /** How much worse the metric gets, in its own unit: positive when the feature helps, whatever the metric's direction. */
  readonly loss: number;
  /** Standard deviation over the rounds. */
  readonly spread: number;
}

/** Largest loss first. Costs features × rounds predictions of the whole table, which should not be the training rows. */
export function permutationImportance(
  model: Predictor,
  table: Table,
  label: Label,
  name: MetricName,
  options: PermutationOptions,
): PermutationImportance[] {
  const rounds = options.rounds ?? 5;
  const direction = metrics[name].better === "higher" ? 1 : -1;
  const measure = (changed: Table): number => scorer(name, label, model.predict(changed))(options);
  const whole = measure(table);
  const result = model.features.map(({ name: feature }, f) => {
    const column = table.columns.get(feature);
    const losses: number[] = [];
    for (let round = 0; round < (column === undefined ? 0 : rounds); round++) {
      const order = shuffled(labelLength(label), random(options.seed, f * rounds + round));
      const columns = new Map(table.columns).set(feature, columnInOrder(feature, column!, order));
      losses.push(direction * (whole - measure({ ...table, columns })));
    }
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / Math.max(1, losses.length);
    const variance = losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / Math.max(1, losses.length);
    return { feature, loss: mean, spread: Math.sqrt(variance) };
  });
  return result.sort((a, b) => b.loss - a.loss);
}

function columnInOrder(name: string, column: Column, order: Int32Array): Column {
  return takeRows({ rowCount: order.length, columns: new Map([[name, column]]) }, order).columns.get(name)!;
}
