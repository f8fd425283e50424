// Applies commit after commit to the online store of a bench until it is stopped.

import { lmdbOnline } from "../../src/drivers/lmdb-online.ts";
import { group, writeRows } from "./online-rows.ts";

const online = await lmdbOnline({ folder: process.argv[2] as string });
for (let sequence = online.appliedSequence(group) + 1; ; sequence++) {
  await writeRows(online, sequence, 1000);
  console.log(sequence);
}
