// A group large enough to be merged from its files: the training set that a user exports, against a plain look through all rows.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { emptyFolder, pentad, type TestProject } from "../support/project.ts";

const files: Record<string, string> = {
  "problem.ts": `import { defineProblem } from "pentad";
export default defineProblem({
  question: "Does the machine fail?",
  predict: "failed",
  task: "binary",
  success: { metric: "rocAuc", atLeast: 0.5 },
});
`,
  "data/visits.ts": `import { boolean, csv, defineData, number } from "pentad";
export default defineData({
  source: csv("visits.csv"),
  key: "machine",
  eventTime: "at",
  features: { age: number() },
  labels: { failed: boolean() },
});
`,
  "data/readings.ts": `import { boolean, category, csv, defineData, number } from "pentad";
export default defineData({
  source: csv("readings.csv"),
  key: "machine",
  eventTime: "at",
  features: { heat: number({ optional: true }), mode: category(), loud: boolean() },
  ttl: "3d",
});
`,
  "training.ts": `import { defineTraining, logistic } from "pentad";
import readings from "./data/readings.ts";
import visits from "./data/visits.ts";
import problem from "./problem.ts";
export default defineTraining({
  problem,
  label: visits.labels.failed,
  features: [visits.all(), readings.all()],
  split: { by: "time", test: 0.2 },
  candidates: [logistic()],
});
`,
};

const start = Date.UTC(2025, 0, 1);
const at = (minutes: number) => new Date(start + minutes * 60_000).toISOString();
const chance = (seed: number) => ((seed * 2654435761) >>> 0) % 9973;
const machines = 70;

interface Reading {
  readonly machine: string;
  readonly minutes: number;
  readonly heat: string;
  readonly mode: string;
  readonly loud: boolean;
}

/** Every machine is read every 30 minutes or so, but for a pause of a week in each month. */
const readings: readonly Reading[] = Array.from({ length: 210_000 }, (_, index) => {
  const step = Math.floor(index / machines);
  const minutes = step * 30 + (step >> 10) * 10_080 + (chance(index) % 30);
  const heat = index % 13 === 0 ? "" : String(chance(index + 7) / 10);
  const mode = ["idle", "on", "full"][chance(index + 3) % 3] as string;
  return { machine: `m${index % machines}`, minutes, heat, mode, loud: chance(index + 5) % 2 === 0 };
});
const visits = Array.from({ length: 1500 }, (_, index) => ({
  machine: `m${(index * 7) % (machines + 1)}`,
  minutes: 60 + chance(index * 31) * 12,
  age: index % 20,
  failed: chance(index) % 3 === 0,
}));

const lineOf = ({ machine, minutes, heat, mode, loud }: Reading) => `${machine},${at(minutes)},${heat},${mode},${loud}`;

describe("a group of many rows", () => {
  let project: TestProject;
  before(async () => {
    project = emptyFolder("plant");
    mkdirSync(join(project.folder, "data"), { recursive: true });
    for (const [name, text] of Object.entries(files)) await project.write(name, text);
    const lines = visits.map(({ machine, minutes, age, failed }) => `${machine},${at(minutes)},${age},${failed}`);
    await project.write("visits.csv", `machine,at,age,failed\n${lines.join("\n")}\n`);
    await writeReadings(readings.map(lineOf));
    await ran("run", "data/visits", "data/readings");
  });
  after(() => project.remove());

  const writeReadings = (lines: readonly string[]) =>
    project.write("readings.csv", `machine,at,heat,mode,loud\n${lines.join("\n")}\n`);

  async function ran(...args: readonly string[]): Promise<void> {
    const { code, stderr } = await pentad(...args, "--project", project.folder);
    assert.equal(code, 0, stderr);
  }

  async function exported(): Promise<string[]> {
    await ran("export", "training/plant", "--as", "csv", "--out", join(project.folder, "set.csv"));
    return (await project.read("set.csv")).trim().split("\n");
  }

  it("gives every label the last reading before it, within its time to live", async () => {
    const [header, ...lines] = await exported();
    assert.match(header as string, /machine,age,heat,mode,loud,failed$/);
    const byMachine = Map.groupBy(readings, ({ machine }) => machine);
    const expected = visits
      .toSorted((a, b) => a.minutes - b.minutes || (a.machine < b.machine ? -1 : 1))
      .map(({ machine, minutes, age, failed }) => {
        const found = byMachine.get(machine)?.findLast((reading) => reading.minutes <= minutes);
        const kept = found !== undefined && minutes - found.minutes <= 3 * 1440 ? found : undefined;
        const heat = kept === undefined || kept.heat === "" ? "" : Number(kept.heat);
        return [machine, age, heat, kept?.mode ?? "", kept?.loud ?? "", failed].join();
      });
    const given = lines.map((line) => {
      const [machine, age, heat, mode, loud, failed] = line.split(",").slice(-6);
      return [machine, Number(age), heat === "" ? "" : Number(heat), mode, loud, failed].join();
    });
    assert.ok(expected.some((line) => /,,,/.test(line)));
    assert.deepEqual(given, expected);
  });

  it("keeps to what was known when rows come in late and others are corrected", async () => {
    const before = await exported();
    const late = readings
      .slice(0, 500)
      .map((reading) => lineOf({ ...reading, minutes: reading.minutes + 1, heat: "1" }));
    const corrected = readings.map((reading, index) =>
      lineOf(index % 1000 === 0 ? { ...reading, heat: "2" } : reading),
    );
    await writeReadings([...corrected, ...late]);
    await ran("run", "data/readings");
    assert.deepEqual(await exported(), before);
  });
});
