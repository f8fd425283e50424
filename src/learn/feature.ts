// A column that a model knows. To algorithms each number of a vector is a feature, to everybody else the vector is one.

export interface Feature {
  readonly name: string;
  readonly type: "number" | "boolean" | "time" | "category" | "text" | "vector";
  /** Of a category: the texts known to the model, in the order of its codes. */
  readonly dictionary?: readonly string[];
  /** Of a vector: how many numbers it has. */
  readonly dimensions?: number;
  /** Of a number that is one of a vector's. */
  readonly part?: VectorPart;
}

/** One number per row. Those of a vector are stored in half the space. */
export type Numbers = Float64Array | Float32Array;

/** Which number of which vector a feature is. */
export interface VectorPart {
  readonly of: string;
  readonly index: number;
  readonly dimensions: number;
}

/** The numbers of a vector, each a feature of its own. */
export function partsOf(name: string, dimensions: number): Feature[] {
  return Array.from({ length: dimensions }, (_, index) => ({
    name: `${name}[${index}]`,
    type: "number",
    part: { of: name, index, dimensions },
  }));
}

/** Features as people know them: the numbers of a vector are one again. */
export function wholeFeatures(features: readonly Feature[]): readonly Feature[] {
  if (!features.some(({ part }) => part !== undefined)) return features;
  return features.flatMap((feature): Feature[] => {
    if (feature.part === undefined) return [feature];
    const { of, index, dimensions } = feature.part;
    return index === 0 ? [{ name: of, type: "vector", dimensions }] : [];
  });
}

/** Per feature the place of its whole; undefined where each is its own. */
export function wholePlaces(features: readonly Feature[]): Int32Array | undefined {
  if (!features.some(({ part }) => part !== undefined)) return undefined;
  let place = -1;
  return Int32Array.from(features, ({ part }) => ((part?.index ?? 0) === 0 ? ++place : place));
}

/** The places of the features that act together: one each, those of a vector as a whole. */
export function groupsOf(features: readonly Feature[]): number[][] {
  const groups: number[][] = [];
  for (const [f, { part }] of features.entries()) {
    if (part === undefined || part.index === 0) groups.push([f]);
    else groups.at(-1)!.push(f);
  }
  return groups;
}

/** Sums what features add by their wholes, of which there are `count`. */
export function summed(values: Float64Array, places: Int32Array | undefined, count: number): Float64Array {
  if (places === undefined) return values;
  const sums = new Float64Array(count);
  for (let f = 0; f < places.length; f++) sums[places[f]!]! += values[f]!;
  return sums;
}
