// Faults in the five files themselves: what does not parse, load, type-check or fit together.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Expected, Fault, Kind, Place } from "./fault.ts";

const fileOf: Record<"problem" | "data" | "training" | "inference" | "app", string> = {
  problem: "problem.ts",
  data: "data/weather.ts",
  training: "training.ts",
  inference: "inference.ts",
  app: "app.ts",
};
type FiveKinds = keyof typeof fileOf;
const kinds = Object.keys(fileOf) as FiveKinds[];
const idOf = (kind: FiveKinds) => (kind === "data" ? "data/weather" : `${kind}/rain`);

function mistake(
  kind: FiveKinds,
  name: string,
  inject: (place: Place, file: string) => Promise<unknown>,
  expected: { code: string | readonly string[]; at: string; message: RegExp; hint: RegExp },
  options: Partial<Fault> = {},
): Fault {
  const { at, ...rest } = expected;
  return {
    name: `${fileOf[kind]}: ${name}`,
    kind: kind as Kind,
    project: "rain",
    inject: (place) => inject(place, fileOf[kind]),
    act: "settle",
    expected: { component: idOf(kind), step: "load", at: { file: fileOf[kind], text: at }, ...rest },
    ...options,
  };
}

/** A text of each file that stands in a line of its own, and one that can be broken there. */
const brokenLine: Record<FiveKinds, [from: string, to: string]> = {
  problem: ['predict: "rainTomorrow",', 'predict: = "rainTomorrow",'],
  data: ['eventTime: "date",', "eventTime: = ,"],
  training: ["candidates: [logistic(), gradientBoosting()],", "candidates: [logistic(), gradientBoosting(],"],
  inference: ["online: true,", "online: true;;"],
  app: ["feedback: true,", "feedback true,"],
};
const wronglyTyped: Record<FiveKinds, [from: string, to: string, message: RegExp]> = {
  problem: ['task: "binary",', 'task: "binery",', /binery/],
  data: ['eventTime: "date",', "eventTime: 7,", /number|7/],
  training: ["weather.labels.rainTomorrow", "weather.labels.rainTomorow", /rainTomorow/],
  inference: ["online: true,", 'online: "yes",', /string|"yes"/],
  app: ["feedback: true,", "feedbak: true,", /feedbak/],
};

const everywhere: readonly Fault[] = kinds.flatMap((kind) => {
  const [sound, broken] = brokenLine[kind];
  const [typed, wrong, says] = wronglyTyped[kind];
  return [
    mistake(
      kind,
      "a syntax mistake",
      (place, file) => place.edit(file, sound, broken),
      { code: "DEFINE_SYNTAX", at: broken, message: /./, hint: /line|syntax/ },
      kind === "training" ? { quick: true } : {},
    ),
    mistake(
      kind,
      "a type mistake",
      (place, file) => place.edit(file, typed, wrong),
      { code: ["DEFINE_TYPES", "DEFINE_INVALID"], at: wrong, message: says, hint: /./ },
      kind === "app" ? { quick: true } : {},
    ),
    mistake(
      kind,
      "an import of a file that does not exist",
      (place, file) => place.edit(file, 'from "pentad";', 'from "pentad";\nimport "./nowhere.ts";'),
      { code: "DEFINE_SYNTAX", at: "nowhere.ts", message: /nowhere\.ts/, hint: /path/ },
    ),
    mistake(
      kind,
      "it throws while it is loaded",
      (place, file) =>
        place.edit(file, "export default", 'if (Date.now() > 0) throw new Error("not today");\nexport default'),
      { code: "DEFINE_THROWS", at: "not today", message: /not today/, hint: /line/ },
    ),
  ];
});

const single: readonly Fault[] = [
  mistake(
    "data",
    "an endless loop while it is loaded",
    (place, file) => place.edit(file, "export default", "while (Date.now() > 0) {}\nexport default"),
    {
      code: ["RUNS_STEP_TIMEOUT", "DEFINE_THROWS"],
      at: "while (Date.now()",
      message: /20 s/,
      hint: /loop/,
    },
  ),
  mistake(
    "app",
    "process.exit() while it is loaded",
    (place, file) => place.edit(file, "export default", "if (Date.now() > 0) process.exit(3);\nexport default"),
    {
      code: ["RUNS_STEP_EXITED", "DEFINE_THROWS"],
      at: "process.exit(3)",
      message: /process\.exit\(3\)/,
      hint: /./,
    },
  ),
  mistake(
    "problem",
    "an enum, which cannot be stripped",
    (place, file) =>
      place.edit(file, "export default", "enum Goal {\n  High = 1,\n}\nconsole.log(Goal.High);\nexport default"),
    {
      code: ["DEFINE_SYNTAX", "DEFINE_TYPES"],
      at: "enum Goal",
      message: /enum/i,
      hint: /enum|stripped|type/,
    },
  ),
  mistake(
    "inference",
    "a circular import",
    (place, file) => place.edit(file, 'from "./training.ts";', 'from "./app.ts";'),
    {
      code: ["DEFINE_THROWS", "DEFINE_INVALID", "DEFINE_TYPES"],
      at: "./app.ts",
      message: /circle|each other/,
      hint: /import/,
    },
  ),
  mistake("app", "no default export", (place, file) => place.edit(file, "export default", "export const page ="), {
    code: "DEFINE_INVALID",
    at: "// Step 5",
    message: /default export.*defineApp/,
    hint: /./,
  }),
  mistake(
    "inference",
    "the default export of another kind",
    (place, file) => place.write(file, 'import training from "./training.ts";\nexport default training;\n'),
    {
      code: "DEFINE_INVALID",
      at: "import training",
      message: /defineInference.*training/,
      hint: /./,
    },
  ),
  mistake(
    "inference",
    "it refers to a component of the wrong kind",
    (place, file) => place.edit(file, './training.ts";', './problem.ts";'),
    {
      code: ["DEFINE_TYPES", "DEFINE_INVALID"],
      at: "defineInference({ training",
      message: /training/,
      hint: /./,
    },
  ),
  mistake(
    "data",
    "an unknown option, nearly right",
    (place, file) => place.edit(file, 'schedule: "@hourly",', '...({ scheduel: "@hourly" } as object),'),
    {
      code: "DEFINE_INVALID",
      at: "scheduel",
      message: /scheduel/,
      hint: /schedule/,
    },
  ),
  mistake("data", "a schedule that cannot be read", (place, file) => place.edit(file, '"@hourly"', '"0 99 * * *"'), {
    code: "RUNS_SCHEDULE_INVALID",
    at: '"0 99 * * *"',
    message: /schedule.*hour.*23/,
    hint: /cron/,
  }),
  mistake("data", "a schedule that never comes", (place, file) => place.edit(file, '"@hourly"', '"0 0 30 2 *"'), {
    code: "RUNS_SCHEDULE_INVALID",
    at: '"0 0 30 2 *"',
    message: /never/,
    hint: /day|month/,
  }),
  mistake("data", "a schedule of every second", (place, file) => place.edit(file, '"@hourly"', '"* * * * * *"'), {
    code: "RUNS_SCHEDULE_INVALID",
    at: '"* * * * * *"',
    message: /schedule/,
    hint: /cron|minute/,
  }),
  mistake("data", "an interval of one second", (place, file) => place.edit(file, '"@hourly"', '"1s"'), {
    code: "RUNS_SCHEDULE_INVALID",
    at: '"1s"',
    message: /minute/,
    hint: /interval|minute/,
  }),
  mistake(
    "data",
    "an unknown time zone",
    (place, file) => place.edit(file, '"@hourly"', '{ cron: "0 6 * * *", timeZone: "Europe/Zürich" }'),
    {
      code: "RUNS_SCHEDULE_INVALID",
      at: "Europe/Zürich",
      message: /Zürich/,
      hint: /IANA|time zone/,
    },
    { quick: true },
  ),
  mistake(
    "data",
    "an unknown policy for missed runs",
    (place, file) => place.edit(file, '"@hourly"', '{ cron: "0 6 * * *", missed: "never" as "skip" }'),
    {
      code: ["RUNS_SCHEDULE_INVALID", "DEFINE_INVALID"],
      at: '"never"',
      message: /never.*|once.*all.*skip/,
      hint: /./,
    },
  ),
  mistake(
    "inference",
    "a batch schedule that cannot be read",
    (place, file) => place.edit(file, '"0 6 * * *"', '"0 6 * *"'),
    {
      code: "RUNS_SCHEDULE_INVALID",
      at: '"0 6 * *"',
      message: /batch\.schedule/,
      hint: /cron/,
    },
  ),
  mistake(
    "training",
    "a candidate's parameter out of range",
    (place, file) => place.edit(file, "gradientBoosting()", "gradientBoosting({ trees: 0 })"),
    {
      code: "DEFINE_INVALID",
      at: "trees: 0",
      message: /trees/,
      hint: /./,
    },
  ),
  mistake(
    "training",
    "a memory limit below what a process needs",
    (place, file) => place.edit(file, "candidates:", "limits: { memoryMb: 1 },\n  candidates:"),
    {
      code: "DEFINE_INVALID",
      at: "memoryMb: 1",
      message: /limits\.memoryMb.*64/,
      hint: /./,
    },
  ),
  mistake(
    "problem",
    "another label than the training's",
    (place, file) => place.edit(file, 'predict: "rainTomorrow"', 'predict: "snowTomorrow"'),
    {
      code: ["DEFINE_INVALID", "DEFINE_TYPES"],
      at: "",
      message: /snowTomorrow/,
      hint: /./,
    },
    {
      name: "problem.ts and training.ts speak of different labels",
      expected: {
        component: "training/rain",
        step: "load",
        code: ["DEFINE_INVALID", "DEFINE_TYPES"],
        at: { file: "training.ts", text: "label: weather" },
        message: /snowTomorrow/,
        hint: /./,
      } satisfies Expected,
    },
  ),
  mistake(
    "problem",
    "a goal that the metric cannot have",
    (place, file) => place.edit(file, 'metric: "rocAuc", atLeast: 0.7', 'metric: "logLoss", atLeast: 0.7'),
    {
      code: ["DEFINE_INVALID", "DEFINE_TYPES"],
      at: "logLoss",
      message: /atLeast|atMost/,
      hint: /./,
    },
  ),
  mistake(
    "data",
    "a window over a column that is not there",
    (place, file) => place.edit(file, 'mean("precipitation"', 'mean("precipitaton" as "precipitation"'),
    {
      code: "DEFINE_INVALID",
      at: "precipitaton",
      message: /meanRain.*precipitaton/,
      hint: /precipitation/,
    },
  ),
  mistake(
    "data",
    "an expression that cannot be read",
    (place, file) => place.edit(file, 'ahead("precipitation > 0"', 'ahead("precipitation >> 0"'),
    {
      code: ["DATA_EXPRESSION_INVALID", "DEFINE_INVALID"],
      at: ">> 0",
      message: />/,
      hint: /./,
    },
  ),
  {
    name: "two files declare one name",
    kind: "data",
    project: "shop",
    inject: (place) => place.edit("data/visits.ts", "  source:", '  name: "profiles",\n  source:'),
    act: "settle",
    expected: {
      component: "data/visits",
      step: "load",
      code: "DEFINE_INVALID",
      at: { file: "data/visits.ts", text: "name:" },
      message: /profiles.*data\/profiles\.ts/,
      hint: /name/,
    },
  },
  {
    name: "a file that others import went away",
    kind: "problem",
    project: "rain",
    inject: (place) => rm(join(place.folder, "problem.ts")),
    act: "settle",
    expected: {
      component: "training/rain",
      step: "load",
      code: "DEFINE_SYNTAX",
      at: { file: "training.ts", text: "./problem.ts" },
      message: /problem\.ts/,
      hint: /path/,
    },
  },
  {
    name: "two components run after each other in a circle",
    kind: "data",
    project: "shop",
    inject: async (place) => {
      await place.edit("data/visits.ts", '  schedule: "@daily",', '  after: ["data/profiles"],');
      await place.edit("data/profiles.ts", '  key: "customer",', '  after: ["data/visits"],\n  key: "customer",');
    },
    act: "settle",
    expected: {
      component: "data/profiles",
      step: "load",
      code: "DEFINE_INVALID",
      at: { file: "data/profiles.ts", text: "after:" },
      message: /data\/profiles.*data\/visits.*data\/profiles/,
      hint: /after/,
    },
  },
  {
    name: "a component runs after one that does not exist",
    kind: "data",
    project: "shop",
    inject: (place) => place.edit("data/visits.ts", '  schedule: "@daily",', '  after: ["data/profile"],'),
    act: "settle",
    expected: {
      component: "data/visits",
      step: "load",
      code: "DEFINE_INVALID",
      at: { file: "data/visits.ts", text: "after:" },
      message: /data\/profile\b/,
      hint: /data\/profiles/,
    },
  },
];

export const fileFaults: readonly Fault[] = [...everywhere, ...single];
