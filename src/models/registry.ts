// The model registry: immutable, content-addressed versions, their aliases, and every move with who, when and why.

import { readFile } from "node:fs/promises";
import { fail } from "../base/failure.ts";
import type { JsonObject } from "../base/json.ts";
import type { TrainingDefinition } from "../define/definition.ts";
import type { Artifact, Predictor } from "../learn/model.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { Database, RoomMigrations, Statements } from "../ports/database.ts";
import type { Evaluation } from "./evaluation.ts";
import type { GateVerdict } from "./gate.ts";
import { decodeModel, modelId } from "./model-file.ts";
import { openServed } from "./served-model.ts";

export const modelsMigrations: RoomMigrations = {
  room: "models",
  statements: [
    `create table models_versions (
      training text not null,
      version integer not null,
      id text not null,
      algorithm text not null,
      params text not null,
      evaluation text not null,
      gate text not null,
      report text not null,
      training_set text not null,
      commits text not null,
      fingerprint text not null,
      bytes integer not null,
      run text not null,
      at integer not null,
      primary key (training, version)
    );
    create table models_aliases (
      training text not null,
      alias text not null,
      version integer not null,
      at integer not null,
      primary key (training, alias)
    );
    create table models_moves (
      training text not null,
      alias text not null,
      version integer not null,
      before integer,
      reason text not null,
      who text not null,
      at integer not null
    )`,
  ],
};

export type Alias = "live" | "candidate" | "shadow";

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

/** The blob that holds a model's file. */
export function modelBlob(id: string): string {
  return `${id.slice(0, 2)}/${id}.model`;
}

/**
 * Takes a finished file into the registry under the hash of its content. One that is there already stays as it is. Throws
 * MODELS_ARTIFACT_CORRUPT when the file is not what its id says.
 */
export async function keepModelFile(blobs: BlobStore, path: string, id: string): Promise<void> {
  decodeModel(await readFile(path), id);
  const known = await blobs.find(modelBlob(id));
  // Damaged since, it is put right; whole, nobody touches it.
  if (known !== undefined && modelId(known) === id) return;
  await blobs.adopt(path, modelBlob(id));
}

/** Registers a version inside the caller's transaction; versions count 1, 2, 3 … within a training. */
export async function registerVersion(tx: Statements, version: NewVersion, atMs: number): Promise<number> {
  const newest = await tx.get<{ version: number | null }>(
    "select max(version) as version from models_versions where training = ?",
    [version.training],
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

export interface Move {
  readonly reason: string;
  readonly who: string;
  /** Promote a version that its gate refused; the reason is kept. */
  readonly override?: boolean;
}

/** Points an alias at a version. `live` is refused for a version that did not pass its gate, unless overridden with a reason. */
export async function moveAlias(
  tx: Statements,
  training: string,
  alias: Alias,
  version: number,
  move: Move,
  atMs: number,
): Promise<void> {
  const row = await tx.get<{ gate: string }>("select gate from models_versions where training = ? and version = ?", [
    training,
    version,
  ]);
  if (row === undefined) throw fail("MODELS_UNKNOWN", `Expected a version of training/${training}, got ${version}`);
  const gate = JSON.parse(row.gate) as GateVerdict;
  if (move.reason.trim() === "")
    throw fail("MODELS_REASON_MISSING", `Expected why version ${version} should be ${alias}, got nothing`);
  if (alias === "live" && !gate.passed && move.override !== true)
    throw fail(
      "MODELS_GATE_REFUSED",
      `Version ${version} of training/${training} did not pass its gate: ${failedChecks(gate)}`,
    );
  const before = await tx.get<{ version: number }>(
    "select version from models_aliases where training = ? and alias = ?",
    [training, alias],
  );
  await tx.run(
    "insert into models_aliases (training, alias, version, at) values (?, ?, ?, ?) on conflict (training, alias) do update set version = excluded.version, at = excluded.at",
    [training, alias, version, atMs],
  );
  await tx.run(
    "insert into models_moves (training, alias, version, before, reason, who, at) values (?, ?, ?, ?, ?, ?, ?)",
    [training, alias, version, before?.version ?? null, move.reason, move.who, atMs],
  );
}

/** Takes an alias away, if it points at that version. */
export async function dropAlias(tx: Statements, training: string, alias: Alias, version: number): Promise<void> {
  await tx.run("delete from models_aliases where training = ? and alias = ? and version = ?", [
    training,
    alias,
    version,
  ]);
}

export function failedChecks(gate: GateVerdict): string {
  return gate.checks
    .filter((check) => !check.passed)
    .map((check) => check.message)
    .join("; ");
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

export interface AliasMove {
  readonly alias: Alias;
  readonly version: number;
  readonly before: number | null;
  readonly reason: string;
  readonly who: string;
  readonly at: number;
}

/** Every move of a training's aliases, newest first. */
export async function listMoves(database: Database, training: string): Promise<AliasMove[]> {
  return database.all<AliasMove>(
    "select alias, version, before, reason, who, at from models_moves where training = ? order by at desc",
    [training],
  );
}

/** Loads a version's model, checked against its hash. */
export async function loadModel(blobs: BlobStore, id: string): Promise<Predictor> {
  return openServed(await loadArtifact(blobs, id));
}

/** The same at rest. */
export async function loadArtifact(blobs: BlobStore, id: string): Promise<Artifact> {
  return decodeModel(await loadModelFile(blobs, id), id);
}

/** The features that a version was trained with, by data component; those of `otherwise` for versions that did not keep them. */
function featuresOfVersion(
  version: Version | undefined,
  otherwise: TrainingDefinition["features"],
): TrainingDefinition["features"] {
  const kept = version?.report.selection;
  return Array.isArray(kept) ? (kept as unknown as TrainingDefinition["features"]) : otherwise;
}

/** A training as a version of its model knows it: its features, and its on-demand features with their code. */
export function asTrained(training: TrainingDefinition, version: Version | undefined): TrainingDefinition {
  if (version === undefined) return training;
  const { features, onDemand: _, ...rest } = training;
  const onDemand = version.report.onDemand as unknown as TrainingDefinition["onDemand"];
  return {
    ...rest,
    features: featuresOfVersion(version, features),
    ...(onDemand === undefined ? {} : { onDemand }),
  };
}

/** The bytes of a model's file. */
export async function loadModelFile(blobs: BlobStore, id: string): Promise<Uint8Array> {
  const bytes = await blobs.find(modelBlob(id));
  if (bytes === undefined) throw fail("MODELS_ARTIFACT_CORRUPT", `Expected the file of model ${id}, got nothing`);
  return bytes;
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
