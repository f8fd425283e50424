// Quality of our learners and their peers on real and generated sets over several seeds: means, ranks, and paired differences.

import type { DataSet, Settings } from "./jobs.ts";
import { generated, ours, realSets, run, splitFiles } from "./jobs.ts";

export interface Judging {
  readonly folder: string;
  readonly seeds: number;
  say(line?: string): void;
}

interface Program {
  readonly algorithm: string;
  readonly peer: string;
}

/** Rows: sets. Per program, the quality of each seed; undefined when the program is not installed. */
type Qualities = readonly (readonly number[] | undefined)[];

/** Programs stand in several tables, but run once. */
const known = new Map<string, readonly number[] | undefined>();

function qualityOf(
  { folder, seeds }: Judging,
  set: DataSet,
  program: Program,
  settings: Settings | null,
): readonly number[] | undefined {
  const key = JSON.stringify([set.name, program, settings]);
  if (!known.has(key)) {
    const jobs = Array.from({ length: seeds }, (_, i) => ({
      ...set,
      ...splitFiles(set, folder, i + 1, 0.25),
      ...program,
      seed: i + 1,
      threads: 1,
      settings,
      warmRows: 0,
    }));
    known.set(
      key,
      run(jobs)?.map(({ quality }) => quality),
    );
  }
  return known.get(key);
}

const isHigherBetter = (set: DataSet): boolean => set.task === "binary";
const metricOf = (set: DataSet): string =>
  set.task === "binary" ? "rocAuc ↑" : set.task === "multiclass" ? "log loss ↓" : "rmse ↓";
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const nameOf = ({ peer, algorithm }: Program): string => (peer === ours ? `${ours} ${algorithm}` : peer);

function setsOf({ folder }: Judging): DataSet[] {
  return [
    ...realSets(folder),
    generated(folder, 20_000, "binary", false),
    generated(folder, 20_000, "regression", true),
  ];
}

/** The mean of each program on each set, and its mean rank over sets and seeds; `verdict` adds a last column. */
function table(
  judging: Judging,
  title: string,
  programs: readonly Program[],
  settings: Settings | null,
  verdict?: (set: DataSet, qualities: Qualities) => string,
): void {
  const { say, seeds } = judging;
  const ranks = programs.map(() => [] as number[]);
  say(`### ${title}`);
  say();
  say(
    `| set (metric) | ${programs.map(nameOf).join(" | ")} |${verdict === undefined ? "" : " against the best peer |"}`,
  );
  say(`|---|${programs.map(() => "---|").join("")}${verdict === undefined ? "" : "---|"}`);
  for (const set of setsOf(judging)) {
    const qualities = programs.map((program) => qualityOf(judging, set, program, settings));
    const better = (a: number, b: number): boolean => (isHigherBetter(set) ? a > b + 1e-9 : a < b - 1e-9);
    for (let i = 0; i < seeds; i++)
      for (const [p, own] of qualities.entries()) {
        if (own === undefined) continue;
        const others = qualities.flatMap((other) => (other === undefined ? [] : [other[i]!]));
        const ahead = others.filter((other) => better(other, own[i]!)).length;
        const level = others.filter((other) => !better(other, own[i]!) && !better(own[i]!, other)).length;
        ranks[p]!.push(ahead + (level + 1) / 2);
      }
    const means = qualities.map((own) => (own === undefined ? "–" : mean(own).toPrecision(5)));
    const last = verdict === undefined ? "" : ` ${verdict(set, qualities)} |`;
    say(`| ${set.name} (${metricOf(set)}) | ${means.join(" | ")} |${last}`);
  }
  const meanRanks = ranks.map((list) => (list.length === 0 ? "–" : `**${mean(list).toFixed(2)}**`));
  say(`| **mean rank** | ${meanRanks.join(" | ")} |${verdict === undefined ? "" : " |"}`);
  say();
}

/** Within so much of the best peer counts as level: of AUC itself, and of the size of an error. */
const levelAuc = 0.0005;
const levelShare = 0.001;

/** The paired difference, seed by seed, to the peer of the best mean, with its standard error. */
function againstBest(set: DataSet, [own, ...peers]: Qualities): string {
  const sign = isHigherBetter(set) ? 1 : -1;
  const there = peers.flatMap((peer) => (peer === undefined ? [] : [peer]));
  if (own === undefined || there.length === 0) return "–";
  const best = there.toSorted((a, b) => sign * (mean(b) - mean(a)))[0]!;
  const gains = own.map((quality, i) => sign * (quality - best[i]!));
  const gain = mean(gains);
  const error = Math.sqrt(mean(gains.map((one) => (one - gain) ** 2)) / Math.max(1, gains.length - 1));
  const level = isHigherBetter(set) ? levelAuc : levelShare * mean(best);
  const size = `${Math.abs(gain).toPrecision(2)} ± ${error.toPrecision(2)}`;
  if (gain > 2 * error) return `better by ${size}`;
  if (gain >= -level) return `within (${gain < 0 ? "−" : "+"}${size})`;
  return gain + level < -2 * error ? `**behind** by ${size}` : `behind by ${size}: may be chance`;
}

export function judgeAtSameSettings(judging: Judging, boosters: readonly string[], settings: Settings): void {
  judging.say(
    `A quarter of the rows is the test part; ${judging.seeds} seeds. The last column is the mean difference to the peer that is best on that set, paired by seed, ± its standard error; "within" is at most ${levelAuc} of AUC or ${levelShare * 100} % of an error behind, "may be chance" less than two standard errors beyond that.`,
  );
  judging.say();
  table(
    judging,
    "Gradient boosting",
    [ours, ...boosters].map((peer) => ({ algorithm: "gradientBoosting", peer })),
    settings,
    againstBest,
  );
}

export function judgeOutOfTheBox(judging: Judging, boosters: readonly string[]): void {
  const peers = [...boosters, "RandomForest"].map((peer) => ({ algorithm: "", peer }));
  judging.say(
    `A quarter of the rows is the test part; ${judging.seeds} seeds. \`auto()\` is what a training does with it: every candidate on folds of the training rows, the best one on all of them.`,
  );
  judging.say();
  table(judging, "`auto()` and everyone's defaults", [{ algorithm: "auto", peer: ours }, ...peers], null);
  table(
    judging,
    "Single learners at their defaults",
    [{ algorithm: "gradientBoosting", peer: ours }, { algorithm: "randomForest", peer: ours }, ...peers],
    null,
  );
}
