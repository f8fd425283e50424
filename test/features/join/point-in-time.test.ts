// The point-in-time join is compared with a brute-force oracle over random small groups, commit by commit.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import type { DataDefinition, TrainingDefinition } from "../../../src/define/definition.ts";
import { duckdbQuery } from "../../../src/drivers/duckdb-query.ts";
import { groupColumns } from "../../../src/features/columns.ts";
import { type PinnedGroup, placedSql, planTrainingSet, writeTrainingSet } from "../../../src/features/training-set.ts";
import type { Query } from "../../../src/ports/query.ts";
import { labelRows, viewAt } from "../oracle.ts";
import { defineGroup, minutesOf, pinGroup, type RawCommit, type Version, versionsOf } from "../world.ts";

const part = fc.constantFrom("1", "07");
const value = fc.option(fc.integer({ min: 0, max: 4 }), { nil: null, freq: 4 });
const text = fc.option(fc.constantFrom("a", "b"), { nil: null, freq: 4 });

/** One to three commits of up to twelve rows within eight minutes: ties, repeats, late and revised rows all happen. */
function commits(keys: number, cells: Record<string, fc.Arbitrary<number | string | null>>): fc.Arbitrary<RawCommit[]> {
  const row = fc.record({
    key: fc.array(part, { minLength: keys, maxLength: keys }),
    event: fc.integer({ min: 0, max: 8 }),
    values: fc.record(cells),
  });
  const rows = fc.array(row, { minLength: 1, maxLength: 12 });
  return fc
    .tuple(rows, fc.array(fc.record({ at: fc.integer({ min: 0, max: 10 }), rows }), { maxLength: 2 }))
    .map(([first, later]) => [{ at: 0, rows: first }, ...later.toSorted((a, b) => a.at - b.at)]);
}

interface View {
  readonly by: "none" | "a" | "ab" | "code";
  readonly commits: RawCommit[];
  readonly ttl: number | undefined;
  readonly windows: boolean;
}

const viewKeys: Record<View["by"], readonly string[]> = { none: [], a: ["a"], ab: ["a", "b"], code: ["code"] };

const view = (prefix: string): fc.Arbitrary<View> =>
  fc.constantFrom<View["by"]>("none", "a", "ab", "code").chain((by) =>
    fc.record({
      by: fc.constant(by),
      commits: commits(viewKeys[by].length, { [`${prefix}x`]: value, [`${prefix}c`]: text }),
      ttl: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
      windows: fc.boolean(),
    }),
  );

const world = fc.record({
  spine: commits(2, { x: value, c: text, code: value, y: value }),
  label: fc.constantFrom<"y" | "next">("y", "next"),
  views: fc.tuple(view("p_"), view("q_")),
});

function training(label: string, groups: readonly DataDefinition[]): TrainingDefinition {
  const features = groups.map((definition) => ({
    data: definition.name,
    names: groupColumns(definition).flatMap(({ role, name }) => (role === "label" ? [] : [name])),
  }));
  return { kind: "training", name: "t", label: { data: "spine", name: label }, features } as never;
}

describe("the point-in-time join", () => {
  let query: Query;
  let folder: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "pentad-test-"));
    query = await duckdbQuery({ memoryMb: 512, temporaryFolder: folder, threads: 2 });
  });
  after(async () => {
    await query.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function pin(definitions: readonly DataDefinition[], versions: readonly (readonly Version[])[]) {
    const groups = new Map<string, PinnedGroup>();
    for (const [index, definition] of definitions.entries())
      groups.set(definition.name, await pinGroup(query, folder, definition, versions[index] as Version[]));
    return groups;
  }

  it("gives every label row once, in order, with exactly the values that were known then", async () => {
    await fc.assert(
      fc.asyncProperty(world, async ({ spine, label, views }) => {
        const [p, q] = views;
        const definitions = [
          defineGroup("spine", ["a", "b"], { label: true }),
          defineGroup("p", viewKeys[p.by], { ...options(p), prefix: "p_" }),
          defineGroup("q", viewKeys[q.by], { ...options(q), prefix: "q_" }),
        ];
        const versions = [spine, p.commits, q.commits].map(versionsOf);
        const plan = planTrainingSet(training(label, definitions), await pin(definitions, versions));
        const rows = await query.rows(plan.sql);
        // Large groups are joined by place, with the same result.
        assert.deepEqual(await query.rows(await placedSql(query, plan, 0)), rows);
        const wanted = labelRows(versions[0] as Version[], label).map(({ row, own, y }) => {
          const joined = views.map((one, index) => {
            const key = one.by === "code" ? [textOf(row.values.code)] : row.key.slice(0, viewKeys[one.by].length);
            const prefix = index === 0 ? "p_" : "q_";
            return viewAt(
              versions[index + 1] as Version[],
              key,
              row.event,
              prefix,
              one.ttl ?? Number.POSITIVE_INFINITY,
            );
          });
          return { a: row.key[0], b: row.key[1], t: row.event, ...own, ...joined[0], ...joined[1], [label]: y };
        });
        const names = [...plan.features.map(({ name }) => name), label];
        const pick = (row: Record<string, unknown>) =>
          Object.fromEntries(names.map((name) => [name, rounded(row[name])]));
        assert.deepEqual(
          rows.map((row) => ({ a: row._key_a, b: row._key_b, t: minutesOf(row._event as string), ...pick(row) })),
          wanted.map((row) => ({ a: row.a, b: row.b, t: row.t, ...pick(row) })),
        );
      }),
      { numRuns: 80 },
    );
  });

  it("gives the same bytes by place, whatever the label's own features are called", async () => {
    const spine = defineGroup("spine", ["a", "b"], { label: true, windows: false });
    const renamed = {
      ...spine,
      features: spine.features.map((one) =>
        one.name === "code" ? { ...one, name: "g1_place", from: "g1_place" } : one,
      ),
    };
    const definitions = [renamed, defineGroup("p", ["a"], { prefix: "p_", windows: false })];
    const label = (event: number) => ({ key: ["1", "2"], event, values: { x: 1, g1_place: 0, y: event } });
    const value = (event: number) => ({ key: ["1"], event, values: { p_x: event === 1 ? null : event, p_c: "a" } });
    const versions = [[1, 2, 3].map(label), [0, 1, 2].map(value)].map((rows) => versionsOf([{ at: 0, rows }]));
    const plan = planTrainingSet(training("y", definitions), await pin(definitions, versions));
    const placed = await placedSql(query, plan, 0);
    assert.notEqual(placed, plan.sql);
    const bytes: Buffer[] = [];
    for (const sql of [plan.sql, placed]) {
      const path = join(folder, "set.parquet");
      await query.run(`COPY (${sql}) TO '${path}' (FORMAT parquet, COMPRESSION zstd)`);
      bytes.push(readFileSync(path));
    }
    assert.deepEqual(
      (await query.rows<{ p_x: number }>(placed)).map((row) => row.p_x),
      [null, 2, 2],
    );
    assert.deepEqual(bytes[1], bytes[0]);
  });

  it("merges rows that came in late or were corrected, as they were known at each moment", async () => {
    const definitions = [
      defineGroup("spine", ["a", "b"], { label: true, windows: false }),
      defineGroup("p", ["a"], { prefix: "p_", windows: false, ttl: "5m" }),
    ];
    const label = (event: number) => ({ key: ["1", "2"], event, values: { x: 1, y: event } });
    const value = (event: number, x: number) => ({ key: ["1"], event, values: { p_x: x, p_c: `c${x}` } });
    const labels = versionsOf([{ at: 0, rows: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map(label) }]);
    const values = versionsOf([
      { at: 0, rows: [value(1, 10), value(3, 30)] },
      // One row happened at 2 and came in at 5; the row of 3 is corrected at 5; what happened at 4 came in last.
      { at: 5, rows: [value(2, 20), value(3, 31)] },
      { at: 7, rows: [value(4, 40), value(4, 41)] },
    ]);
    const groups = await pin(definitions, [labels, values]);
    const plan = planTrainingSet(training("y", definitions), groups);
    const placed = await placedSql(query, plan, 0);
    assert.match(placed, /placed_answers/);
    const rows = await query.rows<{ p_x: number | null; p_c: string | null }>(placed);
    assert.deepEqual(
      rows.map((row) => row.p_x),
      [null, 10, 10, 30, 30, 31, 31, 41, 41, 41, null, null],
    );
    assert.deepEqual(rows, await query.rows(plan.sql));
  });

  it("leaves a group to the engine when memory is short, an older file lacks a column or one is not in order", async () => {
    const definitions = [
      defineGroup("spine", ["a", "b"], { label: true, windows: false }),
      defineGroup("p", ["a"], { prefix: "p_", windows: false }),
    ];
    const label = { key: ["1", "2"], event: 3, values: { x: 1, y: 1 } };
    const value = (event: number) => ({ key: ["1"], event, values: { p_x: event, p_c: "a" } });
    const versions = [[label], [0, 1, 2].map(value)].map((rows) => versionsOf([{ at: 0, rows }]));
    const groups = await pin(definitions, versions);
    const plan = planTrainingSet(training("y", definitions), groups);
    const [path] = groups.get("p")?.files.paths ?? [];
    const rows = await query.rows(plan.sql);
    assert.equal(rows[0]?.p_x, 2);
    assert.notEqual(await placedSql(query, plan, 0), plan.sql);
    assert.equal(await placedSql({ ...query, memoryMb: 0 }, plan, 0), plan.sql);
    const all = `SELECT * FROM read_parquet('${path}')`;
    for (const other of [`${all} ORDER BY _event DESC`, `${all} UNION ALL BY NAME SELECT '0' AS _key_a`]) {
      await query.run(`CREATE OR REPLACE TABLE kept AS ${other}`);
      await query.run(`COPY kept TO '${path}' (FORMAT parquet, COMPRESSION zstd)`);
      assert.deepEqual(await query.rows(await placedSql(query, plan, 0)), rows);
    }
    const older = join(folder, "older.parquet");
    await query.run(
      `COPY (SELECT * EXCLUDE (p_c) REPLACE (_event - INTERVAL 1 HOUR AS _event) FROM kept WHERE _key_a = '1') TO '${older}' (FORMAT parquet, COMPRESSION zstd)`,
    );
    const p = groups.get("p") as PinnedGroup;
    const both = new Map([...groups, ["p", { ...p, files: { ...p.files, paths: [older, path as string] } }]]);
    const extended = planTrainingSet(training("y", definitions), both);
    assert.deepEqual(await query.rows(await placedSql(query, extended, 0)), rows);
  });

  it("gives the same bytes for the same commits, whatever came after them", async () => {
    await fc.assert(
      fc.asyncProperty(world, async ({ spine, label, views: [p] }) => {
        const definitions = [
          defineGroup("spine", ["a", "b"], { label: true }),
          defineGroup("p", viewKeys[p.by], { prefix: "p_" }),
        ];
        const first = [spine.slice(0, 1), p.commits.slice(0, 1)].map(versionsOf);
        const all = [spine, p.commits].map(versionsOf);
        const hash = async (versions: readonly (readonly Version[])[], commitsKept: number) => {
          const groups = await pin(definitions, versions);
          const pinned = new Map(
            [...groups].map(([name, group]) => {
              const paths = group.files.paths.slice(0, commitsKept);
              return [name, { ...group, files: { ...group.files, paths } }];
            }),
          );
          const path = join(folder, "set.parquet");
          await writeTrainingSet(query, planTrainingSet(training(label, definitions), pinned), path);
          return createHash("sha256").update(readFileSync(path)).digest("hex");
        };
        const before = await hash(first, 1);
        await hash(all, 9);
        assert.equal(await hash(first, 1), before);
      }),
      { numRuns: 8 },
    );
  });
});

function options({ ttl, windows }: View): { ttl?: string; windows: boolean } {
  return { windows, ...(ttl === undefined ? {} : { ttl: `${ttl}m` }) };
}

function textOf(value: number | string | null | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}

/** Sums of fractions differ in the last digits by their order. */
function rounded(value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(12)) : (value ?? null);
}
