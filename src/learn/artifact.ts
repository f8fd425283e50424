// Reading artifacts without trusting them: every number, text and array is checked before a model uses it.

import { fail, type PentadError } from "../base/failure.ts";
import { isObject } from "../base/json.ts";
import { type Feature, partsOf } from "./feature.ts";
import type { Artifact, ArtifactArray, Task } from "./model.ts";

export function corrupt(message: string): PentadError {
  return fail("MODELS_ARTIFACT_CORRUPT", message);
}

type ArrayType<A extends ArtifactArray> = { new (length: number): A; readonly name: string };

/** An array of exactly that type and length; floats must be finite. */
export function readArray<A extends ArtifactArray>(
  artifact: Artifact,
  name: string,
  type: ArrayType<A>,
  length?: number,
): A {
  const array: unknown = Object.hasOwn(artifact.arrays, name) ? artifact.arrays[name] : undefined;
  // Comparing tags instead of constructors lets arrays through that were made in another realm.
  const tag = ArrayBuffer.isView(array)
    ? (array as unknown as { [Symbol.toStringTag]: string })[Symbol.toStringTag]
    : typeof array;
  if (tag !== type.name) throw corrupt(`Expected ${name} to be a ${type.name}, got ${tag}`);
  const found = array as A;
  if (length !== undefined && found.length !== length)
    throw corrupt(`Expected ${name} to hold ${length} numbers, got ${found.length}`);
  if (found instanceof Float64Array || found instanceof Float32Array) {
    for (let i = 0; i < found.length; i++)
      if (!Number.isFinite(found[i])) throw corrupt(`Expected ${name} to be finite, got ${found[i]} at ${i}`);
  }
  return found;
}

/** A whole number of meta within [min, max]. */
export function readInteger(artifact: Artifact, name: string, min: number, max: number): number {
  const value = artifact.meta[name];
  if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max)
    throw corrupt(`Expected ${name} to be a whole number from ${min} to ${max}, got ${JSON.stringify(value)}`);
  return value;
}

export function readChoice<T extends string>(artifact: Artifact, name: string, choices: readonly T[]): T {
  const value = artifact.meta[name];
  if (typeof value !== "string" || !choices.includes(value as T))
    throw corrupt(`Expected ${name} to be one of ${choices.join(", ")}, got ${JSON.stringify(value)}`);
  return value as T;
}

export function readStrings(value: unknown, what: string): readonly string[] {
  if (!Array.isArray(value) || !value.every((text) => typeof text === "string"))
    throw corrupt(`Expected ${what} to be a list of texts`);
  if (new Set(value).size !== value.length) throw corrupt(`Expected ${what} to be distinct`);
  return value as string[];
}

/** Task and classes, which must agree: 2 classes when binary, at least 2 when multiclass, none for a regression. */
export function readTask(artifact: Artifact): { task: Task; classes: readonly string[] } {
  const task = readChoice(artifact, "task", ["binary", "multiclass", "regression"]);
  const classes = readStrings(artifact.meta.classes, "classes");
  const fits =
    task === "binary" ? classes.length === 2 : task === "multiclass" ? classes.length >= 2 : classes.length === 0;
  if (!fits) throw corrupt(`Expected classes that fit a ${task} model, got ${classes.length}`);
  return { task, classes };
}

/** Vectors come as their numbers. */
export function readFeatures(artifact: Artifact): Feature[] {
  const list = artifact.meta.features;
  if (!Array.isArray(list)) throw corrupt("Expected features to be a list");
  const names = new Set<string>();
  const features = list.flatMap((entry: unknown, index): Feature | Feature[] => {
    if (!isObject(entry) || typeof entry.name !== "string") throw corrupt(`Expected feature ${index} to have a name`);
    const { name, type, dimensions } = entry;
    names.add(name);
    if (type === "vector") {
      if (!(Number.isInteger(dimensions) && (dimensions as number) >= 1 && (dimensions as number) <= 10_000))
        throw corrupt(`Expected ${JSON.stringify(name)} to have 1 to 10000 dimensions, got ${dimensions}`);
      return partsOf(name, dimensions as number);
    }
    if (type === "number" || type === "boolean" || type === "time" || type === "text") return { name, type };
    if (type !== "category")
      throw corrupt(`Expected a known type for feature ${JSON.stringify(name)}, got ${JSON.stringify(type)}`);
    return { name, type, dictionary: readStrings(entry.dictionary, `the dictionary of ${JSON.stringify(name)}`) };
  });
  if (names.size !== list.length) throw corrupt("Expected distinct feature names");
  return features;
}
