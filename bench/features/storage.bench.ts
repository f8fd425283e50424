// The room that a feature group takes after many commits, beside the same rows as one sorted Parquet file.

import { statSync } from "node:fs";
import { join } from "node:path";
import { defineData } from "../../src/define/data.ts";
import { boolean, category, number } from "../../src/define/feature.ts";
import { groupFiles } from "../../src/features/group-files.ts";
import { sqlText } from "../../src/ports/query.ts";
import { type Cells, given, openGroup } from "../../test/data/group.ts";
import type { Bench, Sample } from "../harness.ts";

const commits = 20;
const rowsOfCommit = 15_000;
const shops = 2000;
const hour = 3_600_000;
const start = Date.UTC(2024, 0, 1);
/** A run every four days. */
const between = 96 * hour;

/** Sales of shops by the hour: money with cents, counts, a channel, a flag; every number looks random. */
function sale(index: number): Cells {
  const chance = (salt: number) => ((index * 2654435761 + salt * 40503) >>> 0) % 100_003;
  const hours = Math.floor(index / rowsOfCommit) * 96 + (chance(1) % 96);
  return {
    shop: `shop-${String((index * 31) % shops).padStart(4, "0")}`,
    t: new Date(start + hours * hour + (chance(2) % 3600) * 1000).toISOString(),
    amount: (chance(3) / 100).toFixed(2),
    cost: (chance(4) / 100).toFixed(2),
    items: String(chance(5) % 12),
    channel: ["web", "store", "phone"][chance(6) % 3] as string,
    returned: String(chance(7) % 20 === 0),
  };
}

const component = (rows: readonly Cells[]) =>
  defineData({
    name: "sales",
    source: given(rows, "on"),
    key: "shop",
    eventTime: "t",
    features: { amount: number(), cost: number(), items: number(), channel: category(), returned: boolean() },
  } as never);

export async function bench(): Promise<Bench> {
  return {
    title: "Storage",
    method: `${(commits * rowsOfCommit).toLocaleString("en")} rows of five features (${shops.toLocaleString("en")} entities) in ${commits} commits of a feed, merged as the product merges them, each run's rows known from its end on; and as one first commit, whose rows count as known when they happened. The time is that of all commits. The room is that of the files that hold the group at the end, beside one zstd Parquet file of the same rows sorted by key and event time, once with what the source gave alone (key, event time, features) and once with the bookkeeping columns too. The goal is 110 % at most.`,
    rounds: 1,
    variants: [
      { name: "Pentad, twenty commits of a feed", run: () => run(commits) },
      { name: "Pentad, the same rows as one commit of history", run: () => run(1) },
    ],
  };
}

async function run(parts: number): Promise<Sample> {
  const group = await openGroup();
  try {
    const startedAt = performance.now();
    const each = (commits * rowsOfCommit) / parts;
    for (let part = 0; part < parts; part++) {
      const rows = Array.from({ length: each }, (_, index) => sale(part * each + index));
      await group.run(component(rows), start + ((part + 1) * commits * between) / parts);
    }
    const ms = performance.now() - startedAt;
    const { files, paths } = await groupFiles(group.parts.database, group.parts.offline, "sales");
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const own = files.reduce((sum, file) => sum + file.rows, 0);
    if (own !== commits * rowsOfCommit) throw new Error(`The group holds ${own} rows`);
    const once = (columns: string) =>
      group.withQuery(async (query) => {
        const path = join(group.folder, "once.parquet");
        const all = `read_parquet([${paths.map(sqlText).join(", ")}])`;
        await query.run(
          `COPY (SELECT ${columns} FROM ${all} ORDER BY _key_shop, _event, _ordinal) TO ${sqlText(path)} (FORMAT parquet, COMPRESSION zstd)`,
        );
        return statSync(path).size;
      });
    const source = await once("_key_shop, _event, amount, cost, items, channel, returned");
    return {
      ms,
      parts: {
        "room beside one sorted file of what the source gave, %": (100 * bytes) / source,
        "room beside one sorted file with the bookkeeping, %": (100 * bytes) / (await once("*")),
      },
    };
  } finally {
    await group.close();
  }
}
