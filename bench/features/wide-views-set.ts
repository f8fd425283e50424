// Makes one training set in a process of its own and tells its size and the process's peak memory.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { duckdbQuery } from "../../src/drivers/duckdb-query.ts";
import { planTrainingSet, writeTrainingSet } from "../../src/features/training-set.ts";
import { sqlText } from "../../src/ports/query.ts";

const { training, groups, folder } = JSON.parse(readFileSync(process.argv[2] as string, "utf8"));
const query = await duckdbQuery({ memoryMb: 384, temporaryFolder: folder, threads: 2 });
const path = join(folder, "set.parquet");
const { rows } = await writeTrainingSet(query, planTrainingSet(training, new Map(groups)), path);
const described = await query.rows(`DESCRIBE SELECT * FROM read_parquet(${sqlText(path)})`);
await query.close();
console.log(JSON.stringify({ rows, columns: described.length, peakMb: process.resourceUsage().maxRSS / 1024 }));
