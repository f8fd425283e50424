// Rows as plain vectors for models that work on distances or layers: standardised numbers, missing indicators, one-hot categories.

import { corrupt, readArray } from "./artifact.ts";
import type { Feature } from "./features.ts";
import type { Design } from "./linear/design.ts";
import type { Artifact, ArtifactArray } from "./model.ts";

/*
 * Arrays, for a vector of D numeric entries followed by the categories' levels, and F features:
 *   vectorFeature, vectorKind (0 value, 1 missing) D · vectorMean, vectorScale D
 *   levelBase F (the entry of the feature's level 0, -1 without levels) · levelMissing F · levelStart F + 1 · levelOfCode (codes)
 * A category sets entry levelBase + levelOfCode to 1; a level of -1 sets none.
 */

/** The arrays that describe how a design turns rows into vectors (without the intercept). */
export function vectorArrays({ dense, groups }: Design, features: readonly Feature[]): Record<string, ArtifactArray> {
  const F = features.length;
  const levelBase = new Int32Array(F).fill(-1);
  const levelMissing = new Int32Array(F).fill(-1);
  const levelStart = new Int32Array(F + 1);
  for (const [f, { dictionary }] of features.entries()) levelStart[f + 1] = levelStart[f]! + (dictionary?.length ?? 0);
  const levelOfCode = new Int32Array(levelStart[F]!).fill(-1);
  for (const group of groups) {
    levelBase[group.feature] = group.start - 1;
    levelMissing[group.feature] = group.missingLevel;
    levelOfCode.set(group.levelOfCode, levelStart[group.feature]!);
  }
  return {
    vectorFeature: Int32Array.from(dense, ({ feature }) => feature),
    vectorKind: Uint8Array.from(dense, ({ kind }) => (kind === "value" ? 0 : 1)),
    vectorMean: Float64Array.from(dense, ({ mean }) => mean),
    vectorScale: Float64Array.from(dense, ({ scale }) => scale),
    levelBase,
    levelMissing,
    levelStart,
    levelOfCode,
  };
}

/** Entries of a design's vectors. */
export function vectorWidth({ width }: Design): number {
  return width - 1;
}

export type VectorEncoder = (row: Float64Array, into: Float64Array) => void;

/** Reads and checks the arrays of `vectorArrays` for vectors of the given width. */
export function readVectors(artifact: Artifact, features: readonly Feature[], width: number): VectorEncoder {
  const F = features.length;
  const feature = readArray(artifact, "vectorFeature", Int32Array);
  const D = feature.length;
  const kind = readArray(artifact, "vectorKind", Uint8Array, D);
  const mean = readArray(artifact, "vectorMean", Float64Array, D);
  const scale = readArray(artifact, "vectorScale", Float64Array, D);
  const levelBase = readArray(artifact, "levelBase", Int32Array, F);
  const levelMissing = readArray(artifact, "levelMissing", Int32Array, F);
  const levelStart = readArray(artifact, "levelStart", Int32Array, F + 1);
  const levelOfCode = readArray(artifact, "levelOfCode", Int32Array);
  if (feature.some((f) => f < 0 || f >= F) || kind.some((value) => value > 1) || scale.some((value) => value <= 0))
    throw corrupt("Expected sound columns of the vectors");
  let codes = 0;
  for (const [f, { dictionary }] of features.entries()) {
    if (levelStart[f] !== codes)
      throw corrupt(`Expected the levels of feature ${f} to start at ${codes}, got ${levelStart[f]}`);
    codes += dictionary?.length ?? 0;
    const base = levelBase[f]!;
    const own = levelOfCode.subarray(levelStart[f], codes);
    const highest = own.reduce((most, level) => Math.max(most, level), levelMissing[f]!);
    if (base < -1 || levelMissing[f]! < -1 || own.some((level) => level < -1) || (base >= 0 && base + highest >= width))
      throw corrupt(`Expected levels of feature ${f} within the vector`);
  }
  if (levelStart[F] !== codes || levelOfCode.length !== codes || D > width)
    throw corrupt("Expected levels and columns that fit the vector");
  const groups = features
    .keys()
    .filter((f) => levelBase[f]! >= 0)
    .toArray();
  return (row, into) => {
    into.fill(0);
    for (let d = 0; d < D; d++) {
      const x = row[feature[d]!]!;
      if (kind[d] === 1) into[d] = Number.isNaN(x) ? 1 : 0;
      else into[d] = Number.isNaN(x) ? 0 : (x - mean[d]!) / scale[d]!;
    }
    for (const f of groups) {
      const level = Number.isNaN(row[f]!) ? levelMissing[f]! : levelOfCode[levelStart[f]! + row[f]!]!;
      if (level >= 0) into[levelBase[f]! + level] = 1;
    }
  };
}
