// A project for the benches of the online store over HTTP: 250 whole-number features of ten thousand entities, and posted rows.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const featureCount = 250;
export const entityCount = 10_000;

export interface OnlineProject {
  readonly folder: string;
  remove(): void;
}

/** Values are uniform in [1, 10,000), as Feast's generator makes them. */
export function cellValue(entity: number, feature: number): number {
  return 1 + (((entity + 1) * 2654435761 + feature * 40503) % 9999);
}

const postedFeatures = `${Array.from({ length: 9 }, (_, feature) => `value_${feature}: number({ min: 0 })`).join(", ")}, channel: category()`;

export function onlineProject(): OnlineProject {
  const folder = mkdtempSync(join(tmpdir(), "pentad-bench-"));
  mkdirSync(join(folder, "data"));
  const names = Array.from({ length: featureCount }, (_, feature) => `feature_${feature}`);
  const rows = Array.from({ length: entityCount }, (_, entity) =>
    [entity, "2024-01-01T00:00:00Z", ...names.map((_, feature) => cellValue(entity, feature))].join(","),
  );
  writeFileSync(join(folder, "features.csv"), `${["entity", "at", ...names].join(",")}\n${rows.join("\n")}\n`);
  writeFileSync(
    join(folder, "data/wide.ts"),
    `import { csv, defineData, number } from "pentad";
const features = Object.fromEntries(Array.from({ length: ${featureCount} }, (_, i) => ["feature_" + i, number()]));
export default defineData({ source: csv("features.csv"), key: "entity", eventTime: "at", features });
`,
  );
  writeFileSync(
    join(folder, "data/orders.ts"),
    `import { category, defineData, number, push } from "pentad";
export default defineData({ source: push(), key: "customer", eventTime: "at", features: { ${postedFeatures} } });
`,
  );
  writeFileSync(
    join(folder, "data/visits.ts"),
    `import { category, count, defineData, mean, number, push } from "pentad";
export default defineData({
  source: push(), key: "customer", eventTime: "at",
  features: { ${postedFeatures} },
  windows: { day: count({ over: "1d" }), usual: mean("value_0", { over: "7d" }) },
});
`,
  );
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
