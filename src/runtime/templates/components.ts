// The five files of a new project, as a thoughtful colleague would write them.

import { missingTexts } from "../../define/definition.ts";
import { metrics } from "../../define/metrics.ts";
import { type FieldPlan, hourPattern } from "../new-project/schema.ts";
import { type CodeObject, type CodeValue, call, code, comment, object, shown, text, write } from "./code.ts";
import type { ProjectPlan } from "./plan.ts";

export function problemFile(plan: ProjectPlan): string {
  const { success, task } = plan;
  const { title, better } = metrics[success.metric];
  const bound = success.atLeast ?? success.atMost;
  const goal =
    bound === undefined
      ? `It must beat always guessing the ${success.beats === "mean" ? "mean" : "most frequent class"}; set a goal once you know what is good enough.`
      : `The goal lies half way from guessing to what the quick model surely reaches (${title}, ${better} is better); tighten it as the model gets better.`;
  return file(
    "Step 1: what is predicted, and how good a model must be before anyone sees it.",
    ["defineProblem"],
    [],
    "defineProblem",
    {
      question: plan.question,
      predict: plan.schema.label.name,
      task,
      success: {
        note: `${plan.feasibility}. ${goal}`,
        value: object({
          metric: success.metric,
          atLeast: success.atLeast,
          atMost: success.atMost,
          beats: success.beats,
        }),
      },
    },
  );
}

export function dataFile(plan: ProjectPlan): string {
  const { schema, source } = plan;
  const words = [...schema.features, schema.label].map(({ word }) => word);
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
    transform:
      schema.hour === null
        ? undefined
        : {
            note: "The hour of the day tells something of its own: the quick model was better with it.",
            value: code(
              `(row) => ({ ...row, hour: /${hourPattern}/.exec(row${member(schema.hour)} ?? "")?.[1] ?? null })`,
            ),
          },
    limits: limitsOf(plan, source.outside ? "1h" : undefined),
    features,
    labels: new Map([[schema.label.name, written(schema.label)]]) as CodeObject,
  };
  const body = file(
    `Step 2: where the rows of ${shown(source.shown).slice(1, -1)} come from, and what a row must look like.`,
    ["defineData", source.word, ...words],
    [],
    "defineData",
    options,
  );
  return `${body}${leftOut(plan)}`;
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
function leftOut({ left }: ProjectPlan): string {
  if (left.length === 0) return "";
  const most = 40;
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
  const { task, schema, variable, stem } = plan;
  const linear = task === "regression" ? "ridge" : "logistic";
  const candidates = plan.linear ? [call(linear), call("gradientBoosting")] : [call("gradientBoosting")];
  const by = schema.eventTime !== null ? "time" : task === "regression" ? "random" : "stratified";
  const held = {
    time: "The newest fifth of the rows is held out to judge the model.",
    stratified: "A fifth of each class is held out to judge the model.",
    random: "A fifth of the rows is held out to judge the model.",
  }[by];
  const label = `${variable}.labels${member(schema.label.name)}`;
  return file(
    "Step 3: what the model learns from, how it is judged, and when it is trained again.",
    ["defineTraining", "gradientBoosting", ...(plan.linear ? [linear] : [])],
    [`import ${variable} from "./data/${stem}.ts";`, 'import problem from "./problem.ts";'],
    "defineTraining",
    {
      problem: code("problem"),
      label: code(label),
      features: [code(`${variable}.all()`)],
      split: { note: held, value: object({ by, test: 0.2 }) },
      limits: limitsOf(plan, undefined),
      candidates: plan.linear
        ? candidates
        : {
            note: "A linear model would need a column for every category; there are too many here.",
            value: candidates,
          },
      when: object({ newRows: plan.newRows }),
    },
  );
}

export function inferenceFile(): string {
  return `// Step 4: how the live model answers; "online" means over HTTP, one by one or many at a time.

import { defineInference } from "pentad";
import training from "./training.ts";

export default defineInference({ training, online: true });
`;
}

export function appFile(plan: ProjectPlan): string {
  const intro =
    plan.schema.eventTime !== null ? "Change what you know, and ask again." : "Fill in what you know, and ask.";
  return file(
    "Step 5: the page where people ask.",
    ["defineApp"],
    ['import inference from "./inference.ts";'],
    "defineApp",
    {
      inference: code("inference"),
      title: plan.title,
      intro,
      feedback: true,
    },
  );
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
