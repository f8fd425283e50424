// Random lives of a group in its real stores: commits in any time zone, late and revised rows, deletions; compared with plain lists.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { TrainingDefinition } from "../../src/define/definition.ts";
import { groupColumns } from "../../src/features/columns.ts";
import { listCommits } from "../../src/features/commits.ts";
import { groupFiles } from "../../src/features/group-files.ts";
import { findOnlineRow } from "../../src/features/online/newest-rows.ts";
import { planTrainingSet } from "../../src/features/training-set.ts";
import { type Cells, definitionOf, type Group, given, openGroup } from "../data/group.ts";
import { labelRows, newest, windowsAt } from "./oracle.ts";
import { groupComponent, minute, minutesOf, originMs, type RawRow, type Version, versionsOf } from "./world.ts";

const key = ["a", "b"];
const parts = ["1", "07"];
const part = fc.constantFrom(...parts);
const value = fc.option(fc.integer({ min: 0, max: 4 }), { nil: null, freq: 4 });

/** How one and the same moment is written: in UTC, with an offset of hours or of half hours, or without one. */
const zone = fc.constantFrom("", "Z", "+02:00", "-09:30", "+05:45");

interface Commit {
  readonly do: "commit";
  readonly rows: readonly (RawRow & { readonly zone: string })[];
}
interface Forget {
  readonly do: "forget";
  readonly entity: Readonly<Record<string, string>>;
  readonly from: number | null;
  readonly to: number | null;
}

const commit: fc.Arbitrary<Commit> = fc.record({
  do: fc.constant("commit"),
  rows: fc.array(
    fc.record({
      key: fc.tuple(part, part),
      event: fc.integer({ min: 0, max: 8 }),
      zone,
      values: fc.record({
        x: value,
        c: fc.option(fc.constantFrom("a", "b"), { nil: null }),
        code: fc.constant(null),
        y: value,
      }),
    }),
    { minLength: 1, maxLength: 10 },
  ),
});
const forget: fc.Arbitrary<Forget> = fc
  .tuple(part, fc.option(part), fc.option(fc.tuple(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 1, max: 5 }))))
  .map(([a, b, range]) => ({
    do: "forget",
    entity: b === null ? { a } : { a, b },
    from: range?.[0] ?? null,
    to: range === null ? null : range[0] + range[1],
  }));
/** Most of what happens are commits; each happens a minute after the one before. */
const life = fc.array(fc.oneof({ arbitrary: commit, weight: 3 }, { arbitrary: forget, weight: 1 }), {
  minLength: 1,
  maxLength: 9,
});

function written(minutes: number, zone: string): string {
  const ms = originMs + minutes * minute;
  const [, sign = "+", hours = "0", rest = "0"] = /^([+-])(\d\d):(\d\d)$/.exec(zone) ?? [];
  const offset = (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(rest)) * minute;
  return `${new Date(ms + offset).toISOString().slice(0, 19)}${zone}`;
}

const isOwn = ({ entity, from, to }: Forget, row: { readonly key: readonly string[]; readonly event: number }) =>
  Object.entries(entity).every(([column, text]) => row.key[key.indexOf(column)] === text) &&
  (from === null || row.event >= from) &&
  (to === null || row.event < to);

/** What a list of plain rows makes of the same life. */
interface Model {
  versions: Version[];
  forgotten: Forget[];
  commits: number;
}

async function live(group: Group, model: Model, one: Commit | Forget, at: number): Promise<void> {
  if (one.do === "forget") {
    if (model.commits === 0) return;
    const bounds = (minutes: number | null) => (minutes === null ? null : originMs + minutes * minute);
    const rows = { entity: one.entity, fromMs: bounds(one.from), toMs: bounds(one.to) };
    const { sequence } = await group.forget("g", rows, { atMs: originMs + at * minute, purge: false });
    const held = newest(model.versions).filter((row) => isOwn(one, row));
    assert.equal(sequence !== null, held.length > 0);
    if (sequence !== null) model.commits++;
    model.versions = model.versions.filter((row) => !isOwn(one, row));
    model.forgotten.push({ ...one, to: one.to ?? at + 1e-9 });
    return;
  }
  const cells = one.rows.map(
    ({ key: [a = "", b = ""], event, zone: where, values }): Cells => ({
      a,
      b,
      t: written(event, where),
      ...Object.fromEntries(Object.entries(values).map(([name, cell]) => [name, cell === null ? null : String(cell)])),
    }),
  );
  const from = given(cells, "on");
  await group.run(groupComponent("g", key, { label: true, from }), originMs + at * minute);
  const isFirst = model.commits === 0;
  model.commits++;
  const taken = one.rows.filter((row) => !model.forgotten.some((what) => isOwn(what, row)));
  const [versions] = [versionsOf([{ at, rows: taken }])];
  model.versions.push(
    ...versions.map((row) => ({
      ...row,
      commit: model.commits,
      created: isFirst ? row.event : Math.max(at, row.event),
    })),
  );
}

const rounded = (cell: unknown) => (typeof cell === "number" ? Number(cell.toPrecision(12)) : (cell ?? null));

describe("the life of a group", () => {
  it("ends with the rows, the online rows and the training set that plain lists give, and every earlier state is kept", async () => {
    await fc.assert(
      fc.asyncProperty(life, async (steps) => {
        const folder = mkdtempSync(join(tmpdir(), "pentad-test-"));
        const group = await openGroup(folder);
        try {
          const definition = definitionOf(groupComponent("g", key, { label: true }));
          const names = groupColumns(definition).map(({ name }) => name);
          const pick = (row: Readonly<Record<string, unknown>>) =>
            Object.fromEntries(names.map((name) => [name, rounded(row[name])]));
          const model: Model = { versions: [], forgotten: [], commits: 0 };
          const states: unknown[] = [];
          for (const [index, one] of steps.entries()) {
            await live(group, model, one, index + 4);
            if (model.commits > states.length) states.push(await group.rows(definition));
          }
          if (model.commits === 0) return;
          const { database, offline, online } = group.parts;
          assert.equal((await listCommits(database, "g")).length, model.commits);

          // Offline: the newest version of every row, with windows over them.
          const current = newest(model.versions);
          const own = (row: Version) => current.filter((other) => other.key.join() === row.key.join());
          const rows = (await group.rows(definition)) as Record<string, unknown>[];
          const withoutLabel = ({ next: _, ...rest }: Record<string, unknown>) => rest;
          assert.deepEqual(
            rows.map((row) => withoutLabel(pick(row))),
            current
              .toSorted((a, b) => a.event - b.event || compare(a.key, b.key) || a.ordinal - b.ordinal)
              .map((row) => withoutLabel(pick({ ...row.values, ...windowsAt(own(row), row.event, "") }))),
          );
          // Online: of every key the newest of these, windows and all.
          for (const a of parts)
            for (const b of parts) {
              const row = rows.findLast((one) => one._key_a === a && one._key_b === b);
              const stored = findOnlineRow(online, "g", [a, b]);
              assert.equal(stored?.eventMs, row === undefined ? undefined : Date.parse(String(row._event)));
              if (stored !== undefined && row !== undefined) {
                const { y: _, next: __, ...features } = pick(row);
                assert.deepEqual(withoutLabels(pick({ ...stored.values })), features);
              }
            }
          // The training set: every labelled row with what was known when it became known.
          const files = await groupFiles(database, offline, "g");
          const training = {
            label: { data: "g", name: "y" },
            features: [{ data: "g", names: names.filter((name) => name !== "y" && name !== "next") }],
          } as unknown as TrainingDefinition;
          const plan = planTrainingSet(training, new Map([["g", { definition, files, late: files.late }]]));
          const set = await group.withQuery((query) => query.rows<Record<string, unknown>>(plan.sql));
          assert.deepEqual(
            set.map((row) => ({ t: minutesOf(row._event as string), ...withoutNext(pick(row)) })),
            labelRows(model.versions, "y").map(({ row, own: features, y }) => ({
              t: row.event,
              ...withoutNext(pick({ ...features, y })),
            })),
          );
          for (const [index, state] of states.entries())
            assert.deepEqual(await group.rows(definition, index + 1), state, `the state after commit ${index + 1}`);
        } finally {
          await group.close();
          rmSync(folder, { recursive: true, force: true });
        }
      }),
      { numRuns: 20 },
    );
  });
});

function withoutLabels({ y: _, next: __, ...rest }: Record<string, unknown>) {
  return rest;
}

function withoutNext({ next: _, ...rest }: Record<string, unknown>) {
  return rest;
}

function compare(a: readonly string[], b: readonly string[]): number {
  for (const [index, part] of a.entries()) if (part !== b[index]) return part < (b[index] as string) ? -1 : 1;
  return 0;
}
