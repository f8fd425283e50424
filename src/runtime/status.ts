// The state of every component in one document: a view of the ledger, the stores and the declared components.

import { formatAge } from "../base/clock.ts";
import { type Failure, isFailure, toFailure } from "../base/failure.ts";
import type { DeclaredComponent } from "../catalog/components.ts";
import { algorithmWords } from "../define/algorithm-words.ts";
import type { Definition } from "../define/definition.ts";
import { dependenciesOf, scheduleOf } from "../define/dependencies.ts";
import type { ComponentState, ComponentStatus, RunSummary, StatusDocument } from "../define/documents.ts";
import { metrics } from "../define/metrics.ts";
import { groupsOf } from "../define/on-demand-definition.ts";
import { findHead } from "../features/commits.ts";
import { listDeprecated } from "../features/deprecation.ts";
import { countOpen } from "../features/quarantine.ts";
import { countFeedback, countPredictions } from "../inference/prediction-log.ts";
import { show } from "../models/gate.ts";
import { findAlias, listVersions } from "../models/registry.ts";
import { goalText } from "../problem/run-problem.ts";
import type { Run } from "../runs/run.ts";
import { openTimetable } from "../runs/schedule.ts";
import type { Project } from "./open-project.ts";
import { inOrder, isEmpty, planDue, type Situation } from "./plan.ts";
import { surveySituation } from "./situation.ts";

export async function describeStatus(project: Project): Promise<StatusDocument> {
  const situation = await surveySituation(project);
  const due = new Set(planDue(situation).map((one) => one.component));
  const components: ComponentStatus[] = [];
  for (const component of inOrder(situation.components))
    components.push(await describeComponent(project, component, situation, components, due));
  return { project: project.name, components, at: new Date(situation.nowMs).toISOString() };
}

async function describeComponent(
  project: Project,
  component: DeclaredComponent,
  situation: Situation,
  before: readonly ComponentStatus[],
  due: ReadonlySet<string>,
): Promise<ComponentStatus> {
  const { id, kind, name, file, definition } = component;
  const latest = situation.latest.get(id);
  const newest = latest?.newest ?? null;
  const running = newest?.state === "running";
  // A failure stands until a later run of the component ends well; while its file does not load, that is the failure.
  const ended = latest?.ended?.state === "failed" ? latest.ended.failure : null;
  // Nobody's mistake: the process was stopped, and the work is done again as soon as one runs.
  const interrupted = ended?.code === "RUNTIME_INTERRUPTED";
  const failure =
    component.failure ?? (interrupted ? null : ended) ?? (await modelFailure(project, component, situation));
  const dependsOn = definition === null ? [] : dependenciesOf(definition);
  const freshness = await freshnessOf(project, definition, latest?.done ?? null, situation);
  const waitingFor = running || failure !== null ? null : waitsFor(component, situation, before);
  const old =
    interrupted ||
    isStale(definition, freshness) ||
    (latest?.done !== null && latest !== undefined && waitingFor !== null) ||
    dependsOn.some((one) => stateOf(before, one) === "failed" || (stateOf(before, one) === "stale" && kind !== "app"));
  const ran = latest?.done !== null && latest?.done !== undefined;
  const state: ComponentState = running
    ? "running"
    : failure !== null
      ? "failed"
      : !ran && !interrupted
        ? "idle"
        : old
          ? "stale"
          : "ok";
  return {
    id,
    kind,
    name,
    state,
    lastRun: newest === null ? null : summarizeRun(newest),
    freshness,
    failure: failure === null ? null : { ...failure, component: failure.component ?? id },
    waitingFor:
      waitingFor ??
      (interrupted && state === "stale" ? "was interrupted, and runs again when the project does" : null) ??
      (state === "idle" && due.has(id)
        ? "waits for its turn: it is due now"
        : state === "stale"
          ? staleBecause(dependsOn, before)
          : null),
    nextRunAt: nextRunAt(definition, newest, situation),
    file,
    dependsOn,
    facts: await factsOf(project, component, situation),
  };
}

export function summarizeRun(run: Run): RunSummary {
  const startedAtMs = run.startedAtMs ?? run.requestedAtMs;
  return {
    run: run.run,
    component: run.component,
    state: run.state === "requested" ? "running" : run.state,
    reason: run.reason,
    startedAt: new Date(startedAtMs).toISOString(),
    endedAt: run.endedAtMs === null ? null : new Date(run.endedAtMs).toISOString(),
    durationMs: run.endedAtMs === null ? null : run.endedAtMs - startedAtMs,
    progress: run.progress,
    detail: run.detail,
    rows: run.rows,
    failure: run.failure,
  };
}

/** An inference whose live model cannot be read any more does not answer, whatever its last run said. */
async function modelFailure(
  project: Project,
  { id, definition }: DeclaredComponent,
  situation: Situation,
): Promise<Failure | null> {
  if (definition?.kind !== "inference" || (situation.versions.get(definition.training)?.live ?? null) === null)
    return null;
  const training = situation.components.find((one) => one.id === `training/${definition.training}`)?.definition;
  if (training?.kind !== "training") return null;
  return project.live.get(definition, training).then(
    () => null,
    (error: unknown) =>
      isFailure(error, "MODELS_ARTIFACT_CORRUPT") ? toFailure(error, { component: id, step: "answer" }) : null,
  );
}

function stateOf(before: readonly ComponentStatus[], id: string): ComponentState {
  return before.find((one) => one.id === id)?.state ?? "idle";
}

function staleBecause(dependsOn: readonly string[], before: readonly ComponentStatus[]): string | null {
  const cause =
    dependsOn.find((id) => stateOf(before, id) === "failed") ?? dependsOn.find((id) => stateOf(before, id) === "stale");
  if (cause === undefined) return null;
  return stateOf(before, cause) === "failed"
    ? `goes on with what it has: ${cause} failed`
    : `goes on with what it has: ${cause} is not up to date`;
}

/** What a component cannot start without. */
function waitsFor(
  component: DeclaredComponent,
  situation: Situation,
  before: readonly ComponentStatus[],
): string | null {
  const { definition } = component;
  if (definition === null) return "waits for the files it imports to load";
  if (isEmpty(component.id, situation)) return `waits for the first rows: post them to /ingest/${component.name}`;
  const never = (id: string) => situation.latest.get(id)?.done === null || situation.latest.get(id) === undefined;
  const why = (id: string, what = "to run") =>
    stateOf(before, id) === "failed" ? `waits for ${id}, which failed` : `waits for ${id} ${what}`;
  if (definition.kind === "training") {
    const empty = groupsOf(definition).find((data) => !situation.groups.has(data));
    return empty === undefined ? null : why(`data/${empty}`);
  }
  if (definition.kind === "inference" && (situation.versions.get(definition.training)?.live ?? null) === null)
    return why(`training/${definition.training}`, "to bring a model live");
  if (definition.kind === "app" && never(`inference/${definition.inference}`))
    return why(`inference/${definition.inference}`);
  return null;
}

async function freshnessOf(
  project: Project,
  definition: Definition | null,
  done: Run | null,
  situation: Situation,
): Promise<ComponentStatus["freshness"]> {
  let atMs = done?.endedAtMs ?? null;
  if (definition?.kind === "training")
    atMs = (await findAlias(project.database, definition.name, "live"))?.atMs ?? null;
  if (definition?.kind === "data" && definition.freshForMs !== null)
    atMs = (await findHead(project.database, definition.name))?.eventToMs ?? atMs;
  return atMs === null
    ? null
    : { at: new Date(atMs).toISOString(), ageSeconds: Math.max(0, Math.round((situation.nowMs - atMs) / 1000)) };
}

function isStale(definition: Definition | null, freshness: ComponentStatus["freshness"]): boolean {
  return (
    definition?.kind === "data" &&
    definition.freshForMs !== null &&
    freshness !== null &&
    freshness.ageSeconds * 1000 > definition.freshForMs
  );
}

/** A moment that passed unnoticed shows as now: it runs as soon as somebody serves the project. */
function nextRunAt(definition: Definition | null, newest: Run | null, situation: Situation): string | null {
  const schedule = scheduleOf(definition);
  if (schedule === null || newest === null) return null;
  const next = openTimetable(schedule.schedule, schedule.timeZone).nextMs(
    newest.logicalAtMs ?? newest.startedAtMs ?? newest.requestedAtMs,
  );
  return next === undefined ? null : new Date(Math.max(next, situation.nowMs)).toISOString();
}

type Facts = { label: string; text: string }[];

async function factsOf(project: Project, { definition }: DeclaredComponent, situation: Situation): Promise<Facts> {
  const facts: Facts = [];
  const add = (label: string, text: string) => facts.push({ label, text });
  switch (definition?.kind) {
    case "problem": {
      add("goal", goalText(definition));
      const training = situation.components.find(
        (one) => one.definition?.kind === "training" && one.definition.problem === definition.name,
      )?.name;
      const live = training === undefined ? undefined : await findAlias(project.database, training, "live");
      if (live !== undefined)
        add(
          "now",
          `${metrics[definition.success.metric].title} ${show(live.evaluation.metrics[definition.success.metric] ?? null)}`,
        );
      break;
    }
    case "data": {
      const head = await findHead(project.database, definition.name);
      if (head === undefined) break;
      add("rows", head.rows.total.toLocaleString("en"));
      if (head.eventToMs !== null) add("newest row", new Date(head.eventToMs).toISOString().slice(0, 10));
      for (const { name, users } of listDeprecated(head.definition))
        add("dropped", `${name}, kept for ${users.join(", ")}`);
      const waiting = (await countOpen(project.database, [definition.name])).get(definition.name) ?? 0;
      if (waiting > 0) add("quarantine", `${waiting.toLocaleString("en")} ${waiting === 1 ? "row" : "rows"}`);
      break;
    }
    case "training": {
      const versions = await listVersions(project.database, definition.name);
      const live = versions.find((version) => version.aliases.includes("live"));
      add("live", live === undefined ? "no model yet" : `version ${live.version}, ${algorithmWords(live.algorithm)}`);
      if (live !== undefined) add("age", formatAge(situation.nowMs - live.atMs));
      if (versions.length > 0) add("versions", String(versions.length));
      break;
    }
    case "inference": {
      const live = await findAlias(project.database, definition.training, "live");
      if (live !== undefined) add("model", `version ${live.version}`);
      add(
        "answers today",
        (await countPredictions(project.database, definition.name, startOfDay(situation.nowMs))).toLocaleString("en"),
      );
      break;
    }
    case "app": {
      add("page", `/app/${definition.name}`);
      const { right, wrong } = await countFeedback(project.database, definition.inference);
      if (definition.feedback) add("feedback", right + wrong === 0 ? "none yet" : `${right} right, ${wrong} wrong`);
      break;
    }
  }
  return facts;
}

function startOfDay(nowMs: number): number {
  return Math.floor(nowMs / 86_400_000) * 86_400_000;
}
