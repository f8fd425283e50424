// Checks on rows and batches name the rule and the value; what they reject is kept, read again after a fix, or discarded.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, describe, it } from "node:test";
import { defineData } from "../../src/define/data.ts";
import type { Checks } from "../../src/define/expectations.ts";
import { category, number } from "../../src/define/feature.ts";
import { listCommits } from "../../src/features/commits.ts";
import { listOpen, listRejected, type RejectedPart, settleRejected } from "../../src/features/quarantine.ts";
import { type Cells, definitionOf, type Group, given, openGroup } from "./group.ts";

const start = Date.UTC(2024, 0, 1);
const hour = 3_600_000;

const trips = (rows: readonly Cells[], options: { checks?: Checks; min?: number; position?: string | null } = {}) =>
  defineData({
    name: "trips",
    source: given(rows, options.position === undefined ? "on" : options.position),
    key: "id",
    eventTime: "t",
    quarantineBudget: 0.9,
    features: {
      begin: number({ min: options.min ?? 0 }),
      end: number({ optional: true }),
      mail: category({ optional: true }),
    },
    ...(options.checks === undefined ? {} : { checks: options.checks }),
  } as never);

const trip = (id: number, begin: number, end: number | null, mail: string | null = null): Cells => ({
  id: String(id),
  t: new Date(start + id * hour).toISOString(),
  begin: String(begin),
  end: end === null ? null : String(end),
  mail,
});

describe("checks", () => {
  let group: Group;
  afterEach(() => group.close());

  async function reasons(): Promise<string[]> {
    const open = await listOpen(group.parts.database, "trips");
    const files = await Promise.all(open.map(({ file }) => group.parts.offline.localPath(file)));
    return files.flatMap((file) =>
      readFileSync(file, "utf8")
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { reason: string }).reason),
    );
  }

  it("reject rows that break a condition, a pattern or uniqueness, and name the values", async () => {
    group = await openGroup();
    const checks: Checks = { rows: ["end >= begin"], patterns: { mail: "[^@]+@[^@]+" }, unique: ["mail"] };
    const rows = [
      trip(1, 1, 2, "a@b"),
      trip(2, 3, 2, null),
      trip(3, 1, null, "nobody"),
      trip(4, 1, 2, "a@b"),
      trip(5, -1, 2, "c@d"),
      trip(6, 1, 2, "c@d"),
    ];
    const { rows: counts } = await group.run(trips(rows, { checks }), start);
    assert.deepEqual({ written: counts.written, quarantined: counts.quarantined }, { written: 2, quarantined: 4 });
    assert.deepEqual(await reasons(), [
      "expected end >= begin, got end = 2.0, begin = 3.0",
      'mail: expected a text like [^@]+@[^@]+, got "nobody"',
      'mail: expected each value once, got "a@b" again after row 1',
      'begin: expected at least 0, got "-1"',
    ]);
  });

  it("hold a column that must never fall against the sound rows before it, in this run and in the store", async () => {
    group = await openGroup();
    const checks: Checks = { monotonic: { begin: "increasing", end: "decreasing" } };
    const car = (hours: number, begin: number, end: number | null, id = 1): Cells => ({
      ...trip(id, begin, end),
      t: new Date(start + hours * hour).toISOString(),
    });
    const rows = [car(1, 10, 9), car(3, 30, 7), car(2, 20, 8), car(4, 29, null), car(5, 30, 7.5), car(1, 5, 99, 2)];
    const first = await group.run(trips([...rows, car(6, -1, 7), car(7, 31, 7)], { checks }), start);
    assert.deepEqual([first.rows.written, first.rows.quarantined], [5, 3]);
    assert.deepEqual((await reasons()).sort(), [
      'begin: expected at least 0, got "-1"',
      "begin: expected at least 30, as in a row before, got 29",
      "end: expected at most 7, as in a row before, got 7.5",
    ]);
    // A later run: against what is stored before and after, but not against the row that it replaces.
    await group.run(trips([car(8, 28, 7), car(2.5, 32, 8), car(7, 40, 6), car(9, 40, 6)], { checks }), start + hour);
    assert.deepEqual((await reasons()).slice(3).sort(), [
      "begin: expected at least 40, as in a row before, got 28; end: expected at most 6, as in a row before, got 7",
      "begin: expected at most 30, as in a row after, got 32",
    ]);
  });

  it("take a source that gives everything by itself: a wrong row that it corrects does not bar the others", async () => {
    group = await openGroup();
    const checks: Checks = { monotonic: { begin: "increasing" } };
    const whole = (spike: number) =>
      trips(
        [trip(1, 1, 1), trip(1, spike, 2), trip(1, 3, 3)].map((row, index) => ({
          ...row,
          t: new Date(start + index * hour).toISOString(),
        })),
        { checks, position: null },
      );
    assert.equal((await group.run(whole(999), start)).rows.quarantined, 1);
    assert.equal((await group.run(whole(2), start + hour)).rows.quarantined, 0);
  });

  it("refuse a whole batch that is too small, too old or unlike the last one, and commit nothing of it", async () => {
    group = await openGroup();
    const many = (shift: number) => Array.from({ length: 200 }, (_, index) => trip(index, (index % 50) + shift, null));
    const checks: Checks = {
      batch: { minRows: 2, minShareOfLast: 0.5, freshWithin: "10d", maxShift: { begin: 0.25 } },
    };
    await group.run(trips(many(0), { checks }), start + 200 * hour);
    await group.run(trips(many(1), { checks }), start + 201 * hour);
    await assert.rejects(group.run(trips(many(500), { checks }), start + 202 * hour), (error: Error) => {
      assert.match(error.message, /begin: expected a shift of at most 0.25 from the values committed last, got \d/);
      return (error as { code?: string }).code === "DATA_BATCH_REFUSED";
    });
    await assert.rejects(
      group.run(trips([trip(1, 1, 1)], { checks }), start + 9000 * hour),
      /expected at least 2 rows, got 1; expected at least 50 % of the 200 rows of the last run, got 1; expected a row of the last 10 days, got none for 375 days/,
    );
    assert.equal((await listCommits(group.parts.database, "trips")).length, 2);
  });

  it("keep rejected rows of a feed until they are read again after a fix, beside new rows", async () => {
    group = await openGroup();
    const { database } = group.parts;
    await group.run(trips([trip(1, 1, 1), trip(2, -5, 1)]), start);
    await group.run(trips([trip(3, 1, 1), trip(4, -50, 1)]), start + hour);
    assert.deepEqual(
      (await listOpen(database, "trips")).map(({ sequence, rows }) => [sequence, rows]),
      [
        [1, 1],
        [2, 1],
      ],
    );
    await database.transaction((tx) => settleRejected(tx, "trips", [1, 2], { state: "requested", note: null }, start));
    const { rows } = await group.run(trips([trip(5, 1, 1)], { min: -10 }), start + 2 * hour);
    assert.deepEqual({ read: rows.read, quarantined: rows.quarantined }, { read: 3, quarantined: 1 });
    assert.deepEqual(
      (await group.rows(definitionOf(trips([])))).map((row) => row._key_id),
      ["1", "2", "3", "5"],
    );
    assert.deepEqual(
      (await listRejected(database, "trips")).map(({ sequence, state }) => [sequence, state]),
      [
        [1, "replayed"],
        [2, "replayed"],
        [3, "open"],
      ],
    );
    assert.deepEqual(await reasons(), ['begin: expected at least -10, got "-50"']);
    await database.transaction((tx) =>
      settleRejected(tx, "trips", [3], { state: "discarded", note: "sensor broken" }, start),
    );
    assert.deepEqual(await listOpen(database, "trips"), []);
    assert.equal((await listRejected(database, "trips"))[2]?.note, "sensor broken");
  });

  it("are read again or discarded row by row, the others wait on", async () => {
    group = await openGroup();
    const { database } = group.parts;
    const settle = (parts: RejectedPart[], state: "requested" | "discarded") =>
      database.transaction((tx) => settleRejected(tx, "trips", parts, { state, note: "why" }, start));
    const waiting = async () => (await listOpen(database, "trips")).map(({ sequence, rows }) => `${sequence}: ${rows}`);
    await group.run(trips([trip(1, 1, 1), trip(2, -5, 1), trip(3, -50, 1), trip(4, -6, 1), trip(5, -7, 1)]), start);
    await settle([{ sequence: 1, lines: [2] }], "discarded");
    await settle([{ sequence: 1, lines: [1, 3] }], "requested");
    assert.deepEqual(await waiting(), ["1: 3"]);
    const { rows } = await group.run(trips([trip(6, 1, 1)], { min: -5 }), start + hour);
    assert.deepEqual([rows.read, rows.written, rows.quarantined], [3, 2, 1]);
    assert.deepEqual(await waiting(), ["1: 1", "2: 1"]);
    // The whole commit: what went its own way stays there.
    await settle([1], "requested");
    assert.equal((await group.run(trips([], { min: -100 }), start + 2 * hour)).rows.read, 1);
    assert.deepEqual(await waiting(), ["2: 1"]);
    assert.deepEqual(
      (await group.rows(definitionOf(trips([])))).map((row) => row._key_id),
      ["1", "2", "5", "6"],
    );
  });

  it("count only the newest rejected rows of a source that gives everything each time", async () => {
    group = await openGroup();
    const whole = (min: number) => trips([trip(1, 1, 1), trip(2, -5, 1)], { min, position: null });
    await group.run(whole(0), start);
    await group.run(whole(0), start + hour);
    assert.deepEqual(
      (await listRejected(group.parts.database, "trips")).map(({ state }) => state),
      ["superseded", "open"],
    );
    await group.parts.database.transaction((tx) =>
      settleRejected(tx, "trips", [2], { state: "requested", note: null }, start),
    );
    const { rows } = await group.run(whole(-10), start + 2 * hour);
    assert.deepEqual({ total: rows.total, quarantined: rows.quarantined }, { total: 2, quarantined: 0 });
    assert.deepEqual(await listOpen(group.parts.database, "trips"), []);
  });

  it("are checked themselves when they are declared", () => {
    const declare = (checks: unknown) => () => trips([], { checks: checks as Checks });
    assert.throws(declare({ rows: ["end > stop"] }), /checks.rows: expected a feature or a key of this group/);
    assert.throws(declare({ rows: ["end + 1"] }), /checks.rows: expected a condition such as "end >= start"/);
    assert.throws(declare({ patterns: { mail: "(" } }), /checks.patterns.mail: expected a regular expression/);
    assert.throws(declare({ batch: { maxShift: { begim: 1 } } }), /begim/);
    assert.throws(
      declare({ monotonic: { begin: "up" } }),
      /checks.monotonic.begin: expected "increasing" or "decreasing", got "up"/,
    );
    assert.throws(declare({ monotonic: { begim: "increasing" } }), { hint: 'Did you mean "begin"?' });
    assert.throws(declare({ monotonic: ["begin"] }), /checks.monotonic: expected an object such as/);
    assert.throws(declare({ row: [] }), { hint: 'Did you mean "rows"?' });
  });
});
