// Faults of the third, fourth and fifth step: labels, trainers, gates, models and what is asked of them.

import { existsSync, globSync, readFileSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Fault, Place } from "./fault.ts";
import { visitsCsv } from "./shop.ts";

const training = "training/shop";

function trainer(
  name: string,
  inject: Fault["inject"],
  expected: { code: string | readonly string[]; step?: string; message: RegExp; hint: RegExp },
  options: Partial<Fault> = {},
): Fault {
  return {
    name,
    kind: "training",
    project: "shop",
    inject,
    act: { run: training },
    expected: { component: training, ...expected },
    ...options,
  };
}

/** New rows from the shop, taken in before the training runs. */
function withVisits(change: (csv: string) => string) {
  return async (place: Place) => {
    place.shop.answer((_request, response) =>
      response.writeHead(200, { "content-type": "text/csv" }).end(change(visitsCsv())),
    );
    await place.pentad("run", "data/visits");
  };
}

const trainers: readonly Fault[] = [
  trainer(
    "the label has no values",
    withVisits((csv) => csv.replaceAll(/,(true|false)$/gm, ",")),
    {
      code: "TRAINING_LABEL_MISSING",
      message: /left/,
      hint: /label|column/,
    },
  ),
  trainer(
    "the label has one single value",
    withVisits((csv) => csv.replaceAll(/,true$/gm, ",false")),
    {
      code: "TRAINING_LABEL_CONSTANT",
      message: /"?false"?/,
      hint: /label|rows/,
    },
  ),
  trainer(
    "the label has one single value in the rows to train on",
    withVisits((csv) => csv.replaceAll(/^(c\d+,2025-0[123].*),true$/gm, "$1,false")),
    {
      code: ["TRAINING_LABEL_CONSTANT", "TRAINING_TOO_FEW_ROWS"],
      message: /left|class/,
      hint: /split|label|rows/,
    },
  ),
  trainer(
    "there are too few rows",
    withVisits((csv) =>
      csv
        .split("\n")
        .filter((line, index) => index === 0 || /^c7,2025-01/.test(line))
        .join("\n"),
    ),
    {
      code: ["TRAINING_TOO_FEW_ROWS", "TRAINING_LABEL_CONSTANT"],
      message: /row/,
      hint: /rows/,
    },
  ),
  trainer(
    "every feature is missing",
    async (place) => {
      await place.edit("training.ts", "[visits.all(), profiles.all()]", '[visits.pick("plan")]');
      await place.edit("data/visits.ts", "plan: category()", "plan: category({ optional: true })");
      await withVisits((csv) => csv.replaceAll(/,(free|basic|pro),/g, ",,"))(place);
    },
    { code: "TRAINING_NO_FEATURES", message: /feature/, hint: /feature/ },
    // The live model needs the values that are missing now.
    { serving: "not asked" },
  ),
  trainer(
    "the trainer has too little memory",
    (place) => place.edit("training.ts", "  candidates:", "  limits: { memoryMb: 64 },\n  candidates:"),
    {
      code: "RUNS_STEP_MEMORY",
      message: /64 MB/,
      hint: /memoryMb/,
    },
  ),
  trainer(
    "the trainer has too little time",
    (place) => place.edit("training.ts", "  candidates:", '  limits: { time: "20ms" },\n  candidates:'),
    {
      code: "RUNS_STEP_TIMEOUT",
      message: /20 ms/,
      hint: /limits\.time/,
    },
  ),
  trainer(
    "the gate refuses the model",
    async (place) => {
      await place.edit("problem.ts", "atLeast: 0.6", "atLeast: 0.999");
    },
    { code: "MODELS_GATE_REFUSED", step: "gate", message: /0\.999/, hint: /version 1 stays live/ },
    { quick: true },
  ),
  trainer(
    "a feature became so large that its sums are infinite, from now on",
    withVisits((csv) => csv.replaceAll(/^(c\d+,[^,]+),\d+/gm, (_, start) => `${start},1e308`)),
    { code: "none", message: /./, hint: /./ },
    { expected: { component: null, code: "none", message: /./, hint: /./ } },
  ),
  trainer(
    "every candidate fails",
    async (place) => {
      await place.edit(
        "training.ts",
        "candidates: [logistic()]",
        'candidates: [logistic(), gradientBoosting()],\n  limits: { time: "1ms" }',
      );
      await place.edit("training.ts", "logistic }", "gradientBoosting, logistic }");
    },
    { code: ["TRAINING_CANDIDATES_FAILED", "RUNS_STEP_TIMEOUT"], message: /./, hint: /limits\.time|cause/ },
  ),
  trainer(
    "the training's step is killed from outside, and goes on by itself",
    async (place) => {
      await place.edit(
        "training.ts",
        "candidates: [logistic()]",
        "candidates: [gradientBoosting({ trees: 1500, learningRate: 0.002 })]",
      );
      await place.edit("training.ts", "logistic }", "gradientBoosting }");
      const pid = await stepOf(place, training);
      process.kill(pid, "SIGKILL");
    },
    { code: "none", message: /./, hint: /./ },
    {
      expected: { component: null, code: "none", message: /./, hint: /./ },
      act: "settle",
      also: async (place) => {
        const newest = (await place.runs()).find(({ component }) => component === training);
        const { steps } = await place.run(newest?.run ?? "");
        const killed = steps.find(({ state }) => state === "failed");
        return killed?.failure?.code === "RUNS_STEP_KILLED" && newest?.state === "done"
          ? null
          : JSON.stringify([newest, steps]);
      },
    },
  ),
];

/** The process of a component's step, found by what the server started. */
async function stepOf(place: Place, component: string): Promise<number> {
  const giveUpAt = performance.now() + 20_000;
  while (performance.now() < giveUpAt) {
    const { components } = await place.status();
    const running = components.find(({ id }) => id === component)?.lastRun;
    if (running?.state === "running") {
      const { steps } = await place.run(running.run);
      if (steps.some(({ state, step }) => state === "running" && step.startsWith("fit"))) {
        const children = (await readFile(`/proc/${place.serverPid}/task/${place.serverPid}/children`, "utf8"))
          .trim()
          .split(" ");
        const busy = children.map(Number).map((pid) => ({ pid, cpu: cpuOf(pid) }));
        await new Promise((resolve) => setTimeout(resolve, 150));
        const worker = busy.find(({ pid, cpu }) => cpuOf(pid) > cpu + 3);
        if (worker !== undefined) return worker.pid;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  throw new Error(`No step of ${component} was seen running`);
}

function cpuOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1")
      .replace(/^.*\) /s, "")
      .split(" ");
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return 0;
  }
}

const modelFile = (place: Place) =>
  join(
    place.folder,
    ".pentad/models",
    globSync("**/*.model", { cwd: join(place.folder, ".pentad/models") })[0] as string,
  );

const models: readonly Fault[] = [
  {
    name: "the model's file was damaged while it serves",
    kind: "inference",
    project: "rain",
    inject: async (place) => writeFile(modelFile(place), "no model"),
    act: { run: "inference/rain" },
    expected: {
      component: "inference/rain",
      code: "MODELS_ARTIFACT_CORRUPT",
      message: /model [0-9a-f]{8,}/,
      hint: /rollback|roll back|train again/i,
    },
  },
  {
    name: "the model's file was damaged before the start",
    kind: "inference",
    project: "rain",
    inject: async (place) => {
      await place.stop();
      const path = modelFile(place);
      const bytes = await readFile(path);
      bytes.fill(255, bytes.length >> 1, (bytes.length >> 1) + 64);
      await writeFile(path, bytes);
      await place.start();
    },
    act: "settle",
    serving: "not asked",
    expected: {
      component: "inference/rain",
      code: "MODELS_ARTIFACT_CORRUPT",
      message: /model [0-9a-f]{8,}/,
      hint: /rollback|roll back|train again/i,
    },
    also: async (place) => {
      const { status, body } = await place.ask();
      return status === 500 && JSON.stringify(body).includes("MODELS_ARTIFACT_CORRUPT")
        ? null
        : `${status} ${JSON.stringify(body)}`;
    },
  },
  {
    name: "the model's file was deleted",
    kind: "inference",
    project: "rain",
    inject: async (place) => {
      await place.stop();
      await rm(modelFile(place));
      await place.start();
    },
    act: "settle",
    serving: "not asked",
    expected: {
      component: "inference/rain",
      code: "MODELS_ARTIFACT_CORRUPT",
      message: /model [0-9a-f]{8,}/,
      hint: /rollback|roll back|train again/i,
    },
  },
];

function asked(name: string, predict: unknown, message: RegExp, options: Partial<Fault> = {}): Fault {
  return {
    name,
    kind: "inference",
    project: "rain",
    inject: async () => undefined,
    act: { predict },
    expected: { component: null, code: "INFERENCE_INPUT_INVALID", message, hint: /field/ },
    ...options,
  };
}

const predictions: readonly Fault[] = [
  asked("a prediction with an unknown field", { precipitaton: 3 }, /precipitaton.*did you mean "precipitation"/, {
    quick: true,
  }),
  asked(
    "a prediction with a text for a number",
    { precipitation: "much" },
    /precipitation: expected a number in mm.*"much"/,
  ),
  asked("a prediction below what can be", { wind: -3 }, /wind: expected a number.*at least 0.*-3/),
  asked("a prediction that is no object", "rain?", /object/),
  asked("a batch with one wrong row", [{ wind: 1 }, { wind: "strong" }], /row 1: wind/),
  asked("a prediction with null for everything but one list", { precipitation: [1] }, /precipitation.*a list/),
  {
    name: "a prediction by an inference that does not exist",
    kind: "inference",
    project: "rain",
    inject: async () => undefined,
    act: { command: ["predict", "rian", "--input", "{}"] },
    expected: { component: null, code: "INFERENCE_UNKNOWN", message: /rian/, hint: /rain/ },
  },
  {
    name: "a required input is missing",
    kind: "inference",
    project: "shop",
    inject: async () => undefined,
    act: { predict: { customer: ["c1"] } },
    expected: { component: null, code: "INFERENCE_INPUT_INVALID", message: /customer.*key/, hint: /field/ },
  },
];

const stores: readonly Fault[] = [
  {
    name: "a committed file of the offline store was deleted",
    kind: "stores",
    project: "rain",
    inject: (place) =>
      rm(
        join(
          place.folder,
          ".pentad/offline/weather",
          globSync("*.parquet", { cwd: join(place.folder, ".pentad/offline/weather") })[0] as string,
        ),
      ),
    act: { run: "training/rain" },
    expected: {
      component: "training/rain",
      code: "FEATURES_FILE_MISSING",
      message: /weather.*parquet/,
      hint: /backup|data\/weather/,
    },
  },
  {
    name: "a committed file of the offline store was cut off",
    kind: "stores",
    project: "rain",
    inject: async (place) => {
      const path = join(
        place.folder,
        ".pentad/offline/weather",
        globSync("*.parquet", { cwd: join(place.folder, ".pentad/offline/weather") })[0] as string,
      );
      await writeFile(path, (await readFile(path)).subarray(0, 3_000));
    },
    act: { run: "training/rain" },
    expected: {
      component: "training/rain",
      code: ["FEATURES_FILE_CORRUPT", "FEATURES_FILE_MISSING"],
      message: /weather.*parquet/,
      hint: /backup|data\/weather/,
    },
  },
  {
    name: "the online store was emptied between two starts",
    kind: "stores",
    project: "shop",
    inject: async (place) => {
      await place.stop();
      await rm(join(place.folder, ".pentad/online"), { recursive: true });
      await place.start();
    },
    act: "settle",
    serving: "not asked",
    expected: { component: null, code: "none", message: /./, hint: /./ },
    also: async (place) => {
      const { status, body } = await place.ask();
      return status === 200 &&
        typeof body.features.visits === "number" &&
        typeof body.features.age === "number" &&
        existsSync(join(place.folder, ".pentad/online"))
        ? null
        : `${status} ${JSON.stringify(body)}`;
    },
  },
];

export const modelFaults: readonly Fault[] = [...trainers, ...models, ...predictions, ...stores];
