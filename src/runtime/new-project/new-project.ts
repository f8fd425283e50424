// `pentad new` as a recipe: look at the file → decide what each column is → try the problem out → write the five files.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { fail, isFailure } from "../../base/failure.ts";
import type { Log } from "../../base/log.ts";
import { profileRelation, type TableProfile } from "../../data/profile.ts";
import type { Finding } from "../../data/profile-findings.ts";
import { missingTexts } from "../../define/definition.ts";
import type { Task } from "../../define/metrics.ts";
import type { Query } from "../../ports/query.ts";
import type { Source, SourceResult } from "../../ports/source.ts";
import type { Feasibility } from "../../problem/feasibility.ts";
import { type DetectedSource, detectSource, openQuery } from "../drivers.ts";
import { type Tried, tryProblem } from "./attempt.ts";
import { planProject, projectFiles } from "./files.ts";
import { findingsOf } from "./findings.ts";
import { checkTarget, writeProject } from "./folder.ts";
import { tryForecast } from "./forecast.ts";
import { planTarget, type Target } from "./target.ts";
import { tryUnlabelled } from "./unlabelled.ts";

export interface NewProjectOptions {
  /** A path, relative to the current folder, or a web address. */
  readonly from: string;
  /** The folder to make; it must be absent or empty. */
  readonly folder: string;
  /** The column to predict; none for odd rows and groups. */
  readonly predict?: string | undefined;
  /** Found in the data when left out. */
  readonly task?: Task | undefined;
  /** Of a forecast: how many steps it reaches ahead; found in the data when left out. */
  readonly horizon?: number | undefined;
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
      memoryMb: options.memoryMb ?? engineMemoryMb(detected.first?.texts.length ?? 0),
      temporaryFolder: join(desk, "spill"),
      ...(options.threads === undefined ? {} : { threads: options.threads }),
    });
    const engine = query;
    signal.addEventListener("abort", () => void engine.close(), { once: true });
    const { opened, header } = await openTable(detected, options, {
      ...place,
      query,
      log: options.log,
      position: null,
      range: null,
      secrets: {},
    });
    stopIfAsked(signal);

    options.log.info("profiling its columns");
    const shown = detected.file.name;
    const profile = await profileRelation(query, opened.relation, opened.columns, { missing: missingTexts });
    const target = await planTarget(
      query,
      profile,
      {
        predict: options.predict,
        task: options.task,
        horizon: options.horizon,
        key: keysOf(options.key, opened.columns),
        time: options.time,
      },
      basename(shown),
    );
    stopIfAsked(signal);

    options.log.info(target.task === "forecast" ? "trying quick forecasts" : "trying a quick model");
    const tried = await tryTarget(query, profile, target, detected.source(detected.file.path));
    stopIfAsked(signal);

    const plan = await planProject({
      from: options.from,
      name: options.name ?? basename(folder),
      detected,
      header,
      profile,
      target,
      tried,
    });
    const files = projectFiles(plan, detected);
    await writeProject(folder, files, signal);
    return {
      folder,
      files: files.map(({ path }) => path),
      profile,
      feasibility: tried.feasibility,
      findings: findingsOf(profile, opened.unreadable, target, tried),
    };
  } catch (error) {
    if (signal.aborted && !isFailure(error, "RUNTIME_INTERRUPTED")) throw interrupted(error);
    throw error;
  } finally {
    await query?.close();
    await rm(desk, { recursive: true, force: true });
  }
}

function tryTarget(query: Query, profile: TableProfile, target: Target, source: Source): Promise<Tried> {
  if (target.task === "forecast") return tryForecast(query, profile, target, source);
  if (target.label === null) return tryUnlabelled(query, profile, target.task, target.roles, source);
  return tryProblem(query, profile, target.label, target.roles, source);
}

/** The engine sets room aside for each column: a wide table needs more of it, however short it is. */
function engineMemoryMb(columns: number): number {
  return 500 + columns / 4;
}

/** A header that was not taken for one is, when it names the column that is asked for. */
async function openTable(
  detected: DetectedSource,
  options: NewProjectOptions,
  context: Parameters<ReturnType<DetectedSource["source"]>["open"]>[0],
): Promise<{ opened: SourceResult; header: true | undefined }> {
  const { first } = detected;
  const named =
    first !== null &&
    !first.header &&
    options.predict !== undefined &&
    first.texts.some((text) => text.trim().toLowerCase() === options.predict?.trim().toLowerCase());
  const source = detected.source(detected.file.path, named ? { header: true } : {});
  // What was downloaded, or given by a short path, is called by its own name.
  const { path, name } = detected.file;
  const log: Log = { ...context.log, info: (text) => context.log.info(text.replaceAll(path, name)) };
  try {
    return { opened: await source.open({ ...context, log }), header: named ? true : undefined };
  } catch (error) {
    if (!isFailure(error)) throw error;
    const { code, message, hint, details, cause } = error;
    throw fail(code, message.replaceAll(path, name), { hint, cause, ...(details === undefined ? {} : { details }) });
  }
}

function keysOf(key: string | undefined, columns: readonly string[]): string[] | undefined {
  if (key === undefined) return undefined;
  return columns.includes(key) ? [key] : key.split(",").map((name) => name.trim());
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
