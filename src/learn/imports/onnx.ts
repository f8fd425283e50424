// ONNX files as models: how rows become their tensors and their tensors answers; another runtime does the arithmetic.

import { fail } from "../../base/failure.ts";
import { corrupt, readArray } from "../artifact.ts";
import { outsidePredictor } from "../custom-model.ts";
import type { DecodedRow } from "../decoded-rows.ts";
import type { Feature } from "../feature.ts";
import { featuresToJson } from "../features.ts";
import type { Artifact, Label, Predictor } from "../model.ts";

interface Tensor {
  readonly name: string;
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: ArrayLike<number> | ArrayLike<bigint> | ArrayLike<string>;
}

interface Session {
  readonly inputs: readonly { readonly name: string; readonly type: string; readonly dims: readonly number[] }[];
  run(inputs: readonly never[]): readonly Tensor[];
}

/** Opens a file's bytes for running. */
export type OpenOnnxFile = (file: Uint8Array) => Session;

const format = "pentad.onnx/1";
let opener: OpenOnnxFile | undefined;

/** In a process that has a runtime: from now on ONNX files answer here. */
export function provideOnnx(open: OpenOnnxFile): void {
  opener = open;
}

export function isOnnxArtifact({ format: own, meta }: Artifact): boolean {
  return (
    own === format || (own === "pentad.calibrated/1" && (meta.model as { format?: unknown } | null)?.format === format)
  );
}

/**
 * The features in the file's order, the numbers of a vector one after the other; a file with one input per feature takes them by name. Throws DEFINE_INVALID for features or answers
 * that do not fit the file.
 */
export function onnxArtifact(file: Uint8Array, features: readonly Feature[], label: Label): Artifact {
  const artifact: Artifact = {
    format,
    meta: {
      algorithm: "onnx",
      task: label.task,
      classes: label.task === "regression" ? [] : [...label.classes],
      features: featuresToJson(features),
      reference: [],
    },
    arrays: { file },
  };
  // A file that cannot answer a single row must fail now, not when people ask.
  openOnnx(artifact).predictRow({});
  return artifact;
}

/** Throws MODELS_ARTIFACT_CORRUPT for anything damaged. Without a runtime it answers nothing and says so. */
export function openOnnx(artifact: Artifact): Predictor {
  const file = readArray(artifact, "file", Uint8Array);
  let session: Session | undefined;
  const bad = (message: string) => fail("DEFINE_INVALID", `${message} from the ONNX file`);
  const predictor: Predictor = outsidePredictor(artifact, {
    reference: artifact.meta.reference,
    runsApart: opener === undefined,
    wrong: bad,
    answers(rows) {
      if (opener === undefined) throw corrupt("Expected an ONNX file to be asked in a process that runs it");
      session ??= opener(file);
      return answersOf(session.run(feedsOf(session, predictor.features, rows) as never[]), rows.length, predictor);
    },
  });
  return predictor;
}

function feedsOf({ inputs }: Session, features: readonly Feature[], rows: readonly DecodedRow[]): Tensor[] {
  const [only, ...others] = inputs;
  if (only === undefined) throw fail("DEFINE_INVALID", "Expected an ONNX file with inputs, got one without");
  const byKind = feedsByKind(inputs, features, rows);
  if (byKind !== undefined) return byKind;
  if (others.length === 0 && !(features.length === 1 && features[0]!.name === only.name)) {
    const width = only.dims.at(-1) ?? -1;
    const columns = features.reduce((sum, { dimensions = 1 }) => sum + dimensions, 0);
    if (width > 0 && width !== columns)
      throw fail(
        "DEFINE_INVALID",
        `Expected ${width} features for the ONNX file's input ${JSON.stringify(only.name)}, got ${columns}`,
        {
          hint: 'Give their names in the file\'s order: importedModel(file, { features: ["…"] })',
        },
      );
    const numbers = rows.flatMap((row) => features.flatMap((feature) => codesOf(feature, row)));
    return [{ name: only.name, type: only.type, dims: [rows.length, columns], data: dataOf(only.type, numbers) }];
  }
  return inputs.map(({ name, type }) => {
    const feature = features.find((one) => one.name === name);
    if (feature === undefined)
      throw fail(
        "DEFINE_INVALID",
        `Expected a feature called ${JSON.stringify(name)}, which the ONNX file takes, got ${features.map((one) => one.name).join(", ")}`,
      );
    const dims = [rows.length, feature.dimensions ?? 1];
    if (type === "string") return { name, type, dims, data: rows.map((row) => String(row[name] ?? "")) };
    return {
      name,
      type,
      dims,
      data: dataOf(
        type,
        rows.flatMap((row) => codesOf(feature, row)),
      ),
    };
  });
}

/** As our own exports take texts and vectors: each vector in an input of its name, all texts in one input, all else in another. */
function feedsByKind(
  inputs: Session["inputs"],
  features: readonly Feature[],
  rows: readonly DecodedRow[],
): Tensor[] | undefined {
  const vectors = features.filter(({ type }) => type === "vector");
  const texts = features.filter(({ type }) => type === "text");
  const others = features.filter(({ type }) => type !== "text" && type !== "vector");
  const ownOf = ({ name, type }: Session["inputs"][number]): readonly Feature[] => {
    const vector = vectors.find((one) => one.name === name);
    return vector !== undefined ? [vector] : type === "string" ? texts : others;
  };
  const wanted = vectors.length + (texts.length === 0 ? 0 : 1) + (others.length === 0 ? 0 : 1);
  const taken = new Set(inputs.flatMap(ownOf));
  const widthOf = (own: readonly Feature[]) => own.reduce((sum, { dimensions = 1 }) => sum + dimensions, 0);
  const fits = inputs.every((input) => input.dims.at(-1) === widthOf(ownOf(input)));
  if (others.length === features.length || inputs.length !== wanted || taken.size !== features.length || !fits)
    return undefined;
  return inputs.map((input) => {
    const { name, type } = input;
    const own = ownOf(input);
    const data =
      type === "string"
        ? rows.flatMap((row) => own.map((feature) => String(row[feature.name] ?? "")))
        : dataOf(
            type,
            rows.flatMap((row) => own.flatMap((feature) => codesOf(feature, row))),
          );
    return { name, type, dims: [rows.length, widthOf(own)], data };
  });
}

/** One number, or those of a vector. */
function codesOf(feature: Feature, row: DecodedRow): number | readonly number[] {
  if (feature.dimensions === undefined) return codeOf(feature, row);
  const value = row[feature.name];
  return Array.isArray(value) ? value : new Array<number>(feature.dimensions).fill(Number.NaN);
}

/** A category as its place in the dictionary, a yes as 1, a time as milliseconds since 1970 UTC. */
function codeOf({ name, type, dictionary }: Feature, row: DecodedRow): number {
  const value = row[name] ?? null;
  if (value === null) return Number.NaN;
  if (type === "category") {
    const code = dictionary?.indexOf(String(value)) ?? -1;
    return code < 0 ? Number.NaN : code;
  }
  if (type === "time") return Date.parse(String(value));
  return Number(value);
}

function dataOf(type: string, numbers: readonly number[]): Tensor["data"] {
  if (type === "float64") return Float64Array.from(numbers);
  if (type === "int64") return BigInt64Array.from(numbers, (one) => BigInt(Number.isFinite(one) ? Math.trunc(one) : 0));
  if (type === "int32") return Int32Array.from(numbers);
  if (type === "bool") return Uint8Array.from(numbers, (one) => (one > 0 ? 1 : 0));
  if (type === "float32") return Float32Array.from(numbers);
  throw fail("DEFINE_INVALID", `Expected an ONNX input of numbers, got ${type}`);
}

/** The last tensor of decimals that holds as many numbers as the task needs: classifiers give their label first. */
function answersOf(outputs: readonly Tensor[], rows: number, { task, classes }: Predictor): number[] | number[][] {
  const decimals = outputs.filter(({ type }) => type === "float32" || type === "float64");
  const widths = task === "regression" ? [1] : classes.length === 2 ? [2, 1] : [classes.length];
  for (const width of widths) {
    const found = decimals.findLast(({ data }) => data.length === rows * width);
    if (found === undefined) continue;
    const numbers = Array.from(found.data as ArrayLike<number>);
    return width === 1
      ? numbers
      : Array.from({ length: rows }, (_, row) => numbers.slice(row * width, (row + 1) * width));
  }
  const got = outputs.map(({ name, type, dims }) => `${name} (${type} ${dims.join(" × ")})`).join(", ") || "no tensor";
  throw fail(
    "DEFINE_INVALID",
    `Expected ${task === "regression" ? "one number" : `${classes.length} probabilities`} per row from the ONNX file, got ${got}`,
    {
      hint: "A classifier must give its probabilities as a tensor: convert it without ZipMap",
    },
  );
}
