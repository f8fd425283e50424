// A model whose arithmetic is not ours: the user's fit and predict, or a file that another runtime runs, behind the same contract.

import { fail, isFailure, messageOf, type PentadError, type SourceLocation } from "../base/failure.ts";
import { isObject, type Json, type JsonObject } from "../base/json.ts";
import type { Table } from "../base/table.ts";
import { corrupt, readFeatures, readTask } from "./artifact.ts";
import { type DecodedRow, rowReader, rowsOf } from "./decoded-rows.ts";
import { encodeTable, featuresOf, featuresToJson } from "./features.ts";
import type { Artifact, ArtifactArray, Label, Predictor } from "./model.ts";
import { predictor } from "./predictor.ts";
import { referenceRow, referenceShapley } from "./reference-shapley.ts";

/** The user's functions where their code was loaded, and where they stand. */
export interface CustomFunctions {
  readonly fit: (input: never) => unknown;
  readonly predict: (artefact: never, rows: readonly DecodedRow[]) => unknown;
  readonly location: SourceLocation | undefined;
  locate(stack: string | undefined): SourceLocation | undefined;
}

/** Which code an artifact is answered by. */
export interface CustomCode {
  readonly file: string;
  readonly code: string;
  readonly name: string;
}

const format = "pentad.custom/1";
const known = new Map<string, CustomFunctions>();
const keyOf = ({ file, code, name }: CustomCode): string => JSON.stringify([file, code, name]);

/** In a process that may run the user's code: from now on artifacts of that code answer here. */
export function provideCustom(code: CustomCode, functions: CustomFunctions): void {
  known.set(keyOf(code), functions);
}

/** The code behind an artifact, or behind the model within it; undefined for a model of our own. */
export function customCodeOf({ format: own, meta }: Artifact): CustomCode | undefined {
  if (own === "pentad.calibrated/1" && isObject(meta.model))
    return customCodeOf({ format: String(meta.model.format), meta: meta.model.meta as JsonObject, arrays: {} });
  return own === format ? (meta as unknown as CustomCode) : undefined;
}

/** Throws MODELS_CUSTOM_FAILED, which names the line, for a fit that throws or leaves anything but JSON and typed arrays. */
export async function fitCustom(
  code: CustomCode,
  functions: CustomFunctions,
  table: Table,
  label: Label,
  options: { readonly seed: number },
): Promise<Artifact> {
  const features = featuresOf(table, { text: true });
  const classes = label.task === "regression" ? [] : label.classes;
  const input = {
    rows: rowsOf(features, table),
    labels:
      label.task === "regression" ? Array.from(label.values) : Array.from(label.codes, (one) => classes[one] as string),
    weights: label.weights === undefined ? new Array<number>(table.rowCount).fill(1) : Array.from(label.weights),
    task: label.task,
    classes,
    seed: options.seed,
  };
  let result: unknown;
  try {
    result = await functions.fit(input as never);
  } catch (error) {
    throw thrown(`fit of ${JSON.stringify(code.name)} threw: ${messageOf(error)}`, error, functions);
  }
  if (!isObject(result) || Array.isArray(result))
    throw wrong(
      `Expected fit of ${JSON.stringify(code.name)} to return an object of JSON and typed arrays, got ${show(result)}`,
      functions,
    );
  const arrays: Record<string, ArtifactArray> = {};
  const json: Record<string, Json> = {};
  for (const [name, value] of Object.entries(result)) {
    if (isTyped(value)) arrays[`custom/${name}`] = value;
    else json[name] = plain(value, name, code, functions);
  }
  const reference = referenceRow(encodeTable(features, table), features);
  return {
    format,
    meta: {
      algorithm: "custom",
      ...(code as unknown as JsonObject),
      task: label.task,
      classes: [...classes],
      features: featuresToJson(features),
      json,
      reference: Array.from(reference, (value) => (Number.isNaN(value) ? null : value)),
    },
    arrays,
  };
}

/** Throws MODELS_ARTIFACT_CORRUPT for anything damaged. Where its code was not provided, it answers nothing and says so. */
export function openCustom(artifact: Artifact): Predictor {
  const { file, code, name, json, reference } = artifact.meta;
  if (typeof file !== "string" || typeof code !== "string" || typeof name !== "string" || !isObject(json))
    throw corrupt("Expected the code and the artefact of a model of the project's own");
  const functions = known.get(keyOf({ file, code, name }));
  const given = Object.entries(artifact.arrays).map(([key, array]) => [key.replace(/^custom\//, ""), array]);
  const artefact = { ...json, ...Object.fromEntries(given) };
  const open = (rows: readonly DecodedRow[]): unknown => {
    if (functions === undefined) throw apart(name);
    try {
      return functions.predict(artefact as never, rows);
    } catch (error) {
      if (isFailure(error)) throw error;
      throw thrown(`predict of ${JSON.stringify(name)} threw: ${messageOf(error)}`, error, functions);
    }
  };
  return outsidePredictor(artifact, {
    reference,
    answers: open,
    runsApart: functions === undefined,
    wrong: (message) => wrong(`${message} from predict of ${JSON.stringify(name)}`, functions),
  });
}

export interface Outside {
  /** The row that explanations start from: a number or null for each feature. */
  readonly reference: unknown;
  answers(rows: readonly DecodedRow[]): unknown;
  readonly runsApart: boolean;
  wrong(message: string): PentadError;
}

/** A predictor of answers that come from outside: every one is checked. */
export function outsidePredictor(
  artifact: Artifact,
  { reference, answers, runsApart, wrong: bad }: Outside,
): Predictor {
  const { task, classes } = readTask(artifact);
  const features = readFeatures(artifact);
  const width = task === "regression" ? 1 : classes.length;
  const typical = Float64Array.from(features, (_, f) => numberAt(reference, f));
  const scores = (rows: readonly DecodedRow[]): Float64Array => checkedAnswers(answers(rows), rows.length, width, bad);
  const reader = rowReader(features);
  const decode = (row: Float64Array, texts: readonly (string | null)[]): DecodedRow =>
    reader(
      (f) => row[f]!,
      (f) => texts[f] ?? null,
    );
  const inner = predictor(
    { task, classes, features },
    {
      scoreRow: (row, texts) => scores([decode(row, texts)]),
      scoreColumns: (columns, rowCount, texts) =>
        scores(
          Array.from({ length: rowCount }, (_, i) =>
            reader(
              (f) => columns[f]![i] ?? Number.NaN,
              (f) => texts[f]?.[i] ?? null,
            ),
          ),
        ),
      explain: (row, output, texts) =>
        referenceShapley((mixed) => marginOf(scores([decode(mixed, texts)]), output, task), row, typical, features),
      importance: () => new Float64Array(features.length),
    },
  );
  return runsApart ? { ...inner, runsApart } : inner;
}

/** Log-odds for classes, as for every other model; kept within what a chance of one in a million gives. */
function marginOf(answer: Float64Array, output: number, task: string): number {
  if (task === "regression") return answer[0]!;
  const share = Math.min(1 - 1e-6, Math.max(1e-6, answer[output]!));
  return Math.log(share / (1 - share));
}

function checkedAnswers(given: unknown, rows: number, width: number, bad: Outside["wrong"]): Float64Array {
  if (given instanceof Promise) throw bad("Expected answers at once, got a promise");
  if (!isListLike(given) || given.length !== rows)
    throw bad(
      `Expected ${rows} ${rows === 1 ? "answer" : "answers"}, got ${isListLike(given) ? given.length : show(given)}`,
    );
  const out = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const one: unknown = given[row];
    const numbers = isListLike(one) ? one : width === 2 ? [1 - Number(one), one] : [one];
    if (numbers.length !== width)
      throw bad(`Expected ${width === 1 ? "a number" : `${width} probabilities`} for row ${row}, got ${show(one)}`);
    let sum = 0;
    for (let k = 0; k < width; k++) {
      const value: unknown = numbers[k];
      if (typeof value !== "number" || !Number.isFinite(value) || (width > 1 && (value < -1e-9 || value > 1 + 1e-9)))
        throw bad(
          `Expected ${width > 1 ? "probabilities from 0 to 1" : "a finite number"} for row ${row}, got ${show(one)}`,
        );
      out[row * width + k] = width > 1 ? Math.min(1, Math.max(0, value)) : value;
      sum += value;
    }
    if (width > 1 && Math.abs(sum - 1) > 1e-3)
      throw bad(`Expected probabilities that add up to 1 for row ${row}, got ${show(one)}`);
  }
  return out;
}

function isListLike(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

function numberAt(list: unknown, index: number): number {
  const value: unknown = Array.isArray(list) ? list[index] : null;
  return typeof value === "number" ? value : Number.NaN;
}

function isTyped(value: unknown): value is ArtifactArray {
  return (
    ArrayBuffer.isView(value) &&
    !(value instanceof DataView) &&
    !(value instanceof BigInt64Array) &&
    !(value instanceof BigUint64Array)
  );
}

/** JSON as it stands: what it cannot hold is named by its place. */
function plain(value: unknown, place: string, code: CustomCode, functions: CustomFunctions): Json {
  const bad = (got: string) =>
    wrong(
      `Expected fit of ${JSON.stringify(code.name)} to return JSON and typed arrays, got ${got} at ${place}`,
      functions,
    );
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") {
    if (Number.isFinite(value)) return value;
    throw bad(String(value));
  }
  if (Array.isArray(value)) return value.map((one, index) => plain(one, `${place}[${index}]`, code, functions));
  if (isObject(value) && [Object.prototype, null].includes(Object.getPrototypeOf(value)))
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [name, plain(one, `${place}.${name}`, code, functions)]),
    );
  throw bad(isTyped(value) ? "a typed array, which must stand at the top," : show(value));
}

function thrown(message: string, error: unknown, { locate, location }: CustomFunctions): PentadError {
  return fail("MODELS_CUSTOM_FAILED", message, {
    cause: isFailure(error) ? undefined : error,
    location: locate((error as { stack?: string } | null)?.stack) ?? location,
  });
}

function wrong(message: string, functions: CustomFunctions | undefined): PentadError {
  return fail("MODELS_CUSTOM_FAILED", message, { location: functions?.location });
}

function apart(name: string): PentadError {
  return fail(
    "MODELS_CUSTOM_FAILED",
    `Expected ${JSON.stringify(name)} to be asked in a process that runs its code, got another one`,
  );
}

function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null && !Array.isArray(value) && !isTyped(value))
    return `a ${value.constructor?.name ?? "plain"} object`;
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
