// What is due: a training that waits for an event is trained again once after the newest, whatever its rows.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DeclaredComponent } from "../../src/catalog/components.ts";
import type { Definition } from "../../src/define/definition.ts";
import type { Run } from "../../src/runs/run.ts";
import { effectiveFingerprint, planDue, type Situation } from "../../src/runtime/plan.ts";

const declare = (id: string, definition: object): DeclaredComponent => {
  const [kind, name] = id.split("/") as ["data", string];
  return {
    id,
    kind,
    name,
    file: `${name}.ts`,
    definition: { kind, name, ...definition } as unknown as Definition,
    fingerprint: id,
    failure: null,
  };
};

const training = (after?: readonly string[]) =>
  declare("training/rain", {
    problem: "rain",
    label: { data: "weather", name: "rain" },
    features: [{ data: "weather", names: ["wind"] }],
    when: { everyMs: null, newRows: null, ...(after === undefined ? {} : { after }) },
  });

const situation = (component: DeclaredComponent, events: Record<string, number>, grown = false): Situation => ({
  components: [component],
  latest: new Map(),
  groups: new Map([["weather", { sequence: 2, rows: 10, atMs: grown ? 2_000 : 500 }]]),
  sources: new Map(),
  versions: new Map([["rain", { rows: { weather: 10 }, atMs: 1_000, live: "m1" }]]),
  events: new Map(Object.entries(events)),
  posts: new Map(),
  unhurried: false,
  nowMs: 5_000,
  retry: new Set(),
});

/** Why it is due, if it ran once when the events stood at `before` and they now stand at `now`. */
function due(component: DeclaredComponent, before: Record<string, number>, now: Record<string, number>, grown = false) {
  const fingerprint = effectiveFingerprint(component, situation(component, before));
  const run = {
    run: "run_1",
    state: "done",
    fingerprint,
    failure: null,
    startedAtMs: 1_000,
    input: null,
  } as unknown as Run;
  const latest = new Map([[component.id, { newest: run, ended: run, done: run }]]);
  return planDue({ ...situation(component, now, grown), latest }).map(({ reason }) => reason);
}

it("a training is due after a newer event, not after the same, an older or another one", () => {
  const waiting = training(["event/drift", "event/audit"]);
  assert.deepEqual(due(waiting, {}, {}), []);
  assert.deepEqual(due(waiting, {}, { "event/drift": 7 }), ["event"]);
  assert.deepEqual(due(waiting, { "event/drift": 7 }, { "event/drift": 7 }), []);
  assert.deepEqual(due(waiting, { "event/drift": 7 }, { "event/drift": 7, "event/audit": 9 }), ["event"]);
  assert.deepEqual(due(waiting, { "event/drift": 7 }, { "event/drift": 7, "event/other": 9 }), []);
  assert.deepEqual(
    due(waiting, { "event/drift": 7 }, { "event/drift": 3 }),
    [],
    "a ledger that was put back raises nothing",
  );
});

it("a run that failed by the machine's own trouble is due again a little later, one that failed by its own is not", () => {
  const component = training();
  const failed = (code: string, nowMs: number) => {
    const fingerprint = effectiveFingerprint(component, situation(component, {}));
    const run = {
      run: "run_1",
      state: "failed",
      fingerprint,
      failure: { code },
      endedAtMs: 1_000,
      startedAtMs: 1_000,
      input: null,
    };
    const latest = new Map([
      [component.id, { newest: run as unknown as Run, ended: run as unknown as Run, done: null }],
    ]);
    return planDue({ ...situation(component, {}), latest, nowMs }).map(({ reason }) => reason);
  };
  assert.deepEqual(failed("CATALOG_IO", 5_000), []);
  assert.deepEqual(failed("CATALOG_IO", 25_000), ["retry"]);
  assert.deepEqual(failed("RUNS_STEP_THROWS", 25_000), []);
  assert.deepEqual(failed("RUNTIME_INTERRUPTED", 1_001), ["retry"]);
});

it("one that names events does not train for new rows unless it says so; one that names none does", () => {
  assert.deepEqual(due(training(["event/drift"]), {}, {}, true), []);
  assert.deepEqual(due(training(), {}, {}, true), ["new rows"]);
});

describe("posted rows that wait for a commit", () => {
  const orders = declare("data/orders", { source: { kind: "push" }, after: [] });
  const dueAfter = (now: Partial<Situation>, ended: Partial<Run> = {}) => {
    const base = { ...situation(orders, {}), ...now };
    const run = { run: "run_1", state: "done", failure: null, startedAtMs: 1_000, endedAtMs: 1_500, input: null };
    const newest = { ...run, fingerprint: effectiveFingerprint(orders, base), ...ended } as unknown as Run;
    const latest = new Map([[orders.id, { newest, ended: newest, done: newest }]]);
    return planDue({ ...base, latest }).map(({ reason }) => reason);
  };
  const posts = (newest: number, committed: number) => new Map([[orders.id, { newest, committed }]]);

  it("are due at once in a command, and after a pause of nine times the last run's length in a server", () => {
    assert.deepEqual(dueAfter({ posts: posts(7, 7) }), []);
    assert.deepEqual(dueAfter({ posts: posts(8, 7) }), ["new rows"]);
    assert.deepEqual(dueAfter({ posts: posts(8, 7), unhurried: true, nowMs: 5_999 }), []);
    assert.deepEqual(dueAfter({ posts: posts(8, 7), unhurried: true, nowMs: 6_000 }), ["new rows"]);
  });

  it("are tried again a minute after a failure, by who goes on to look", () => {
    const failed = { failure: { code: "DATA_ALL_REJECTED" } as never };
    assert.deepEqual(dueAfter({ posts: posts(8, 7) }, failed), []);
    assert.deepEqual(dueAfter({ posts: posts(8, 7), unhurried: true, nowMs: 61_000 }, failed), []);
    assert.deepEqual(dueAfter({ posts: posts(8, 7), unhurried: true, nowMs: 61_500 }, failed), ["new rows"]);
  });

  it("are waited for before the first run", () => {
    const first = (newest: number) => planDue({ ...situation(orders, {}), posts: posts(newest, 0) }).length;
    assert.deepEqual([first(0), first(1)], [0, 1]);
  });
});
