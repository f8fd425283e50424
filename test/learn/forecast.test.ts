// Forecasts against series whose future is known, past origins, and rows that are no series.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isFailure } from "../../src/base/failure.ts";
import { type EvaluateOptions, judgeForecast } from "../../src/learn/forecast/evaluate.ts";
import { type ForecastSpec, fitForecast, type SeriesRows } from "../../src/learn/forecast/forecast.ts";
import { openForecast } from "../../src/learn/forecast/model.ts";
import { naiveScores, scoreForecast } from "../../src/learn/forecast/scores.ts";
import type { Artifact } from "../../src/learn/model.ts";
import { random } from "../../src/learn/random.ts";

async function evaluate(rows: SeriesRows, spec: ForecastSpec, options: EvaluateOptions) {
  const points = await judgeForecast(rows, spec, options);
  const scores = scoreForecast(points);
  return { ...scores, count: points.length, relativeToNaive: scores.mae / naiveScores(points).mae };
}

const day = 86_400_000;
const seed = 1;

function daily(count: number, valueAt: (i: number) => number, start = Date.UTC(2024, 0, 1)): SeriesRows {
  return {
    times: Float64Array.from({ length: count }, (_, i) => start + i * day),
    values: Float64Array.from({ length: count }, (_, i) => valueAt(i)),
  };
}

function together(all: Readonly<Record<string, SeriesRows>>): SeriesRows {
  const list = Object.entries(all);
  return {
    times: Float64Array.from(list.flatMap(([, { times }]) => [...times])),
    values: Float64Array.from(list.flatMap(([, { values }]) => [...values])),
    keys: list.flatMap(([key, { times }]) => Array.from(times, () => key)),
  };
}

const naive = (horizon: number, more = {}): ForecastSpec => ({
  algorithm: "seasonalNaive",
  params: { horizon, ...more },
});
const boosting = (horizon: number, more = {}): ForecastSpec => ({
  algorithm: "boostingOnLags",
  params: { horizon, ...more },
});

test("the seasonal naive forecast repeats the last week, with intervals that grow from week to week", async () => {
  const rows = daily(28, (i) => 10 * (i % 7) + Math.floor(i / 7));
  const model = openForecast(await fitForecast(rows, naive(10), { seed }));
  assert.equal(model.season, 7);
  const points = model.forecast();
  assert.deepEqual(
    points.map(({ value }) => value),
    [3, 13, 23, 33, 43, 53, 63, 3, 13, 23],
  );
  assert.equal(points[0]!.time, Date.UTC(2024, 0, 29));
  // Each week differs from the one before by 1, so one standard deviation is 1, and √2 of it after a week.
  assert.ok(Math.abs(points[0]!.upper - (3 + 1.2816)) < 1e-3, `${points[0]!.upper}`);
  assert.ok(Math.abs(points[7]!.upper - (3 + 1.2816 * Math.SQRT2)) < 1e-3, `${points[7]!.upper}`);
  assert.ok(Math.abs(points[0]!.lower + points[0]!.upper - 6) < 1e-9);
  assert.ok(points.every(({ lower }) => lower >= 0));
});

test("months follow months, also from month end to month end and through a leap year", async () => {
  const months = (on: (month: number) => number, count: number): Float64Array =>
    Float64Array.from({ length: count }, (_, i) => on(i));
  const values = Float64Array.from({ length: 26 }, (_, i) => i % 12);
  const ends = { times: months((i) => Date.UTC(2021, 11 + i, 0), 26), values };
  const model = openForecast(await fitForecast(ends, naive(3), { seed }));
  assert.equal(model.season, 12);
  assert.deepEqual(
    model.forecast().map(({ time }) => new Date(time).toISOString().slice(0, 10)),
    ["2024-01-31", "2024-02-29", "2024-03-31"],
  );
  const firsts = { times: months((i) => Date.UTC(2022, i, 1), 26), values };
  assert.deepEqual(
    openForecast(await fitForecast(firsts, naive(2), { seed }))
      .forecast()
      .map(({ time }) => new Date(time).toISOString().slice(0, 10)),
    ["2024-03-01", "2024-04-01"],
  );
});

test("years may be several apart, leap years or not", async () => {
  const rows = {
    times: Float64Array.from([1950, 1955, 1960, 1970, 1975, 1980], (year) => Date.UTC(year, 0)),
    values: Float64Array.of(1, 2, 3, 5, 6, 7),
  };
  const model = openForecast(await fitForecast(rows, naive(2), { seed }));
  assert.deepEqual(
    model.forecast().map(({ time, value }) => [new Date(time).getUTCFullYear(), value]),
    [
      [1985, 7],
      [1990, 7],
    ],
  );
});

test("a series of several columns is named by their values", async () => {
  const rows = { ...daily(20, (i) => i), times: new Float64Array(20), keys: new Array(20).fill('["Oslo","tea"]') };
  await assert.rejects(fitForecast(rows, naive(3), { seed }), /of "Oslo", "tea", got 1970-01-01T00:00:00.000Z twice/);
});

test("boosting on lags learns what no repetition can: each day swings back from the one before", async () => {
  const source = random(3);
  let level = 50;
  const rows = daily(320, (i) => {
    level = 50 - 0.8 * (level - 50) + 3 * source.normal();
    return level + 8 * Math.sin((2 * Math.PI * i) / 7);
  });
  const result = await evaluate(rows, boosting(3, { boosting: { trees: 80, learningRate: 0.1 } }), {
    seed,
    origins: 4,
  });
  assert.equal(result.count, 12);
  assert.ok(result.relativeToNaive < 0.95, `error relative to naive: ${result.relativeToNaive}`);
});

test("intervals of many series hold about the share that was asked for", async () => {
  const source = random(8);
  const all: Record<string, SeriesRows> = {};
  for (let s = 0; s < 8; s++)
    all[`shop ${s}`] = daily(140, (i) => (s + 1) * (20 + 5 * ((i + s) % 7) + 3 * source.normal()));
  const result = await evaluate(together(all), boosting(7, { boosting: { trees: 60, learningRate: 0.1 } }), {
    seed,
    origins: 2,
  });
  assert.equal(result.count, 8 * 7 * 2);
  assert.ok(
    result.intervalCoverage > 0.66 && result.intervalCoverage < 0.92,
    `asked for 0.8, got ${result.intervalCoverage}`,
  );
  assert.ok(result.relativeToNaive < 0.95, `${result.relativeToNaive}`);
});

test("a forecast survives being saved, gives the same bytes again, and goes on from newer values", async () => {
  const rows = daily(120, (i) => 10 + (i % 7) + Math.sin(i));
  const artifact = await fitForecast(rows, boosting(5), { seed });
  assert.deepEqual(await fitForecast(rows, boosting(5), { seed }), artifact);
  const model = openForecast(structuredClone(artifact));
  const points = model.forecast();
  assert.deepEqual(openForecast(artifact).forecast(), points);
  assert.deepEqual(model.forecast(rows), points);
  const newer = daily(121, (i) => 10 + (i % 7) + Math.sin(i));
  assert.equal(model.forecast(newer)[0]!.time, points[1]!.time);
  assert.ok(points.every(({ value, lower, upper }) => lower <= value && value <= upper));
});

test("missing values and missing steps are bridged, and times that are no whole steps apart are an error", async () => {
  const values = (i: number): number => (i % 11 === 3 ? Number.NaN : 5 + (i % 7));
  for (const spec of [naive(7), boosting(7)]) {
    const points = openForecast(await fitForecast(daily(100, values), spec, { seed })).forecast();
    assert.ok(points.every(({ value }) => value > 4 && value < 13));
  }
  const { times, values: all } = daily(30, (i) => i % 7);
  const without = (days: readonly number[]): SeriesRows => ({
    times: times.filter((_, i) => !days.includes(i)),
    values: all.filter((_, i) => !days.includes(i)),
  });
  const points = openForecast(await fitForecast(without([12, 13, 20]), naive(3), { seed })).forecast();
  assert.deepEqual(
    points.map(({ value }) => value),
    [2, 3, 4],
  );
  const odd = { times: times.map((time, i) => (i === 12 ? time + 1000 : time)), values: all };
  await assert.rejects(fitForecast(odd, naive(3), { seed }), (error) => {
    assert.ok(isFailure(error, "TRAINING_LABEL_INVALID"));
    assert.match(error.message, /or several of them, got 2024-01-\d\dT/);
    assert.match(error.hint ?? "", /summing or averaging/);
    return true;
  });
});

for (const [what, rows, spec, code] of [
  ["no rows", daily(0, () => 1), naive(3), "TRAINING_TOO_FEW_ROWS"],
  ["one row", daily(1, () => 1), naive(3), "TRAINING_TOO_FEW_ROWS"],
  ["a series shorter than its season", daily(6, () => 1), naive(3), "TRAINING_TOO_FEW_ROWS"],
  ["a series too short for boosting", daily(12, (i) => i), boosting(7), "TRAINING_TOO_FEW_ROWS"],
  ["only missing values", daily(40, () => Number.NaN), naive(3), "TRAINING_TOO_FEW_ROWS"],
  ["an infinite value", daily(40, (i) => 1 / (i - 5)), naive(3), "TRAINING_LABEL_INVALID"],
  [
    "a missing time",
    { ...daily(40, (i) => i), times: new Float64Array(40).fill(Number.NaN) },
    naive(3),
    "TRAINING_LABEL_INVALID",
  ],
  ["the same time twice", { ...daily(40, (i) => i), times: new Float64Array(40) }, naive(3), "TRAINING_LABEL_INVALID"],
  ["fewer keys than rows", { ...daily(40, (i) => i), keys: ["a"] }, naive(3), "TRAINING_LABEL_INVALID"],
  ["a horizon of 0", daily(40, (i) => i), naive(0), "DEFINE_INVALID"],
  ["no horizon", daily(40, (i) => i), { algorithm: "seasonalNaive", params: {} } as ForecastSpec, "DEFINE_INVALID"],
  ["a coverage of 1", daily(40, (i) => i), naive(3, { coverage: 1 }), "DEFINE_INVALID"],
] as const)
  test(`${what} is an error that says so`, async () => {
    await assert.rejects(fitForecast(rows, spec, { seed }), (error) => isFailure(error, code));
  });

test("constant and huge series are forecast without nonsense", async () => {
  for (const value of [0, -7, 1e300]) {
    for (const spec of [naive(3), boosting(3)]) {
      const points = openForecast(
        await fitForecast(
          daily(60, () => value),
          spec,
          { seed },
        ),
      ).forecast();
      for (const point of points)
        assert.ok(Math.abs(point.value - value) <= 1e-6 * Math.abs(value), `expected ${value}, got ${point.value}`);
    }
  }
});

test("a damaged forecast is refused", async () => {
  const artifact = await fitForecast(
    daily(60, (i) => (i % 7) + Math.sin(i)),
    boosting(3),
    { seed },
  );
  const { meta, arrays } = artifact;
  const broken: Artifact[] = [
    { ...artifact, format: "pentad.trees/1" },
    { ...artifact, meta: { ...meta, season: 0 } },
    { ...artifact, meta: { ...meta, horizon: 1e9 } },
    { ...artifact, meta: { ...meta, step: { unit: "months", count: 0.5 } } },
    { ...artifact, meta: { ...meta, parts: {} } },
    { ...artifact, meta: { ...meta, keys: ["a", "b"] } },
    { ...artifact, arrays: { ...arrays, historyStart: Int32Array.of(0, 1e9) } },
    { ...artifact, arrays: { ...arrays, lastTime: Float64Array.of(1e300) } },
    { ...artifact, arrays: { ...arrays, "middle.feature": Int32Array.of(5) } },
  ];
  for (const [i, one] of broken.entries())
    assert.throws(
      () => openForecast(one),
      (error) => isFailure(error, "MODELS_ARTIFACT_CORRUPT"),
      `number ${i}`,
    );
});
