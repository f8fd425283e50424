// What is due now and why: pure, from what is declared, what ran, what is stored and what time it is.

import { type ErrorCodeName, isTrouble } from "../base/error-codes.ts";
import { contentHash } from "../base/ids.ts";
import { canonicalJson } from "../base/json.ts";
import type { DeclaredComponent } from "../catalog/components.ts";
import type { DataDefinition, Definition, ProblemDefinition, TrainingDefinition } from "../define/definition.ts";
import { dependenciesOf, eventsOf } from "../define/dependencies.ts";
import { groupsOf, storedSelections } from "../define/on-demand-definition.ts";
import type { Run, RunReason } from "../runs/run.ts";

/** Everything that the plan looks at. */
export interface Situation {
  readonly components: readonly DeclaredComponent[];
  readonly latest: ReadonlyMap<string, { readonly newest: Run; readonly ended: Run | null; readonly done: Run | null }>;
  /** By feature group: its newest commit. */
  readonly groups: ReadonlyMap<string, { readonly sequence: number; readonly rows: number; readonly atMs: number }>;
  /** By data component: what identifies the source's content now; null when that cannot be told. */
  readonly sources: ReadonlyMap<string, string | null>;
  /** By training: the newest version and the live one. */
  readonly versions: ReadonlyMap<
    string,
    { readonly rows: Readonly<Record<string, number>>; readonly atMs: number; readonly live: string | null }
  >;
  /** By event: the number of the newest. */
  readonly events: ReadonlyMap<string, number>;
  /** By data component that rows are posted to: the newest post, and the newest that is committed. */
  readonly posts: ReadonlyMap<string, { readonly newest: number; readonly committed: number }>;
  readonly nowMs: number;
  /** Components to run again although nothing changed since they failed. */
  readonly retry: ReadonlySet<string>;
  /** Rows keep coming: leave time between the runs that commit them. Otherwise what is there is committed at once. */
  readonly unhurried: boolean;
}

export interface Due {
  readonly component: string;
  readonly reason: RunReason;
  /** What the run is for; a finished run of the same fingerprint need not be repeated. */
  readonly fingerprint: string;
  /** Work other than the component's usual, of a run that was interrupted. */
  readonly input: Run["input"];
}

/** The components to run now, in dependency order. One whose dependencies are due or running is not due yet. */
export function planDue(situation: Situation): Due[] {
  const due: Due[] = [];
  const blocked = new Set<string>();
  for (const component of inOrder(situation.components)) {
    const { definition } = component;
    if (definition === null || component.failure !== null) continue;
    const latest = situation.latest.get(component.id);
    const waits = dependenciesOf(definition).some(
      (id) => blocked.has(id) || situation.latest.get(id)?.newest.state === "running",
    );
    const fingerprint = effectiveFingerprint(component, situation);
    const reason = dueReason(component, definition, fingerprint, situation);
    if (latest?.newest.state === "running" || reason !== null) blocked.add(component.id);
    if (reason !== null && !waits && latest?.newest.state !== "running" && !missingInputs(definition, situation))
      due.push({
        component: component.id,
        reason,
        fingerprint,
        input: reason === "retry" ? (latest?.ended?.input ?? null) : null,
      });
  }
  return due;
}

/** The component's own fingerprint and what of its surroundings its output depends on. */
export function effectiveFingerprint(
  component: DeclaredComponent,
  situation: Pick<Situation, "components" | "sources" | "versions" | "latest" | "events">,
): string {
  const definition = component.definition as Definition;
  const find = (id: string) => situation.components.find((one) => one.id === id)?.definition;
  const around: unknown[] = [component.fingerprint];
  if (definition.kind === "data") around.push(situation.sources.get(component.id) ?? null);
  if (definition.kind === "training") {
    // Models that are taken as files: another file is another model.
    const files = situation.sources.get(component.id) ?? null;
    if (files !== null) around.push(files);
    const problem = find(`problem/${definition.problem}`) as ProblemDefinition | undefined;
    around.push([problem?.predict, problem?.task, problem?.success.metric]);
    if (problem?.forecast !== undefined) around.push(problem.forecast);
    const taken = new Map(storedSelections(definition).map(({ data, names }) => [data, names]));
    for (const data of groupsOf(definition))
      around.push(groupShape(find(`data/${data}`) as DataDefinition | undefined, taken.get(data) ?? []));
  }
  if (definition.kind === "inference") around.push(situation.versions.get(definition.training)?.live ?? null);
  if (definition.kind === "app") around.push(find(`inference/${definition.inference}`) ?? null);
  const own = contentHash(canonicalJson(around)).slice(0, 32);
  return `${own}${upstreamMark(definition, situation)}${eventMark(definition, situation)}`;
}

/** Another success of what a component runs after is another reason to run, and none of the component's own changes. */
function upstreamMark(definition: Definition, { latest }: Pick<Situation, "latest">): string {
  const after = definition.kind === "data" ? dependenciesOf(definition) : [];
  if (after.length === 0) return "";
  return `.${contentHash(...after.map((id) => `${id} ${latest.get(id)?.done?.run ?? ""}`)).slice(0, 16)}`;
}

/** So is a newer event: whoever looks late still sees that there is one, and that it is one. */
function eventMark(definition: Definition, { events }: Pick<Situation, "events">): string {
  const newest = eventsOf(definition).map((event) => events.get(event) ?? 0);
  return newest.length === 0 ? "" : `~${Math.max(...newest)}`;
}

const withoutUpstream = (fingerprint: string | null) => fingerprint?.split(/[.~]/)[0];
const withoutEvents = (fingerprint: string | null) => fingerprint?.split("~")[0];
const eventIn = (fingerprint: string | null) => Number(fingerprint?.split("~")[1] ?? 0);

/** Another embedder makes other vectors: that is a change for a model which takes them. */
function groupShape(definition: DataDefinition | null | undefined, taken: readonly string[]): unknown {
  if (definition === undefined || definition === null) return null;
  const { key, eventTime, windows, labels } = definition;
  const features = definition.features.map(({ embedder, ...feature }) =>
    embedder === undefined || !taken.includes(feature.name) ? feature : { ...feature, embedder },
  );
  return [key, eventTime, features, windows, labels];
}

function dueReason(
  component: DeclaredComponent,
  definition: Definition,
  fingerprint: string,
  situation: Situation,
): RunReason | null {
  const latest = situation.latest.get(component.id);
  const ended = latest?.ended ?? null;
  if (ended === null) return latest?.newest.state === "cancelled" ? null : "first";
  if (withoutUpstream(ended.fingerprint) !== withoutUpstream(fingerprint)) return "changed";
  if (withoutEvents(ended.fingerprint) !== withoutEvents(fingerprint)) return "upstream";
  if (eventIn(fingerprint) > eventIn(ended.fingerprint)) return "event";
  if (ended.failure !== null && mayPass(ended.failure.code, ended, situation, component.id)) return "retry";
  if (definition.kind === "data" && postsAreDue(component.id, ended, situation)) return "new rows";
  return definition.kind === "training" && trainingIsDue(definition, ended, situation) ? "new rows" : null;
}

/**
 * Posted rows are online already, and a run looks at the whole group: under a steady stream runs take a tenth of the time at
 * most. After a failure the rows wait longer, and where nobody goes on to look, for somebody to try again.
 */
function postsAreDue(id: string, ended: Run, { posts, unhurried, nowMs }: Situation): boolean {
  const { newest, committed } = posts.get(id) ?? { newest: 0, committed: 0 };
  if (newest <= committed) return false;
  if (!unhurried) return ended.failure === null;
  const tookMs = (ended.endedAtMs ?? nowMs) - (ended.startedAtMs ?? nowMs);
  const pauseMs = ended.failure === null ? Math.min(longestPauseMs, 9 * tookMs) : longestPauseMs;
  return nowMs - (ended.endedAtMs ?? 0) >= pauseMs;
}

const longestPauseMs = 60_000;

/** The machine's troubles are given so long to pass before another try. */
const troubleMs = 20_000;

function mayPass(code: ErrorCodeName, ended: Run, { retry, nowMs }: Situation, id: string): boolean {
  if (code === "RUNTIME_INTERRUPTED" || retry.has(id)) return true;
  return isTrouble(code) && Math.abs(nowMs - (ended.endedAtMs ?? 0)) >= troubleMs;
}

/** New rows since the newest version: as many as asked for, or any once `every` has passed; any at once when nothing is said. */
function trainingIsDue(definition: TrainingDefinition, ended: Run, situation: Situation): boolean {
  const version = situation.versions.get(definition.name);
  if (version === undefined) return false;
  let fresh = 0;
  for (const [group, rows] of Object.entries(version.rows))
    fresh += Math.max(0, (situation.groups.get(group)?.rows ?? 0) - rows);
  const changed = Object.keys(version.rows).some(
    (group) => (situation.groups.get(group)?.atMs ?? 0) > (ended.startedAtMs ?? 0),
  );
  const { everyMs, newRows, after = [] } = definition.when;
  if (newRows !== null && fresh >= newRows) return true;
  if (everyMs !== null) return changed && situation.nowMs - version.atMs >= everyMs;
  return newRows === null && after.length === 0 && changed;
}

/** Whether nothing has been posted to a component that lives of it. */
export function isEmpty(id: string, { posts }: Pick<Situation, "posts">): boolean {
  return posts.get(id)?.newest === 0;
}

/** A training needs rows, an inference a live model, and what runs after another that one's success. */
function missingInputs(definition: Definition, situation: Situation): boolean {
  if (definition.kind === "data" && isEmpty(`data/${definition.name}`, situation)) return true;
  if (definition.kind === "data")
    return dependenciesOf(definition).some((id) => (situation.latest.get(id)?.done ?? null) === null);
  if (definition.kind === "training") return groupsOf(definition).some((group) => !situation.groups.has(group));
  if (definition.kind === "inference") return (situation.versions.get(definition.training)?.live ?? null) === null;
  return false;
}

/** Dependencies first; otherwise kinds in the order of the product, names in order. */
export function inOrder(components: readonly DeclaredComponent[]): DeclaredComponent[] {
  const kinds = ["problem", "data", "training", "inference", "app"];
  const waiting = components.toSorted(
    (a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || (a.name < b.name ? -1 : 1),
  );
  const placed: DeclaredComponent[] = [];
  const place = (component: DeclaredComponent) => {
    const index = waiting.indexOf(component);
    if (index < 0) return;
    waiting.splice(index, 1);
    for (const id of component.definition === null ? [] : dependenciesOf(component.definition)) {
      const dependency = waiting.find((one) => one.id === id);
      if (dependency !== undefined) place(dependency);
    }
    placed.push(component);
  };
  for (let first = waiting[0]; first !== undefined; first = waiting[0]) place(first);
  return placed;
}

/** The ids of a circle of components that wait for each other, its first one again at the end; undefined when there is none. */
export function findCircle(components: readonly DeclaredComponent[]): readonly string[] | undefined {
  const byId = new Map(components.map((component) => [component.id, component]));
  const cleared = new Set<string>();
  const walk = (id: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(id)) {
      const circle = path.slice(path.indexOf(id));
      // The same circle is told the same way wherever it was entered.
      const start = circle.indexOf(circle.toSorted()[0] as string);
      return [...circle.slice(start), ...circle.slice(0, start), circle[start] as string];
    }
    const definition = byId.get(id)?.definition ?? null;
    if (cleared.has(id) || definition === null) return undefined;
    for (const next of dependenciesOf(definition)) {
      const circle = walk(next, [...path, id]);
      if (circle !== undefined) return circle;
    }
    cleared.add(id);
    return undefined;
  };
  for (const id of [...byId.keys()].sort()) {
    const circle = walk(id, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}
