// What a user's file declares, as the data that the rest of the house works with.

import assert from "node:assert/strict";
import { describe as group, it } from "node:test";
import type { DataDefinition } from "../../src/define/definition.ts";
import { describe } from "../../src/define/describe.ts";
import { ahead, defineData, number, rows } from "../../src/index.ts";

group("the definition of a label ahead", () => {
  const component = defineData({
    source: rows(() => [{ day: "2025-01-01", sales: 3 }]),
    eventTime: "day",
    features: { sales: number({ unit: "€" }) },
    labels: {
      plain: ahead("sales", { by: "1d" }),
      own: ahead("sales", { by: "1d", unit: "EUR" }),
      doubled: ahead("sales * 2", { by: "1d" }),
    },
  });
  const { labels } = describe(component, () => "shop") as DataDefinition;

  it("has the type and unit of the column whose later value it is, unless it names its own", () => {
    assert.deepEqual(
      labels.map(({ name, type, unit }) => [name, type, unit]),
      [
        ["plain", "number", "€"],
        ["own", "number", "EUR"],
        ["doubled", "number", undefined],
      ],
    );
  });
});
