// The memory of the engine's vectors, read in place.

import type { DuckDBVector } from "@duckdb/node-api";

export interface Memory {
  readonly buffer: ArrayBuffer;
  readonly offset: number;
}

// The vectors keep their memory and validity to themselves; the version of the engine's package is pinned, and the
// contract test reads every type with and without missing values.
interface Bare {
  readonly items?: ArrayBufferView<ArrayBuffer>;
  readonly dataView?: DataView<ArrayBuffer>;
  readonly validity: { readonly data: BigUint64Array<ArrayBuffer> | null; readonly offset: number };
}

export function memoryOf(vector: DuckDBVector): Memory {
  const bare = vector as unknown as Bare;
  const view = (bare.items ?? bare.dataView) as ArrayBufferView<ArrayBuffer>;
  return { buffer: view.buffer, offset: view.byteOffset };
}

/** One bit per row, 1 for present; null when every row is present. */
export function validityOf(vector: DuckDBVector): Uint8Array | null {
  const { data } = (vector as unknown as Bare).validity;
  return data === null ? null : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

export function isValid(validity: Uint8Array, row: number): boolean {
  return (validity[row >> 3]! & (1 << (row & 7))) !== 0;
}
