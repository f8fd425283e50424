// Small seeded data sets for the learners' tests.

import { type Column, columnLength, type Table } from "../../src/base/table.ts";
import type { Label } from "../../src/learn/model.ts";
import { random } from "../../src/learn/random.ts";

export function tableOf(columns: Record<string, Column>): Table {
  const first = Object.values(columns)[0];
  const rowCount = first === undefined ? 0 : columnLength(first);
  return { rowCount, columns: new Map(Object.entries(columns)) };
}

export function numbers(...values: number[]): Column {
  return { type: "number", values: Float64Array.from(values) };
}

export interface Sample {
  readonly table: Table;
  readonly binary: Extract<Label, { codes: Int32Array }>;
  readonly multiclass: Extract<Label, { codes: Int32Array }>;
  readonly regression: Extract<Label, { values: Float64Array }>;
}

/**
 * `features` normal numbers n0, n1 … (every third with a tenth missing), a category `city` of 7 texts (with missing ones), a
 * boolean `weekend`, and labels that depend on all of them with noise.
 */
export function sample(rowCount: number, features: number, seed: number): Sample {
  const source = random(seed);
  const columns: Record<string, Column> = {};
  const signal = new Float64Array(rowCount);
  for (let f = 0; f < features; f++) {
    const values = new Float64Array(rowCount);
    for (let row = 0; row < rowCount; row++) {
      const value = source.normal();
      const isMissing = f % 3 === 2 && source.next() < 0.1;
      values[row] = isMissing ? Number.NaN : value;
      signal[row]! += isMissing ? 0.8 : f === 0 ? 1.5 * value : f === 1 ? Math.abs(value) - 0.8 : (0.6 * value) / f;
    }
    columns[`n${f}`] = { type: "number", values };
  }
  const cities = ["Bern", "Chur", "Genf", "Olten", "Thun", "Visp", "Zug"];
  const codes = new Int32Array(rowCount);
  const weekend = new Float64Array(rowCount);
  for (let row = 0; row < rowCount; row++) {
    codes[row] = source.next() < 0.05 ? -1 : source.below(cities.length);
    weekend[row] = source.next() < 0.3 ? 1 : 0;
    signal[row]! += [0, 1, -1, 0.5, -0.5, 1.2, -0.8, 0][codes[row]! + 1]! + 0.4 * weekend[row]!;
  }
  columns.city = { type: "category", codes, dictionary: cities };
  columns.weekend = { type: "boolean", values: weekend };
  const values = signal.map((value) => value + 0.5 * source.normal());
  const binary = Int32Array.from(signal, (value) => (source.next() < 1 / (1 + Math.exp(-2 * value)) ? 1 : 0));
  const three = Int32Array.from(values, (value) => (value < -0.7 ? 0 : value < 0.9 ? 1 : 2));
  return {
    table: tableOf(columns),
    binary: { task: "binary", codes: binary, classes: ["no", "yes"] },
    multiclass: { task: "multiclass", codes: three, classes: ["low", "middle", "high"] },
    regression: { task: "regression", values },
  };
}
