// Four of the five files of a new project, as a thoughtful colleague would write them; the data component has a file of its own.

import { type BaselineName, isLabelTask, metrics, type Task } from "../../define/metrics.ts";
import type { Success } from "../../define/success.ts";
import { call, code, object } from "./code.ts";
import { limitsOf } from "./data-file.ts";
import { file, member } from "./file.ts";
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
