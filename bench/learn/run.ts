// Compares our learners with LightGBM, XGBoost and scikit-learn: same rows, same settings, interleaved. Writes results/learn.md.
//
//   PENTAD_BENCH_PYTHON=…/bin/python node bench/learn/run.ts [--rounds 5] [--rows 100000] [--seeds 5] [--large] [--only time|linear|forest|prediction|quality|memory]
//
// The Python needs lightgbm, xgboost, scikit-learn and statsmodels; peers that are missing are named and left out.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  type DataSet,
  generated,
  type Job,
  ours,
  type Result,
  realSets,
  run,
  type Settings,
  splitFiles,
} from "./jobs.ts";
import { raceMemory } from "./memory.ts";
import { racePrediction } from "./prediction.ts";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    rows: { type: "string", default: "100000" },
    large: { type: "boolean", default: false },
    seeds: { type: "string", default: "5" },
    only: { type: "string" },
  },
});
const rounds = Number(flags.rounds);
const rows = Number(flags.rows);
const seeds = Number(flags.seeds);
const folder = mkdtempSync(join(tmpdir(), "bench-learn-"));
const settings: Settings = { trees: 100, leaves: 31, learningRate: 0.1, minRowsInLeaf: 20, l2: 0 };
const boosters = ["LightGBM", "XGBoost", "HistGradientBoosting"];
const missing = new Set<string>();
const lines: string[] = [];
const say = (line = ""): void => {
  lines.push(line);
  console.log(line);
};

function measured(job: Job): Result | undefined {
  if (missing.has(job.peer)) return undefined;
  const result = run(job);
  if (result === undefined) missing.add(job.peer);
  return result;
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
  title: string,
  set: DataSet,
  algorithm: string,
  peers: string[],
  settingsUsed: Settings | null,
  times: number,
  threads = 1,
): void {
  const files = splitFiles(set, folder, 1, 0.2);
  const results = new Map<string, Result[]>();
  for (let round = 0; round < times; round++) {
    for (const peer of [ours, ...peers]) {
      const result = measured({ ...set, ...files, algorithm, peer, seed: 1, threads, settings: settingsUsed });
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
  say();
}

const known = new Map<string, number>();

/** A program that stands in two tables runs once. */
function qualityOf(job: Job): number {
  const key = JSON.stringify([job.name, job.seed, job.peer, job.algorithm, job.settings]);
  if (!known.has(key)) known.set(key, measured(job)?.quality ?? Number.NaN);
  return known.get(key)!;
}

/** Quality on real sets over several seeds; the rank is taken per set and seed. */
function rank(
  title: string,
  sets: DataSet[],
  programs: { algorithm: string; peer: string }[],
  settingsUsed: Settings | null,
): void {
  const names = programs.map(({ peer, algorithm }) => (peer === ours ? `${ours} ${algorithm}` : peer));
  const ranks = names.map(() => [] as number[]);
  say(`### ${title}`);
  say();
  say(`| set (metric) | ${names.join(" | ")} |`);
  say(`|---|${names.map(() => "---").join("|")}|`);
  for (const set of sets) {
    const sums = names.map(() => [] as number[]);
    for (let seed = 1; seed <= seeds; seed++) {
      const files = splitFiles(set, folder, seed, 0.25);
      const qualities = programs.map(({ peer, algorithm }) =>
        qualityOf({ ...set, ...files, algorithm, peer, seed, threads: 1, settings: settingsUsed, warm: false }),
      );
      const better = (a: number, b: number): boolean => (set.task === "binary" ? a > b + 1e-9 : a < b - 1e-9);
      for (const [i, quality] of qualities.entries()) {
        if (Number.isNaN(quality)) continue;
        sums[i]!.push(quality);
        const ahead = qualities.filter((other) => better(other, quality)).length;
        const level = qualities.filter(
          (other) => !better(other, quality) && !better(quality, other) && !Number.isNaN(other),
        ).length;
        ranks[i]!.push(ahead + (level + 1) / 2);
      }
    }
    const metric = set.task === "binary" ? "rocAuc ↑" : set.task === "multiclass" ? "log loss ↓" : "rmse ↓";
    say(
      `| ${set.name} (${metric}) | ${sums.map((list) => (list.length === 0 ? "–" : (list.reduce((a, b) => a + b) / list.length).toPrecision(5))).join(" | ")} |`,
    );
  }
  say(
    `| **mean rank** | ${ranks.map((list) => (list.length === 0 ? "–" : `**${(list.reduce((a, b) => a + b) / list.length).toFixed(2)}**`)).join(" | ")} |`,
  );
  say();
}

function raceAll(): void {
  say("## Time");
  say();
  for (const [task, mixed] of [
    ["binary", false],
    ["regression", false],
    ["binary", true],
  ] as const)
    race(
      `Gradient boosting, ${mixed ? "categories and missing values" : "numbers"}, ${task}, ${rows} × 20`,
      generated(folder, Math.round(rows / 0.8), task, mixed),
      "gradientBoosting",
      boosters,
      settings,
      rounds,
    );
  if (!flags.large) return;
  for (const threads of [1, 2])
    race(
      `Gradient boosting, numbers, binary, 1000000 × 20, ${threads === 1 ? "one thread" : "two threads"}`,
      generated(folder, 1_250_000, "binary", false),
      "gradientBoosting",
      ["LightGBM", "XGBoost"],
      settings,
      Math.min(rounds, 3),
      threads,
    );
}

function raceLinear(): void {
  race(
    `Logistic regression, ${rows} × 20`,
    generated(folder, Math.round(rows / 0.8), "binary", false),
    "logistic",
    ["scikit-learn linear"],
    null,
    rounds,
  );
  race(
    `Ridge regression, ${rows} × 20`,
    generated(folder, Math.round(rows / 0.8), "regression", false),
    "ridge",
    ["scikit-learn linear"],
    null,
    rounds,
  );
}

function raceForests(): void {
  race(
    "Random forest at everyone's defaults, numbers, binary, 20000 × 20 (200 trees of at most 1024 leaves; scikit-learn 100 full trees)",
    generated(folder, 25_000, "binary", false),
    "randomForest",
    ["RandomForest"],
    null,
    rounds,
  );
}

function rankAll(): void {
  say(`## Quality on real sets, mean of ${seeds} seeds`);
  say();
  const sets = [
    ...realSets(folder),
    generated(folder, 20_000, "binary", false),
    generated(folder, 20_000, "regression", true),
  ];
  rank(
    "Same settings",
    sets,
    [ours, ...boosters].map((peer) => ({ algorithm: "gradientBoosting", peer })),
    settings,
  );
  const peers = [...boosters, "RandomForest"].map((peer) => ({ algorithm: "", peer }));
  rank("Out of the box: `auto()` and everyone's defaults", sets, [{ algorithm: "auto", peer: ours }, ...peers], null);
  rank(
    "Single learners at their defaults",
    sets,
    [{ algorithm: "gradientBoosting", peer: ours }, { algorithm: "randomForest", peer: ours }, ...peers],
    null,
  );
}

try {
  say("# Learners against their peers");
  say();
  say(
    `Written by bench/learn/run.ts on ${cpus().length} × ${cpus()[0]!.model.trim()}, Node ${process.version}, load ${loadavg()[0]!.toFixed(1)} at the start; ${rounds} rounds.`,
  );
  say(
    "Every program runs in a process of its own, interleaved, on one thread where nothing else is said. Fit time includes binning (and the peers' data sets), not loading.",
  );
  say(
    "Settings of the same-settings tables: 100 trees, 31 leaves, learning rate 0.1, 255 bins, 20 rows per leaf, no L2, no early stopping.",
  );
  say();
  const wants = (part: string): boolean => flags.only === undefined || flags.only === part;
  if (wants("time")) raceAll();
  if (wants("time") || wants("linear")) raceLinear();
  if (wants("forest")) raceForests();
  if (wants("prediction")) await racePrediction(say, folder, rounds);
  if (wants("memory")) raceMemory(say, rounds);
  if (wants("quality")) rankAll();
  if (missing.size > 0) say(`Not installed, so not compared: ${[...missing].join(", ")}.`);
  // A part is for looking at; the kept page is always one whole run.
  if (flags.only === undefined)
    writeFileSync(new URL("../results/learn.md", import.meta.url), `${lines.join("\n").trim()}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
