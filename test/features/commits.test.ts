// Commits over time: small files are merged unseen, schemas change without rewriting, and every state can be asked for again.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, it } from "node:test";
import { recordLineage } from "../../src/catalog/lineage.ts";
import { defineData } from "../../src/define/data.ts";
import type { TrainingDefinition } from "../../src/define/definition.ts";
import { category, number, text, time } from "../../src/define/feature.ts";
import { count, sum } from "../../src/define/window.ts";
import { findHead, listCommits } from "../../src/features/commits.ts";
import { planCompaction } from "../../src/features/compaction.ts";
import { listDeprecated } from "../../src/features/deprecation.ts";
import { groupFiles } from "../../src/features/group-files.ts";
import { findOnlineRow } from "../../src/features/online/newest-rows.ts";
import { keepPosts } from "../../src/features/posts.ts";
import { versionsSql } from "../../src/features/relation.ts";
import { planTrainingSet, writeTrainingSet } from "../../src/features/training-set.ts";
import { sqlText } from "../../src/ports/query.ts";
import { push } from "../../src/sources/push.ts";
import { type Cells, definitionOf, type Group, given, openGroup } from "../data/group.ts";

const start = Date.UTC(2024, 0, 1);
const hour = 3_600_000;
const at = (hours: number) => new Date(start + hours * hour).toISOString();

/** A feed of one shop's sales, an hour each. */
const sales = (rows: readonly Cells[], options: object = {}) =>
  defineData({
    name: "sales",
    source: given(rows, "on"),
    key: "shop",
    eventTime: "t",
    features: { amount: number(), kind: category({ optional: true }) },
    windows: { day: sum("amount", { over: "24h" }), busy: count({ where: "amount > 2", over: "24h" }) },
    labels: { returned: number({ optional: true }) },
    ...options,
  } as never);

const sale = (shop: string, hours: number, amount: number): Cells => ({
  shop,
  t: at(hours),
  amount: String(amount),
  kind: amount % 2 === 0 ? "even" : null,
  returned: String(amount % 3),
});

const training = {
  kind: "training",
  name: "t",
  label: { data: "sales", name: "returned" },
  features: [{ data: "sales", names: ["amount", "kind", "day", "busy"] }],
} as unknown as TrainingDefinition;

describe("a group that grows commit by commit", () => {
  let group: Group;
  afterEach(() => group.close());

  async function setHash(sequence: number): Promise<string> {
    const { database, offline } = group.parts;
    const files = await groupFiles(database, offline, "sales", sequence);
    const commit = (await listCommits(database, "sales")).find((one) => one.sequence === sequence);
    const pinned = { definition: commit?.definition as never, files, late: files.late };
    return group.withQuery(async (query) => {
      const path = join(group.folder, "set.parquet");
      await writeTrainingSet(query, planTrainingSet(training, new Map([["sales", pinned]])), path);
      return createHash("sha256").update(readFileSync(path)).digest("hex");
    });
  }

  it("merges small files without a reader noticing, and makes old training sets again byte for byte", async () => {
    group = await openGroup();
    const before: { rows: unknown; hash: string }[] = [];
    const definition = definitionOf(sales([]));
    for (let commit = 1; commit <= 20; commit++) {
      // Every commit brings a new row, one that is late, and a change of the one before.
      const rows = [sale("a", commit * 3, commit), sale("b", commit, 1)];
      if (commit > 1) rows.push(sale("a", (commit - 1) * 3, commit + 100));
      await group.run(sales(rows), start + (commit * 3 + 1) * hour);
      before.push({ rows: await group.rows(definition), hash: await setHash(commit) });
    }
    const files = await groupFiles(group.parts.database, group.parts.offline, "sales");
    assert.ok(files.paths.length <= 8, `${files.paths.length} files`);
    assert.ok((await listCommits(group.parts.database, "sales")).some(({ compacted }) => compacted !== null));
    for (const [index, { rows, hash }] of before.entries()) {
      assert.deepEqual(await group.rows(definition, index + 1), rows);
      assert.equal(await setHash(index + 1), hash);
    }
    assert.deepEqual(findOnlineRow(group.parts.online, "sales", ["a"])?.values, {
      amount: 20,
      kind: "even",
      day: 20 + 114 + 115 + 116 + 117 + 118 + 119 + 120,
      busy: 8,
    });
  });

  it("keeps a tumbling window of the stretch before the row's own, offline and online, however late a row comes", async () => {
    group = await openGroup();
    const daily = (rows: readonly Cells[]) =>
      sales(rows, { windows: { yesterday: sum("amount", { over: "24h", tumbling: true }) } });
    await group.run(daily([sale("a", 1, 1), sale("a", 23, 2), sale("a", 24, 10), sale("a", 47, 20)]), start);
    const shown = async () => (await group.rows(definitionOf(daily([])))).map(({ yesterday }) => yesterday);
    assert.deepEqual(await shown(), [null, null, 3, 3]);
    await group.run(daily([sale("a", 5, 5), sale("a", 48, 1)]), start + 49 * hour);
    assert.deepEqual(await shown(), [null, null, null, 8, 8, 30]);
    assert.equal(findOnlineRow(group.parts.online, "sales", ["a"])?.values.yesterday, 30);
    assert.throws(
      () => sum("amount", { over: "1d", tumbling: "yes" as never }),
      /sum\(\).tumbling: expected true or false, got "yes"/,
    );
  });

  it("takes a run in which a feed has nothing at all for one without news", async () => {
    group = await openGroup();
    await group.run(sales([sale("a", 1, 1)]), start);
    const { rows } = await group.run(sales([]), start + hour);
    assert.deepEqual([rows.read, rows.written, rows.total], [0, 0, 1]);
    await assert.rejects(group.run(sales([], { source: given([]) }), start + hour), { code: "DATA_NO_ROWS" });
  });

  it("takes hardly more room than one sorted file once its small files are merged", async () => {
    group = await openGroup();
    for (let commit = 0; commit < 8; commit++) {
      const rows = Array.from({ length: 4000 }, (_, index) =>
        sale(String((index * 31) % 200), commit * 40 + (index % 40), ((index * 7919) % 1000) / 10),
      );
      await group.run(sales(rows, { windows: {} }), start + (commit + 1) * 40 * hour);
    }
    const { files, paths } = await groupFiles(group.parts.database, group.parts.offline, "sales");
    assert.equal(files.length, 1);
    await group.withQuery(async (query) => {
      const once = join(group.folder, "once.parquet");
      await query.run(
        `COPY (SELECT * FROM read_parquet(${sqlText(paths[0] as string)}) ORDER BY _key_shop, _event, _ordinal) TO ${sqlText(once)} (FORMAT parquet, COMPRESSION zstd)`,
      );
      const ratio = (files[0]?.bytes ?? 0) / readFileSync(once).length;
      assert.ok(ratio <= 1.1, `${ratio} times one sorted file`);
    });
  });

  it("removes files that nobody needs once their retention is over, and none that a training set was made from", async () => {
    group = await openGroup();
    const { database, offline } = group.parts;
    const options = { retention: "1d" };
    for (let commit = 1; commit <= 4; commit++) await group.run(sales([sale("a", commit, 1)], options), start);
    await database.transaction((tx) => recordLineage(tx, "training-set/x", ["features/sales@2"], "r", start));
    const pinned = await group.rows(definitionOf(sales([], options)), 2);
    for (let commit = 5; commit <= 20; commit++)
      await group.run(sales([sale("a", commit, 1)], options), start + commit * 2 * 24 * hour);
    assert.equal((await group.rows(definitionOf(sales([], options)))).length, 20);
    assert.deepEqual(await group.rows(definitionOf(sales([], options)), 2), pinned);
    await assert.rejects(groupFiles(database, offline, "sales", 6), (error: Error) => {
      assert.equal((error as { code?: string } & Error).code, "FEATURES_EXPIRED");
      assert.match(
        error.message,
        /^Expected commit 6 of the feature group sales, got one that was replaced on \d{4}-\d\d-\d\d, and data\/sales keeps replaced rows for 24 hours$/,
      );
      return true;
    });
  });

  it("renames, widens, adds and drops columns in the files as they are", async () => {
    group = await openGroup();
    const first = definitionOf(sales([]));
    await group.run(sales([sale("a", 1, 1), sale("a", 2, 2)]), start);
    const files = (await groupFiles(group.parts.database, group.parts.offline, "sales")).files;
    const changed = (rows: readonly Cells[]) =>
      sales(rows, {
        features: {
          euros: number({ from: "amount", unit: "€" }),
          kind: text({ optional: true }),
          colour: category({ optional: true }),
        },
        windows: { day: sum("euros", { over: "24h" }) },
        labels: {},
      });
    await group.run(changed([{ ...sale("a", 3, 3), colour: "red" }]), start + 4 * hour);
    const now = await groupFiles(group.parts.database, group.parts.offline, "sales");
    assert.deepEqual(now.files.slice(0, 1), files);
    assert.equal((await findHead(group.parts.database, "sales"))?.mode, "append");
    const rows = await group.rows(definitionOf(changed([])));
    assert.deepEqual(
      rows.map(({ euros, kind, colour, day }) => ({ euros, kind, colour, day })),
      [
        { euros: 1, kind: null, colour: null, day: 1 },
        { euros: 2, kind: "even", colour: null, day: 3 },
        { euros: 3, kind: null, colour: "red", day: 6 },
      ],
    );
    assert.ok(!("returned" in (rows[0] as object)));
    assert.deepEqual(
      (await group.rows(first, 1)).map(({ amount, returned }) => [amount, returned]),
      [
        [1, 1],
        [2, 2],
      ],
    );
    // A column that comes back under an old name is a new one.
    await group.run(
      sales([sale("a", 4, 4)], { features: { amount: number(), kind: text({ optional: true }) } }),
      start + 5 * hour,
    );
    assert.deepEqual(
      (await group.rows(definitionOf(sales([])))).map(({ amount, returned }) => [amount, returned]),
      [
        [1, null],
        [2, null],
        [3, null],
        [4, 1],
      ],
    );
  });

  const users = (...names: string[]) => new Map(names.map((name) => [name, ["training/t version 3"]]));

  it("keeps a dropped feature and a dropped window for the live model that takes them, and drops them with it", async () => {
    group = await openGroup();
    await group.run(sales([sale("a", 1, 1), sale("b", 1, 7)]), start);
    const files = (await groupFiles(group.parts.database, group.parts.offline, "sales")).files;
    const changed = (rows: readonly Cells[]) =>
      sales(rows, { features: { kind: category({ optional: true }) }, windows: {}, labels: {} });
    const kept = { users: users("amount", "busy") };
    await group.run(changed([sale("a", 2, 5)]), start + 3 * hour, kept);
    const head = await findHead(group.parts.database, "sales");
    assert.deepEqual(listDeprecated(head?.definition as never), [{ name: "amount", users: ["training/t version 3"] }]);
    assert.equal(head?.mode, "append");
    assert.deepEqual((await groupFiles(group.parts.database, group.parts.offline, "sales")).files.slice(0, 1), files);
    assert.deepEqual(findOnlineRow(group.parts.online, "sales", ["a"])?.values, { kind: null, amount: 5, busy: 1 });
    assert.deepEqual(findOnlineRow(group.parts.online, "sales", ["b"])?.values.amount, 7);
    // The source may stop giving it, and no rule of it bars a row.
    const { amount: _, ...without } = sale("a", 3, 1);
    assert.equal((await group.run(changed([without]), start + 4 * hour, kept)).rows.quarantined, 0);
    assert.deepEqual(findOnlineRow(group.parts.online, "sales", ["a"])?.values, { kind: null, amount: null, busy: 1 });
    await group.run(changed([sale("a", 4, 2)]), start + 5 * hour);
    assert.deepEqual(findOnlineRow(group.parts.online, "sales", ["a"])?.values, { kind: "even" });
    // Earlier states still have it.
    assert.deepEqual(
      (await group.rows((await listCommits(group.parts.database, "sales"))[1]?.definition as never, 2)).map(
        ({ amount }) => amount,
      ),
      [1, 7, 5],
    );
  });

  it("keeps the history of a renamed column under its new name while a live model still takes the old one", async () => {
    group = await openGroup();
    await group.run(sales([sale("a", 1, 1)]), start);
    const changed = (rows: readonly Cells[], position: string | null) =>
      sales(rows, {
        source: given(rows, position),
        features: { euros: number({ from: "amount" }) },
        windows: { day: sum("euros", { over: "24h" }) },
        labels: {},
      });
    const kept = { users: users("amount") };
    await group.run(changed([sale("a", 2, 2)], "on"), start + 3 * hour, kept);
    assert.deepEqual(
      (await group.rows(definitionOf(changed([], null)))).map(({ euros, day }) => [euros, day]),
      [
        [1, 1],
        [2, 3],
      ],
    );
    assert.deepEqual(findOnlineRow(group.parts.online, "sales", ["a"])?.values, { euros: 2, amount: 2, day: 3 });
    // Rows that only lack the old name are no new versions.
    const { rows } = await group.run(changed([sale("a", 1, 1), sale("a", 2, 2)], null), start + 4 * hour, kept);
    assert.deepEqual([rows.written, rows.revised], [0, 0]);
  });

  it("refuses a narrower column for rows that were posted, since they cannot be read again", async () => {
    group = await openGroup();
    const { database } = group.parts;
    const posted = (features: object) => sales([], { source: push(), features, windows: {}, labels: {} });
    await database.transaction((tx) =>
      keepPosts(tx, "sales", [{ atMs: start, rows: [sale("a", 1, 1)], idempotencyKey: null, answer: null }]),
    );
    await group.run(posted({ amount: number(), kind: text({ optional: true }) }), start);
    await assert.rejects(group.run(posted({ amount: time(), kind: category({ optional: true }) }), start + hour), {
      code: "DATA_REBUILD_IMPOSSIBLE",
      message:
        "Expected data/sales to keep its key, its event time and how its features are read, since posted rows cannot be read again, got amount as time, which was stored as number, kind as category, which was stored as text",
    });
    assert.equal((await listCommits(database, "sales")).length, 1);
  });

  it("starts anew when a source that gives everything gains a column, so that history has it too", async () => {
    group = await openGroup();
    const whole = (features: object) =>
      sales([], { source: given([sale("a", 1, 1), sale("a", 2, 2)]), features, windows: {} });
    await group.run(whole({ amount: number() }), start);
    await group.run(whole({ amount: number(), kind: category({ optional: true }) }), start + hour);
    const head = await findHead(group.parts.database, "sales");
    assert.equal(head?.mode, "replace");
    assert.equal(head?.rows.late, 0);
  });

  it("writes files that the engine alone reads: sorted by key and time, with a number for every column", async () => {
    group = await openGroup();
    await group.run(sales([sale("b", 1, 1), sale("a", 2, 2), sale("a", 1, 3)]), start);
    const [path] = (await groupFiles(group.parts.database, group.parts.offline, "sales")).paths;
    await group.withQuery(async (query) => {
      const file = sqlText(path as string);
      assert.deepEqual(
        (await query.rows<{ amount: number }>(`SELECT amount FROM read_parquet(${file})`)).map(({ amount }) => amount),
        [3, 2, 1],
      );
      const fields = await query.rows<{ name: string; field_id: number }>(
        `SELECT name, field_id FROM parquet_schema(${file}) WHERE type IS NOT NULL`,
      );
      assert.deepEqual(Object.fromEntries(fields.map(({ name, field_id }) => [name, field_id])), {
        _key_shop: 100,
        _event: 1,
        _ordinal: 2,
        _created: 3,
        _commit: 4,
        amount: 1000,
        kind: 1001,
        returned: 1002,
      });
      // Known when they happened: the file need not say so.
      assert.deepEqual(await query.rows(`SELECT count(_created) AS n FROM read_parquet(${file})`), [{ n: 0 }]);
    });
    await group.run(sales([sale("a", 1, 3), sale("a", 3, 4)]), start + 9 * hour);
    const known = await group.withQuery(async (query) =>
      query.rows(
        `SELECT _event, _created FROM (${versionsSql(await groupFiles(group.parts.database, group.parts.offline, "sales"))}) WHERE _key_shop = 'a' ORDER BY ALL`,
      ),
    );
    assert.deepEqual(known, [
      { _event: at(1), _created: at(1) },
      { _event: at(2), _created: at(2) },
      { _event: at(3), _created: at(9) },
    ]);
  });
});

describe("the plan of compaction", () => {
  it("leaves few files alone", () => {
    assert.equal(planCompaction([5, 5, 5]), undefined);
  });

  it("merges small files and leaves a much larger one before them", () => {
    assert.equal(planCompaction([1000, 5, 5, 5, 5, 5, 5]), 1);
  });

  it("rewrites every byte only a few times while a group grows a thousandfold", () => {
    let files: number[] = [];
    let written = 0;
    for (let commit = 0; commit < 2000; commit++) {
      const from = planCompaction(files);
      const added = from === undefined ? 1 : 1 + files.slice(from).reduce((sum, bytes) => sum + bytes, 0);
      files = [...(from === undefined ? files : files.slice(0, from)), added];
      written += added;
      assert.ok(files.length <= 16, `${files.length} files`);
    }
    assert.ok(written < 2000 * 12, `every byte is written ${written / 2000} times`);
  });
});
