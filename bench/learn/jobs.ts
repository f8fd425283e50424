// The jobs of the learners' bench: data sets, splits, and how one fit is run in a process of its own.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { randomSplit, stratifiedSplit } from "../../src/learn/evaluation/splits.ts";
import { random } from "../../src/learn/random.ts";

export interface DataSet {
  readonly name: string;
  readonly task: "binary" | "multiclass" | "regression";
  readonly rows: number;
  readonly columns: readonly string[];
  readonly categories: readonly string[];
  readonly file: string;
}

export interface Settings {
  readonly trees: number;
  readonly leaves: number;
  readonly learningRate: number;
  readonly minRowsInLeaf: number;
  readonly l2: number;
}

export interface Job extends DataSet {
  readonly algorithm: string;
  readonly peer: string;
  readonly train: string;
  readonly test: string;
  readonly seed: number;
  readonly threads: number;
  /** null: everyone's own defaults. */
  readonly settings: Settings | null;
  /** Rows of a fit just before, which is not timed, so that what is loaded once is not counted; 0 for none. */
  readonly warmRows: number;
}

export interface Result {
  readonly fitMs: number;
  /** The same in time of the processor, which a busy machine disturbs less. */
  readonly cpuMs: number;
  /** rocAuc, log loss or rmse on the test rows. */
  readonly quality: number;
  readonly rssMb: number;
}

export const ours = "Pentad";

export const python = process.env.PENTAD_BENCH_PYTHON ?? "python3";
const here = dirname(fileURLToPath(import.meta.url));

/** Fits jobs of one program one after the other in a process of its own; undefined when the peer is not installed. */
export function run(jobs: readonly Job[]): Result[] | undefined {
  const { peer, threads } = jobs[0]!;
  const program: [string, string] =
    peer === ours ? [process.execPath, join(here, "own.ts")] : [python, join(here, "peers.py")];
  try {
    const out = execFileSync(program[0], [program[1], JSON.stringify(jobs)], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      // scikit-learn takes its number of threads from here.
      env: { ...process.env, OMP_NUM_THREADS: String(threads), OPENBLAS_NUM_THREADS: String(threads) },
    });
    const lines = out.trim().split("\n").slice(-jobs.length);
    const results = lines.map((line) => JSON.parse(line) as Result | { missing: string });
    return results.some((result) => "missing" in result) ? undefined : (results as Result[]);
  } catch (error) {
    if (peer === ours) throw error;
    return undefined;
  }
}

/** A file's bytes in a buffer of their own: small files otherwise share one with others. */
export function fileBuffer(path: string): ArrayBuffer {
  return new Uint8Array(readFileSync(path)).buffer;
}

/** Writes the rows of a split; the test part is `share` of the rows. */
export function splitFiles(set: DataSet, folder: string, seed: number, share: number): { train: string; test: string } {
  const raw = new Float64Array(fileBuffer(set.file));
  const y = raw.subarray(set.columns.length * set.rows);
  const { train, test } =
    set.task === "regression"
      ? randomSplit(set.rows, { test: share, seed })
      : stratifiedSplit(y, { test: share, seed });
  const path = (part: string): string => join(folder, `${set.name}-${seed}-${part}.i32`);
  writeFileSync(path("train"), train);
  writeFileSync(path("test"), test);
  return { train: path("train"), test: path("test") };
}

/** A generated set: 20 columns, of which three are categories and four have missing values when `mixed`. No pure products. */
export function generated(folder: string, rows: number, task: "binary" | "regression", mixed: boolean): DataSet {
  const source = random(2024, rows);
  const names = Array.from({ length: 20 }, (_, f) => `x${f}`);
  const categories = mixed ? ["x17", "x18", "x19"] : [];
  const sizes: Record<string, number> = { x17: 6, x18: 40, x19: 200 };
  const data = new Float64Array(rows * 21);
  const signal = new Float64Array(rows);
  const effects: Record<string, number[]> = Object.fromEntries(
    categories.map((name) => [name, Array.from({ length: sizes[name]! }, () => source.normal())]),
  );
  for (const [f, name] of names.entries()) {
    for (let row = 0; row < rows; row++) {
      const code = categories.includes(name) ? source.below(sizes[name]!) : -1;
      const value = code >= 0 ? code : source.normal();
      const isMissing = mixed && f >= 8 && f < 12 && source.next() < 0.08;
      data[f * rows + row] = isMissing ? Number.NaN : value;
      signal[row]! +=
        code >= 0
          ? 0.3 * effects[name]![code]!
          : isMissing
            ? 0.3
            : f === 2
              ? Math.sin(2 * value)
              : f === 3
                ? 0.8 * value
                : f === 4
                  ? -0.5 * Math.abs(value)
                  : f > 5 && f < 12
                    ? 0.15 * value
                    : 0;
    }
  }
  for (let row = 0; row < rows; row++) {
    const m = signal[row]! + 1.2 * (data[row]! + 0.7) * (data[rows + row]! + 0.7);
    data[20 * rows + row] =
      task === "regression" ? m + source.normal() : source.next() < 1 / (1 + Math.exp(-m)) ? 1 : 0;
  }
  const name = `${mixed ? "mixed" : "numbers"}-${task}-${rows}`;
  const file = join(folder, `${name}.f64`);
  writeFileSync(file, data);
  return { name, task, rows, columns: names, categories, file };
}

/** The real sets that ship inside packages: those that can be had here. */
export function realSets(folder: string): DataSet[] {
  try {
    execFileSync(python, [join(here, "sets.py"), folder], { stdio: ["ignore", "ignore", "inherit"] });
  } catch {
    console.error("Python is missing: the sets from Python packages are left out");
  }
  const sets = readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name): DataSet => {
      const about = JSON.parse(readFileSync(join(folder, name), "utf8")) as Omit<DataSet, "file">;
      return { ...about, file: join(folder, name.replace(".json", ".f64")) };
    });
  return [...sets, ...vegaSets(folder)].sort((a, b) => (a.name < b.name ? -1 : 1));
}

type Cell = string | number | null | undefined;

function vegaSets(folder: string): DataSet[] {
  const data = fileURLToPath(new URL("../../node_modules/vega-datasets/data", import.meta.url));
  if (!existsSync(data)) return [];
  const json = (name: string): Record<string, Cell>[] =>
    JSON.parse(readFileSync(join(data, name), "utf8")) as Record<string, Cell>[];
  const csv = (name: string): Record<string, Cell>[] => {
    const [head, ...lines] = readFileSync(join(data, name), "utf8")
      .trim()
      .split("\n")
      .map((line) => line.trim().split(","));
    return lines.map((cells) => Object.fromEntries(head!.map((key, i) => [key, cells[i]])));
  };
  const month = (row: Record<string, Cell>): number => new Date(String(row.date)).getUTCMonth();
  return [
    written(
      folder,
      "penguins",
      "multiclass",
      json("penguins.json"),
      "Species",
      ["Beak Length (mm)", "Beak Depth (mm)", "Flipper Length (mm)", "Body Mass (g)"],
      ["Island", "Sex"],
    ),
    written(
      folder,
      "movies",
      "regression",
      json("movies.json"),
      "IMDB Rating",
      ["US Gross", "Worldwide Gross", "Production Budget", "Running Time min", "IMDB Votes", "Rotten Tomatoes Rating"],
      ["MPAA Rating", "Distributor", "Source", "Major Genre", "Creative Type"],
    ),
    written(
      folder,
      "flights",
      "regression",
      json("flights-20k.json").map((row) => ({ ...row, hour: new Date(String(row.date)).getHours() })),
      "delay",
      ["distance", "hour"],
      ["origin", "destination"],
    ),
    written(
      folder,
      "seattle_rain",
      "binary",
      csv("seattle-weather.csv").map((row, i, all) => ({
        ...row,
        month: month(row),
        tomorrow: all[i + 1] === undefined ? null : Number(all[i + 1]!.precipitation) > 0 ? "wet" : "dry",
      })),
      "tomorrow",
      ["precipitation", "temp_max", "temp_min", "wind", "month"],
      ["weather"],
    ),
  ];
}

function written(
  folder: string,
  name: string,
  task: DataSet["task"],
  all: Record<string, Cell>[],
  label: string,
  numbers: string[],
  categories: string[],
): DataSet {
  const rows = all.filter((row) => row[label] !== null && row[label] !== undefined);
  const codes = (key: string): number[] => {
    const known = [...new Set(rows.map((row) => row[key]).filter((cell) => cell !== null && cell !== undefined))]
      .map(String)
      .sort();
    return rows.map((row) =>
      row[key] === null || row[key] === undefined ? Number.NaN : known.indexOf(String(row[key])),
    );
  };
  const number = (key: string): number[] =>
    rows.map((row) => (row[key] === null || row[key] === undefined || row[key] === "" ? Number.NaN : Number(row[key])));
  const columns = [
    ...numbers.map(number),
    ...categories.map(codes),
    task === "regression" ? number(label) : codes(label),
  ];
  const file = join(folder, `${name}.f64`);
  writeFileSync(file, Float64Array.from(columns.flat()));
  return { name, task, rows: rows.length, columns: [...numbers, ...categories], categories, file };
}
