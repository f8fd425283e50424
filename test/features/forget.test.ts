// An entity that is forgotten is gone from the group, the online store and new training sets; what was pinned stays until it is purged.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { defineData } from "../../src/define/data.ts";
import type { TrainingDefinition } from "../../src/define/definition.ts";
import { category, number } from "../../src/define/feature.ts";
import { sum } from "../../src/define/window.ts";
import { listCommits } from "../../src/features/commits.ts";
import type { EntityRows } from "../../src/features/entity.ts";
import { groupFiles } from "../../src/features/group-files.ts";
import { findOnlineRow } from "../../src/features/online/newest-rows.ts";
import { type Purged, purgeRows } from "../../src/features/purge.ts";
import { listOpen } from "../../src/features/quarantine.ts";
import { planTrainingSet, writeTrainingSet } from "../../src/features/training-set.ts";
import { sqlText } from "../../src/ports/query.ts";
import { type Cells, definitionOf, type Group, given, openGroup } from "../data/group.ts";

const start = Date.UTC(2024, 0, 1);
const hour = 3_600_000;
const at = (hours: number) => new Date(start + hours * hour).toISOString();

const visits = (rows: readonly Cells[], position: string | null = "on", options: object = {}) =>
  defineData({
    name: "visits",
    source: given(rows, position),
    key: ["person", "place"],
    eventTime: "t",
    quarantineBudget: 0.9,
    features: { spent: number({ min: 0 }), mood: category({ optional: true }) },
    windows: { day: sum("spent", { over: "24h" }) },
    labels: { back: number({ optional: true }) },
    ...options,
  } as never);

const visit = (person: string, place: string, hours: number, spent: number): Cells => ({
  person,
  place,
  t: at(hours),
  spent: String(spent),
  mood: null,
  back: String(spent % 2),
});

const training = {
  kind: "training",
  name: "t",
  label: { data: "visits", name: "back" },
  features: [{ data: "visits", names: ["spent", "day"] }],
} as unknown as TrainingDefinition;

const all = (entity: EntityRows["entity"]): EntityRows => ({ entity, fromMs: null, toMs: null });

describe("an entity that is forgotten", () => {
  let group: Group;
  afterEach(() => group.close());

  const forget = (rows: EntityRows, atMs: number, purge = false) => group.forget("visits", rows, { atMs, purge });

  const purge = (rows: EntityRows): Promise<Purged> =>
    group.withQuery((query) => purgeRows(query, group.parts, "visits", rows));

  async function shown(sequence?: number): Promise<string[]> {
    const rows = await group.rows(definitionOf(visits([])), sequence);
    return rows.map((row) => `${row._key_person}${row._key_place} ${row.spent} ${row.day}`);
  }

  async function setHash(sequence: number): Promise<string> {
    const { database, offline } = group.parts;
    const files = await groupFiles(database, offline, "visits", sequence);
    const { definition } = (await listCommits(database, "visits"))[sequence - 1] as unknown as { definition: never };
    return group.withQuery(async (query) => {
      const path = join(group.folder, "set.parquet");
      const plan = planTrainingSet(training, new Map([["visits", { definition, files, late: files.late }]]));
      await writeTrainingSet(query, plan, path);
      return createHash("sha256").update(readFileSync(path)).digest("hex");
    });
  }

  const online = (person: string, place: string) =>
    findOnlineRow(group.parts.online, "visits", [person, place])?.values ?? null;

  it("leaves the group, the online store and new training sets in one commit; pinned sets are the same bytes", async () => {
    group = await openGroup();
    await group.run(visits([visit("ann", "x", 1, 1), visit("ann", "y", 2, 2), visit("bob", "x", 3, 3)]), start);
    await group.run(visits([visit("ann", "x", 4, 4), visit("bob", "x", 5, 5)]), start + 6 * hour);
    const hashes = [await setHash(1), await setHash(2)];
    const { deleted, sequence } = await forget(all({ person: "ann" }), start + 7 * hour);
    assert.deepEqual({ deleted, sequence }, { deleted: 3, sequence: 3 });
    assert.deepEqual(await shown(), ["bobx 3 3", "bobx 5 8"]);
    assert.deepEqual([online("ann", "x"), online("ann", "y")], [null, null]);
    assert.deepEqual(online("bob", "x"), { spent: 5, mood: null, day: 8 });
    assert.deepEqual([await setHash(1), await setHash(2)], hashes);
    assert.notEqual(await setHash(3), hashes[1]);
    const [head] = (await listCommits(group.parts.database, "visits")).slice(-1);
    assert.deepEqual([head?.mode, head?.rows.total, head?.statistics.rows], ["delete", 2, 2]);
  });

  it("is not brought back by a source that still has it, and comes back with what happens later", async () => {
    group = await openGroup();
    const rows = [visit("ann", "x", 1, 1), visit("bob", "x", 3, 3)];
    await group.run(visits(rows, null), start + 4 * hour);
    await forget(all({ person: "ann" }), start + 5 * hour);
    const again = await group.run(visits([...rows, visit("ann", "x", 2, 9)], null), start + 6 * hour);
    assert.deepEqual([again.rows.read, again.rows.written, again.rows.quarantined], [1, 0, 0]);
    await group.run(visits([...rows, visit("ann", "x", 8, 7)], null), start + 9 * hour);
    assert.deepEqual(await shown(), ["bobx 3 3", "annx 7 7"]);
    // Another definition starts the group anew from the source, still without the row.
    await group.run(
      visits(rows, null, { features: { spent: category(), mood: category({ optional: true }) }, windows: {} }),
      start + 10 * hour,
    );
    assert.deepEqual(
      (await listCommits(group.parts.database, "visits")).map(({ mode, rows: { total } }) => [mode, total]),
      [
        ["replace", 2],
        ["delete", 1],
        ["append", 1],
        ["append", 2],
        ["replace", 1],
      ],
    );
  });

  it("may have been all that there was: the group is empty then, and filled again by others", async () => {
    group = await openGroup();
    const rows = [visit("ann", "x", 1, 1)];
    await group.run(visits(rows, null), start + 4 * hour);
    assert.equal((await forget(all({ person: "ann" }), start + 5 * hour)).sequence, 2);
    assert.deepEqual([await shown(), online("ann", "x")], [[], null]);
    await group.run(visits(rows, null), start + 6 * hour);
    assert.deepEqual(await shown(), []);
    await group.run(visits([...rows, visit("bob", "x", 2, 2)], null), start + 7 * hour);
    assert.deepEqual(await shown(), ["bobx 2 2"]);
    await forget(all({ person: "bob" }), start + 8 * hour, true);
    assert.equal((await purge(all({ person: "bob" }))).files, 1);
  });

  it("may be forgotten for a time only: what is left is as if those rows had never been", async () => {
    group = await openGroup();
    const days = [1, 2, 3, 4].map((index) => visit("ann", "x", index, index));
    await group.run(visits(days), start);
    await forget({ entity: { person: "ann", place: "x" }, fromMs: start + 2 * hour, toMs: start + 4 * hour }, start);
    assert.deepEqual(await shown(), ["annx 1 1", "annx 4 5"]);
    await forget({ entity: { person: "ann", place: "x" }, fromMs: start + 4 * hour, toMs: null }, start + 9 * hour);
    assert.deepEqual(await shown(), ["annx 1 1"]);
    assert.deepEqual(online("ann", "x"), { spent: 1, mood: null, day: 1 });
  });

  it("leaves no trace once it is purged, and says so when an earlier state is asked for", async () => {
    group = await openGroup();
    await group.run(visits([visit("bob", "x", 0, 1)]), start);
    await group.run(visits([visit("ann", "x", 1, 1), visit("ann", "x", 2, -7), visit("bob", "x", 3, -3)]), start);
    for (let commit = 3; commit <= 12; commit++)
      await group.run(visits([visit("bob", "y", commit, commit)]), start + commit * hour);
    const before = await shown();
    await forget(all({ person: "ann" }), start + 20 * hour, true);
    const done = await purge(all({ person: "ann" }));
    assert.equal(done.quarantined, 1);
    assert.ok(done.files >= 1);
    assert.deepEqual(done.commits, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    assert.deepEqual(
      await shown(),
      before.filter((row) => !row.startsWith("ann")),
    );
    assert.deepEqual(await shown(1), ["bobx 1 1"]);
    await assert.rejects(shown(2), {
      code: "FEATURES_PURGED",
      message:
        /^Expected commit 2 of the feature group visits, got one whose rows were purged on 2024-01-01 because a key was forgotten$/,
    });
    assert.deepEqual(
      (await listOpen(group.parts.database, "visits")).map(({ rows }) => rows),
      [1],
    );
    const texts = await everything();
    assert.ok(texts.includes("bob"));
    assert.ok(!texts.includes("ann"), texts);
    // The online store can still be made from the commits alone, and done again there is nothing left to do.
    await group.parts.online.clear("visits");
    assert.deepEqual(await purge(all({ person: "ann" })), { files: 0, commits: [], quarantined: 0 });
    assert.equal((await forget(all({ person: "ann" }), start + 21 * hour, true)).sequence, null);
    assert.deepEqual([online("ann", "x"), online("bob", "x")], [null, { spent: 1, mood: null, day: 1 }]);
  });

  /** Every file of the offline store as text. */
  async function everything(): Promise<string> {
    const { offline } = group.parts;
    const texts: string[] = [];
    for (const name of await offline.list("visits/")) {
      const path = await offline.localPath(name);
      if (name.endsWith(".parquet"))
        texts.push(
          JSON.stringify(await group.withQuery((query) => query.rows(`SELECT * FROM read_parquet(${sqlText(path)})`))),
        );
      else texts.push((name.endsWith(".gz") ? gunzipSync(readFileSync(path)) : readFileSync(path)).toString());
    }
    return texts.join("\n");
  }
});
