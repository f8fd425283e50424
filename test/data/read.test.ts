// The read step on few rows and on many: what it keeps in the engine or in files between its queries makes no difference.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type ReadInput, type ReadOutput, readSource } from "../../src/data/read.ts";
import { defineData } from "../../src/define/data.ts";
import type { DataDefinition } from "../../src/define/definition.ts";
import { describe as definitionOf } from "../../src/define/describe.ts";
import { boolean, category, number } from "../../src/define/feature.ts";
import { duckdbQuery } from "../../src/drivers/duckdb-query.ts";
import { evolveSchema } from "../../src/features/stored-schema.ts";
import { csv } from "../../src/sources/csv.ts";

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "pentad-read-test-"));
});
after(() => rm(folder, { recursive: true, force: true }));

const source = csv("trips.csv");
const trips = definitionOf(
  defineData({
    source,
    key: "cab",
    eventTime: "at",
    features: { km: number({ min: 0 }), zone: category(), paid: boolean({ optional: true }) },
    labels: { tip: number() },
  }),
  () => "trips",
) as DataDefinition;

/** Two cabs; every 50th row has a distance that no trip has. */
function rows(count: number, km = 0): string {
  const lines = Array.from({ length: count }, (_, index) => {
    const at = new Date(Date.UTC(2024, 0, 1) + index * 600_000).toISOString();
    const distance = index % 50 === 7 ? -1 : (index % 17) + km;
    return `${at},${index % 2 === 0 ? "a" : "b"},${distance},z${index % 3},${["yes", "no", ""][index % 3]},${index % 5}`;
  });
  return `at,cab,km,zone,paid,tip\n${lines.join("\n")}\n`;
}

async function read(manyCells: number, change: Partial<ReadInput> = {}) {
  const temporaryFolder = await mkdtemp(join(folder, "run-"));
  const query = await duckdbQuery({ memoryMb: 256, temporaryFolder: join(temporaryFolder, "spill") });
  try {
    const output = await readSource(
      {
        definition: trips,
        current: null,
        change: "none",
        onlineAnew: false,
        schema: evolveSchema(null, trips).schema,
        mergeFrom: null,
        last: null,
        replay: null,
        forgotten: [],
        posted: null,
        sequence: 1,
        position: null,
        atMs: Date.UTC(2024, 5, 1),
        projectFolder: folder,
        temporaryFolder,
        secrets: {},
        ...change,
      },
      {
        source,
        transform: undefined,
        query,
        signal: new AbortController().signal,
        progress: () => undefined,
        manyCells,
      },
    );
    const [file] = output.files;
    const written =
      file === undefined ? [] : await query.rows(`SELECT * FROM read_parquet('${file.path}', file_row_number = true)`);
    return { output, written };
  } finally {
    await query.close();
  }
}

/** What must not depend on where the rows were kept; sums differ in their last digits with the order of the rows. */
function comparable({ mode, rows, eventFromMs, eventToMs, statistics }: ReadOutput): unknown {
  const round = (_: string, value: unknown) => (typeof value === "number" ? Number(value.toPrecision(12)) : value);
  return JSON.parse(JSON.stringify({ mode, rows, eventFromMs, eventToMs, statistics }, round));
}

describe("readSource", () => {
  it("gives the same rows, counts and statistics from files as from the engine, at first and for changes", async () => {
    await writeFile(join(folder, "trips.csv"), rows(400));
    const [few, many] = [await read(Number.POSITIVE_INFINITY), await read(0)];
    assert.deepEqual(comparable(many.output), comparable(few.output));
    assert.deepEqual(many.written, few.written);
    assert.deepEqual(few.output.rows.quarantined, 8);
    assert.equal(few.output.rows.total, 392);

    await writeFile(join(folder, "trips.csv"), rows(500, 1));
    const current = { paths: few.output.files.map(({ path }) => path), revised: false, repeated: false };
    const [fewer, more] = [
      await read(Number.POSITIVE_INFINITY, { current, sequence: 2 }),
      await read(0, { current, sequence: 2 }),
    ];
    assert.deepEqual(comparable(more.output), comparable(fewer.output));
    assert.deepEqual(more.written, fewer.written);
    assert.equal(fewer.output.rows.revised, 392);
    assert.equal(fewer.output.rows.total, 490);
  });

  it("takes no endless time for one", async () => {
    await writeFile(join(folder, "trips.csv"), rows(30).replace(/^2024-01-01T01:00[^,]+/m, "infinity"));
    const { output } = await read(Number.POSITIVE_INFINITY);
    assert.deepEqual([output.rows.written, output.rows.quarantined], [28, 2]);
  });
});
