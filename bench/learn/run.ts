// Compares our learners with LightGBM, XGBoost and scikit-learn: same rows, same settings, interleaved. Writes results/learn.md.
//
//   PENTAD_BENCH_PYTHON=…/bin/python node bench/learn/run.ts [--only boosting|large|linear|forest|prediction|memory|same|defaults] [--rounds 5] [--rows 100000] [--seeds 10]
//
// Each part replaces its own section of the page. The Python needs lightgbm, xgboost, scikit-learn and statsmodels; peers that are
// missing are named and left out.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { python, type Settings } from "./jobs.ts";
import { raceMemory } from "./memory.ts";
import { writePart } from "./page.ts";
import { racePrediction } from "./prediction.ts";
import { judgeAtSameSettings, judgeOutOfTheBox } from "./quality.ts";
import { raceBoosting, raceForests, raceLarge, raceLinear } from "./race.ts";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    rows: { type: "string", default: "100000" },
    seeds: { type: "string", default: "10" },
    only: { type: "string" },
  },
});
const rounds = Number(flags.rounds);
const rows = Number(flags.rows);
const seeds = Number(flags.seeds);
const folder = mkdtempSync(join(tmpdir(), "bench-learn-"));
const settings: Settings = { trees: 100, leaves: 31, learningRate: 0.1, minRowsInLeaf: 20, l2: 0 };
const sameSettings =
  "100 trees, 31 leaves, learning rate 0.1, 255 bins, 20 rows per leaf, no L2, no early stopping; LightGBM's bins may hold a single row, as everyone else's; XGBoost knows a least curvature instead of least rows, which is the same for regression alone.";
const boosters = ["LightGBM", "XGBoost", "HistGradientBoosting"];
const lines: string[] = [];
const say = (line = ""): void => {
  lines.push(line);
  console.log(line);
};
const racing = { folder, rounds, say };
const judging = { folder, seeds, say };

interface Part {
  readonly heading: string;
  readonly settings?: string;
  run(): void | Promise<void>;
}

const parts: Record<string, Part> = {
  boosting: {
    heading: "Gradient boosting: time",
    settings: sameSettings,
    run: () => raceBoosting(racing, rows, boosters, settings),
  },
  large: {
    heading: "Gradient boosting over a million rows",
    settings: sameSettings,
    run: () => raceLarge(racing, settings),
  },
  linear: { heading: "Linear models", run: () => raceLinear(racing, rows) },
  forest: { heading: "Random forests", run: () => raceForests(racing) },
  prediction: { heading: "Batch prediction", run: () => racePrediction(say, folder, rounds) },
  memory: { heading: "Memory", run: () => raceMemory(say, rounds) },
  same: {
    heading: "Quality at the same settings",
    settings: sameSettings,
    run: () => judgeAtSameSettings(judging, boosters, settings),
  },
  defaults: { heading: "Quality out of the box", run: () => judgeOutOfTheBox(judging, boosters) },
};

/** What the peers' packages say their versions are; those that are not installed are named. */
function versions(): string {
  const names = ["lightgbm", "xgboost", "scikit-learn", "onnxruntime"];
  const program = `import importlib.metadata as m, sys
for name in sys.argv[1:]:
    try: print(name, m.version(name), end=", ")
    except m.PackageNotFoundError: print("no", name, end=", ")`;
  try {
    return execFileSync(python, ["-c", program, ...names], { encoding: "utf8" }).replace(/, $/, "");
  } catch {
    return "no Python, so no peers";
  }
}

if (flags.only !== undefined && parts[flags.only] === undefined) {
  console.error(`--only: expected one of ${Object.keys(parts).join(", ")}, got ${flags.only}`);
  process.exit(2);
}
try {
  for (const [name, part] of Object.entries(parts)) {
    if (flags.only !== undefined && flags.only !== name) continue;
    lines.length = 0;
    const day = new Date().toISOString().slice(0, 10);
    say(
      `${day}, ${cpus().length} × ${cpus()[0]!.model.trim()}, load ${loadavg()[0]!.toFixed(1)} at the start; Node ${process.version}, ${versions()}.`,
    );
    if (part.settings !== undefined) say(`Settings: ${part.settings}`);
    say();
    await part.run();
    const headings = Object.values(parts).map(({ heading }) => heading);
    writePart(new URL("../results/learn.md", import.meta.url), headings, part.heading, lines.join("\n"));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
