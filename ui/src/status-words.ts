// Turns states, runs and failures into sentences for people: what happened, to whom it matters, what happens next; pure.

import type { ComponentKind, ComponentState, ComponentStatus, RunSummary, StatusDocument } from "../../src/http/api.ts";
import {
  agoText,
  clockText,
  count,
  durationText,
  freshText,
  listText,
  numberText,
  secondsSince,
  sentence,
} from "./words.ts";

export const kindTitles: Readonly<Record<ComponentKind, string>> = {
  problem: "Problem",
  data: "Data",
  training: "Training",
  inference: "Inference",
  app: "App",
};

export const kindOrder: readonly ComponentKind[] = ["problem", "data", "training", "inference", "app"];

/** A state in a word or two, as the cards say it. */
export const stateWords: Readonly<Record<ComponentState, string>> = {
  ok: "well",
  running: "working",
  failed: "failed",
  stale: "goes on with older data",
  idle: "has not run yet",
};

export const runStateWords: Readonly<Record<RunSummary["state"], string>> = {
  running: "running",
  done: "done",
  failed: "failed",
  skipped: "skipped",
  cancelled: "cancelled",
};

const reasons: Readonly<Record<string, string>> = {
  first: "first run",
  changed: "its file changed",
  schedule: "on schedule",
  manual: "started by hand",
  upstream: "new input from upstream",
  event: "an event was raised",
  backfill: "a backfill",
  "new rows": "new rows came",
  retry: "tried again",
};

export function reasonText(reason: string): string {
  return reasons[reason] ?? reason;
}

/** What a run did with its rows: `1,461 rows read, 1,458 accepted, 3 quarantined`. */
export function rowsText(rows: RunSummary["rows"]): string {
  if (rows === null) return "";
  if (rows.read === 0) return "no new rows";
  if (rows.quarantined === 0 && rows.read === rows.accepted) return count(rows.read, "row");
  const parts = [`${count(rows.read, "row")} read`, `${numberText(rows.accepted)} accepted`];
  if (rows.quarantined > 0) parts.push(`${numberText(rows.quarantined)} quarantined`);
  return parts.join(", ");
}

/** What a run did, or does, in a few words: its own, or else those of its rows; empty when there are none. */
export function didText(run: RunSummary): string {
  if (run.failure !== null) return run.failure.message;
  if (run.state === "running") return workText(run);
  if (run.detail === null) return rowsText(run.rows);
  const quarantined = run.rows?.quarantined ?? 0;
  return quarantined === 0 || run.detail.includes("quarantine")
    ? run.detail
    : `${run.detail}, ${numberText(quarantined)} quarantined`;
}

/** What a running component does now: `fitting tree 62, 62 %`. */
export function workText(run: RunSummary | null): string {
  const detail = run?.detail ?? "starting";
  return run === null || run.progress === null ? detail : `${detail}, ${Math.floor(run.progress * 100)} %`;
}

export interface Overall {
  readonly state: ComponentState;
  readonly sentence: string;
}

/** The whole product in one sentence, worst news first. */
export function overall(status: StatusDocument, now: Date): Overall {
  const { components } = status;
  const those = (state: ComponentState) => components.filter((component) => component.state === state);
  const [failed, running, stale, idle] = [those("failed"), those("running"), those("stale"), those("idle")];
  if (components.length === 0) return { state: "idle", sentence: "This project has no components yet." };
  if (failed.length > 0) return { state: "failed", sentence: failedSentence(failed, components.length, now) };
  if (running.length > 0) return { state: "running", sentence: runningSentence(running, components) };
  if (idle.length === components.length) return { state: "idle", sentence: "Nothing has run yet." };
  if (stale.length > 0)
    return {
      state: "stale",
      sentence: `${names(stale)} ${stale.length === 1 ? "goes" : "go"} on with older data. ${first(stale)}`.trim(),
    };
  if (idle.length > 0)
    return {
      state: "idle",
      sentence: `${names(idle)} ${idle.length === 1 ? "has" : "have"} not run yet. ${first(idle)}`.trim(),
    };
  return { state: "ok", sentence: `Everything is well. ${dataSentence(components, now)}`.trim() };
}

function failedSentence(failed: readonly ComponentStatus[], total: number, now: Date): string {
  const rest = total - failed.length;
  const since = failed.length === 1 && failed[0]?.failure ? ` ${agoText(secondsSince(failed[0].failure.at, now))}` : "";
  const others =
    rest === 0
      ? ""
      : ` The other ${rest === 1 ? "component keeps" : `${rest} components keep`} working with what ${rest === 1 ? "it has" : "they have"}.`;
  return `${names(failed)} failed${since}.${others}`;
}

function runningSentence(running: readonly ComponentStatus[], components: readonly ComponentStatus[]): string {
  const firstTime = components.every(
    (component) =>
      component.lastRun === null || component.lastRun.state === "running" || component.lastRun.reason === "first",
  );
  const work = running.map((component) => `${component.id} (${workText(component.lastRun)})`);
  return firstTime ? `The first run is in progress: ${listText(work)}.` : `Working: ${listText(work)}.`;
}

function dataSentence(components: readonly ComponentStatus[], now: Date): string {
  const fresh = components.filter((component) => component.kind === "data" && component.freshness !== null);
  const newest = fresh
    .map((component) => component.freshness?.at ?? "")
    .sort()
    .at(-1);
  if (newest === undefined) return "";
  return `The newest data is ${freshText(newest, now)}.`;
}

function names(components: readonly ComponentStatus[]): string {
  return listText(components.map((component) => component.id));
}

function first(components: readonly ComponentStatus[]): string {
  return sentence(components.find((component) => component.waitingFor !== null)?.waitingFor ?? "");
}

/** Every component that directly or indirectly depends on this one, in the order of the steps. */
export function dependents(components: readonly ComponentStatus[], id: string): readonly ComponentStatus[] {
  const reached = new Set([id]);
  for (let grew = true; grew; ) {
    grew = false;
    for (const component of components)
      if (!reached.has(component.id) && component.dependsOn.some((upstream) => reached.has(upstream))) {
        reached.add(component.id);
        grew = true;
      }
  }
  reached.delete(id);
  return components
    .filter((component) => reached.has(component.id))
    .toSorted((a, b) => kindOrder.indexOf(a.kind) - kindOrder.indexOf(b.kind));
}

/** To whom a failure matters: who depends on the failed component, and whether they can go on. */
export function effectText(components: readonly ComponentStatus[], failed: ComponentStatus): string {
  const hit = dependents(components, failed.id);
  if (hit.length === 0) return "No other component depends on it.";
  const waiting = hit.filter((component) => component.state === "idle");
  const going = hit.filter((component) => component.state !== "idle");
  const parts: string[] = [];
  if (going.length > 0)
    parts.push(`${names(going)} ${going.length === 1 ? "goes on with what it has" : "go on with what they have"}`);
  if (waiting.length > 0) parts.push(`${names(waiting)} ${waiting.length === 1 ? "waits" : "wait"} for it`);
  return sentence(parts.join("; "));
}

/** What happens next with a failed component. */
export function nextText(failed: ComponentStatus, now: Date): string {
  if (failed.nextRunAt !== null && Date.parse(failed.nextRunAt) > now.getTime()) {
    const when = clockText(failed.nextRunAt, now);
    return `It runs again ${/^\d\d:/.test(when) ? `at ${when}` : when}.`;
  }
  return "It runs again when its file or its input changes, or when you start it.";
}

/** Where a failure points at: `data/air.ts:12`. */
export function placeText(location: { readonly file: string; readonly line: number } | null): string | null {
  return location === null ? null : `${location.file}:${location.line}`;
}

/** When a component runs next, for its card: `14:20`, `tomorrow at 06:00`; null when nothing is due. */
export function nextRunText(component: ComponentStatus, now: Date): string | null {
  if (component.nextRunAt === null) return null;
  return Date.parse(component.nextRunAt) <= now.getTime() ? "now" : clockText(component.nextRunAt, now);
}

/** The last runs in a sentence, for those who cannot see their bars. */
export function stripSummary(runs: readonly RunSummary[]): string {
  const failed = runs.filter((run) => run.state === "failed").length;
  const longest = Math.max(0, ...runs.map((run) => run.durationMs ?? 0));
  return `The last ${count(runs.length, "run")}: ${failed === 0 ? "none" : failed} failed, the longest took ${durationText(longest)}`;
}
