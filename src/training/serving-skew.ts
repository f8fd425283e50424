// Compares on-demand features in serving with those in training: the same rows, through the process that answers.

import { fail } from "../base/failure.ts";
import type { Value } from "../base/table.ts";
import type { TrainingDefinition } from "../define/definition.ts";
import { inputNames, type OnDemandCompute, outputColumns } from "../features/on-demand.ts";
import type { ComputedRow } from "../features/on-demand-set.ts";

/** A vector's numbers may differ by so much of its largest one: arithmetic over a batch adds up in another order than over one row. */
const rounding = 1e-5;

/**
 * Throws TRAINING_SERVING_SKEW for the first value that is not the same to the last bit (a vector but for rounding). Rows go the other way round and one
 * by one, so that functions that remember earlier rows are found out too.
 */
export async function checkServingSkew(
  { onDemand }: TrainingDefinition,
  sample: readonly ComputedRow[],
  serving: OnDemandCompute,
): Promise<void> {
  if (onDemand === undefined) return;
  const columns = outputColumns(onDemand);
  const names = inputNames(onDemand);
  for (const { row, inputs, outputs } of sample.toReversed()) {
    const [served = []] = await serving.compute(onDemand, [inputs]);
    const differs = columns.findIndex((_, index) => !isSame(served[index] ?? null, outputs[index] ?? null));
    if (differs < 0) continue;
    const { name } = columns[differs] as (typeof columns)[number];
    const given = Object.fromEntries(names.map((input, index) => [input, inputs[index] ?? null]));
    throw fail(
      "TRAINING_SERVING_SKEW",
      `The on-demand feature ${name} is ${show(outputs[differs])} in training and ${show(served[differs])} in serving, for row ${row + 1}: ${show(given)}`,
      {
        location:
          onDemand.views.find(({ features }) => features.some((one) => one.name === name))?.location ?? undefined,
        details: { feature: name, row: row + 1, training: outputs[differs] ?? null, serving: served[differs] ?? null },
      },
    );
  }
}

function isSame(served: Value, trained: Value): boolean {
  if (!Array.isArray(served) || !Array.isArray(trained)) return Object.is(served, trained);
  const most = rounding * trained.reduce((largest: number, one: number) => Math.max(largest, Math.abs(one)), 0);
  return (
    served.length === trained.length &&
    served.every((one: number, at) => Math.abs(one - (trained[at] as number)) <= most)
  );
}

function show(value: Value | undefined | Readonly<Record<string, Value>>): string {
  const text = JSON.stringify(value ?? null);
  return text.length > 160 ? `${text.slice(0, 157)}…` : text;
}
