// On-demand features row by row: hostile names, missing values, zeros, times in any zone, and what may come out.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PentadError } from "../../src/base/failure.ts";
import type { Value } from "../../src/base/table.ts";
import type { FeatureDefinition, OnDemandDefinition } from "../../src/define/definition.ts";
import { computeRows, inputNames, type OnDemandFunctions, plainInput } from "../../src/features/on-demand.ts";

const feature = (name: string, given: Partial<FeatureDefinition> = {}): FeatureDefinition => ({
  name,
  type: "number",
  from: name,
  optional: false,
  ...given,
});
const definition = (
  request: readonly FeatureDefinition[],
  features: readonly FeatureDefinition[],
  stored: readonly string[] = [],
): OnDemandDefinition => ({
  file: "training.ts",
  code: "c",
  views: [
    { request, stored: [{ data: "shops", names: stored }], features, location: { file: "training.ts", line: 7 } },
  ],
});
type Compute = (row: Readonly<Record<string, Value>>) => unknown;
const code = (compute: Compute): OnDemandFunctions => ({
  functions: [{ compute }],
  locate: () => undefined,
});
const one = async (compute: Compute, out: Partial<FeatureDefinition> = {}) =>
  (await computeRows(definition([feature("x")], [feature("y", out)]), code(compute), [[3]]))[0]?.[0];
const refusal = (compute: Compute, out: Partial<FeatureDefinition> = {}) =>
  one(compute, out).then(
    (value) => assert.fail(`Expected a refusal, got ${String(value)}`),
    (error: PentadError) => error,
  );

describe("an on-demand row", () => {
  test("holds every name as it is, also __proto__, quotes and other scripts, and cannot be changed", async () => {
    const names = ["__proto__", 'he said "x"', "größe 大", "constructor", "toString"];
    const plan = definition(
      names.slice(0, 3).map((name) => feature(name)),
      names.map((name) => feature(`${name} 2`)),
      names.slice(3),
    );
    assert.deepEqual(inputNames(plan), names);
    const seen: unknown[] = [];
    const rows = await computeRows(
      plan,
      code((row) => {
        seen.push(Object.entries(row), Object.isFrozen(row), Object.getPrototypeOf(row) === Object.prototype);
        return Object.fromEntries(Object.entries(row).map(([name, value]) => [`${name} 2`, Number(value) * 2]));
      }),
      [[1, 2, 3, 4, null]],
    );
    assert.deepEqual(seen, [names.map((name, index) => [name, index === 4 ? null : index + 1]), true, true]);
    assert.deepEqual(rows, [[2, 4, 6, 8, 0]]);
  });

  test("gives what is declared: numbers to the last bit with one zero, null only where it may, promises too", async () => {
    assert.equal(await one(({ x }) => ({ y: (x as number) / 10 })), 0.3);
    assert.ok(Object.is(await one(() => ({ y: -0 })), 0));
    assert.equal(await one(async ({ x }) => ({ y: x })), 3);
    assert.equal(await one(() => ({}), { optional: true }), null);
    assert.equal(await one(() => ({ y: "2024-03-31T02:30:00+02:00" }), { type: "time" }), "2024-03-31T00:30:00.000Z");
  });

  test("is refused with words when something else comes out", async () => {
    const cases: [Compute, Partial<FeatureDefinition>, string][] = [
      [() => ({ y: Number.NaN }), {}, 'Expected compute to give a number for y, got NaN for {"x":3}'],
      [() => ({ y: "3" }), {}, 'Expected compute to give a number for y, got "3" for {"x":3}'],
      [() => ({}), {}, 'Expected compute to give a number for y, got nothing for {"x":3}'],
      [() => ({ y: 11 }), { max: 10 }, 'Expected compute to give a number up to 10 for y, got 11 for {"x":3}'],
      [
        () => ({ y: "c" }),
        { type: "category", values: ["a", "b"] },
        'Expected compute to give one of "a", "b" for y, got "c" for {"x":3}',
      ],
      [
        () => ({ y: "2024-02-30" }),
        { type: "time" },
        'Expected compute to give a time as an ISO 8601 text for y, got "2024-02-30" for {"x":3}',
      ],
      [() => 5, {}, "Expected compute to return an object with y, got 5"],
      [() => ({ yy: 5 }), {}, 'Expected compute to return y, got "yy" too'],
      [() => Promise.reject("no"), {}, "compute of y threw: no"],
    ];
    for (const [compute, out, message] of cases) {
      const error = await refusal(compute, out);
      assert.deepEqual(
        [error.code, error.message, error.location],
        ["FEATURES_ON_DEMAND_FAILED", message, { file: "training.ts", line: 7 }],
      );
    }
    const changed = await refusal((row) => Object.assign(row, { x: 1 }));
    assert.match(changed.hint, /^Leave the row as it is/);
  });

  test("may be computed in batches, in order and never more than 256 at a time", async () => {
    const sizes: number[] = [];
    const batched: OnDemandFunctions = {
      functions: [
        {
          computeBatch: (rows) => {
            sizes.push(rows.length);
            assert.ok(Object.isFrozen(rows) && rows.every(Object.isFrozen));
            return Promise.resolve(rows.map(({ x }) => ({ y: Float32Array.of(x as number, 0.1) })));
          },
        },
      ],
      locate: () => undefined,
    };
    const plan = definition([feature("x")], [feature("y", { type: "vector", dimensions: 2 })]);
    const rows = await computeRows(
      plan,
      batched,
      Array.from({ length: 600 }, (_, x) => [x]),
    );
    assert.deepEqual(sizes, [256, 256, 88]);
    assert.deepEqual(
      rows,
      Array.from({ length: 600 }, (_, x) => [[x, Math.fround(0.1)]]),
    );
    assert.deepEqual(await computeRows(plan, batched, []), []);
    for (const [given, message] of [
      [[], "Expected computeBatch to return a list of 1 object, one a row, got 0"],
      [{ y: [1, 2] }, 'Expected computeBatch to return a list of 1 object, one a row, got {"y":[1,2]}'],
      [[[1, 2]], "Expected compute to return an object with y, got [1,2]"],
      [[{ y: [1] }], 'Expected compute to give a list of 2 numbers for y, got [1] for {"x":1}'],
      [[{ y: [1, "2"] }], 'Expected compute to give a list of 2 numbers for y, got [1,"2"] for {"x":1}'],
      [[{ y: [1, 1e39] }], 'Expected compute to give a list of 2 numbers for y, got [1,1e+39] for {"x":1}'],
      [
        [{ y: new Float32Array(3) }],
        'Expected compute to give a list of 2 numbers for y, got a Float32Array of 3 for {"x":1}',
      ],
      [[{ y: "12" }], 'Expected compute to give a list of 2 numbers for y, got "12" for {"x":1}'],
      [[{ y: null }], 'Expected compute to give a list of 2 numbers for y, got null for {"x":1}'],
    ] as const)
      await assert.rejects(
        computeRows(plan, { functions: [{ computeBatch: () => given }], locate: () => undefined }, [[1]]),
        (error: PentadError) => error.code === "FEATURES_ON_DEMAND_FAILED" && error.message === message,
        message,
      );
  });

  test("is given stored vectors as lists that cannot be changed", async () => {
    const plan = definition([], [feature("y")], ["v"]);
    const given: unknown[] = [];
    const rows = await computeRows(
      plan,
      code(({ v }) => {
        given.push(v, Object.isFrozen(v));
        return { y: (v as readonly number[])[0]! };
      }),
      [[[3, -0]]],
    );
    assert.deepEqual([rows, given], [[[3]], [[3, 0], true]]);
  });

  test("sees times as one text, whatever the request wrote", () => {
    for (const text of ["2024-03-31T02:30:00+02:00", "2024-03-31 00:30", "2024-03-31T00:30:00.000Z"])
      assert.equal(plainInput("time", text), "2024-03-31T00:30:00.000Z");
    assert.equal(plainInput("time", "2024-03-31"), "2024-03-31T00:00:00.000Z");
    assert.equal(plainInput("text", "2024-03-31"), "2024-03-31");
    assert.equal(plainInput("time", null), null);
  });
});
