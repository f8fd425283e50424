// Every command: what it takes and what it is for, and where its work is. Light, so that --help is instant.

import type { Arguments, CommandSpec } from "./arguments.ts";

export interface Command extends CommandSpec {
  /** Loads the command's work and does it; resolves with the exit code. */
  readonly run: (spec: CommandSpec, args: Arguments) => Promise<number>;
}

const serveOptions = {
  port: { type: "string", value: "PORT", help: "The port (default 4400; 0 takes any free one)" },
  host: { type: "string", value: "ADDRESS", help: "The address to listen on (default 127.0.0.1: this machine only)" },
} as const;

export const commands: readonly Command[] = [
  {
    name: "new",
    summary: "Make a project from a table: profile it, judge whether the problem is feasible, write the five files",
    operands: "DIR",
    options: {
      from: { type: "string", value: "FILE|URL", help: "CSV, TSV, NDJSON, JSON or Parquet, optionally gzipped" },
      predict: { type: "string", value: "COLUMN", help: "The column to predict; none for anomaly and clustering" },
      task: {
        type: "string",
        value: "TASK",
        help: "binary, multiclass, regression, forecast, anomaly or clustering (default: found in the data)",
      },
      horizon: { type: "string", value: "N", help: "Of a forecast: how many steps ahead (default: found in the data)" },
      key: {
        type: "string",
        value: "COLUMN",
        help: "The column that names the entity, e.g. a customer (default: none, or found in the data)",
      },
      time: {
        type: "string",
        value: "COLUMN",
        help: "The column that says when a row held (default: none, or found in the data)",
      },
      yes: { type: "boolean", help: "Never ask" },
    },
    details: [
      "Examples: pentad new rain --from weather.csv --predict rainTomorrow --time date",
      "          pentad new sales --from sales.csv --predict sold --task forecast --horizon 14",
      "          pentad new odd-orders --from orders.csv --task anomaly",
    ],
    run: async (spec, args) => (await import("./commands/new.ts")).runNew(spec, args),
  },
  {
    name: "dev",
    summary: "Ingest, train, gate and serve the project, and follow changes of its files",
    options: serveOptions,
    run: async (spec, args) => (await import("./commands/serve.ts")).runServe(spec, args, { watch: true }),
  },
  {
    name: "start",
    summary: "Serve the project without following changes of its files",
    options: serveOptions,
    run: async (spec, args) => (await import("./commands/serve.ts")).runServe(spec, args, { watch: false }),
  },
  {
    name: "run",
    summary: "Run components now, or with --all everything that is due",
    operands: "COMPONENT… | --all",
    options: {
      all: {
        type: "boolean",
        help: "Run everything that is due, in dependency order; done when a model that passed its gate is live",
      },
    },
    details: ["Example: pentad run data/weather"],
    run: async (spec, args) => (await import("./commands/run.ts")).runRun(spec, args),
  },
  {
    name: "tick",
    summary: "Do what is due now and return, for hosts whose clock is outside",
    options: {
      "until-idle": { type: "boolean", help: "Go on until nothing is due any more (the default)" },
      event: {
        type: "string",
        value: "NAME",
        help: "First say that this has happened, for components that run after event/NAME",
      },
    },
    run: async (spec, args) => (await import("./commands/run.ts")).runTick(spec, args),
  },
  {
    name: "status",
    summary: "The state of every component",
    options: {},
    run: async (spec, args) => (await import("./commands/status.ts")).runStatus(spec, args),
  },
  {
    name: "logs",
    summary: "The runs of a component, or what one run printed",
    operands: "[COMPONENT | RUN]",
    options: { limit: { type: "string", value: "N", help: "How many runs (default 20)" } },
    run: async (spec, args) => (await import("./commands/logs.ts")).runLogs(spec, args),
  },
  {
    name: "runs",
    summary: "The runs on the ledger: list them, show what one used, or cancel one",
    operands: "[list [COMPONENT] | show RUN | cancel RUN]",
    options: { limit: { type: "string", value: "N", help: "How many runs (default 20)" } },
    run: async (spec, args) => (await import("./commands/runs.ts")).runRuns(spec, args),
  },
  {
    name: "predict",
    summary: "Ask an inference component",
    operands: "NAME",
    options: {
      input: {
        type: "string",
        value: "JSON",
        help: "One object of inputs, or an array of them; - reads stdin, @FILE a file",
      },
      explain: { type: "boolean", help: "Give the reasons with the answer" },
      interactions: { type: "boolean", help: "And how features work together, for models of trees" },
    },
    details: [`Example: pentad predict rain --input '{"precipitation": 3.2}'`],
    run: async (spec, args) => (await import("./commands/predict.ts")).runPredict(spec, args),
  },
  {
    name: "models",
    summary: "The model registry: list, show, compare, promote, rollback, withdraw, delete, export, report",
    operands:
      "list [TRAINING] | show TRAINING VERSION | compare TRAINING VERSION VERSION | promote TRAINING VERSION [--as shadow] --reason TEXT | rollback TRAINING --reason TEXT | withdraw TRAINING VERSION | delete TRAINING VERSION --reason TEXT | export TRAINING VERSION --out FILE | report TRAINING VERSION --out FILE",
    options: {
      reason: { type: "string", value: "TEXT", help: "Why; kept with the move" },
      override: { type: "boolean", help: "Promote although the gate refused" },
      as: {
        type: "string",
        value: "shadow|onnx|pentad",
        help: "Promote: answer silently beside the live version. Export: the format (default: by the file's ending)",
      },
      out: { type: "string", value: "FILE", help: "Where to write the model or the report" },
    },
    run: async (spec, args) => (await import("./commands/models.ts")).runModels(spec, args),
  },
  {
    name: "quarantine",
    summary: "The rows that were rejected, each with its reason",
    operands: "list | show DATA | replay DATA | discard DATA --reason TEXT",
    options: {
      row: { type: "string", value: "ID,…", help: "Only these rows, as `show` names them, e.g. 3:1 (default: all)" },
      rule: { type: "string", value: "TEXT", help: "Only rows whose reason holds this text" },
      limit: { type: "string", value: "N", help: "How many rows to show (default 20)" },
      reason: { type: "string", value: "TEXT", help: "Why rows are discarded; kept with them" },
    },
    run: async (spec, args) => (await import("./commands/quarantine.ts")).runQuarantine(spec, args),
  },
  {
    name: "backfill",
    summary: "Read a range of time again, in partitions, and commit what is new or corrected",
    operands: "data/NAME --from TIME",
    options: {
      from: { type: "string", value: "TIME", help: "The first moment, e.g. 2024-01-31" },
      to: { type: "string", value: "TIME", help: "The first moment after it (default: now)" },
      partition: {
        type: "string",
        value: "DURATION",
        help: "How much time one partition covers (default: a day, or as many as make a hundred)",
      },
      parallel: { type: "string", value: "N", help: "How many partitions are read at once (default 2)" },
      "known-at": {
        type: "string",
        value: "now|event-time",
        help: "Since when the rows count as known (default: now, so that they never leak into what is made as of before)",
      },
    },
    details: [
      "Example: pentad backfill data/weather --from 2023-01-01 --to 2024-01-01 --partition 30d",
      "Stopped or failed, the same command goes on with the partitions that are missing.",
    ],
    run: async (spec, args) => (await import("./commands/backfill.ts")).runBackfill(spec, args),
  },
  {
    name: "forget",
    summary: "Remove everything about an entity: its rows, their history, rejected rows and answers",
    operands: "KEY | COLUMN=VALUE…",
    options: {
      data: { type: "string", value: "DATA", help: "Only this data component (default: every one with that key)" },
      from: { type: "string", value: "TIME", help: "Only what happened at this time or later" },
      to: { type: "string", value: "TIME", help: "Only what happened before this time" },
      "keep-history": {
        type: "boolean",
        help: "Delete the rows as a commit alone: earlier states, and the training sets made from them, stay",
      },
    },
    details: [
      "Example: pentad forget customer=17",
      "What a source gives of it later is left out, unless it happened after now.",
    ],
    run: async (spec, args) => (await import("./commands/forget.ts")).runForget(spec, args),
  },
  {
    name: "search",
    summary: "Find a feature group's rows by words, by meaning, by nearness of vectors, or by words and one of these",
    operands: "DATA",
    options: {
      text: { type: "string", value: "WORDS", help: "Words to look for; any of them counts, rare ones more" },
      like: { type: "string", value: "WORDS", help: "Words whose meaning is looked for, by the group's embedding" },
      near: { type: "string", value: "JSON", help: "A vector as a list of numbers: its nearest are looked for" },
      column: { type: "string", value: "NAME", help: "The vector's or embedding's column, when there are several" },
      top: { type: "string", value: "N", help: "How many rows (default 10)" },
      where: { type: "string", value: "CONDITION", help: 'Only rows for which this holds, e.g. "price < 10"' },
      exact: { type: "boolean", help: "Compare every vector, where a graph would find nearly all of the nearest" },
    },
    run: async (spec, args) => (await import("./commands/search.ts")).runSearch(spec, args),
  },
  {
    name: "export",
    summary: "Write a feature group's rows, a training set or the newest batch of predictions to a file",
    operands: "features/NAME[@COMMIT] | training/NAME[@VERSION] | predictions/NAME",
    options: {
      as: { type: "string", value: "csv|parquet|arrow", help: "The format (default: by the file's ending)" },
      out: { type: "string", value: "FILE", help: "Where to write; FILE.croissant.json beside it describes it" },
    },
    run: async (spec, args) => (await import("./commands/export.ts")).runExport(spec, args),
  },
];
