// Columns read straight from Parquet files, against what the engine reads from them.

import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { duckdbQuery } from "../../../src/drivers/duckdb-query.ts";
import { openParquet } from "../../../src/features/parquet/file.ts";
import { UnusualFile } from "../../../src/features/parquet/thrift.ts";
import { chunkNumbers, chunkTexts } from "../../../src/features/parquet/values.ts";
import type { Query } from "../../../src/ports/query.ts";

describe("a Parquet file without an engine", () => {
  let query: Query;
  let folder: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "pentad-test-"));
    query = await duckdbQuery({ memoryMb: 512, temporaryFolder: folder, threads: 2 });
  });
  after(async () => {
    await query.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function write(sql: string, options = "COMPRESSION zstd"): Promise<string> {
    const path = join(folder, "file.parquet");
    await query.run(`COPY (${sql}) TO '${path}' (FORMAT parquet, ${options})`);
    return path;
  }

  /** Every value of a column, through all row groups. */
  async function valuesOf(path: string, column: string): Promise<(number | string)[]> {
    const file = await openParquet(path);
    const values: (number | string)[] = [];
    for (const group of file.groups) {
      const chunk = await group.read(column);
      if (file.types.get(column) !== "text") values.push(...chunkNumbers(chunk));
      else {
        const { codes, starts, bytes } = chunkTexts(chunk);
        for (const code of codes) values.push(Buffer.from(bytes.subarray(starts[code], starts[code + 1])).toString());
      }
    }
    await file.close();
    return values;
  }

  const columns = {
    "all different": "sqrt(i * 1.5)",
    "few different": "CAST(i % 7 AS DOUBLE)",
    "one value": "CAST(4.5 AS DOUBLE)",
    "with missing": "CASE WHEN hash(i) % 3 = 0 THEN NULL ELSE CAST(hash(i) % 100000 AS DOUBLE) END",
    "few, with missing": "CASE WHEN hash(i) % 5 > 1 THEN CAST(hash(i) % 300 AS DOUBLE) END",
    "none but missing": "CAST(NULL AS DOUBLE)",
    truth: "CASE WHEN hash(i) % 11 > 0 THEN hash(i) % 2 = 0 END",
    whole: "CAST(hash(i) % 9000000000 AS BIGINT) - 4000000000",
    moment: "make_timestamp(1700000000123456 + i * 1000003)",
    "long ago": "make_timestamp(-1700000000123456 - CAST(hash(i) % 977 AS BIGINT))",
    text: "'key ' || lpad(CAST(i // 50 AS VARCHAR), 6, '0')",
    "own text": "'é' || i",
    "empty text": "CASE WHEN i % 2 = 0 THEN '' ELSE 'x' END",
  };
  const rows = `SELECT ${Object.entries(columns).map(([name, sql]) => `${sql} AS "${name}"`)} FROM range(30000) t(i)`;

  for (const options of ["COMPRESSION zstd", "COMPRESSION zstd, ROW_GROUP_SIZE 4096", "COMPRESSION uncompressed"])
    it(`gives the engine's values, written with ${options}`, async () => {
      const path = await write(rows, options);
      const selected = Object.keys(columns).map((name) =>
        ["moment", "long ago"].includes(name) ? `epoch_us("${name}") AS "${name}"` : `"${name}"`,
      );
      const table = await query.table(`SELECT ${selected} FROM read_parquet('${path}')`);
      for (const name of Object.keys(columns)) {
        const column = table.columns.get(name);
        assert.deepEqual(
          await valuesOf(path, name),
          column === undefined || column.type === "category" || column.type === "vector" ? [] : [...column.values],
          name,
        );
      }
    });

  it("tells the bounds of a row group's texts, and what it leaves to the engine", async () => {
    const path = await write(
      "SELECT 'k' || (1000 + i) AS k, [1.5] AS list, CAST(i AS INTEGER) AS small FROM range(5000) t(i)",
    );
    const file = await openParquet(path);
    const { least, greatest } = file.groups[0]?.bounds("k") ?? {};
    assert.deepEqual([String(least), String(greatest), file.rows], ["k1000", "k5999", 5000]);
    assert.deepEqual(
      [...file.types],
      [
        ["k", "text"],
        ["list", "other"],
        ["small", "other"],
      ],
    );
    await assert.rejects(async () => file.groups[0]?.read("small"), UnusualFile);
    await assert.rejects(async () => file.groups[0]?.read("nothing"), UnusualFile);
    await file.close();
  });

  it("refuses what our files never hold, so that the engine reads it", async () => {
    await assert.rejects(valuesOf(await write(rows, "COMPRESSION snappy"), "all different"), UnusualFile);
    await assert.rejects(valuesOf(await write("SELECT CAST(NULL AS VARCHAR) AS k"), "k"), UnusualFile);
    const newer = await write("SELECT i * 1.5e0 AS x FROM range(9000) t(i)", "PARQUET_VERSION V2");
    await assert.rejects(valuesOf(newer, "x"), UnusualFile);
    const path = await write(rows);
    const bytes = readFileSync(path);
    for (const broken of [
      bytes.subarray(0, 5),
      bytes.subarray(0, bytes.length - 20),
      Buffer.from("no Parquet at all"),
    ]) {
      writeFileSync(path, broken);
      await assert.rejects(openParquet(path), UnusualFile);
    }
    writeFileSync(path, bytes);
    appendFileSync(path, Buffer.from([255, 255, 255, 127, ...Buffer.from("PAR1")]));
    await assert.rejects(openParquet(path), UnusualFile);
  });
});
