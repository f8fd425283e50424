// Step 4 as a recipe: input check → stored features by key → model → output check → reply; the log never blocks the reply.

import { formatAge } from "../base/clock.ts";
import { fail } from "../base/failure.ts";
import { newId } from "../base/ids.ts";
import type { Value } from "../base/table.ts";
import type { Explanation, PredictionDocument } from "../define/documents.ts";
import { expiredMs, findOnlineRow, type OnlineRow } from "../features/online.ts";
import type { OnlineStore } from "../ports/online-store.ts";
import { decideClass, evenThreshold } from "./decide-class.ts";
import { type CheckedInput, checkComplete, checkInput, type InputSchema } from "./input.ts";
import type { Live } from "./live.ts";

export interface AnswerOptions {
  readonly explain: boolean;
  /** The row's index within a batch, for messages. */
  readonly row?: number;
  /** What people should know of the age of what the answer rests on, e.g. that a data component fails. */
  readonly staleness?: string | null;
}

/** Answers one request. Throws INFERENCE_INPUT_INVALID, or INFERENCE_OUTPUT_INVALID when the model gives no prediction. */
export function answer(live: Live, online: OnlineStore, input: unknown, options: AnswerOptions): PredictionDocument {
  const row = options.row ?? null;
  const checked = checkInput(live.schema, input, row);
  const { values, stored, expired } = completeFeatures(live, online, checked);
  checkComplete(expired.size === 0 ? live.schema : withoutFields(live.schema, expired), values, row);
  const features = Object.fromEntries(live.schema.fields.map(({ name }) => [name, values.get(name) ?? null]));
  const output = checkOutput(live, live.model.predictRow(features));
  const now = Date.now();
  const modelSeconds = secondsSince(live.version.atMs, now);
  return {
    ...output,
    ...(options.explain ? { explanation: explain(live, features) } : {}),
    model: { name: live.inference.name, version: live.version.version, id: live.version.id, ageSeconds: modelSeconds },
    features,
    at: new Date(now).toISOString(),
    staleness: {
      dataSeconds: stored ? dataAge(live, now) : null,
      modelSeconds,
      message: stalenessMessage(options.staleness ?? null, expired),
    },
    id: newId("prd", now),
  };
}

/**
 * What the request leaves out comes from the stored row: of the key it names, or the newest of a series without a key. A row
 * older than its group's time to live gives nothing, as in training; `expired` tells why, by feature.
 */
function completeFeatures(
  live: Live,
  online: OnlineStore,
  { given, key }: CheckedInput,
): { values: Map<string, Value>; stored: boolean; expired: ReadonlyMap<string, string> } {
  const values = new Map(given);
  const expired = new Map<string, string>();
  let stored = false;
  for (const group of live.groups) {
    if (!group.stored || group.features.every((name) => values.has(name))) continue;
    const { definition } = group.commit;
    const row = storedRow(live, online, group.commit.group, definition.key, key, given);
    if (row === undefined) continue;
    const now = Date.now();
    const tooOld = expiredMs(row, definition, now) > 0;
    for (const name of group.features) {
      if (values.has(name)) continue;
      values.set(name, tooOld ? null : (row.values[name] ?? null));
      if (tooOld)
        expired.set(
          name,
          `the stored values of data/${definition.name} are ${formatAge(now - row.eventMs)} old and count for ${formatAge(definition.ttlMs ?? 0)}: they expired and are missing here`,
        );
      stored = true;
    }
  }
  return { values, stored, expired };
}

/** An expired value is missing on purpose, the way the model met it in training: no request is refused for it. */
function withoutFields(schema: InputSchema, names: ReadonlyMap<string, string>): InputSchema {
  return { ...schema, fields: schema.fields.filter((field) => !names.has(field.name)) };
}

function stalenessMessage(message: string | null, expired: ReadonlyMap<string, string>): string | null {
  const parts = [...(message === null ? [] : [message]), ...new Set(expired.values())];
  return parts.length === 0 ? null : parts.join("; ");
}

function storedRow(
  live: Live,
  online: OnlineStore,
  group: string,
  columns: readonly string[],
  key: readonly string[] | null,
  given: ReadonlyMap<string, Value>,
): OnlineRow | undefined {
  if (columns.length === 0) return findOnlineRow(online, group, []);
  const parts = columns.map((column) => {
    const index = live.schema.key.indexOf(column);
    return key?.[index] ?? given.get(column) ?? undefined;
  });
  if (parts.some((part) => part === undefined || part === null)) return undefined;
  return findOnlineRow(online, group, parts.map(String));
}

function checkOutput(
  live: Live,
  output: number[] | number,
): { prediction: Value; probabilities?: Record<string, number> } {
  const { classes } = live.model;
  if (typeof output === "number") {
    if (!Number.isFinite(output)) throw badOutput(live, String(output));
    return { prediction: output };
  }
  let sum = 0;
  for (let index = 0; index < output.length; index++) {
    const probability = output[index] as number;
    if (!(probability >= 0 && probability <= 1)) throw badOutput(live, `the probability ${probability}`);
    sum += probability;
  }
  if (Math.abs(sum - 1) > 1e-3) throw badOutput(live, `probabilities that add up to ${sum}`);
  const decided = decideClass(output, live.version.evaluation.threshold?.value ?? evenThreshold);
  return {
    prediction: labelValue(live, classes[decided] as string),
    probabilities: Object.fromEntries(classes.map((name, index) => [name, output[index] as number])),
  };
}

/** A class as the label's own type: `true` for a boolean label, 3 for a number, the text as it stands in the data otherwise. */
export function labelValue(live: Live, text: string): Value {
  if (live.label.type === "boolean") return text === "true";
  return live.label.type === "number" ? Number(text) : text;
}

function explain(live: Live, features: Readonly<Record<string, Value>>): Explanation {
  const { base, contributions, class: explained } = live.model.explainRow(features);
  return {
    base,
    unit: live.model.task === "regression" ? "value" : "margin",
    class: explained ?? null,
    contributions: contributions.map(({ feature, contribution }) => ({
      feature,
      value: features[feature] ?? null,
      contribution,
    })),
  };
}

function dataAge(live: Live, now: number): number {
  return secondsSince(Math.min(...live.groups.map(({ commit }) => commit.atMs)), now);
}

function secondsSince(atMs: number, now: number): number {
  return Math.max(0, Math.round((now - atMs) / 1000));
}

function badOutput(live: Live, got: string) {
  return fail(
    "INFERENCE_OUTPUT_INVALID",
    `Expected a prediction from version ${live.version.version} of training/${live.training.name}, got ${got}`,
  );
}
