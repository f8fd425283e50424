// A columnar table in memory: what crosses from the query engine to the learners, one typed array per column.

/**
 * `number` and `time` (milliseconds since 1970 UTC) and `boolean` (0 or 1) keep NaN for missing;
 * `category` keeps -1 for missing; `text` keeps null; `vector` keeps NaN in every lane.
 */
export type Column = NumericColumn | CategoryColumn | TextColumn | VectorColumn;

export interface NumericColumn {
  readonly type: "number" | "boolean" | "time";
  readonly values: Float64Array;
}

export interface CategoryColumn {
  readonly type: "category";
  readonly codes: Int32Array;
  /** The texts that the codes stand for, in the order of the codes. */
  readonly dictionary: readonly string[];
}

export interface TextColumn {
  readonly type: "text";
  readonly values: readonly (string | null)[];
}

/** Lists of equally many numbers, such as embeddings: 32-bit, and one array per place in the list, as learners read them. */
export interface VectorColumn {
  readonly type: "vector";
  readonly lanes: readonly Float32Array[];
}

export type ColumnType = Column["type"];

export interface Table {
  readonly rowCount: number;
  /** In the table's own order. */
  readonly columns: ReadonlyMap<string, Column>;
}

export type Scalar = number | string | boolean | null;

/** One value as people and JSON know it; a vector is a list of numbers. */
export type Value = Scalar | readonly number[];

export function columnLength(column: Column): number {
  if (column.type === "vector") return column.lanes[0]?.length ?? 0;
  return column.type === "category" ? column.codes.length : column.values.length;
}

/** The value at one row; times come back as ISO texts. */
export function valueAt(column: Column, row: number): Value {
  if (column.type === "category") {
    const code = column.codes[row] as number;
    return code < 0 ? null : (column.dictionary[code] as string);
  }
  if (column.type === "text") return column.values[row] ?? null;
  if (column.type === "vector")
    return Number.isNaN(column.lanes[0]?.[row]) ? null : column.lanes.map((lane) => lane[row] as number);
  const value = column.values[row] as number;
  if (Number.isNaN(value)) return null;
  if (column.type === "boolean") return value !== 0;
  return column.type === "time" ? new Date(value).toISOString() : value;
}

/** The rows of a table, in the given order, as a new table. */
export function takeRows(table: Table, rows: ArrayLike<number>): Table {
  const columns = new Map<string, Column>();
  for (const [name, column] of table.columns) columns.set(name, takeColumn(column, rows));
  return { rowCount: rows.length, columns };
}

function takeColumn(column: Column, rows: ArrayLike<number>): Column {
  if (column.type === "text") return { type: "text", values: Array.from(rows, (row) => column.values[row] ?? null) };
  if (column.type === "category") {
    const codes = new Int32Array(rows.length);
    for (let i = 0; i < rows.length; i++) codes[i] = column.codes[rows[i] as number] as number;
    return { type: "category", codes, dictionary: column.dictionary };
  }
  if (column.type === "vector") return { type: "vector", lanes: column.lanes.map((lane) => takeNumbers(lane, rows)) };
  return { type: column.type, values: takeNumbers(column.values, rows) };
}

function takeNumbers<Numbers extends Float64Array | Float32Array>(values: Numbers, rows: ArrayLike<number>): Numbers {
  const taken = values instanceof Float32Array ? new Float32Array(rows.length) : new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) taken[i] = values[rows[i] as number] as number;
  return taken as Numbers;
}

/** A category column from texts; the dictionary is in order of first appearance unless one is given. */
export function categoryColumn(texts: readonly (string | null)[], dictionary: readonly string[] = []): CategoryColumn {
  const known = [...dictionary];
  const index = new Map(known.map((text, code) => [text, code]));
  const codes = new Int32Array(texts.length);
  for (let i = 0; i < texts.length; i++) {
    const text = texts[i] ?? null;
    if (text === null) {
      codes[i] = -1;
      continue;
    }
    let code = index.get(text);
    if (code === undefined) {
      code = known.length;
      known.push(text);
      index.set(text, code);
    }
    codes[i] = code;
  }
  return { type: "category", codes, dictionary: known };
}

/** A number column from values; null becomes NaN. */
export function numberColumn(values: readonly (number | null)[]): NumericColumn {
  return { type: "number", values: Float64Array.from(values, (value) => value ?? Number.NaN) };
}
