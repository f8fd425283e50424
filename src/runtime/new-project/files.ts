// The files of a new project: what they say, planned from what was found out, and where they go.

import { readFile } from "node:fs/promises";
import { basename, extname } from "node:path";
import { slug } from "../../base/ids.ts";
import type { TableProfile } from "../../data/profile.ts";
import { stepsInWords } from "../../learn/forecast/step-words.ts";
import type { DetectedSource } from "../drivers.ts";
import { appFile, inferenceFile, problemFile, trainingFile } from "../templates/components.ts";
import { dataFile } from "../templates/data-file.ts";
import type { ProjectPlan } from "../templates/plan.ts";
import { compilerFile, ignoreFile, packageFile, readmeFile } from "../templates/surroundings.ts";
import { forecastQuestion, namesFor, questionFor, rowsQuestion } from "../templates/words.ts";
import type { Tried } from "./attempt.ts";
import type { NewFile } from "./folder.ts";
import type { Target } from "./target.ts";

/** Files larger than this stay where they are. */
const copiedBytes = 200 * 1024 * 1024;

/** What was found out, gathered for the files. */
interface Gathered {
  /** As the user gave it. */
  readonly from: string;
  /** The project's. */
  readonly name: string;
  readonly detected: DetectedSource;
  readonly header: true | undefined;
  readonly profile: TableProfile;
  readonly target: Target;
  readonly tried: Tried;
}

export async function planProject({
  from,
  name,
  detected,
  header,
  profile,
  target,
  tried,
}: Gathered): Promise<ProjectPlan> {
  const { schema, feasibility } = tried;
  const file = copiedName(detected, from);
  const outside = !detected.web && detected.file.bytes > copiedBytes;
  const names = namesFor(name, file);
  const manifest = JSON.parse(await readFile(new URL("../../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return {
    ...names,
    question: questionOf(target, schema.label?.name ?? "", names.title),
    task: target.task,
    forecast: forecastOf(target),
    success: feasibility.success,
    feasibility: feasibility.sentence,
    source: {
      word: detected.format,
      path: outside ? detected.file.path : `data/${file}`,
      header,
      shown: file,
      web: detected.web ? detected.file.name : undefined,
      outside,
      rows: profile.rows,
    },
    schema,
    left: tried.left.map(({ column, reason }) => ({ name: column.name, reason })),
    candidates: tried.candidates,
    newRows: Math.max(30, Math.round(profile.rows / 20)),
    version: manifest.version,
  };
}

function questionOf(target: Target, label: string, title: string): string {
  if (target.label === null) return rowsQuestion(target.task, title);
  if (target.task !== "forecast") return questionFor(label, target.label);
  const { ahead, series } = target;
  return forecastQuestion(
    label,
    target.label.column.unit,
    series.set.step,
    ahead.horizon,
    series.key.map(({ name }) => name),
  );
}

function forecastOf(target: Target): ProjectPlan["forecast"] {
  if (target.task !== "forecast") return null;
  const { horizon, season, usualSeason } = target.ahead;
  return {
    horizon,
    // None has to be said where a training would assume one.
    season: season === 1 && usualSeason === 1 ? undefined : season,
    span: stepsInWords(target.series.set.step, horizon),
  };
}

/** The file's name inside the project, with the ending that says what it is. */
function copiedName({ file, format, gzip, web }: DetectedSource, from: string): string {
  const given = web ? decodeURIComponent(new URL(from).pathname.split("/").at(-1) ?? "") : basename(file.path);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters have no place in a file's name
  const safe = given.replace(/[\u0000-\u001f<>:"/\\|?*\u2028\u2029]/g, "_").replace(/^\.+/, "");
  const stem = slug(safe) === "" ? "data" : safe;
  const ending = `.${format}${gzip ? ".gz" : ""}`;
  // A module's ending would make the table a component; none at all would say nothing.
  return /^\.(?:[cm]?[jt]s|)$/i.test(extname(stem)) ? `${stem}${ending}` : stem;
}

export function projectFiles(plan: ProjectPlan, detected: DetectedSource): NewFile[] {
  const files: [string, string][] = [
    ["problem.ts", problemFile(plan)],
    [`data/${plan.stem}.ts`, dataFile(plan)],
    ["training.ts", trainingFile(plan)],
    ["inference.ts", inferenceFile()],
    ["app.ts", appFile(plan)],
    ["package.json", packageFile(plan)],
    ["tsconfig.json", compilerFile()],
    [".gitignore", ignoreFile()],
    ["README.md", readmeFile(plan)],
  ];
  const written: NewFile[] = files.map(([path, content]) => ({ path, content: { text: content } }));
  return plan.source.outside
    ? written
    : [...written, { path: plan.source.path, content: { copyOf: detected.file.path } }];
}
