// Reads arrays of so many floats as vector columns, straight from the engine's memory.

import type { DuckDBVector } from "@duckdb/node-api";
import type { VectorColumn } from "../base/table.ts";
import { isValid, memoryOf, validityOf } from "./duckdb-memory.ts";

// The array keeps its numbers to itself, as other vectors their memory.
interface BareArray {
  readonly childData: DuckDBVector;
}

/** Rows come one after the other, and leave as one array per place in the list. */
export function vectorBuilder(dimensions: number): {
  add(vector: DuckDBVector, rowCount: number): void;
  finish(): VectorColumn;
} {
  const parts: Float32Array[] = [];
  let length = 0;
  return {
    add(vector, rowCount) {
      const { buffer, offset } = memoryOf((vector as unknown as BareArray).childData);
      const rows = new Float32Array(buffer, offset, rowCount * dimensions);
      const validity = validityOf(vector);
      const part = new Float32Array(rowCount * dimensions);
      for (let row = 0; row < rowCount; row++) {
        const present = validity === null || isValid(validity, row);
        for (let i = 0; i < dimensions; i++)
          part[i * rowCount + row] = present ? rows[row * dimensions + i]! : Number.NaN;
      }
      parts.push(part);
      length += rowCount;
    },
    finish() {
      const all = new Float32Array(length * dimensions);
      const lanes = Array.from({ length: dimensions }, (_, i) => all.subarray(i * length, (i + 1) * length));
      let at = 0;
      for (const part of parts) {
        const rowCount = part.length / dimensions;
        for (const [i, lane] of lanes.entries()) lane.set(part.subarray(i * rowCount, (i + 1) * rowCount), at);
        at += rowCount;
      }
      return { type: "vector", lanes };
    },
  };
}
