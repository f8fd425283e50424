// The five files of a new project, as a thoughtful colleague would write them.

import { missingTexts } from "../../define/definition.ts";
import { type BaselineName, isLabelTask, metrics, type Task } from "../../define/metrics.ts";
import type { Success } from "../../define/success.ts";
import { type FieldPlan, hourPattern } from "../new-project/schema.ts";
import {
  type CodeObject,
  type CodeValue,
  call,
  code,
  comment,
  object,
  propertyName,
  shown,
  text,
  write,
} from "./code.ts";
import type { ProjectPlan } from "./plan.ts";
import { purposeOf } from "./words.ts";

export function problemFile(plan: ProjectPlan): string {
  const { success, task, forecast } = plan;
  return file(`Step 1: ${purposeOf(task)} before anyone sees it.`, ["defineProblem"], [], "defineProblem", {
    question: plan.question,
    predict: plan.schema.label?.name,
    task,
    horizon: forecast?.horizon,
    season: forecast?.season,
    success: {
      note: `${plan.feasibility}. ${goalInWords(success, task)}`,
      value: object({
        metric: success.metric,
        atLeast: success.atLeast,
        atMost: success.atMost,
        beats: success.beats,
      }),
    },
  });
}

function goalInWords({ metric, atLeast, atMost, beats }: Success, task: Task): string {
  const { title, better } = metrics[metric];
  if (task === "anomaly")
    return "The goal bounds how many alarms there may be; what counts as odd is set in training.ts.";
  if (task === "clustering")
    return `The goal lies below that (${title}, 1 is best, 0 is none); tighten it as the groups get clearer.`;
  if (task === "forecast" && beats === undefined)
    return `The goal is not to get worse than that (${title}, ${better} is better); tighten it as the forecast gets better.`;
  if ((atLeast ?? atMost) === undefined)
    return `It must beat ${guesses[beats ?? "mean"]}; set a goal once you know what is good enough.`;
  return `The goal lies half way from ${task === "forecast" ? "repeating the past" : "guessing"} to what the quick model surely reaches (${title}, ${better} is better); tighten it as the model gets better.`;
}

const guesses: Readonly<Record<BaselineName, string>> = {
  majority: "always guessing the most frequent class",
  prior: "always guessing the shares of the classes",
  mean: "always guessing the mean",
  median: "always guessing the median",
  seasonalNaive: "repeating the last season",
};

export function dataFile(plan: ProjectPlan): string {
  const { schema, source } = plan;
  const fields = schema.label === null ? schema.features : [...schema.features, schema.label];
  const words = fields.map(({ word }) => word);
  const features = new Map(schema.features.map((field) => [field.name, written(field)]));
  const options = {
    source: sourceCall(plan),
    key: schema.key.length === 0 ? undefined : schema.key.length === 1 ? (schema.key[0] as string) : schema.key,
    eventTime:
      schema.eventTime === null
        ? undefined
        : schema.eventTime.format === undefined
          ? schema.eventTime.column
          : object({ column: schema.eventTime.column, format: schema.eventTime.format }),
    missing:
      schema.missing === null
        ? undefined
        : {
            note: `Texts that mean "missing"; ${valuesNotMissing(schema.missing)} in this file.`,
            value: schema.missing,
          },
    transform: transformOf(plan),
    limits: limitsOf(plan, source.outside ? "1h" : undefined),
    features,
    labels: schema.label === null ? undefined : (new Map([[schema.label.name, written(schema.label)]]) as CodeObject),
  };
  const body = file(
    `Step 2: where the rows of ${shown(source.shown).slice(1, -1)} come from, and what a row must look like.`,
    ["defineData", source.word, ...words],
    [],
    "defineData",
    options,
  );
  const helper = schema.rewrite?.helper;
  return `${body}${helper === undefined ? "" : `\n${helper}\n`}${leftOut(plan)}`;
}

function transformOf({ schema }: ProjectPlan): CodeValue | undefined {
  const { hour, rewrite, eventTime } = schema;
  if (hour !== null)
    return {
      note: "The hour of the day tells something of its own: the quick model was better with it.",
      value: rowWith("hour", `/${hourPattern}/.exec(row${member(hour)} ?? "")?.[1] ?? null`),
    };
  if (rewrite === null || eventTime === null) return undefined;
  const { column } = eventTime;
  return {
    note: rewrite.note,
    value: rowWith(
      column,
      rewrite.code((name) => `row${member(name)}`),
    ),
  };
}

/** A function that sets one member of a row, on one line if it fits. */
function rowWith(name: string, value: string): CodeValue {
  const flat = `(row) => ({ ...row, ${propertyName(name)}: ${value} })`;
  const indent = "    ";
  return code(
    flat.length + "  transform: ,".length <= 120
      ? flat
      : `(row) => ({\n${indent}...row,\n${indent}${propertyName(name)}: ${value},\n  })`,
  );
}

function valuesNotMissing(missing: readonly string[]): string {
  const values = missingTexts.filter((one) => !missing.includes(one)).map((one) => `"${one}"`);
  return values.length === 1 ? `${values[0]} is a value` : `${values.join(" and ")} are values`;
}

function sourceCall({ source }: ProjectPlan): CodeValue {
  const options = source.header === undefined ? "" : `, { header: ${source.header} }`;
  const value = code(`${source.word}(${text(source.path)}${options})`);
  if (source.web !== undefined)
    return {
      note: `Downloaded once; ${source.word}(${text(source.web)}) with a schedule follows the address instead.`,
      value,
    };
  return source.outside ? { note: "Too large to copy: the file stays where it is.", value } : value;
}

function written({ word, options, note }: FieldPlan): CodeValue {
  const { from, unit, min, max, values, decimal, format, optional } = options;
  const value = call(word, { from, unit, min, max, values, decimal, format, optional });
  return note === undefined ? value : { note, value };
}

/** What the reader may miss among the features, each with its reason. */
function leftOut({ left, task }: ProjectPlan): string {
  if (left.length === 0) return "";
  const most = 40;
  if (task === "forecast") {
    const names = left.slice(0, most).map(({ name }) => shown(name));
    const more = left.length > most ? ` and ${left.length - most} more` : "";
    const note = `Left out, since a forecast learns from the label's own past: ${names.join(", ")}${more}`;
    return `\n${comment(note, 0).join("\n")}\n`;
  }
  const lines = left
    .slice(0, most)
    .flatMap(({ name, reason }) =>
      comment(`${shown(name)}: ${reason}`, 0).map((line, index) =>
        index === 0 ? line.replace("// ", "// - ") : line.replace("// ", "//   "),
      ),
    );
  if (left.length > most) lines.push(`// - and ${left.length - most} more`);
  return `\n// Left out of the features:\n${lines.join("\n")}\n`;
}

/** Only what the usual limits, 10 minutes and 1 GB, would not do for. */
function limitsOf({ schema }: ProjectPlan, time: string | undefined): CodeValue | undefined {
  const columns = schema.features.length;
  const memoryMb = columns <= 500 ? undefined : Math.ceil(columns / 500) * 1024;
  if (memoryMb === undefined) return time === undefined ? undefined : object({ time });
  return {
    note: `The engine sets room aside for each of the ${columns.toLocaleString("en")} columns.`,
    value: object({ time, memoryMb }),
  };
}

export function trainingFile(plan: ProjectPlan): string {
  const { task, schema, variable, stem, candidates } = plan;
  const calls = candidates.words.map((word) => call(word));
  const by = schema.eventTime !== null ? "time" : isClassTask(task) ? "stratified" : "random";
  const held = {
    time: "The newest fifth of the rows is held out to judge the model.",
    stratified: "A fifth of each class is held out to judge the model.",
    random: "A fifth of the rows is held out to judge the model.",
  }[by];
  return file(
    task === "forecast"
      ? "Step 3: what is tried, and how it is judged: from past times, each time knowing only what was known by then."
      : "Step 3: what the model learns from, how it is judged, and when it is trained again.",
    ["defineTraining", ...candidates.words],
    [`import ${variable} from "./data/${stem}.ts";`, 'import problem from "./problem.ts";'],
    "defineTraining",
    {
      problem: code("problem"),
      label: schema.label === null ? undefined : code(`${variable}.labels${member(schema.label.name)}`),
      features: task === "forecast" ? undefined : [code(`${variable}.all()`)],
      split: task === "forecast" ? undefined : { note: held, value: object({ by, test: 0.2 }) },
      limits: limitsOf(plan, undefined),
      candidates: candidates.note === undefined ? calls : { note: candidates.note, value: calls },
      // A forecast continues from the last value it was trained on, so it is trained whenever rows come.
      when: task === "forecast" ? undefined : object({ newRows: plan.newRows }),
    },
  );
}

function isClassTask(task: Task): boolean {
  return task === "binary" || task === "multiclass";
}

export function inferenceFile(): string {
  return `// Step 4: how the live model answers; "online" means over HTTP, one by one or many at a time.

import { defineInference } from "pentad";
import training from "./training.ts";

export default defineInference({ training, online: true });
`;
}

export function appFile(plan: ProjectPlan): string {
  return file(
    "Step 5: the page where people ask.",
    ["defineApp"],
    ['import inference from "./inference.ts";'],
    "defineApp",
    {
      inference: code("inference"),
      title: plan.title,
      intro: introFor(plan),
      // What came is known later than the page is left, and what is odd or alike has no true answer.
      feedback: isLabelTask(plan.task) ? true : undefined,
    },
  );
}

function introFor({ task, schema, forecast }: ProjectPlan): string {
  if (task === "forecast")
    return `See the next ${forecast?.span ?? "steps"}, with the range that each is likely to fall into.`;
  if (task === "anomaly") return "Fill in a row to see whether it is unlike the others, and why.";
  if (task === "clustering") return "Fill in a row to see which group it belongs to.";
  return schema.eventTime !== null ? "Change what you know, and ask again." : "Fill in what you know, and ask.";
}

function file(
  purpose: string,
  words: readonly string[],
  imports: readonly string[],
  definer: string,
  options: Readonly<Record<string, CodeValue | undefined>>,
): string {
  const body = write(call(definer, options), 0, "export default ".length);
  return `${comment(purpose, 0).join("\n")}\n\n${[importLine(words), ...imports].join("\n")}\n\nexport default ${body};\n`;
}

function importLine(words: readonly string[]): string {
  const names = [...new Set(words)].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  const line = `import { ${names.join(", ")} } from "pentad";`;
  return line.length <= 120 ? line : `import {\n${names.map((name) => `  ${name},\n`).join("")}} from "pentad";`;
}

/** `.name`, or `["odd name"]`. */
function member(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `.${name}` : `[${text(name)}]`;
}
