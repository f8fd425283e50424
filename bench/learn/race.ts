// Races of our learners against their peers: how long a fit takes, how good it is, and how much memory it takes.

import type { DataSet, Result, Settings } from "./jobs.ts";
import { generated, ours, run, splitFiles } from "./jobs.ts";

export interface Racing {
  readonly folder: string;
  readonly rounds: number;
  say(line?: string): void;
}

interface Race {
  readonly title: string;
  readonly set: DataSet;
  readonly algorithm: string;
  readonly peers: readonly string[];
  /** null: everyone's own defaults. */
  readonly settings: Settings | null;
  readonly threads?: number;
  /** Rows of a fit just before, which is not timed; 2,000 when left out. */
  readonly warmRows?: number;
}

const median = (values: number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};
const range = (values: number[], digits: number): string =>
  `${Math.min(...values).toFixed(digits)}–${Math.max(...values).toFixed(digits)}`;

/** Every round fits each program once, one right after the other, so that a busy machine slows all of them alike. */
function race(
  { folder, rounds, say }: Racing,
  { title, set, algorithm, peers, settings, threads = 1, warmRows = 2_000 }: Race,
  times = rounds,
): void {
  const files = splitFiles(set, folder, 1, 0.2);
  const results = new Map<string, Result[]>();
  for (let round = 0; round < times; round++) {
    for (const peer of [ours, ...peers]) {
      const result = run([{ ...set, ...files, algorithm, peer, seed: 1, threads, settings, warmRows }])?.[0];
      if (result !== undefined) results.set(peer, [...(results.get(peer) ?? []), result]);
    }
  }
  say(`### ${title}`);
  say();
  say(
    "| | fit, median ms (range) | Pentad's time ÷ theirs, paired median (range) | the same, processor time | quality | peak MB |",
  );
  say("|---|---|---|---|---|---|");
  const own = results.get(ours)!;
  for (const [peer, list] of results) {
    const ratios = list.map(({ fitMs }, i) => own[i]!.fitMs / fitMs);
    const cpuRatios = list.map(({ cpuMs }, i) => own[i]!.cpuMs / cpuMs);
    const both = (values: number[]): string =>
      peer === ours ? "" : `**${median(values).toFixed(2)}** (${range(values, 2)})`;
    const fitTimes = list.map(({ fitMs }) => fitMs);
    say(
      `| ${peer} | ${median(fitTimes).toFixed(0)} (${range(fitTimes, 0)}) | ${both(ratios)} | ${both(cpuRatios)} | ${list[0]!.quality.toFixed(5)} | ${Math.max(...list.map(({ rssMb }) => rssMb)).toFixed(0)} |`,
    );
  }
  for (const peer of peers) if (!results.has(peer)) say(`| ${peer} | not installed | | | | |`);
  say();
}

export function raceBoosting(racing: Racing, rows: number, peers: readonly string[], settings: Settings): void {
  for (const [task, mixed] of [
    ["binary", false],
    ["regression", false],
    ["binary", true],
  ] as const)
    race(racing, {
      title: `${mixed ? "Categories and missing values" : "Numbers"}, ${task}, ${rows} × 20`,
      set: generated(racing.folder, Math.round(rows / 0.8), task, mixed),
      algorithm: "gradientBoosting",
      peers,
      settings,
    });
}

export function raceLarge(racing: Racing, settings: Settings): void {
  const set = generated(racing.folder, 1_250_000, "binary", false);
  for (const threads of [1, 2])
    race(racing, {
      title: `Numbers, binary, 1000000 × 20, ${threads === 1 ? "one thread" : "two threads"}`,
      set,
      algorithm: "gradientBoosting",
      peers: ["LightGBM", "XGBoost"],
      settings,
      threads,
    });
}

/** The first large fit of a process also pays for making fast code of ours; later ones, such as those on folds, do not. */
export function raceLinear(racing: Racing, rows: number): void {
  for (const [algorithm, task, warmRows, when] of [
    ["logistic", "binary", 2_000, "the first of a process"],
    ["logistic", "binary", rows, "after another one"],
    ["ridge", "regression", 2_000, "the first of a process"],
    ["ridge", "regression", rows, "after another one"],
  ] as const)
    race(racing, {
      title: `${algorithm === "ridge" ? "Ridge" : "Logistic"} regression, ${rows} × 20, ${when}`,
      warmRows,
      set: generated(racing.folder, Math.round(rows / 0.8), task, false),
      algorithm,
      peers: ["scikit-learn linear"],
      settings: null,
    });
}

export function raceForests(racing: Racing): void {
  race(racing, {
    title: "Numbers, binary, 20000 × 20 (200 trees of at most 1024 leaves; scikit-learn 100 full trees)",
    set: generated(racing.folder, 25_000, "binary", false),
    algorithm: "randomForest",
    peers: ["RandomForest"],
    settings: null,
  });
}
