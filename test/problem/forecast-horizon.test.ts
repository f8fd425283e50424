// How far a forecast may reach and what it rests on, from the step and the length of its series.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isFailure } from "../../src/base/failure.ts";
import type { SeriesSet, Step } from "../../src/learn/forecast/series.ts";
import { stepsInWords } from "../../src/learn/forecast/step-words.ts";
import { planHorizon } from "../../src/problem/forecast-horizon.ts";

const hour = 3_600_000;
const steps = {
  hours: { unit: "milliseconds", count: hour },
  days: { unit: "milliseconds", count: 24 * hour },
  weeks: { unit: "milliseconds", count: 168 * hour },
  months: { unit: "months", count: 1 },
  quarters: { unit: "months", count: 3 },
  years: { unit: "months", count: 12 },
} as const satisfies Record<string, Step>;

const set = (step: Step, ...lengths: number[]): SeriesSet => ({
  step,
  series: lengths.map((length, index) => ({ key: `s${index}`, values: new Float64Array(length), lastTime: 0 })),
});

describe("a forecast", () => {
  test("reaches about a season ahead, and rests on the usual one, when its series are long", () => {
    const of = (step: Step, length: number) => {
      const { horizon, season } = planHorizon(set(step, length), "sold");
      return [horizon, season];
    };
    assert.deepEqual(of(steps.hours, 1000), [24, 24]);
    assert.deepEqual(of(steps.days, 400), [14, 7]);
    assert.deepEqual(of(steps.weeks, 300), [13, 52]);
    assert.deepEqual(of(steps.months, 120), [12, 12]);
    assert.deepEqual(of(steps.quarters, 80), [8, 4]);
    assert.deepEqual(of(steps.years, 60), [5, 1]);
  });

  test("reaches less far when they are short, and assumes no season that was seen less than three times", () => {
    assert.deepEqual(planHorizon(set(steps.months, 24), "sold").season, 1);
    assert.equal(planHorizon(set(steps.months, 24), "sold").horizon, 5);
    assert.equal(planHorizon(set(steps.years, 9), "sold").horizon, 1);
    // Most series decide, not the longest one.
    assert.equal(planHorizon(set(steps.months, 120, 20, 21, 22, 23), "sold").season, 1);
  });

  test("tries what the past is long enough for", () => {
    const tried = (step: Step, ...lengths: number[]) => planHorizon(set(step, ...lengths), "sold").candidates;
    assert.deepEqual(tried(steps.months, 120), ["seasonalNaive", "ets", "mstl", "boostingOnLags"]);
    assert.deepEqual(tried(steps.years, 40), ["seasonalNaive", "ets", "boostingOnLags"]);
    assert.deepEqual(tried(steps.years, 12), ["seasonalNaive", "ets"]);
    assert.deepEqual(tried({ unit: "milliseconds", count: 60_000 }, 100_000), ["seasonalNaive", "ets", "mstl"]);
  });

  test("keeps to a horizon that is given, unless its series cannot be held back that long twice", () => {
    assert.equal(planHorizon(set(steps.months, 60), "sold", 20).horizon, 20);
    assert.throws(
      () => planHorizon(set(steps.months, 60), "sold", 30),
      (error) => isFailure(error, "DEFINE_INVALID") && /at most 28 months/.test(error.message),
    );
  });

  test("counts the series that get none, and is refused when that is all of them", () => {
    assert.equal(planHorizon(set(steps.days, 100, 90, 4, 8), "sold").tooShort, 2);
    assert.throws(
      () => planHorizon(set(steps.days, 7, 5), "sold"),
      (error) => isFailure(error, "TRAINING_TOO_FEW_ROWS") && /got 7 in the longest of 2 series/.test(error.message),
    );
  });
});

test("steps are called what people call them", () => {
  assert.equal(stepsInWords(steps.quarters, 8), "8 quarters");
  assert.equal(stepsInWords(steps.years, 1), "1 year");
  assert.equal(stepsInWords({ unit: "months", count: 60 }, 4), "4 steps of 5 years");
  assert.equal(stepsInWords({ unit: "months", count: 6 }, 2), "2 steps of 6 months");
  assert.equal(stepsInWords({ unit: "milliseconds", count: 600_000 }, 48), "48 steps of 10 minutes");
  assert.equal(stepsInWords({ unit: "milliseconds", count: 14 * 24 * hour }, 2), "2 steps of 2 weeks");
  assert.equal(stepsInWords({ unit: "milliseconds", count: 1 }, 3), "3 steps of 1 ms");
});
