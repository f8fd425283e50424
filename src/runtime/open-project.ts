// Opens a project's stores and engines, and closes them again: everything that the verbs of the product work with.

import { existsSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fail } from "../base/failure.ts";
import type { Log } from "../base/log.ts";
import { type Components, catalogMigrations, openComponents } from "../catalog/components.ts";
import { lineageMigrations } from "../catalog/lineage.ts";
import { migrate } from "../catalog/migrations.ts";
import { featuresMigrations, listHeads } from "../features/commits.ts";
import type { OnDemandCompute } from "../features/on-demand.ts";
import { catchUpOnline } from "../features/online/newest-rows.ts";
import type { ApartModels } from "../inference/apart.ts";
import { type LiveSource, liveSource } from "../inference/live.ts";
import { inferenceMigrations, openPredictionLog, type PredictionLog } from "../inference/prediction-log.ts";
import { openShadow, type Shadow } from "../inference/shadow.ts";
import { modelsMigrations } from "../models/tables.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { Compute } from "../ports/compute.ts";
import type { Database } from "../ports/database.ts";
import type { OnlineStore } from "../ports/online-store.ts";
import { type Ledger, openLedger } from "../runs/ledger.ts";
import { openSchedules, type Schedules } from "../runs/schedules.ts";
import { runsMigrations } from "../runs/tables.ts";
import { openBlobs, openCompute, openDatabase, openOnline } from "./drivers.ts";
import { findComponentFiles, projectName } from "./load-components.ts";
import { type EmbedderServing, openEmbedders } from "./serving/embedder-serving.ts";
import { openOnDemand } from "./serving/on-demand-serving.ts";
import { openApart } from "./serving/outside-serving.ts";
import { openTransforms, type Transforms } from "./serving/transform-serving.ts";
import { copyState, writeRefusal } from "./state-copy.ts";

export interface Project {
  readonly name: string;
  readonly folder: string;
  /** `.pentad/` in the project: everything that is not the user's own. Elsewhere for who looks at what is read-only. */
  readonly stateFolder: string;
  readonly log: Log;
  readonly database: Database;
  readonly components: Components;
  readonly ledger: Ledger;
  readonly schedules: Schedules;
  readonly offline: BlobStore;
  readonly models: BlobStore;
  readonly online: OnlineStore;
  readonly compute: Compute;
  readonly onDemand: OnDemandCompute;
  readonly embedders: EmbedderServing;
  readonly apart: ApartModels;
  readonly transforms: Transforms;
  readonly shadow: Shadow;
  readonly live: LiveSource;
  readonly predictions: PredictionLog;
  /** What a run of each component would be for, as of the newest plan; scheduled runs are marked with it. */
  rememberFingerprints(fingerprints: ReadonlyMap<string, string>): void;
  /** Calls back after every change that this process made; returns how to stop that. */
  onChange(listener: () => void): () => void;
  changed(): void;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** The caller only looks: a project that cannot be written to is then opened on a copy of its catalog. */
  readonly looks?: boolean;
}

/** Opens the project in `folder`. Throws RUNTIME_NO_PROJECT, RUNTIME_NOT_WRITABLE, CATALOG_… */
export async function openProject(folder: string, log: Log, options: OpenOptions = {}): Promise<Project> {
  const root = resolve(folder);
  if (!existsSync(root)) throw fail("RUNTIME_NO_PROJECT", `Expected a project in ${root}, got no such folder`);
  if (findComponentFiles(root).length === 0)
    throw fail(
      "RUNTIME_NO_PROJECT",
      `Expected a project in ${root}, got a folder without problem.ts, data/, training.ts, inference.ts or app.ts`,
    );
  const stateFolder = join(root, ".pentad");
  const refusal = await writeRefusal(root, stateFolder);
  if (refusal === undefined) return openIn(root, stateFolder, log);
  if (options.looks !== true) throw notWritable(root, refusal);
  const copy = await copyState(stateFolder);
  const remove = () => rm(copy, { recursive: true, force: true });
  try {
    const project = await openIn(root, copy, log);
    return { ...project, close: () => project.close().finally(remove) };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function openIn(root: string, stateFolder: string, log: Log): Promise<Project> {
  await mkdir(join(stateFolder, "tmp"), { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    throw notWritable(root, error);
  });
  await mkdir(join(stateFolder, "logs"), { recursive: true });
  const database = await openDatabase(stateFolder);
  await migrate(database, [
    catalogMigrations,
    lineageMigrations,
    runsMigrations,
    featuresMigrations,
    modelsMigrations,
    inferenceMigrations,
  ]);
  const ledger = openLedger(database);
  await ledger.recover();
  await removeLeftFolders(ledger, join(stateFolder, "tmp"));
  const models = await openBlobs(stateFolder, "models");
  const online = await openOnline(stateFolder);
  const compute = await openCompute(stateFolder);
  const live = liveSource({ database, models, online });
  const predictions = openPredictionLog(database);
  const embedders = openEmbedders(compute, root);
  const apart = openApart(compute, root, models);
  const shadow = openShadow({ database, models, apart });
  let fingerprints: ReadonlyMap<string, string> = new Map();
  const schedules = openSchedules(database, { fingerprintOf: (component) => fingerprints.get(component) ?? null });
  const listeners = new Set<() => void>();
  return {
    name: projectName(root),
    folder: root,
    stateFolder,
    log,
    database,
    components: openComponents(database),
    ledger,
    schedules,
    offline: await openBlobs(stateFolder, "offline"),
    models,
    online,
    compute,
    onDemand: openOnDemand(compute, root),
    embedders,
    apart,
    transforms: openTransforms(compute, root),
    shadow,
    live,
    predictions,
    rememberFingerprints(newest) {
      fingerprints = newest;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    changed() {
      live.invalidate();
      for (const listener of listeners) listener();
    },
    async close() {
      embedders.close();
      await shadow.close();
      await compute.close();
      await predictions.close();
      await online.close();
      await database.close();
    },
  };
}

/** Folders of runs that have ended, except those that the next run may go on from. */
async function removeLeftFolders(ledger: Ledger, folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith("run_")) continue;
    const run = await ledger.find(name);
    if (run?.state === "running" || run?.state === "requested") continue;
    if (!(await ledger.leftSomething(name))) await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** Brings the online side of every feature group up to its commits, after a crash or when its files were lost. */
export async function catchUpStores({ database, offline, online }: Project): Promise<void> {
  for (const { group } of await listHeads(database)) await catchUpOnline(database, offline, online, group);
}

function notWritable(folder: string, error: NodeJS.ErrnoException) {
  if (error.code === "ENOSPC")
    return fail("RUNTIME_DISK_FULL", `Expected room for ${folder}/.pentad, got a full disk`, { cause: error });
  return fail("RUNTIME_NOT_WRITABLE", `Expected to write to ${folder}/.pentad, got ${error.code ?? error.message}`, {
    cause: error,
  });
}
