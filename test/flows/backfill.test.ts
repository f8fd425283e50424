// A range of time is read again: in partitions, side by side, going on after a kill, twice as once, and never leaking into the past.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, it } from "node:test";
import { emptyFolder, eventually, pentad, pentadJson, repository, type TestProject } from "../support/project.ts";

/** A source that is asked for a range; it says in calls.txt what it was asked for, and rests while there is a file `slow`. */
const readings = `import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { boolean, defineData, number, rows, sum } from "pentad";

export default defineData({
  source: rows(async ({ range, position }) => {
    const all = JSON.parse(readFileSync("readings.json", "utf8"));
    appendFileSync("calls.txt", \`\${range === null ? "all" : range.from.toISOString().slice(0, 10)}\\n\`);
    if (existsSync("slow")) await setTimeout(400);
    if (existsSync("broken") && range?.from.toISOString().startsWith("2024-01-03")) throw new Error("the archive is down");
    // As a feed it gives what came last; asked for a range, what happened then.
    return { rows: range === null ? all.slice(Number(position ?? 0)) : all, position: String(all.length) };
  }),
  key: "sensor",
  eventTime: "at",
  features: { value: number({ min: 0 }) },
  windows: { week: sum("value", { over: "7d" }) },
  labels: { high: boolean() },
});
`;

const files: Record<string, string> = {
  "data/readings.ts": readings,
  "data/places.ts": `import { csv, defineData, category } from "pentad";
export default defineData({ source: csv("places.csv"), key: "sensor", eventTime: "since", features: { place: category() } });
`,
  "problem.ts": `import { defineProblem } from "pentad";
export default defineProblem({ question: "Is it high?", predict: "high", task: "binary", success: { metric: "rocAuc", atLeast: 0 } });
`,
  "training.ts": `import { defineTraining, logistic } from "pentad";
import readings from "./data/readings.ts";
import places from "./data/places.ts";
import problem from "./problem.ts";
export default defineTraining({ problem, label: readings.labels.high, features: [readings.all(), places.all()], candidates: [logistic()], when: { every: "365d" } });
`,
};

interface Document {
  run: string;
  state: string;
  reason: string;
  partitions: { planned: number; done: number; failed: number };
  rows: { read: number; accepted: number; quarantined: number };
  failure: { code: string; message: string; step: string } | null;
}

const reading = (hour: number, value = hour % 10) => ({
  sensor: `s${hour % 2}`,
  at: new Date(Date.UTC(2024, 0, 1) + hour * 3_600_000).toISOString(),
  value,
  high: value > 4,
});

describe("a backfill", () => {
  let project: TestProject;
  before(async () => {
    project = emptyFolder("meters");
    mkdirSync(join(project.folder, "data"), { recursive: true });
    for (const [file, text] of Object.entries(files)) await project.write(file, text);
    // The feed begins in the fourth day.
    give(Array.from({ length: 48 }, (_, index) => reading(72 + index)));
    await project.write("places.csv", "sensor,since,place\ns0,2024-01-02,roof\ns1,2024-01-02,cellar\n");
    const { document } = await pentadJson<{ state: string; failure: unknown }>("run", "--all", ...at());
    assert.equal(document.state, "done", JSON.stringify(document.failure));
    rmSync(join(project.folder, "calls.txt"));
  });
  after(() => project.remove());

  const at = () => ["--project", project.folder];
  const range = ["--from", "2024-01-01", "--to", "2024-01-04"];
  const give = (rows: object[]) => writeFileSync(join(project.folder, "readings.json"), JSON.stringify(rows));
  const archive = () => give(Array.from({ length: 120 }, (_, index) => reading(index)));
  const backfill = (...args: string[]) => pentadJson<Document>("backfill", "data/readings", ...args, ...at());
  const path = (file: string) => join(project.folder, file);
  const calls = () => {
    const lines = existsSync(path("calls.txt")) ? readFileSync(path("calls.txt"), "utf8").trim().split("\n") : [];
    rmSync(path("calls.txt"), { force: true });
    return lines.toSorted();
  };
  const exported = async (what: string, file = "out.csv") => {
    const { code, stderr } = await pentad("export", what, "--out", path(file), ...at());
    assert.equal(code, 0, stderr);
    return readFileSync(path(file));
  };
  const count = (sql: string) => {
    const database = new DatabaseSync(path(".pentad/catalog.sqlite"), { timeout: 5_000 });
    try {
      return (database.prepare(sql).get() as { n: number }).n;
    } finally {
      database.close();
    }
  };

  it("that is killed goes on with the partitions that are missing, and is one commit", async () => {
    archive();
    writeFileSync(path("slow"), "");
    const launcher = join(repository, "bin", "pentad.mjs");
    const args = ["backfill", "data/readings", ...range, "--partition", "12h", "--parallel", "1", ...at()];
    const child = spawn(process.execPath, [launcher, ...args], { stdio: "ignore" });
    const ended = new Promise((resolve) => child.once("close", resolve));
    await eventually(async () =>
      count("select count(*) as n from runs_steps where partition is not null and state = 'done'") >= 2
        ? true
        : undefined,
    );
    child.kill("SIGKILL");
    await ended;
    rmSync(path("slow"));
    const commits = count("select count(*) as n from features_commits where group_name = 'readings'");
    const first = calls();
    const { code, document } = await backfill(...range, "--partition", "12h", "--parallel", "2");
    assert.equal(code, 0);
    assert.deepEqual(document.partitions, { planned: 6, done: 6, failed: 0 });
    assert.deepEqual(document.rows, { read: 72, accepted: 72, quarantined: 0 });
    const again = calls();
    assert.ok(first.length >= 2 && again.length <= 4, `${first.join()} and then ${again.join()}`);
    assert.equal(count("select count(*) as n from features_commits where group_name = 'readings'"), commits + 1);
    assert.equal((await exported("features/readings")).toString().trim().split("\n").length, 121);
  });

  it("twice gives the same group", async () => {
    const before = await exported("features/readings");
    const { document } = await backfill(...range);
    assert.deepEqual([document.state, document.partitions.planned], ["done", 3]);
    assert.deepEqual(await exported("features/readings"), before);
    assert.equal(count("select rows_written as n from features_commits order by at desc limit 1"), 0);
    assert.deepEqual(calls(), ["2024-01-01", "2024-01-02", "2024-01-03"]);
  });

  it("names the partition that failed, keeps the others, and does only that one next time", async () => {
    give(Array.from({ length: 120 }, (_, index) => reading(index, (index % 10) + 1)));
    writeFileSync(path("broken"), "");
    const { code, document } = await backfill(...range, "--partition", "24h");
    assert.equal(code, 1);
    assert.match(document.failure?.message ?? "", /The partition 2024-01-03 of 3 failed: the archive is down/);
    assert.deepEqual(document.partitions, { planned: 3, done: 2, failed: 1 });
    rmSync(path("broken"));
    calls();
    assert.equal((await backfill(...range, "--partition", "24h")).document.state, "done");
    assert.deepEqual(calls(), ["2024-01-03"]);
  });

  it("leaves pinned training sets as they were, byte for byte, and says nothing of whether the usual run is due", async () => {
    const pinned = await exported("training/meters@1", "set.parquet");
    assert.equal(
      createHash("sha256").update(pinned).digest("hex"),
      count("select training_set as n from models_versions where version = 1") as unknown as string,
    );
    calls();
    await pentad("tick", "--until-idle", ...at());
    assert.deepEqual(calls(), []);
    assert.equal((await pentadJson<{ state: string }>("run", "data/readings", ...at())).document.state, "done");
    assert.deepEqual(calls(), ["all"]);
  });

  it("never leaks into what is made as of before, unless it is said that the rows were known when they happened", async () => {
    await project.write(
      "places.csv",
      "sensor,since,place\ns0,2024-01-02,roof\ns1,2024-01-02,cellar\ns0,2024-01-03,attic\ns1,2024-01-03,attic\n",
    );
    const late = await pentadJson<Document>(
      "backfill",
      "data/places",
      "--from",
      "2024-01-03",
      "--to",
      "2024-01-04",
      ...at(),
    );
    assert.deepEqual([late.document.state, late.document.rows.read], ["done", 2]);
    assert.ok(!(await exported("training/meters")).toString().includes("attic"));
    await project.write(
      "places.csv",
      "sensor,since,place\ns0,2024-01-02,roof\ns1,2024-01-02,cellar\ns0,2024-01-03,loft\ns1,2024-01-03,loft\n",
    );
    await pentadJson(
      "backfill",
      "data/places",
      "--from",
      "2024-01-03",
      "--to",
      "2024-01-04",
      "--known-at",
      "event-time",
      ...at(),
    );
    assert.ok((await exported("training/meters")).toString().includes("loft"));
    assert.equal(
      count(
        "select count(*) as n from lineage_edges where input = 'backfill/2024-01-03T00:00:00.000Z..2024-01-04T00:00:00.000Z known at event time'",
      ),
      1,
    );
  });

  it("of a group that is empty counts as its history, like any first commit", async () => {
    await project.write(
      "data/old.ts",
      `import { csv, defineData, number } from "pentad";\nexport default defineData({ source: csv("old.csv"), key: "id", eventTime: { column: "t", format: "%d.%m.%Y" }, features: { x: number({ min: 0 }) } });\n`,
    );
    await project.write(
      "old.csv",
      "id,t,x\na,01.02.2024,1\na,02.02.2024,2\na,someday,3\nb,02.02.2024,-4\nb,03.02.2024,5\n",
    );
    await project.edit("data/old.ts", "eventTime", "quarantineBudget: 0.9, eventTime");
    const { document } = await pentadJson<Document>(
      "backfill",
      "old",
      "--from",
      "2024-02-01",
      "--to",
      "2024-02-03",
      ...at(),
    );
    assert.deepEqual(document.rows, { read: 3, accepted: 2, quarantined: 1 });
    assert.equal(count("select rows_late as n from features_commits where group_name = 'old'"), 0);
    assert.equal((await pentadJson<{ rows: unknown[] }>("quarantine", "show", "old", ...at())).document.rows.length, 1);
  });

  it("again rejects the same rows again, which wait in quarantine once", async () => {
    for (const to of ["2024-02-03", "2024-02-04"]) {
      const { document } = await pentadJson<Document>("backfill", "old", "--from", "2024-02-01", "--to", to, ...at());
      assert.equal(document.rows.quarantined, 1);
      const { document: shown } = await pentadJson<{ rows: { values: { x: string } }[] }>(
        "quarantine",
        "show",
        "old",
        ...at(),
      );
      assert.deepEqual(
        shown.rows.map(({ values }) => values.x),
        ["-4"],
      );
    }
  });

  it("holds rows against those of other partitions and those that are there, where a column must not fall", async () => {
    await project.write(
      "data/cars.ts",
      `import { csv, defineData, number } from "pentad";
export default defineData({ source: csv("cars.csv"), key: "car", eventTime: "t", features: { km: number() }, checks: { monotonic: { km: "increasing" } }, quarantineBudget: 0.9 });
`,
    );
    const rows = ["a,2024-03-02,10", "a,2024-03-02T12:00,20", "a,2024-03-03,15", "a,2024-03-04,30", "b,2024-03-03,5"];
    await project.write("cars.csv", `car,t,km\n${rows.join("\n")}\n`);
    const fill = async (from: string, to: string) => {
      const args = ["cars", "--from", from, "--to", to, "--partition", "1d", ...at()];
      const { document } = await pentadJson<Document>("backfill", ...args);
      const { document: shown } = await pentadJson<{ rows: { reason: string; values: Record<string, string> }[] }>(
        "quarantine",
        "show",
        "cars",
        ...at(),
      );
      return [document.rows, shown.rows.map(({ reason, values }) => [values.t, reason])];
    };
    const fell = ["2024-03-03", "km: expected at least 20, as in a row before, got 15"];
    for (let time = 1; time <= 2; time++)
      assert.deepEqual(await fill("2024-03-02", "2024-03-05"), [{ read: 5, accepted: 4, quarantined: 1 }, [fell]]);
    await project.write("cars.csv", `car,t,km\na,2024-03-01,11\nb,2024-03-01,1\n${rows.join("\n")}\n`);
    assert.deepEqual(await fill("2024-03-01", "2024-03-02"), [
      { read: 2, accepted: 1, quarantined: 1 },
      [fell, ["2024-03-01", "km: expected at most 10, as in a row after, got 11"]],
    ]);
  });

  it("is refused in words where it cannot be done", async () => {
    await project.write(
      "data/posted.ts",
      `import { defineData, number, push } from "pentad";\nexport default defineData({ source: push("posted"), eventTime: "t", features: { x: number() } });\n`,
    );
    await project.write(
      "data/timeless.ts",
      `import { csv, defineData, number } from "pentad";\nexport default defineData({ source: csv("old.csv"), key: "id", features: { x: number() } });\n`,
    );
    const said = async (...args: string[]) => {
      const { code, stderr } = await pentad("backfill", ...args, ...at());
      return `${code} ${stderr}`;
    };
    assert.match(
      await said("data/posted", ...range),
      /^1 data\/posted \(start\): Expected data\/posted to have a source that can be asked again, got rows that others post \[DATA_NOT_BACKFILLED\]/,
    );
    assert.match(await said("data/timeless", ...range), /^1 .*Expected data\/timeless to have an eventTime, got none/);
    assert.match(
      await said("data/nobody", ...range),
      /^1 error: Expected a data component of the project, got "data\/nobody"/,
    );
    assert.match(await said("data/old"), /^2 error: --from: expected a time such as 2024-01-31, got nothing/);
    assert.match(
      await said("data/old", ...range, "--partition", "often"),
      /^2 error: --partition: expected a duration such as 1d or 6h, got "often"/,
    );
    assert.match(
      await said("data/old", ...range, "--known-at", "never"),
      /^2 error: --known-at: expected now or event-time, got "never"/,
    );
    assert.match(
      await said("data/old", "--from", "2024-02-01", "--to", "2024-01-01"),
      /^2 error: --to: expected a time after --from/,
    );
  });
});
