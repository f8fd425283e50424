// Step 4 as a recipe: input check → stored features by key → model → output check → reply; the log never blocks the reply.

import { formatAge } from "../base/clock.ts";
import { fail } from "../base/failure.ts";
import { newId } from "../base/ids.ts";
import type { Value } from "../base/table.ts";
import type { PredictionDocument } from "../define/answer-documents.ts";
import type { DataDefinition, OnDemandDefinition } from "../define/definition.ts";
import { inputNames, type OnDemandCompute, outputColumns, plainInput } from "../features/on-demand.ts";
import { expiredMs, findOnlineRow } from "../features/online/newest-rows.ts";
import type { OnlineStore } from "../ports/online-store.ts";
import type { ApartAnswer, ApartModels } from "./apart.ts";
import { decideClass, evenThreshold } from "./decide-class.ts";
import { embedAll, type TextEmbedder, textsToEmbed } from "./embed-inputs.ts";
import { type Explain, explain } from "./explain.ts";
import { type CheckedInput, checkComplete, checkInput, type InputSchema } from "./input.ts";
import type { Live } from "./live.ts";
import { askedFor, newerValues, seriesNames, taskAnswer } from "./task-answer.ts";

export interface AnswerOptions {
  readonly explain: Explain;
  /** The row's index within a batch, for messages. */
  readonly row?: number;
  /** What people should know of the age of what the answer rests on, e.g. that a data component fails. */
  readonly staleness?: string | null;
}

/** Where functions and models run that are not the server's own. */
export interface AnswerParts {
  readonly online: OnlineStore;
  readonly embedders: TextEmbedder;
  readonly onDemand: OnDemandCompute;
  readonly apart: ApartModels;
}

export interface Asked {
  readonly input: unknown;
  readonly options: AnswerOptions;
}

/**
 * Answers requests, at once where no process beside the server is needed. Throws INFERENCE_INPUT_INVALID, or
 * INFERENCE_OUTPUT_INVALID when the model gives no prediction.
 */
export function answer(
  live: Live,
  parts: AnswerParts,
  inputs: readonly Asked[],
): PredictionDocument[] | Promise<PredictionDocument[]> {
  const gathered = inputs.map(({ input, options }) => gather(live, parts.online, input, options.row ?? null));
  const apart =
    live.onDemand !== undefined || live.model.runsApart === true || gathered.some(({ texts }) => texts.size > 0);
  if (apart) return answerApart(live, parts, inputs, gathered);
  return gathered.map((one, index) => conclude(live, one, inputs[index]?.options as AnswerOptions));
}

/** With texts to embed, on-demand features or a model that runs apart, many at once: each process is asked once. */
async function answerApart(
  live: Live,
  parts: AnswerParts,
  inputs: readonly Asked[],
  gathered: readonly Completed[],
): Promise<PredictionDocument[]> {
  const { onDemand, embeddings } = live;
  const vectors = await embedAll(
    embeddings,
    gathered.map(({ texts }) => texts),
    parts.embedders,
  );
  const embedded = gathered.map((one, index) => ({
    ...one,
    values: new Map([...one.values, ...(vectors[index] ?? [])]),
  }));
  const computed =
    onDemand === undefined ? embedded : await computeAll({ ...live, onDemand }, parts.onDemand, embedded);
  const explain = inputs.some(({ options }) => options.explain !== false);
  const rows = computed.map((one) => featuresOf(live, one));
  const said = live.model.runsApart ? await parts.apart.predict(live.version, rows, explain) : [];
  return computed.map((one, index) => conclude(live, one, inputs[index]?.options as AnswerOptions, said[index]));
}

async function computeAll(
  live: Live & { readonly onDemand: OnDemandDefinition },
  onDemand: OnDemandCompute,
  gathered: readonly Completed[],
): Promise<Completed[]> {
  const types = new Map(live.schema.fields.map(({ name, type }) => [name, type]));
  const names = inputNames(live.onDemand);
  const columns = outputColumns(live.onDemand);
  const computed = await onDemand.compute(
    live.onDemand,
    gathered.map(({ values }) => names.map((name) => plainInput(types.get(name) ?? "text", values.get(name) ?? null))),
  );
  return gathered.map((one, index) => ({
    ...one,
    computed: Object.fromEntries(columns.map(({ name }, column) => [name, computed[index]?.[column] ?? null])),
  }));
}

function gather(live: Live, online: OnlineStore, input: unknown, row: number | null): Completed {
  const checked = checkInput(live.schema, input, row);
  if (live.model.task === "forecast") return { ...nothingStored, values: seriesNames(live, checked.key), stored: true };
  const completed = completeFeatures(live, online, checked);
  const texts = textsToEmbed(live.embeddings, checked.given, completed.values);
  const { values, expired, unknown } = completed;
  const hint =
    unknown.length === 0 ? undefined : `No row is stored for ${unknown.join("; ")}: give the named fields too`;
  checkComplete(withoutFields(live.schema, [expired, texts]), values, row, hint);
  return { ...completed, texts };
}

const nothingStored: Pick<Completed, "expired" | "unknown" | "texts"> = {
  expired: new Map(),
  unknown: [],
  texts: new Map(),
};

/** All that the answer rests on; texts only where a vector was made of them. */
function featuresOf(live: Live, { values, texts, computed }: Completed): Record<string, Value> {
  const names = askedFor(live, (vector) => texts.has(vector));
  return { ...Object.fromEntries(names.map((name) => [name, values.get(name) ?? null])), ...computed };
}

function conclude(live: Live, completed: Completed, options: AnswerOptions, said?: ApartAnswer): PredictionDocument {
  const { stored, expired } = completed;
  const features = featuresOf(live, completed);
  const output =
    taskAnswer(live, features, options.row ?? null) ??
    checkOutput(live, said === undefined ? live.model.predictRow(features) : said.output);
  const now = Date.now();
  const modelSeconds = secondsSince(live.version.atMs, now);
  return {
    ...output,
    ...(options.explain && live.model.task !== "forecast"
      ? { explanation: explain(live, features, options.explain, said) }
      : {}),
    model: { name: live.inference.name, version: live.version.version, id: live.version.id, ageSeconds: modelSeconds },
    features,
    at: new Date(now).toISOString(),
    staleness: {
      dataSeconds: stored ? dataAge(live, now) : null,
      modelSeconds,
      message: stalenessMessage([options.staleness ?? null, newerValues(live)], expired),
    },
    id: newId("prd", now),
  };
}

/** What the model is asked with, and where it came from. */
interface Completed {
  readonly values: ReadonlyMap<string, Value>;
  /** Whether any value came from a stored row. */
  readonly stored: boolean;
  /** Why a feature is missing, by name: its stored value is past its time to live. */
  readonly expired: ReadonlyMap<string, string>;
  /** The keys that were asked for and have no stored row. */
  readonly unknown: readonly string[];
  /** What is still to be embedded, by the vector that it makes. */
  readonly texts: ReadonlyMap<string, string>;
  /** On-demand features. */
  readonly computed?: Readonly<Record<string, Value>>;
}

/**
 * What the request leaves out comes from the stored row: of the key it names, or the newest of a series without a key. A
 * row may hold the key of another group (a store's row tells its region, whose weather is looked up next), so groups are
 * tried until none finds a row. A row older than its group's time to live gives nothing, as in training.
 */
function completeFeatures(live: Live, online: OnlineStore, { given, key }: CheckedInput): Omit<Completed, "texts"> {
  const values = new Map(given);
  const keys = new Map<string, Value>([...given, ...key]);
  // What only a request gives is missing when it gives nothing, whatever the store holds under that name.
  for (const { name, request } of live.schema.fields) if (request && !values.has(name)) values.set(name, null);
  const expired = new Map<string, string>();
  const unknown: string[] = [];
  const now = Date.now();
  let stored = false;
  let waiting = live.groups.filter((group) => group.stored);
  for (let tried = -1; tried !== waiting.length; ) {
    tried = waiting.length;
    waiting = waiting.filter(({ commit, features }) => {
      const { definition } = commit;
      const parts = definition.key.map((column) => keys.get(column) ?? null);
      if (parts.includes(null)) return true;
      const row = findOnlineRow(online, commit.group, parts.map(String));
      if (row === undefined) {
        if (parts.length > 0)
          unknown.push(definition.key.map((column) => `${column} ${JSON.stringify(keys.get(column))}`).join(", "));
        return false;
      }
      const tooOld = expiredMs(row, definition, now) > 0;
      for (const name of [...features, ...textsBehind(live, definition)]) {
        if (values.has(name)) continue;
        values.set(name, tooOld ? null : storedValue(live, name, row.values[name] ?? null));
        if (tooOld) expired.set(name, expiry(definition, now - row.eventMs));
        stored = true;
      }
      if (!tooOld && live.groups.length > 1)
        for (const [name, value] of Object.entries(row.values)) if (!keys.has(name)) keys.set(name, value);
      return false;
    });
  }
  return { values, stored, expired, unknown };
}

/** Texts that a request may leave out beside others that it gives. */
function textsBehind({ embeddings }: Live, definition: DataDefinition): readonly string[] {
  return embeddings.flatMap((one) => (one.definition === definition ? one.of : []));
}

/** Records of before vectors were read by models hold them as texts of JSON. */
function storedValue({ schema }: Live, name: string, value: Value): Value {
  if (typeof value !== "string" || !value.startsWith("[")) return value;
  return schema.fields.some((field) => field.name === name && field.type === "vector")
    ? (JSON.parse(value) as number[])
    : value;
}

function expiry({ name, ttlMs }: DataDefinition, ageMs: number): string {
  return `the stored values of data/${name} are ${formatAge(ageMs)} old and count for ${formatAge(ttlMs ?? 0)}: they expired and are missing here`;
}

/** An expired value is missing on purpose, the way the model met it in training: no request is refused for it. */
function withoutFields(schema: InputSchema, left: readonly ReadonlyMap<string, string>[]): InputSchema {
  if (left.every(({ size }) => size === 0)) return schema;
  return { ...schema, fields: schema.fields.filter((field) => !left.some((names) => names.has(field.name))) };
}

function stalenessMessage(messages: readonly (string | null)[], expired: ReadonlyMap<string, string>): string | null {
  const parts = [...messages.filter((one) => one !== null), ...new Set(expired.values())];
  return parts.length === 0 ? null : parts.join("; ");
}

/** A model's answer as people get it. Throws INFERENCE_OUTPUT_INVALID for one that is none. */
export function checkOutput(
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
  if (live.label?.type === "boolean") return text === "true";
  return live.label?.type === "number" ? Number(text) : text;
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
