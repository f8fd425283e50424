// What the dashboard and the CLI show of one thing: a feature group's profile, model versions, a run with its steps.

import { join } from "node:path";
import { describeApp, unknownApp } from "../app/app-page.ts";
import { fail } from "../base/failure.ts";
import type { AppDocument } from "../define/answer-documents.ts";
import type { DataDocument, ModelSummary, RunDocument, RunUsage } from "../define/documents.ts";
import { groupColumns } from "../features/columns.ts";
import { findHead, recentCommits } from "../features/commits.ts";
import { embeddingsOf } from "../features/embedding.ts";
import { currentFileNames } from "../features/group-files.ts";
import { countOpen } from "../features/quarantine.ts";
import { searchedColumns } from "../features/search-index.ts";
import { listVersions, type Version } from "../models/registry.ts";
import { readRunLog } from "../runs/log-file.ts";
import type { Run, Step } from "../runs/run.ts";
import type { Project } from "./open-project.ts";
import { chainOf } from "./run-component.ts";
import { summarizeRun } from "./status.ts";

const shownCommits = 20;

/** A feature group at its newest commit. Throws FEATURES_UNKNOWN, or FEATURES_GROUP_EMPTY while it has no rows. */
export async function describeGroup(project: Project, name: string): Promise<DataDocument> {
  const head = await findHead(project.database, name);
  if (head === undefined) {
    const declared = (await project.components.list()).filter(({ kind }) => kind === "data").map((one) => one.name);
    if (declared.includes(name))
      throw fail("FEATURES_GROUP_EMPTY", `Expected rows in the feature group ${name}, got none yet`);
    throw fail("FEATURES_UNKNOWN", `Expected a feature group of the project, got ${JSON.stringify(name)}`, {
      hint: `The project has ${declared.join(", ") || "none"}`,
    });
  }
  const { definition, statistics } = head;
  const { count, commits } = await recentCommits(project.database, name, shownCommits);
  const isoOf = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  return {
    name,
    source: definition.source.description,
    rows: head.rows.total,
    commits: count,
    key: definition.key,
    eventTime: definition.eventTime?.column ?? null,
    from: isoOf(head.eventFromMs),
    to: isoOf(head.eventToMs),
    quarantined: (await countOpen(project.database, [name])).get(name) ?? 0,
    columns: groupColumns(definition).map((column) => {
      const facts = statistics.columns.find((one) => one.name === column.name);
      return {
        ...column,
        missing: facts?.missing ?? 0,
        distinct: facts?.distinct ?? 0,
        min: facts?.min ?? null,
        max: facts?.max ?? null,
        mean: facts?.mean ?? null,
        median: facts?.quantiles?.[2] ?? null,
        histogram: facts?.histogram ?? null,
        top: facts?.top ?? null,
      };
    }),
    search: {
      texts: searchedColumns(definition).texts.length > 0,
      meanings: embeddingsOf(definition).map((one) => one.name),
    },
    files: await currentFileNames(project.database, name),
    history: commits.map(({ sequence, atMs, mode, rows, run }) => ({
      commit: sequence,
      at: new Date(atMs).toISOString(),
      kind: mode,
      rows: { read: rows.read, written: rows.written, quarantined: rows.quarantined, total: rows.total },
      run,
    })),
  };
}

/** Newest first; of every training when none is named. */
export async function describeVersions(project: Project, training?: string): Promise<ModelSummary[]> {
  return (await listVersions(project.database, training)).map(summarizeVersion);
}

function summarizeVersion(version: Version): ModelSummary {
  return {
    training: version.training,
    version: version.version,
    id: version.id,
    algorithm: version.algorithm,
    createdAt: new Date(version.atMs).toISOString(),
    aliases: version.aliases,
    metrics: version.evaluation.metrics,
    gate: version.gate,
    rows: version.evaluation.rows,
  };
}

/** A run with its steps and the end of its log. Throws RUNS_UNKNOWN. */
export async function describeRun(project: Project, id: string): Promise<RunDocument> {
  const run = await project.ledger.find(id);
  if (run === undefined) throw fail("RUNS_UNKNOWN", `Expected a run on the ledger, got ${JSON.stringify(id)}`);
  const steps = await project.ledger.steps(id);
  return {
    ...summarizeRun(run),
    steps: mostTelling(steps).map((step) => ({
      step: step.step,
      attempt: step.attempt,
      state: step.state,
      startedAt: new Date(step.startedAtMs).toISOString(),
      endedAt: step.endedAtMs === null ? null : new Date(step.endedAtMs).toISOString(),
      wallMs: step.usage?.wallMs ?? null,
      cpuMs: step.usage?.cpuMs ?? null,
      peakMemoryMb: step.usage?.peakMemoryMb ?? null,
      bytesIn: step.usage?.bytesIn ?? null,
      bytesOut: step.usage?.bytesOut ?? null,
      failure: step.failure,
    })),
    partitions: partitionsOf(steps),
    usage: usageOf(run, steps),
    log: await readLog(project, id),
  };
}

const mostSteps = 500;

function mostTelling(steps: readonly Step[]): readonly Step[] {
  if (steps.length <= mostSteps) return steps;
  const order: readonly Step["state"][] = ["failed", "running", "done", "waiting"];
  return steps.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state)).slice(0, mostSteps);
}

function partitionsOf(steps: readonly Step[]): RunDocument["partitions"] {
  const ofPartitions = steps.filter(({ partition }) => partition !== null);
  if (ofPartitions.length === 0) return null;
  // Only the last attempt at each counts.
  const states = [...new Map(ofPartitions.map(({ step, state }) => [step, state])).values()];
  const count = (state: Step["state"]) => states.filter((one) => one === state).length;
  return { planned: states.length, done: count("done"), failed: count("failed") };
}

function usageOf(run: Run, steps: readonly Step[]): RunUsage {
  const known = (field: "cpuMs" | "peakMemoryMb" | "bytesIn" | "bytesOut") =>
    steps.flatMap(({ usage }) => usage?.[field] ?? []);
  const sum = (values: readonly number[]) => (values.length === 0 ? null : values.reduce((a, b) => a + b, 0));
  const memory = known("peakMemoryMb");
  return {
    cpuMs: sum(known("cpuMs")),
    peakMemoryMb: memory.length === 0 ? null : Math.max(...memory),
    bytesIn: sum(known("bytesIn")),
    bytesOut: sum(known("bytesOut")),
    bytesStored: run.bytesStored,
  };
}

/** The last lines that a run's steps printed. */
export function readLog(project: Project, run: string): Promise<string[]> {
  return readRunLog(join(project.stateFolder, "logs"), run);
}

/** What the product page of an app needs. Throws APP_UNKNOWN. */
export async function describeAppPage(project: Project, name: string): Promise<AppDocument> {
  const components = await project.components.list();
  const definition = components.find((one) => one.id === `app/${name}`)?.definition;
  if (definition?.kind !== "app")
    throw unknownApp(
      name,
      components.filter(({ kind }) => kind === "app").map((one) => one.name),
    );
  const { training, problem } = chainOf(definition, components);
  return describeApp(definition, training, problem, project);
}
