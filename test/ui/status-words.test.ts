// The dashboard's sentences about states, failures and runs.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ComponentStatus, RunSummary, StatusDocument } from "../../src/http/api.ts";
import {
  dependents,
  didText,
  effectText,
  nextText,
  overall,
  placeText,
  rowsText,
  stripSummary,
  workText,
} from "../../ui/src/status-words.ts";

const now = new Date("2026-03-10T12:00:00Z");

function component(id: string, over: Partial<ComponentStatus> = {}): ComponentStatus {
  const [kind = "", name = ""] = id.split("/");
  return {
    id,
    kind: kind as ComponentStatus["kind"],
    name,
    state: "ok",
    lastRun: null,
    freshness: null,
    failure: null,
    waitingFor: null,
    nextRunAt: null,
    file: `${kind}.ts`,
    dependsOn: [],
    facts: [],
    ...over,
  };
}

function run(over: Partial<RunSummary> = {}): RunSummary {
  return {
    run: "r1",
    component: "data/air",
    state: "done",
    reason: "schedule",
    startedAt: now.toISOString(),
    endedAt: now.toISOString(),
    durationMs: 100,
    progress: null,
    detail: null,
    rows: null,
    failure: null,
    ...over,
  };
}

const failure = {
  code: "SOURCES_UNREACHABLE" as const,
  component: "data/air",
  run: "r1",
  step: "fetch",
  attempt: 4,
  message: "Expected status 200, got 503",
  hint: "Check the address",
  cause: null,
  at: "2026-03-10T11:48:00Z",
  location: { file: "data/air.ts", line: 12 },
};

const chain = [
  component("problem/rain"),
  component("data/air", { state: "failed", failure }),
  component("data/weather", { freshness: { at: "2026-03-10T11:56:00Z", ageSeconds: 240 } }),
  component("app/rain", { dependsOn: ["inference/rain"] }),
  component("inference/rain", { dependsOn: ["training/rain"], state: "stale" }),
  component("training/rain", { dependsOn: ["problem/rain", "data/air", "data/weather"], state: "stale" }),
];

const status = (components: readonly ComponentStatus[]): StatusDocument => ({
  project: "rain",
  components,
  at: now.toISOString(),
});

test("the overall sentence tells the worst news first and says that the rest goes on", () => {
  assert.deepEqual(overall(status(chain), now), {
    state: "failed",
    sentence: "data/air failed 12 minutes ago. The other 5 components keep working with what they have.",
  });
});

test("when everything is well, the sentence says how fresh the data is", () => {
  const well = chain.map((each) => ({ ...each, state: "ok" as const, failure: null }));
  assert.equal(overall(status(well), now).sentence, "Everything is well. The newest data is 4 minutes old.");
});

test("the first run is told apart from later ones", () => {
  const fitting = run({ state: "running", reason: "first", progress: 0.629, detail: "fitting" });
  const first = [
    component("data/air", { lastRun: run({ reason: "first" }) }),
    component("training/rain", { state: "running", lastRun: fitting }),
  ];
  assert.equal(overall(status(first), now).sentence, "The first run is in progress: training/rain (fitting, 62 %).");
  const later = [
    component("data/air", { lastRun: run({ reason: "schedule" }) }),
    component("training/rain", { state: "running", lastRun: fitting }),
  ];
  assert.equal(overall(status(later), now).sentence, "Working: training/rain (fitting, 62 %).");
});

test("older data, nothing run yet and no components each have their sentence", () => {
  const waits = component("inference/rain", { state: "stale", waitingFor: "answers use air data from 13:00" });
  assert.deepEqual(overall(status([waits]), now), {
    state: "stale",
    sentence: "inference/rain goes on with older data. Answers use air data from 13:00.",
  });
  assert.equal(overall(status([component("data/air", { state: "idle" })]), now).sentence, "Nothing has run yet.");
  assert.equal(overall(status([]), now).sentence, "This project has no components yet.");
});

test("a failure matters to everything downstream, in the order of the steps, and to nothing else", () => {
  assert.deepEqual(
    dependents(chain, "data/air").map((each) => each.id),
    ["training/rain", "inference/rain", "app/rain"],
  );
  assert.deepEqual(dependents(chain, "app/rain"), []);
  assert.equal(
    effectText(chain, chain[1] as ComponentStatus),
    "training/rain, inference/rain and app/rain go on with what they have.",
  );
  assert.equal(effectText(chain, chain[3] as ComponentStatus), "No other component depends on it.");
});

test("what cannot go on is said to wait", () => {
  const idle = chain.map((each) =>
    each.kind === "app" || each.kind === "inference" ? { ...each, state: "idle" as const } : each,
  );
  assert.equal(
    effectText(idle, idle[1] as ComponentStatus),
    "training/rain goes on with what it has; inference/rain and app/rain wait for it.",
  );
});

test("a circle of dependencies does not hang the page", () => {
  const circle = [component("data/a", { dependsOn: ["data/b"] }), component("data/b", { dependsOn: ["data/a"] })];
  assert.deepEqual(
    dependents(circle, "data/a").map((each) => each.id),
    ["data/b"],
  );
});

test("what happens next is a time when there is one", () => {
  const failed = chain[1] as ComponentStatus;
  assert.equal(nextText(failed, now), "It runs again when its file or its input changes, or when you start it.");
  assert.match(nextText({ ...failed, nextRunAt: "2026-03-10T12:08:00Z" }, now), /^It runs again at \d\d:08\.$/);
  assert.match(
    nextText({ ...failed, nextRunAt: "2026-03-10T11:00:00Z" }, now),
    /^It runs again when/,
    "a time that has passed is no promise",
  );
});

test("runs are told by their rows, their work and their place of failure", () => {
  assert.equal(
    rowsText({ read: 1461, accepted: 1458, quarantined: 3 }),
    "1,461 rows read, 1,458 accepted, 3 quarantined",
  );
  assert.equal(rowsText({ read: 20, accepted: 20, quarantined: 0 }), "20 rows");
  assert.equal(rowsText({ read: 0, accepted: 0, quarantined: 0 }), "no new rows");
  assert.equal(
    didText(run({ detail: "1,461 rows read, nothing new", rows: { read: 1461, accepted: 1461, quarantined: 0 } })),
    "1,461 rows read, nothing new",
  );
  assert.equal(
    didText(run({ detail: "20 new", rows: { read: 23, accepted: 20, quarantined: 3 } })),
    "20 new, 3 quarantined",
  );
  assert.equal(didText(run({ state: "failed", failure })), "Expected status 200, got 503");
  assert.equal(didText(run()), "");
  assert.equal(workText(null), "starting");
  assert.equal(workText(run({ state: "running", detail: "reading 40,000 rows" })), "reading 40,000 rows");
  assert.equal(placeText(failure.location), "data/air.ts:12");
  assert.equal(
    stripSummary([run(), run({ state: "failed", durationMs: 3200 })]),
    "The last 2 runs: 1 failed, the longest took 3.2 s",
  );
});
