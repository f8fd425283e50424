// What tells one row from another: copies of a row stay on one side, things that merely look alike do not.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { TrainingDefinition } from "../../src/define/definition.ts";
import type { GroupColumn } from "../../src/features/columns.ts";
import type { Query } from "../../src/ports/query.ts";
import { openQuery } from "../../src/runtime/drivers.ts";
import { loadRows } from "../../src/training/rows.ts";
import { holdOut } from "../../src/training/split.ts";

let folder: string;
let query: Query;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "pentad-rows-"));
  query = await openQuery({ memoryMb: 256, temporaryFolder: folder, threads: 1 });
});
after(async () => {
  await query.close();
  rmSync(folder, { recursive: true, force: true });
});

const training = { split: { by: null, test: 0.2, gapMs: 0 }, seed: 3, candidates: [] } as unknown as TrainingDefinition;

/** Rows without key and time from SQL over `i`: two features and a yes/no label. */
async function rowsOf(name: string, count: number, [a, b, label]: readonly [string, string, string]) {
  const path = join(folder, `${name}.parquet`);
  await query.run(
    `COPY (SELECT TIMESTAMP '2026-01-01' AS _event, ${a} AS a, ${b} AS b, ${label} AS label FROM range(${count}) t(i)) TO '${path}' (FORMAT parquet)`,
  );
  const column = (of: string, type: GroupColumn["type"]): GroupColumn => ({
    name: of,
    type,
    role: of === "label" ? "label" : "feature",
    unit: null,
    description: null,
  });
  const set = {
    path,
    rows: count,
    hash: "",
    features: [column("a", "number"), column("b", "number")],
    label: column("label", "boolean"),
    weight: null,
    keys: [],
    timed: false,
    sample: [],
  };
  return loadRows(training, set, "binary", query);
}

describe("rows without a key", () => {
  it("that look alike and answer differently are held out in proportion, each kind", async () => {
    // Four kinds of people, as in a table of passengers: of the first kind a tenth says yes, of the last seven tenths.
    const rows = await rowsOf("alike", 2000, ["i % 2", "(i // 2) % 2", "(i * 7919) % 1000 < 100 + 200 * (i % 4)"]);
    const { test } = holdOut(rows, training);
    assert.ok(Math.abs(test.length - 400) < 40, `${test.length} held out`);
    const { codes } = rows.label as { codes: Int32Array };
    const [a, b] = [rows.table.columns.get("a"), rows.table.columns.get("b")];
    assert.ok(a?.type === "number" && b?.type === "number");
    const kind = (row: number) => a.values[row]! + 2 * b.values[row]! + 4 * codes[row]!;
    for (let one = 0; one < 8; one++) {
      const all = Array.from(codes.keys()).filter((row) => kind(row) === one).length;
      const held = Array.from(test).filter((row) => kind(row) === one).length;
      assert.ok(held / all > 0.08 && held / all < 0.35, `kind ${one}: ${held} of ${all} held out`);
    }
  });

  it("that are copies of one another stay together", async () => {
    const rows = await rowsOf("copies", 1200, ["i // 3", "sin(i // 3)", "(i // 3) % 5 = 0"]);
    const { train, test } = holdOut(rows, training);
    const held = new Set(Array.from(test, (row) => rows.identities[row]));
    assert.ok(test.length > 150);
    assert.equal(Array.from(train).filter((row) => held.has(rows.identities[row])).length, 0);
  });

  it("draw the same while the table grows", async () => {
    const columns = ["i % 2", "(i // 2) % 2", "(i * 7919) % 1000 < 100 + 200 * (i % 4)"] as const;
    const before = await rowsOf("before", 1000, columns);
    const after = await rowsOf("after", 1200, columns);
    const sorted = (rows: Awaited<ReturnType<typeof rowsOf>>) => [...rows.draws].sort((x, y) => x - y);
    const known = new Set(sorted(after));
    assert.ok(sorted(before).every((draw) => known.has(draw)));
  });
});
