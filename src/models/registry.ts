// The model registry: immutable, content-addressed versions with all that was measured of them.

import { fail } from "../base/failure.ts";
import type { JsonObject } from "../base/json.ts";
import type { TrainingDefinition } from "../define/definition.ts";
import type { Database, Statements } from "../ports/database.ts";
import type { Alias } from "./aliases.ts";
import type { Evaluation } from "./evaluation.ts";
import type { GateVerdict } from "./gate.ts";

export interface NewVersion {
  readonly training: string;
  /** The hash of the model's file. */
  readonly id: string;
  readonly algorithm: string;
  readonly params: JsonObject;
  readonly evaluation: Evaluation;
  readonly gate: GateVerdict;
  /** Facts for the report: importance, what the candidates reached, the features' profile. */
  readonly report: JsonObject;
  /** The hash of the training set. */
  readonly trainingSet: string;
  /** The commit that each feature group was pinned to. */
  readonly commits: Readonly<Record<string, number>>;
  /** The training's fingerprint: definition and code. */
  readonly fingerprint: string;
  readonly bytes: number;
  readonly run: string;
}

export interface Version extends NewVersion {
  readonly version: number;
  readonly aliases: readonly Alias[];
  readonly atMs: number;
}

/** Registers a version inside the caller's transaction; versions count 1, 2, 3 … within a training. */
export async function registerVersion(tx: Statements, version: NewVersion, atMs: number): Promise<number> {
  const newest = await tx.get<{ version: number | null }>(
    // A number is never given twice, also not that of a version which was deleted.
    "select max(version) as version from (select version from models_versions where training = ? union all select version from models_deleted where training = ?) numbered",
    [version.training, version.training],
  );
  const number = (newest?.version ?? 0) + 1;
  await tx.run(
    `insert into models_versions (training, version, id, algorithm, params, evaluation, gate, report, training_set, commits, fingerprint, bytes, run, at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      version.training,
      number,
      version.id,
      version.algorithm,
      JSON.stringify(version.params),
      JSON.stringify(version.evaluation),
      JSON.stringify(version.gate),
      JSON.stringify(version.report),
      version.trainingSet,
      JSON.stringify(version.commits),
      version.fingerprint,
      version.bytes,
      version.run,
      atMs,
    ],
  );
  return number;
}

/** All versions of a training (of every training when none is named), newest first. */
export async function listVersions(database: Database, training?: string): Promise<Version[]> {
  const filter = training === undefined ? "" : "where training = ?";
  const parameters = training === undefined ? [] : [training];
  const rows = await database.all<VersionRow>(
    `select * from models_versions ${filter} order by training, version desc`,
    parameters,
  );
  const aliases = await database.all<{ training: string; alias: Alias; version: number }>(
    `select * from models_aliases ${filter} order by alias`,
    parameters,
  );
  return rows.map((row) =>
    versionOf(
      row,
      aliases.filter((one) => one.training === row.training && one.version === row.version).map((one) => one.alias),
    ),
  );
}

/** The version that an alias points at, or undefined. */
export async function findAlias(database: Database, training: string, alias: Alias): Promise<Version | undefined> {
  const row = await database.get<VersionRow & { alias_at: number }>(
    `select v.* from models_aliases a join models_versions v on v.training = a.training and v.version = a.version where a.training = ? and a.alias = ?`,
    [training, alias],
  );
  return row === undefined ? undefined : versionOf(row, [alias]);
}

/** One version. Throws MODELS_UNKNOWN, with those that there are. */
export async function getVersion(database: Database, training: string, version: number): Promise<Version> {
  const versions = await listVersions(database, training);
  const found = versions.find((one) => one.version === version);
  if (found !== undefined) return found;
  throw fail("MODELS_UNKNOWN", `Expected a version of training/${training}, got ${version}`, {
    hint: versions.length === 0 ? "It has none yet" : `It has ${versions.map((one) => one.version).join(", ")}`,
  });
}

interface VersionRow {
  training: string;
  version: number;
  id: string;
  algorithm: string;
  params: string;
  evaluation: string;
  gate: string;
  report: string;
  training_set: string;
  commits: string;
  fingerprint: string;
  bytes: number;
  run: string;
  at: number;
}

function versionOf(row: VersionRow, aliases: readonly Alias[]): Version {
  return {
    training: row.training,
    version: row.version,
    id: row.id,
    algorithm: row.algorithm,
    params: JSON.parse(row.params) as JsonObject,
    evaluation: JSON.parse(row.evaluation) as Evaluation,
    gate: JSON.parse(row.gate) as GateVerdict,
    report: JSON.parse(row.report) as JsonObject,
    trainingSet: row.training_set,
    commits: JSON.parse(row.commits) as Record<string, number>,
    fingerprint: row.fingerprint,
    bytes: row.bytes,
    run: row.run,
    aliases,
    atMs: row.at,
  };
}

/** The newest version of every training, and the model that is live. */
export async function listNewest(
  database: Database,
): Promise<
  { training: string; version: number; commits: Record<string, number>; atMs: number; live: string | null }[]
> {
  const rows = await database.all<{
    training: string;
    version: number;
    commits: string;
    at: number;
    live: string | null;
  }>(
    `select v.training, v.version, v.commits, v.at,
       (select l.id from models_aliases a join models_versions l on l.training = a.training and l.version = a.version where a.training = v.training and a.alias = 'live') as live
     from models_versions v where v.version = (select max(version) from models_versions where training = v.training)`,
  );
  return rows.map((row) => ({
    training: row.training,
    version: row.version,
    commits: JSON.parse(row.commits) as Record<string, number>,
    atMs: row.at,
    live: row.live,
  }));
}

/** Keeps the verdict on a version under the goal as it stands now. The model itself is never changed. */
export async function recordVerdict(
  tx: Statements,
  training: string,
  version: number,
  verdict: GateVerdict,
): Promise<void> {
  await tx.run("update models_versions set gate = ? where training = ? and version = ?", [
    JSON.stringify(verdict),
    training,
    version,
  ]);
}

/** The features that a version was trained with, by data component; those of `otherwise` for versions that did not keep them. */
function featuresOfVersion(
  version: Version | undefined,
  otherwise: TrainingDefinition["features"],
): TrainingDefinition["features"] {
  const kept = version?.report.selection;
  return Array.isArray(kept) ? (kept as unknown as TrainingDefinition["features"]) : otherwise;
}

/** A training as a version of its model knows it: its features, what weighed its rows, and its on-demand features with their code. */
export function asTrained(training: TrainingDefinition, version: Version | undefined): TrainingDefinition {
  if (version === undefined) return training;
  const { features, onDemand: _, weight: __, ...rest } = training;
  const onDemand = version.report.onDemand as unknown as TrainingDefinition["onDemand"];
  const weight = version.report.weight as unknown as TrainingDefinition["weight"];
  return {
    ...rest,
    features: featuresOfVersion(version, features),
    ...(weight === undefined ? {} : { weight }),
    ...(onDemand === undefined ? {} : { onDemand }),
  };
}
