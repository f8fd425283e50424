// `pentad new` as a recipe: look at the file → decide what each column is → try the problem out → write the five files.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, extname, join, resolve } from "node:path";
import { fail, isFailure } from "../base/failure.ts";
import { slug } from "../base/ids.ts";
import type { Log } from "../base/log.ts";
import { type Finding, profileRelation, type TableProfile } from "../data/profile.ts";
import { type LabelPlan, planLabel } from "../data/profile-label.ts";
import { findLeaks } from "../data/profile-leaks.ts";
import { type LeftOut, planRoles, type Roles } from "../data/profile-roles.ts";
import { missingTexts } from "../define/definition.ts";
import { metrics } from "../define/problem.ts";
import type { Query } from "../ports/query.ts";
import type { SourceResult } from "../ports/source.ts";
import { assessFeasibility, type Feasibility } from "../problem/feasibility.ts";
import { detectSource, openQuery } from "./drivers.ts";
import { checkTarget, type NewFile, writeProject } from "./new-project-folder.ts";
import { planSchema, type SchemaPlan, withHour } from "./new-project-schema.ts";
import { addHour, definitionOf, type Sample, tryOut, typedSample } from "./new-project-trial.ts";
import { appFile, dataFile, inferenceFile, problemFile, trainingFile } from "./templates/components.ts";
import type { ProjectPlan } from "./templates/plan.ts";
import { compilerFile, ignoreFile, packageFile, readmeFile } from "./templates/surroundings.ts";
import { namesFor, questionFor } from "./templates/words.ts";

export interface NewProjectOptions {
  /** A path, relative to the current folder, or a web address. */
  readonly from: string;
  /** The folder to make; it must be absent or empty. */
  readonly folder: string;
  /** The column to predict. */
  readonly predict: string;
  /** One or more columns, several parted by commas; found in the data when left out. */
  readonly key?: string | undefined;
  /** Found in the data when left out; "none" for no event time. */
  readonly time?: string | undefined;
  /** The project's name; the folder's when left out. */
  readonly name?: string | undefined;
  readonly log: Log;
  /** Aborting it leaves nothing behind. */
  readonly signal?: AbortSignal | undefined;
  readonly memoryMb?: number;
  readonly threads?: number;
}

export interface NewProjectResult {
  /** Absolute. */
  readonly folder: string;
  /** Relative to the folder, in reading order. */
  readonly files: readonly string[];
  readonly profile: TableProfile;
  readonly feasibility: Feasibility;
  /** What a person should know, the warnings first. */
  readonly findings: readonly Finding[];
}

/** Files larger than this stay where they are. */
const copiedBytes = 200 * 1024 * 1024;

/**
 * Makes a project from a table. Throws SOURCES_… for a file that cannot be read, DATA_COLUMN_MISSING, TRAINING_LABEL_… and
 * TRAINING_TOO_FEW_ROWS for a label that cannot be predicted, RUNTIME_TARGET_EXISTS, RUNTIME_NOT_WRITABLE and
 * RUNTIME_DISK_FULL for the folder, and RUNTIME_INTERRUPTED; nothing is written then.
 */
export async function newProject(options: NewProjectOptions): Promise<NewProjectResult> {
  const folder = resolve(options.folder);
  await checkTarget(folder);
  const signal = options.signal ?? new AbortController().signal;
  const desk = await mkdtemp(join(tmpdir(), "pentad-new-"));
  let query: Query | undefined;
  try {
    options.log.info(`reading ${options.from}`);
    const place = { projectFolder: process.cwd(), temporaryFolder: desk, signal };
    const detected = await detectSource(options.from, place);
    query = await openQuery({
      memoryMb: options.memoryMb ?? 500,
      temporaryFolder: join(desk, "spill"),
      ...(options.threads === undefined ? {} : { threads: options.threads }),
    });
    const { opened, header } = await openTable(detected, options, {
      ...place,
      query,
      log: options.log,
      position: null,
      secrets: {},
    });
    stopIfAsked(signal);

    options.log.info("profiling its columns");
    const shown = detected.file.name;
    const profile = await profileRelation(query, opened.relation, opened.columns, { missing: missingTexts });
    const label = planLabel(profile, options.predict, basename(shown));
    const roles = planRoles(
      profile,
      label,
      { key: keysOf(options.key, opened.columns), time: options.time },
      basename(shown),
    );
    stopIfAsked(signal);

    options.log.info("trying a quick model");
    const tried = await tryProblem(query, profile, label, roles, detected.source(detected.file.path));
    stopIfAsked(signal);

    const plan = await planProject({ options, folder, detected, header, profile, label, tried });
    const files = projectFiles(plan, detected);
    await writeProject(folder, files, signal);
    return {
      folder,
      files: files.map(({ path }) => path),
      profile,
      feasibility: tried.feasibility,
      findings: findingsOf(profile, opened, label, roles, tried),
    };
  } catch (error) {
    if (signal.aborted && !isFailure(error, "RUNTIME_INTERRUPTED")) throw interrupted(error);
    throw error;
  } finally {
    await query?.close();
    await rm(desk, { recursive: true, force: true });
  }
}

type Detected = Awaited<ReturnType<typeof detectSource>>;

/** A header that was not taken for one is, when it names the column that is asked for. */
async function openTable(
  detected: Detected,
  options: NewProjectOptions,
  context: Parameters<ReturnType<Detected["source"]>["open"]>[0],
): Promise<{ opened: SourceResult; header: true | undefined }> {
  const { first } = detected;
  const named =
    first !== null &&
    !first.header &&
    first.texts.some((text) => text.trim().toLowerCase() === options.predict.trim().toLowerCase());
  const source = detected.source(detected.file.path, named ? { header: true } : {});
  return { opened: await source.open(context), header: named ? true : undefined };
}

function keysOf(key: string | undefined, columns: readonly string[]): string[] | undefined {
  if (key === undefined) return undefined;
  return columns.includes(key) ? [key] : key.split(",").map((name) => name.trim());
}

interface Tried {
  readonly schema: SchemaPlan;
  readonly left: readonly LeftOut[];
  readonly warnings: readonly string[];
  readonly sample: Sample;
  readonly feasibility: Feasibility;
  readonly refused: { readonly rows: number; readonly of: number };
}

/** The share of rows that may go to quarantine; a column that costs more is not worth having. */
const refusedShare = 0.05;

/** Plans the schema, takes out columns that refuse too many rows or give the answer away, and fits a quick model. */
async function tryProblem(
  query: Query,
  profile: TableProfile,
  label: LabelPlan,
  roles: Roles,
  source: ReturnType<Detected["source"]>,
): Promise<Tried> {
  const left = [...roles.left];
  let features = roles.features;
  const takeOut = (name: string, reason: string) => {
    const field = schema.features.find((one) => one.name === name);
    if (field === undefined) return;
    features = features.filter((column) => column !== field.column);
    left.push({ column: field.column, reason });
    schema = planSchema(profile, label, { ...roles, features });
  };
  let schema = planSchema(profile, label, roles);
  let trial = await tryOut(query, profile, definitionOf(schema, source, "trial"));
  while (trial.refused > trial.rows * refusedShare) {
    const worst = trial.refusedBy.find(({ name }) => schema.features.some((field) => field.name === name));
    if (worst === undefined) break;
    takeOut(worst.name, `unreadable in ${worst.rows.toLocaleString("en")} of ${trial.rows.toLocaleString("en")} rows`);
    trial = await tryOut(query, profile, definitionOf(schema, source, "trial"));
  }
  const about = { labelName: label.column.name, labelUnit: label.column.unit };
  const sample = await typedSample(
    query,
    profile,
    definitionOf(schema, source, "trial"),
    schema.label.name,
    label.task,
  );
  const everything = schema;
  const truth =
    sample.label.task === "regression"
      ? { values: sample.label.values }
      : { codes: sample.label.codes, classCount: sample.label.classes.length };
  const leaks = findLeaks(sample.features, truth);
  for (const { column, reason } of leaks) takeOut(column, reason);
  const plain = await assess(schema, sample, about);
  // Where nothing else can tell the answer, the column that does is kept: it may be the very point.
  const keep =
    leaks.length > 0 && (plain === undefined || !/^(?:feasible|suspicious)$/.test(plain.feasibility.verdict));
  const chosen = keep ? await assess(everything, sample, about) : plain;
  if (chosen === undefined)
    throw fail("TRAINING_NO_FEATURES", `No column beside ${JSON.stringify(label.column.name)} can be learned from`, {
      hint:
        left
          .slice(0, 5)
          .map(({ column, reason }) => `${JSON.stringify(column.name)}: ${reason}`)
          .join("; ") || "Add columns that may tell the answer",
    });
  const best = await tryHour(query, profile, roles, source, chosen, { ...about, task: label.task });
  return {
    ...best,
    left: keep ? left.filter(({ reason }) => !leaks.some((leak) => leak.reason === reason)) : left,
    warnings: keep
      ? leaks.map(
          ({ column, reason }) => `${JSON.stringify(column)} ${reason}; it is kept, since nothing else tells much`,
        )
      : [],
    refused: { rows: trial.refused, of: trial.rows },
  };
}

/** A quick model on the schema's part of the sample; undefined without features. */
async function assess(
  schema: SchemaPlan,
  sample: Sample,
  about: { labelName: string; labelUnit: string | undefined },
): Promise<Attempt | undefined> {
  if (schema.features.length === 0) return undefined;
  const names = new Set(schema.features.map(({ name }) => name));
  const columns = new Map([...sample.features.columns].filter(([name]) => names.has(name)));
  const part = { ...sample, features: { rowCount: sample.features.rowCount, columns } };
  return { schema, sample: part, feasibility: await assessFeasibility({ ...part, ...about }) };
}

type Attempt = Pick<Tried, "schema" | "sample" | "feasibility">;

/** Adds the hour of the event time when a quick model is clearly better with it: delays, traffic and visits follow the clock. */
async function tryHour(
  query: Query,
  profile: TableProfile,
  roles: Roles,
  source: ReturnType<Detected["source"]>,
  plain: Attempt,
  about: { labelName: string; labelUnit: string | undefined; task: LabelPlan["task"] },
): Promise<Attempt> {
  const schema = withHour(plain.schema, profile, roles);
  if (schema === undefined || schema.hour === null || plain.feasibility.model === null) return plain;
  const cells = await addHour(query, profile, schema.hour);
  const sample = await typedSample(query, cells, definitionOf(schema, source, "trial"), schema.label.name, about.task);
  const feasibility = await assessFeasibility({ ...sample, ...about });
  const { metric, baseline, model } = feasibility;
  if (model === null) return plain;
  const gain = (model.value - plain.feasibility.model.value) * (metrics[metric].better === "higher" ? 1 : -1);
  const scale = metrics[metric].better === "higher" ? 1 : baseline.value;
  return gain > 0.003 * scale ? { schema, sample, feasibility } : plain;
}

interface Gathered {
  readonly options: NewProjectOptions;
  readonly folder: string;
  readonly detected: Detected;
  readonly header: true | undefined;
  readonly profile: TableProfile;
  readonly label: LabelPlan;
  readonly tried: Tried;
}

/** One-hot columns times classes that a linear model can still be fitted with in a few seconds. */
const mostLinearTerms = 2000;

async function planProject({
  options,
  folder,
  detected,
  header,
  profile,
  label,
  tried,
}: Gathered): Promise<ProjectPlan> {
  const { schema, feasibility } = tried;
  const file = copiedName(detected, options.from);
  const outside = !detected.web && detected.file.bytes > copiedBytes;
  const names = namesFor(options.name ?? basename(folder), file);
  const oneHot = [...tried.sample.features.columns.values()].reduce(
    (sum, column) => sum + (column.type === "category" ? column.dictionary.length : 1),
    0,
  );
  const manifest = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8")) as {
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
function copiedName({ file, format, gzip, web }: Detected, from: string): string {
  const given = web ? decodeURIComponent(new URL(from).pathname.split("/").at(-1) ?? "") : basename(file.path);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters have no place in a file's name
  const safe = given.replace(/[\u0000-\u001f<>:"/\\|?*\u2028\u2029]/g, "_").replace(/^\.+/, "");
  const stem = slug(safe) === "" ? "data" : safe;
  const ending = `.${format}${gzip ? ".gz" : ""}`;
  // A module's ending would make the table a component; none at all would say nothing.
  return /^\.(?:[cm]?[jt]s|)$/i.test(extname(stem)) ? `${stem}${ending}` : stem;
}

function projectFiles(plan: ProjectPlan, detected: Detected): NewFile[] {
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

function findingsOf(
  profile: TableProfile,
  opened: SourceResult,
  label: LabelPlan,
  roles: Roles,
  tried: Tried,
): Finding[] {
  const findings: Finding[] = [];
  const { unreadable } = opened;
  if (unreadable.length > 0)
    findings.push({
      severity: "warning",
      column: null,
      message: `${rowsOf(unreadable.length)} cannot be read and will go to quarantine; the first: ${unreadable[0]?.reason}`,
    });
  for (const message of label.notes) findings.push({ severity: "warning", column: label.column.name, message });
  for (const message of roles.notes) findings.push({ severity: "info", column: null, message });
  for (const message of tried.warnings) findings.push({ severity: "warning", column: null, message });
  for (const { column, reason } of tried.left)
    findings.push({
      severity: "info",
      column: column.name,
      message: `${JSON.stringify(column.name)} is left out: ${reason}`,
    });
  const leftNames = new Set([label.column.name, ...tried.left.map(({ column }) => column.name)]);
  findings.push(...profile.findings.filter(({ column }) => column === null || !leftNames.has(column)));
  if (tried.refused.rows > 0)
    findings.push({
      severity: "warning",
      column: null,
      message: `${rowsOf(tried.refused.rows)} of ${tried.refused.of.toLocaleString("en")} will go to quarantine, since a cell does not fit`,
    });
  return findings.sort((a, b) => Number(a.severity === "info") - Number(b.severity === "info"));
}

function rowsOf(count: number): string {
  return `${count.toLocaleString("en")} row${count === 1 ? "" : "s"}`;
}

function stopIfAsked(signal: AbortSignal): void {
  if (signal.aborted) throw interrupted(signal.reason);
}

function interrupted(cause: unknown) {
  return fail("RUNTIME_INTERRUPTED", "The new project was stopped before its end; nothing was written", {
    hint: "Run the command again",
    cause,
  });
}
