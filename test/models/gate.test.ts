// The gate's checks, one by one: each says in a sentence what was held against what.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Success } from "../../src/define/success.ts";
import type { Champion, Evaluation } from "../../src/models/evaluation.ts";
import { judge } from "../../src/models/gate.ts";

const evaluation: Evaluation = {
  rows: { train: 800, test: 200 },
  metrics: { rocAuc: 0.8, accuracy: 0.7, logLoss: 0.5 },
  interval: { low: 0.75, high: 0.85 },
  intervals: {
    rocAuc: { low: 0.75, high: 0.85 },
    accuracy: { low: 0.65, high: 0.75 },
    logLoss: { low: 0.4, high: 0.6 },
  },
  baseline: { name: "majority", value: 0.5 },
  baselines: {
    majority: { rocAuc: 0.5, accuracy: 0.65, logLoss: 12 },
    prior: { rocAuc: 0.5, accuracy: 0.65, logLoss: 0.65 },
  },
  champion: null,
};
const goal: Success = { metric: "rocAuc", atLeast: 0.7 };
const check = (success: Success, given: Partial<Evaluation>, name: string) => {
  const verdict = judge(success, { ...evaluation, ...given });
  const found = verdict.checks.find((one) => one.name === name);
  assert.ok(found, `${name} among ${verdict.checks.map((one) => one.name)}`);
  if (!found.passed) assert.equal(verdict.passed, false);
  return found;
};

const champion: Champion = {
  version: 3,
  id: "a",
  incomparable: null,
  rows: 200,
  metrics: { rocAuc: 0.8 },
  differences: { rocAuc: { value: -0.1, low: -0.15, high: -0.05 }, logLoss: { value: 0.2, low: 0.1, high: 0.3 } },
  nothingNew: false,
  same: false,
};
const differing = (value: number, low: number, high: number, given: Partial<Champion> = {}): Champion => ({
  ...champion,
  differences: { rocAuc: { value, low, high } },
  ...given,
});

describe("the gate's checks", () => {
  it("re-judge any metric and any baseline without training again", () => {
    assert.equal(judge({ metric: "accuracy", atLeast: 0.69, beats: "prior" }, evaluation).passed, true);
    assert.match(
      check({ metric: "accuracy", atLeast: 0.71 }, {}, "atLeast").message,
      /accuracy is 0.7 \(95 % interval 0.65 to 0.75\)/,
    );
    assert.equal(judge({ metric: "logLoss", atMost: 0.6, beats: "prior" }, evaluation).passed, true);
    assert.equal(check({ metric: "logLoss", beats: "prior" }, { metrics: { logLoss: 0.7 } }, "beats").passed, false);
  });

  it("let no gain over a baseline pass that chance explains", () => {
    const gained = (low: number, high: number, metric: "rocAuc" | "logLoss" = "rocAuc") =>
      check(
        metric === "rocAuc" ? { metric, beats: "majority" } : { metric, beats: "prior" },
        { gains: { majority: { rocAuc: { low, high } }, prior: { logLoss: { low, high } } } },
        "beats",
      );
    assert.equal(gained(0.1, 0.4).passed, true);
    assert.match(gained(0.1, 0.4).message, /\(95 % interval of the difference 0.1 to 0.4\)$/);
    assert.equal(gained(-0.02, 0.4).passed, false);
    assert.match(gained(-0.02, 0.4).message, /: on 200 rows that may be chance$/);
    assert.equal(gained(-0.3, -0.1, "logLoss").passed, true);
    assert.equal(gained(-0.3, 0.1, "logLoss").passed, false);
  });

  it("do not let pass what was never measured", () => {
    assert.equal(judge({ metric: "f1", atLeast: 0 }, evaluation).passed, false);
    const { baselines: _, ...old } = evaluation;
    const beats = judge({ metric: "rocAuc", beats: "prior" }, old).checks[0];
    assert.equal(beats?.passed, false);
    assert.match(beats?.message ?? "", /since it was not measured/);
    assert.equal(judge({ metric: "rocAuc", beats: "majority" }, old).passed, true);
  });

  it("refuse a model that is clearly worse than the live one on the same rows", () => {
    const found = check(goal, { champion }, "live");
    assert.equal(found.passed, false);
    assert.match(
      found.message,
      /differs by -0.1 .* from version 3, which was live, on the same 200 rows: clearly worse/,
    );
    assert.equal(check({ metric: "logLoss", atMost: 0.6 }, { champion }, "live").passed, false);
  });

  it("let a better one pass, and one as good when something is new", () => {
    assert.match(check(goal, { champion: differing(0.1, 0.05, 0.15) }, "live").message, /clearly better/);
    assert.equal(check(goal, { champion: differing(0, -0.05, 0.05) }, "live").passed, true);
    assert.equal(check(goal, { champion: differing(0, -0.05, 0.05, { nothingNew: true }) }, "live").passed, false);
    assert.equal(check(goal, { champion: differing(0, 0, 0, { nothingNew: true, same: true }) }, "live").passed, true);
  });

  it("say why two could not be compared", () => {
    const found = check(
      goal,
      { champion: differing(0, 0, 0, { incomparable: "it needs area, which is gone" }) },
      "live",
    );
    assert.equal(found.passed, true);
    assert.match(found.message, /Not compared with version 3, which was live: it needs area/);
  });

  it("look at each value of a guarded feature that has enough rows", () => {
    const slice = (value: string, rows: number, rocAuc: number) => ({
      feature: "city",
      value,
      rows,
      metrics: { rocAuc },
    });
    const slices = [slice("Oslo", 90, 0.85), slice("Rome", 80, 0.6), slice("Bonn", 10, 0.1)];
    const guarded = (guard: object): Success => ({ ...goal, slices: [{ by: "city", ...guard }] });
    const worst = check(guarded({ atLeast: 0.65 }), { slices }, "slices.city");
    assert.equal(worst.passed, false);
    assert.match(
      worst.message,
      /worst where city is "Rome": 0.6 on 80 held-out rows; the goal is at least 0.65 for each/,
    );
    assert.equal(check(guarded({ atLeast: 0.55 }), { slices }, "slices.city").passed, true);
    assert.equal(check(guarded({ maxGap: 0.2 }), { slices }, "slices.city").passed, false);
    assert.equal(check(guarded({ maxGap: 0.3 }), { slices }, "slices.city").passed, true);
    assert.equal(check(guarded({ atLeast: 0.05, minRows: 5 }), { slices }, "slices.city").passed, true);
    assert.match(
      check({ ...goal, slices: [{ by: "area", atLeast: 0.5 }] }, { slices }, "slices.area").message,
      /not measured/,
    );
  });

  it("hold the time for one row and the file's size against their limits", () => {
    const limits = { latencyMs: 1, sizeMb: 2 };
    const latency = { medianMs: 2, p99Ms: 9, rows: 100 };
    assert.match(check({ ...goal, limits }, { latency }, "latency").message, /One row takes 2 ms .* the limit is 1 ms/);
    assert.equal(check({ ...goal, limits }, { sizeBytes: 1_000_000 }, "size").passed, true);
    assert.equal(check({ ...goal, limits }, { sizeBytes: 3_000_000 }, "size").passed, false);
    assert.equal(check({ ...goal, limits }, {}, "latency").passed, false);
  });
});
