// The files of a new project: what they say, planned from what was found out, and where they go.

import { readFile } from "node:fs/promises";
import { basename, extname } from "node:path";
import { slug } from "../../base/ids.ts";
import type { TableProfile } from "../../data/profile.ts";
import type { LabelPlan } from "../../data/profile-label.ts";
import type { DetectedSource } from "../drivers.ts";
import { appFile, dataFile, inferenceFile, problemFile, trainingFile } from "../templates/components.ts";
import type { ProjectPlan } from "../templates/plan.ts";
import { compilerFile, ignoreFile, packageFile, readmeFile } from "../templates/surroundings.ts";
import { namesFor, questionFor } from "../templates/words.ts";
import type { Tried } from "./attempt.ts";
import type { NewFile } from "./folder.ts";

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
  readonly label: LabelPlan;
  readonly tried: Tried;
}

/** One-hot columns times classes that a linear model can still be fitted with in a few seconds. */
const mostLinearTerms = 2000;

export async function planProject({
  from,
  name,
  detected,
  header,
  profile,
  label,
  tried,
}: Gathered): Promise<ProjectPlan> {
  const { schema, feasibility } = tried;
  const file = copiedName(detected, from);
  const outside = !detected.web && detected.file.bytes > copiedBytes;
  const names = namesFor(name, file);
  const oneHot = [...tried.sample.features.columns.values()].reduce(
    (sum, column) => sum + (column.type === "category" ? column.dictionary.length : 1),
    0,
  );
  const manifest = JSON.parse(await readFile(new URL("../../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return {
    ...names,
    question: questionFor(schema.label.name, label),
    task: label.task,
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
    linear: oneHot * Math.max(1, label.classes.length - 1) <= mostLinearTerms,
    newRows: Math.max(30, Math.round(profile.rows / 20)),
    version: manifest.version,
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
