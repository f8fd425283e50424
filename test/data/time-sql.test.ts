// The times that a source may write without saying how: ISO 8601, each as the moment that it names, and nothing else.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { timeSql } from "../../src/data/time-sql.ts";
import { readTime } from "../../src/features/time-text.ts";
import { type Query, sqlText } from "../../src/ports/query.ts";
import { openQuery } from "../../src/runtime/drivers.ts";

describe("a time without a format", () => {
  let folder: string;
  let query: Query;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "pentad-time-"));
    query = await openQuery({ memoryMb: 128, temporaryFolder: folder, threads: 1 });
  });
  after(async () => {
    await query.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const moments: Readonly<Record<string, string | null>> = {
    "2026-01-05": "2026-01-05T00:00:00.000Z",
    "2026-01-05T07:30": "2026-01-05T07:30:00.000Z",
    "2026-01-05T07:30Z": "2026-01-05T07:30:00.000Z",
    "2026-01-05t07:30z": "2026-01-05T07:30:00.000Z",
    "2026-01-05 07:30+01:00": "2026-01-05T06:30:00.000Z",
    "2026-01-05T07:30-0530": "2026-01-05T13:00:00.000Z",
    "2026-01-05T07:30 +02": "2026-01-05T05:30:00.000Z",
    "2026-01-05T07:30:15.250+01:00": "2026-01-05T06:30:15.250Z",
    " 2026-01-05T07:30:15Z ": "2026-01-05T07:30:15.000Z",
    "2026-02-30T07:30Z": null,
    "2026-01-05T25:30Z": null,
    infinity: null,
    yesterday: null,
  };
  for (const [text, moment] of Object.entries(moments))
    it(`is ${moment ?? "none"} when it says ${JSON.stringify(text)}, in rows and in requests`, async () => {
      const [row] = await query.rows<{ ms: number | null }>(
        `SELECT epoch_ms(${timeSql(sqlText(text), undefined)})::DOUBLE AS ms`,
      );
      assert.equal(row?.ms == null ? null : new Date(row.ms).toISOString(), moment);
      const asked = readTime(text, null);
      assert.equal(asked === undefined ? null : new Date(asked).toISOString(), moment);
    });
});
