// Candidates that go by how alike rows are: nearest neighbours and k-means.

import { type Candidate, candidate, whole } from "./candidate.ts";

export interface NearestNeighboursOptions {
  /** How many neighbours are asked; the root of the rows, from 3 to 25, when left out. */
  readonly neighbours?: number;
  /** The most training rows kept; 20,000 when left out. */
  readonly keep?: number;
}

export interface KMeansOptions {
  /** How many groups; the number from 2 to 10 with the best silhouette when left out. */
  readonly clusters?: number;
  /** Starts, of which the best is kept; 5 when left out. */
  readonly starts?: number;
}

/** Answers with the labels of the most similar training rows, which it keeps. */
export function nearestNeighbours(options: NearestNeighboursOptions = {}): Candidate {
  return candidate("nearestNeighbours", "nearestNeighbours()", options, {
    neighbours: whole(1, 1e6),
    keep: whole(1, 1e6),
  });
}

/** Groups rows around k typical ones. Needs no label; numbers are standardised, categories one-hot, texts not read. */
export function kMeans(options: KMeansOptions = {}): Candidate {
  return candidate("kMeans", "kMeans()", options, { clusters: whole(2, 1_000), starts: whole(1, 1_000) });
}
