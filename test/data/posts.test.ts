// Posted rows against the real stores: judged like a run judges them, online at once and alike after their commit.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { openPostedRowsJudge } from "../../src/data/posted-rows.ts";
import { type TransformElsewhere, transformCells } from "../../src/data/posted-transform.ts";
import { openPosts, type Posts } from "../../src/data/take-posts.ts";
import type { Transform } from "../../src/data/transform.ts";
import type { DataDefinition } from "../../src/define/definition.ts";
import { duckdbQuery } from "../../src/drivers/duckdb-query.ts";
import { groupFiles } from "../../src/features/group-files.ts";
import { findOnlineRow } from "../../src/features/online/newest-rows.ts";
import { committedPosts, keepPosts, onlyAdded } from "../../src/features/posts.ts";
import { category, count, defineData, mean, number, push } from "../../src/index.ts";
import type { Query } from "../../src/ports/query.ts";
import { definitionOf, type Group, openGroup } from "./group.ts";

const orders = defineData({
  name: "orders",
  source: push(),
  key: "customer",
  eventTime: "at",
  features: { amount: number({ min: 0 }), channel: category({ optional: true }) },
  windows: { lately: count({ over: "1d" }), usual: mean("amount", { over: "2d" }) },
});

/** The recipe with an engine of its own, as the server opens it. */
function openTaker(group: Group, definition: DataDefinition, transform?: TransformElsewhere) {
  const engines: Query[] = [];
  const { database, offline, online } = group.parts;
  let nowMs = Date.now();
  const posts = openPosts(definition, {
    database,
    online,
    now: () => nowMs++,
    openJudge: async () => {
      const query = await duckdbQuery({ memoryMb: 128, temporaryFolder: group.folder, threads: 1 });
      engines.push(query);
      return openPostedRowsJudge(definition, {
        query,
        online,
        history: {
          head: () => committedPosts(database, definition.name),
          onlyAdded: (since) => onlyAdded(database, definition.name, since),
          files: (sequence) => groupFiles(database, offline, definition.name, sequence),
        },
        ...(transform === undefined ? {} : { transform }),
      });
    },
  });
  return { posts, close: async () => Promise.all(engines.map((engine) => engine.close())) };
}

describe("rows that are posted", () => {
  let group: Group;
  let taker: { posts: Posts; close(): Promise<unknown> };
  const definition = definitionOf(orders);
  before(async () => {
    group = await openGroup();
    taker = openTaker(group, definition);
  });
  after(async () => {
    await taker.close();
    await group.close();
  });
  const post = (rows: object | readonly object[], key: string | null = null) =>
    taker.posts.take(Array.isArray(rows) ? rows : [rows], key);
  const online = (customer: string) => findOnlineRow(group.parts.online, "orders", [customer])?.values;

  it("are online when the answer comes, with their windows, before any commit", async () => {
    const answer = await post({ customer: "ann", at: "2024-05-01T10:00:00Z", amount: 5 });
    assert.deepEqual(answer, { rows: { read: 1, accepted: 1, quarantined: 0 }, rejected: [], online: true });
    assert.deepEqual(online("ann"), { amount: 5, channel: null, lately: 1, usual: 5 });
    await post([
      { customer: "ann", at: "2024-05-01T12:00:00+02:00", amount: 6 },
      { customer: "ann", at: "2024-05-01T11:00:00Z", amount: 7, channel: "web" },
    ]);
    assert.deepEqual(online("ann"), { amount: 7, channel: "web", lately: 2, usual: 6.5 });
    assert.deepEqual((await committedPosts(group.parts.database, "orders")).sequence, 0);
  });

  it("are the same online once they are committed", async () => {
    const before = online("ann");
    const { rows } = await group.run(orders);
    assert.deepEqual([rows.read, rows.written], [3, 2]);
    assert.deepEqual(online("ann"), before);
    assert.equal((await group.run(orders)).rows.read, 0);
  });

  it("count the rows that files hold in their windows, also when they come late", async () => {
    await post({ customer: "ann", at: "2024-05-02T09:00:00Z", amount: 10 });
    assert.deepEqual(online("ann"), { amount: 10, channel: null, lately: 3, usual: 23 / 3 });
    await post({ customer: "ann", at: "2024-05-01T23:00:00Z", amount: 1 });
    const known = online("ann");
    assert.deepEqual(known, { amount: 10, channel: null, lately: 4, usual: 6 });
    await group.run(orders);
    assert.deepEqual(online("ann"), known);
  });

  it("tell their sender which were rejected and why, and pass the others", async () => {
    const answer = await post([
      { customer: "bob", at: "2024-05-01T10:00:00Z", amount: -5 },
      { customer: "bob", at: "2024-05-01T09:00:00Z", amount: 1 },
      { At: "2024-05-01T09:00:00Z", amount: "x" },
    ]);
    assert.deepEqual(answer.rows, { read: 3, accepted: 1, quarantined: 2 });
    assert.deepEqual(
      answer.rejected.map(({ row, reason }) => [row, reason]),
      [
        [1, 'amount: expected at least 0, got "-5"'],
        [3, 'customer: expected a key, got nothing; amount: expected a number, got "x"'],
      ],
    );
    assert.deepEqual(answer.rejected[0]?.values, {
      customer: "bob",
      at: "2024-05-01T10:00:00Z",
      amount: "-5",
      channel: null,
    });
    assert.deepEqual(online("bob"), { amount: 1, channel: null, lately: 1, usual: 1 });
    const { rows } = await group.run(orders);
    assert.deepEqual([rows.read, rows.written, rows.quarantined], [3, 1, 2]);
  });

  it("count once under one idempotency key, whatever is sent again, and get the same answer", async () => {
    const row = { customer: "eve", at: "2024-05-01T10:00:00Z", amount: 3 };
    const answers = await Promise.all([post(row, "a"), post(row, "a"), post({ ...row, amount: 4 }, "a")]);
    assert.deepEqual(answers[1], answers[0]);
    assert.deepEqual(answers[2], answers[0]);
    assert.equal((await group.run(orders)).rows.read, 1);
    assert.deepEqual(await post(row, "a"), answers[0]);
    assert.equal((await group.run(orders)).rows.read, 0);
    assert.equal(online("eve")?.amount, 3);
  });

  it("replace what an earlier post said of the same key and time, whether a run lies between or not", async () => {
    const at = "2024-05-03T10:00:00Z";
    for (const between of [false, true]) {
      const customer = `twice ${between}`;
      await post([
        { customer, at, amount: 1 },
        { customer, at, amount: 2 },
      ]);
      if (between) await group.run(orders);
      await post({ customer, at, amount: 3 });
      if (!between) assert.equal(online(customer)?.lately, 2);
      await group.run(orders);
    }
    const rows = (await group.rows(definition)).filter(({ _key_customer }) =>
      String(_key_customer).startsWith("twice"),
    );
    const amounts = (customer: string) =>
      rows.filter(({ _key_customer }) => _key_customer === customer).map(({ amount }) => amount);
    assert.deepEqual(amounts("twice false"), [3, 2]);
    assert.deepEqual(amounts("twice true"), [3, 2]);
  });

  it("are put online after a crash that came between keeping and putting", async () => {
    const rows = [{ customer: "late", at: "2024-05-04T10:00:00Z", amount: 9 }];
    await group.parts.database.transaction((tx) =>
      keepPosts(tx, "orders", [{ atMs: 1, rows, idempotencyKey: null, answer: null }]),
    );
    assert.equal(online("late"), undefined);
    const again = openTaker(group, definition);
    await again.posts.recover();
    assert.equal(online("late")?.amount, 9);
    await again.close();
    await group.run(orders);
    assert.equal(online("late")?.amount, 9);
  });

  it("are counted in the windows of later ones also by a server that was started in between", async () => {
    await post({ customer: "kim", at: "2024-05-04T10:00:00Z", amount: 1 });
    const again = openTaker(group, definition);
    await again.posts.take([{ customer: "kim", at: "2024-05-04T11:00:00Z", amount: 3 }], null);
    assert.deepEqual(online("kim"), { amount: 3, channel: null, lately: 2, usual: 2 });
    await again.close();
    await group.run(orders);
    assert.deepEqual(online("kim"), { amount: 3, channel: null, lately: 2, usual: 2 });
  });

  it("are kept and left to a run where a server must not judge them", async () => {
    const posts = openPosts(definition, { ...group.parts, openJudge: null });
    const answer = await posts.take([{ customer: "amy", at: "2024-05-04T10:00:00Z", amount: 1 }], null);
    assert.deepEqual(answer, { rows: { read: 1, accepted: null, quarantined: null }, rejected: [], online: false });
    assert.equal(online("amy"), undefined);
    await group.run(orders);
    assert.equal(online("amy")?.amount, 1);
  });

  it("are the same online before and after their commit, in whatever order and however many at a time they come", async () => {
    let world = 0;
    const rows = fc.array(
      fc.record({
        customer: fc.constantFrom("a", "b", "c"),
        hour: fc.integer({ min: 0, max: 60 }),
        amount: fc.option(fc.integer({ min: -2, max: 5 })),
        commit: fc.boolean(),
      }),
      { minLength: 1, maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(rows, async (given) => {
        world++;
        const customers = ["a", "b", "c"].map((name) => `${name}${world}`);
        for (const { customer, hour, amount, commit } of given) {
          const at = new Date(Date.UTC(2024, 6, 1, hour)).toISOString();
          await post({ customer: `${customer}${world}`, at, amount });
          if (commit) await group.run(orders);
        }
        const before = customers.map(online);
        await group.run(orders);
        assert.deepEqual(customers.map(online), before);
      }),
      { numRuns: 12 },
    );
  });
});

describe("rows that are posted to a component with a transform", () => {
  const parcels = defineData({
    name: "parcels",
    source: push(),
    key: "customer",
    eventTime: "at",
    features: { amount: number({ min: 0 }), channel: category({ optional: true }) },
    windows: { lately: count({ over: "1d" }) },
    // One row in, none, one or several out.
    transform: (row) => {
      if (row.kind === "ping") return null;
      if (row.kind === "poison") throw new Error("cannot be read");
      const parts = (row.amounts ?? "").split("+");
      return parts.map((amount, index) => ({ ...row, amount, channel: index === 0 ? (row.via ?? null) : "more" }));
    },
  });
  const definition = definitionOf(parcels);
  const at = "2024-05-01T10:00:00Z";
  let group: Group;
  let taker: { posts: Posts; close(): Promise<unknown> };
  /** As the process beside the server does it. */
  const here: TransformElsewhere = async (cells) =>
    JSON.parse(JSON.stringify(transformCells(parcels.options.transform as Transform, cells)));
  before(async () => {
    group = await openGroup();
    taker = openTaker(group, definition, here);
  });
  after(async () => {
    await taker.close();
    await group.close();
  });
  const online = (customer: string) => findOnlineRow(group.parts.online, "parcels", [customer])?.values;

  it("are judged as they come out of it, and the same online once they are committed", async () => {
    const answer = await taker.posts.take(
      [
        { customer: "ann", at, amounts: "5+6", via: "web" },
        { customer: "bob", at, Amounts: "-1", via: "web" },
        { customer: "eve", kind: "ping" },
        { "customer ": "kim", at, amounts: 7 },
      ],
      null,
    );
    assert.deepEqual(answer.rows, { read: 4, accepted: 3, quarantined: 1 });
    assert.deepEqual(
      answer.rejected.map(({ row, reason }) => [row, reason]),
      [[2, 'amount: expected at least 0, got "-1"']],
    );
    const expected = { ann: { amount: 6, channel: "more", lately: 2 }, kim: { amount: 7, channel: null, lately: 1 } };
    const found = () => ({ ann: online("ann"), kim: online("kim") });
    assert.deepEqual(found(), expected);
    assert.deepEqual([online("bob"), online("eve")], [undefined, undefined]);
    const { rows } = await group.run(parcels);
    assert.deepEqual([rows.written, rows.quarantined], [3, 1]);
    assert.deepEqual(found(), expected);
  });

  it("are kept and left to a run when it throws or cannot be asked, and count in windows from then on", async () => {
    const unjudged = { rows: { read: 1, accepted: null, quarantined: null }, rejected: [], online: false };
    const absent = openTaker(group, definition, () => Promise.reject(new Error("the process is gone")));
    const later = "2024-05-01T11:00:00Z";
    assert.deepEqual(await absent.posts.take([{ customer: "ann", at: later, amounts: "1" }], null), unjudged);
    // Within the pause nobody tries again.
    assert.deepEqual(await absent.posts.take([{ customer: "ann", at: later, amounts: "2" }], null), unjudged);
    await absent.close();
    await taker.close();
    taker = openTaker(group, definition, here);
    const answer = await taker.posts.take([{ customer: "ann", at: "2024-05-01T12:00:00Z", amounts: "3" }], null);
    assert.equal(answer.online, true);
    assert.deepEqual(online("ann"), { amount: 3, channel: null, lately: 4 });
    await group.run(parcels);
    assert.deepEqual(online("ann"), { amount: 3, channel: null, lately: 4 });
    assert.deepEqual(await taker.posts.take([{ customer: "ann", at: later, kind: "poison" }], null), unjudged);
  });
});

describe("rows that are posted without key and event time", () => {
  it("are all kept, run after run", async () => {
    const group = await openGroup();
    const notes = defineData({ name: "notes", source: push(), features: { text: category() } });
    const { posts, close } = openTaker(group, definitionOf(notes));
    try {
      for (const text of ["one", "two", "three"]) {
        assert.equal((await posts.take([{ text }, { text: "again" }], null)).rows.accepted, 2);
        await group.run(notes);
      }
      const rows = await group.rows(definitionOf(notes));
      assert.deepEqual(
        rows.map(({ text }) => text),
        ["one", "again", "two", "again", "three", "again"],
      );
    } finally {
      await close();
      await group.close();
    }
  });
});

describe("a component that nothing was posted to", () => {
  it("has nothing to do, and says so", async () => {
    const group = await openGroup();
    try {
      assert.deepEqual((await group.run(orders)).rows.read, 0);
      assert.equal((await committedPosts(group.parts.database, "orders")).sequence, 0);
    } finally {
      await group.close();
    }
  });
});

describe("more rows than can be taken", () => {
  it("are refused, and taken again afterwards", async () => {
    const group = await openGroup();
    const notes = defineData({ name: "notes", source: push(), features: { text: category() } });
    const { posts, close } = openTaker(group, definitionOf(notes));
    try {
      const many = Array.from({ length: 60_000 }, () => ({ text: "one" }));
      const taken = [posts.take(many, null), posts.take(many, null)];
      await assert.rejects(posts.take(many, null), { code: "DATA_QUEUE_FULL" });
      for (const answer of taken) assert.equal((await answer).rows.accepted, 60_000);
      assert.equal((await posts.take([{ text: "two" }], null)).rows.accepted, 1);
    } finally {
      await close();
      await group.close();
    }
  });
});
