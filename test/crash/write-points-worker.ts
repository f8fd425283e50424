// Carries out one scenario on a prepared group and dies at one of its write points; to the end, it tells of them all.

import { openGroup } from "../data/group.ts";
import { watchWrites } from "./write-points.ts";
import { scenarios } from "./write-scenarios.ts";

const [folder = "", scenario = "", dieAt] = process.argv.slice(2);
const writes = await watchWrites(dieAt === undefined ? null : Number(dieAt));
const group = await openGroup(folder);
writes.watchOnline(group.parts.online);
writes.arm();
await scenarios[scenario]?.(group);
console.log(JSON.stringify(writes.points));
process.exit(0);
