// Times as a calendar has them: columns that models get beside a time, and that nobody but the model sees.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFailure } from "../../src/base/failure.ts";
import { type Column, valueAt } from "../../src/base/table.ts";
import { type CalendarColumn, calendarColumns, withCalendar } from "../../src/learn/calendar.ts";
import { score } from "../../src/learn/evaluation/metrics.ts";
import { encodeTable, featuresOf } from "../../src/learn/features.ts";
import { type CandidateSpec, fit } from "../../src/learn/fit.ts";
import type { FitInput } from "../../src/learn/fit-input.ts";
import type { Label } from "../../src/learn/model.ts";
import { toOnnx } from "../../src/learn/onnx/onnx.ts";
import { openModel } from "../../src/learn/open-model.ts";
import { random } from "../../src/learn/random.ts";
import { numbers, tableOf } from "./data.ts";
import { runOnnx } from "./onnx-interpreter.ts";

const hour = 3_600_000;
const day = 24 * hour;

/** One value each six hours or so, by season, weekday and hour. */
function world(count: number, from = Date.UTC(2019, 0, 1)) {
  const source = random(5);
  const times = Float64Array.from({ length: count }, (_, i) => from + i * 6 * hour + source.below(hour));
  const values = times.map((time) => {
    const date = new Date(time);
    const isWeekend = date.getUTCDay() % 6 === 0;
    return (
      10 * Math.cos((date.getUTCMonth() / 6) * Math.PI) + (isWeekend ? 5 : 0) + Math.abs(date.getUTCHours() - 12) / 2
    );
  });
  const table = tableOf({
    z: numbers(...times.map(() => source.normal())),
    at: { type: "time", values: times.map((time, i) => (i % 50 === 7 ? Number.NaN : time)) },
  });
  return { table, label: { task: "regression", values } as Label };
}

const inputOf = (
  table: ReturnType<typeof tableOf>,
  label: Label = { task: "regression", values: new Float64Array(0) },
) => ({ table, features: featuresOf(table, { text: true }), label, options: { seed: 1 } }) as FitInput;
const timesFrom = (from: number, steps: number, step: number) =>
  tableOf({ at: { type: "time", values: Float64Array.from({ length: steps }, (_, i) => from + i * step) } });
const partsOf = (table: ReturnType<typeof tableOf>, isTree = true) =>
  calendarColumns(inputOf(table), { isTree, except: [] }).map(({ part }) => part);

describe("a calendar", () => {
  it("knows weekday, hour, month and day of the year of any time, before 1970 and in leap years", () => {
    const source = random(2);
    const times = [
      0,
      -1,
      day - 1,
      Date.UTC(2000, 1, 29),
      Date.UTC(1900, 1, 28, 23, 59),
      Date.UTC(2100, 2, 1),
      -2e13,
      8e15,
    ];
    for (let i = 0; i < 3_000; i++) times.push(Math.floor((source.next() - 0.4) * 8e12));
    const table = tableOf({ at: { type: "time", values: Float64Array.from(times) } });
    const names = ["hour", "weekday", "yearDay", "hourLevel", "weekdayLevel", "monthLevel"] as const;
    const input = withCalendar(
      inputOf(table),
      names.map((part): CalendarColumn => ({ of: 0, part })),
    );
    const columns = input.features.slice(1).map(({ name }) => input.table.columns.get(name)!);
    for (const [row, time] of times.entries()) {
      const date = new Date(time);
      const year = date.getUTCFullYear() - (date.getUTCMonth() < 2 ? 1 : 0);
      assert.deepEqual(
        columns.map((column) => valueAt(column, row)),
        [
          (time - Math.floor(time / day) * day) / hour,
          date.getUTCDay(),
          (Math.floor(time / day) * day - Date.UTC(year, 2, 1)) / day,
          String(date.getUTCHours()),
          String(date.getUTCDay()),
          String((date.getUTCMonth() + 10) % 12),
        ],
        date.toISOString(),
      );
    }
  });

  it("counts once the rows run through a cycle twice and differ in it", () => {
    const from = Date.UTC(2024, 0, 1);
    assert.deepEqual(partsOf(timesFrom(from, 40, hour)), []);
    assert.deepEqual(partsOf(timesFrom(from, 60, hour)), ["hour"]);
    assert.deepEqual(partsOf(timesFrom(from, 20, day)), ["weekday"]);
    assert.deepEqual(partsOf(timesFrom(from, 400, day)), ["weekday"]);
    assert.deepEqual(partsOf(timesFrom(from, 800, day)), ["weekday", "yearDay"]);
    assert.deepEqual(partsOf(timesFrom(from, 200, 7 * day)), ["yearDay"]);
    assert.deepEqual(partsOf(timesFrom(from, 8_000, 6 * hour), false), ["hourLevel", "weekdayLevel", "monthLevel"]);
    assert.deepEqual(partsOf(tableOf({ at: { type: "time", values: new Float64Array(9).fill(Number.NaN) } })), []);
    assert.deepEqual(partsOf(tableOf({ at: numbers(0, 1e12, 2e12) })), []);
  });
});

const specs: CandidateSpec[] = [
  { algorithm: "ridge" },
  { algorithm: "elasticNet" },
  { algorithm: "gradientBoosting", params: { trees: 60 } },
  { algorithm: "randomForest", params: { trees: 20 } },
  { algorithm: "neuralNetwork", params: { epochs: 12 } },
];

describe("a model of a time", () => {
  const train = world(3_600);
  const later = world(400, Date.UTC(2019, 0, 1) + 3_600 * 6 * hour);

  for (const spec of specs)
    it(`answers by season, weekday and hour and tells of the time alone: ${spec.algorithm}`, async () => {
      const artifact = await fit(spec, train.table, train.label, { seed: 1 });
      const model = openModel(artifact);
      const known = world(300, Date.UTC(2020, 5, 1));
      const prediction = model.predict(known.table) as { values: Float64Array };
      assert.ok(score("r2", known.label, prediction) > 0.6, `${score("r2", known.label, prediction)}`);
      if (spec.algorithm === "ridge" || spec.algorithm === "gradientBoosting")
        assert.ok(score("r2", later.label, model.predict(later.table)) > 0.85);
      assert.deepEqual(
        model.features.map(({ name, type }) => [name, type]),
        [
          ["z", "number"],
          ["at", "time"],
        ],
      );
      for (const row of [3, 7]) {
        const [z, at] = ["z", "at"].map((name) => valueAt(known.table.columns.get(name)!, row));
        const answer = model.predictRow({ at: at!, z: z! }) as number;
        assert.equal(answer, prediction.values[row]);
        assert.equal(model.predictRow([z!, at!]), answer);
        const { base, contributions } = model.explainRow({ at: at!, z: z! });
        assert.deepEqual(contributions.map(({ feature }) => feature).sort(), ["at", "z"]);
        assert.ok(Math.abs(contributions.reduce((sum, one) => sum + one.contribution, base) - answer) < 1e-6);
        const pairs = model.explainInteractions?.({ at: at!, z: z! }) ?? [];
        assert.equal(new Set(pairs.map(({ features }) => features.join())).size, pairs.length);
      }
      const importance = model.importance();
      assert.equal(importance[0]!.feature, "at");
      assert.ok(Math.abs(importance.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-9);
      assert.equal(importance.length, 2);

      const columns = encodeTable(model.features, later.table);
      const { output } = runOnnx(toOnnx(artifact), {
        shape: [40, 2],
        values: Array.from({ length: 40 }, (_, row) => columns.map((column) => column[row]!)).flat(),
      });
      const own = model.predict(later.table) as { values: Float64Array };
      for (const [row, value] of output.values.entries())
        assert.ok(Math.abs(value - own.values[row]!) < 1e-6, `row ${row}: ${value} and ${own.values[row]}`);
    });

  it("keeps a monotone promise, without a calendar", async () => {
    const spec: CandidateSpec = {
      algorithm: "gradientBoosting",
      params: { trees: 20, monotone: { at: "increasing" } },
    };
    const { meta } = await fit(spec, train.table, train.label, { seed: 1 });
    assert.equal(meta.calendar, undefined);
  });

  it("stops by rows for validation that have their calendar, too", async () => {
    const spec: CandidateSpec = { algorithm: "gradientBoosting" };
    const validation = { features: later.table, label: later.label };
    const model = openModel(await fit(spec, train.table, train.label, { seed: 1, validation }));
    assert.ok(score("r2", later.label, model.predict(later.table)) > 0.8);
  });

  it("is refused when its calendar is damaged", async () => {
    const artifact = await fit({ algorithm: "ridge" }, train.table, train.label, { seed: 1 });
    const own = artifact.meta.calendar as { of: number; part: string }[];
    for (const calendar of [
      "hour",
      [...own, ...own],
      [{ of: 0, part: "hourLevel" }, ...own.slice(1)],
      [{ of: 9, part: "hourLevel" }, ...own.slice(1)],
      [{ of: 1, part: "toString" }, ...own.slice(1)],
      [{ of: 1, part: "hour" }, ...own.slice(1)],
      [null, ...own.slice(1)],
      own.toReversed(),
    ])
      assert.throws(
        () => openModel({ ...artifact, meta: { ...artifact.meta, calendar } }),
        (error) => isFailure(error, "MODELS_ARTIFACT_CORRUPT"),
        JSON.stringify(calendar),
      );
  });
});

it("a time beside a vector and a text is still one feature, and theirs stay theirs", async () => {
  const { table, label } = world(3_000);
  const source = random(8);
  const lanes = [0, 1, 2].map(() => Float32Array.from({ length: table.rowCount }, () => source.normal()));
  const values = Array.from({ length: table.rowCount }, (_, row) => (row % 3 === 0 ? "hot day" : "cold day"));
  const columns = new Map<string, Column>([
    ["v", { type: "vector", lanes }],
    ...table.columns,
    ["texts", { type: "text", values }],
  ]);
  const whole = { rowCount: table.rowCount, columns };
  for (const algorithm of ["ridge", "gradientBoosting"] as const) {
    const model = openModel(await fit({ algorithm }, whole, label, { seed: 1 }));
    const { values: answers } = model.predict(whole) as { values: Float64Array };
    assert.ok(score("r2", label, { values: answers }) > 0.9);
    const names = ["at", "texts", "v", "z"];
    assert.deepEqual(model.features.map(({ name }) => name).sort(), names);
    assert.deepEqual(
      model
        .importance()
        .map(({ feature }) => feature)
        .sort(),
      names,
    );
    const row = Object.fromEntries([...columns].map(([name, column]) => [name, valueAt(column, 5)]));
    assert.equal(model.predictRow(row), answers[5]);
    const { base, contributions } = model.explainRow(row);
    assert.ok(Math.abs(contributions.reduce((sum, one) => sum + one.contribution, base) - answers[5]!) < 1e-6);
  }
});
