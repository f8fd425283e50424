// The partitions of a backfill cover its range without gap and overlap.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { planPartitions } from "../../src/data/plan-backfill.ts";

const day = 86_400_000;

describe("the partitions of a range", () => {
  it("follow each other from its first moment to its last, each with a name of its own", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4e12 }),
        fc.integer({ min: 1, max: 400 * day }),
        fc.option(fc.integer({ min: day / 24, max: 60 * day })),
        (fromMs, length, partitionMs) => {
          const parts = planPartitions({ fromMs, toMs: fromMs + length, partitionMs });
          assert.equal(parts[0]?.fromMs, fromMs);
          assert.equal(parts.at(-1)?.toMs, fromMs + length);
          for (const [index, part] of parts.entries()) {
            assert.ok(part.fromMs < part.toMs);
            if (index > 0) assert.equal(part.fromMs, parts[index - 1]?.toMs);
          }
          assert.equal(new Set(parts.map(({ name }) => name)).size, parts.length);
          if (partitionMs === null) assert.ok(parts.length <= 101, `${parts.length} partitions`);
        },
      ),
    );
  });

  it("are days called by their dates, and more than ten thousand are refused", () => {
    const fromMs = Date.UTC(2024, 1, 28);
    const names = planPartitions({ fromMs, toMs: fromMs + 3 * day, partitionMs: null }).map(({ name }) => name);
    assert.deepEqual(names, ["2024-02-28", "2024-02-29", "2024-03-01"]);
    assert.deepEqual(
      planPartitions({ fromMs, toMs: fromMs + day / 2, partitionMs: day / 4 }).map(({ name }) => name),
      ["2024-02-28", "2024-02-28T06:00:00Z"],
    );
    assert.throws(() => planPartitions({ fromMs, toMs: fromMs + 100 * day, partitionMs: 60_000 }), {
      code: "CLI_USAGE",
      message: "--partition: expected at most 10,000 partitions, got 144,000",
    });
  });
});
