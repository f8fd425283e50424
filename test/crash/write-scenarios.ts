// What a group goes through while its writer is killed: commits that merge, replace, delete, purge and join a backfill.

import { defineData } from "../../src/define/data.ts";
import { category, number } from "../../src/define/feature.ts";
import { count, sum } from "../../src/define/window.ts";
import { purgeRows } from "../../src/features/purge.ts";
import { type Cells, type Group, given } from "../data/group.ts";

const start = Date.UTC(2024, 0, 1);
const hour = 3_600_000;

const row = (key: string, hours: number, value: number): Cells => ({
  key,
  t: new Date(start + hours * hour).toISOString(),
  value: String(value),
  kind: value % 2 === 0 ? "even" : null,
});

/** With a position a feed, which only adds; without, everything that there is. */
const component = (rows: readonly Cells[], position: string | null = "on") =>
  defineData({
    name: "g",
    source: given(rows, position),
    key: "key",
    eventTime: "t",
    quarantineBudget: 0.9,
    retention: "1h",
    features: { value: number({ min: 0 }), kind: category({ optional: true }) },
    windows: { total: sum("value", { over: "24h" }), n: count({ over: "2h" }) },
  } as never);

export const definitionSource = component([]);

/** Eight small commits: the next one merges them. One of them rejected a row. */
export async function prepare(group: Group): Promise<void> {
  for (let commit = 1; commit <= 8; commit++)
    await group.run(
      component([
        row("bob", commit, commit),
        ...(commit <= 2 ? [row("ann", commit, commit)] : []),
        ...(commit === 2 ? [row("ann", 2.5, -9)] : []),
      ]),
      start + commit * hour,
    );
}

const later = start + 40 * hour;

export const scenarios: Readonly<Record<string, (group: Group) => Promise<unknown>>> = {
  /** New, late and corrected rows, a rejected one; small files are merged and old ones removed. */
  append: (group) =>
    group.run(component([row("ann", 10, 10), row("bob", 2, 22), row("cid", 1, 1), row("ann", 11, -1)]), later),
  /** A source that gives everything has lost rows: the group starts anew. */
  replace: (group) => group.run(component([row("ann", 1, 1), row("dot", 9, 9)], null), later),
  delete: (group) =>
    group.forget("g", { entity: { key: "ann" }, fromMs: null, toMs: null }, { atMs: later, purge: false }),
  async purge(group) {
    const ann = { entity: { key: "ann" }, fromMs: null, toMs: null };
    await group.forget("g", ann, { atMs: later, purge: true });
    await group.withQuery((query) => purgeRows(query, group.parts, "g", ann));
  },
  backfill: (group) =>
    group.backfill(
      component([row("ann", 0.5, 5), row("ann", 2, 22), row("eve", 5, 55), row("eve", 5.5, -5)]),
      { fromMs: start, toMs: start + 6 * hour, partitionMs: 3 * hour, known: null },
      later,
    ),
};
