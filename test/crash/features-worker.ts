// Commits rows to a feature group one run after another until it is killed, or to the end; tells of every commit.

import { setTimeout } from "node:timers/promises";
import { openGroup } from "../data/group.ts";
import { type Reading, reading, worker } from "./features-rows.ts";

const [folder = "", name = "", first = "0", count = "1", pause] = process.argv.slice(2);
const group = await openGroup(folder);
for (let index = Number(first); index < Number(first) + Number(count); index++) {
  const rows: Reading[] = [reading(name, index, 0), reading(name, index, 1)];
  const { sequence } = await group.run(worker(rows));
  console.log(`${index} ${sequence}`);
  // Long enough for another writer that was late to go first.
  if (pause !== undefined) await setTimeout(Number(pause));
}
await group.parts.online.close();
await group.parts.database.close();
