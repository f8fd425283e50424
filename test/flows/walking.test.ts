// The walking product: five files become a live model, asserted on the ledger and through the command line.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, it } from "node:test";
import type { PredictionDocument, RunSummary, StatusDocument } from "../../src/http/api.ts";
import { copyExample, pentad, pentadJson, type TestProject } from "../support/project.ts";

interface AllDocument {
  state: string;
  runs: RunSummary[];
  failure: { code: string } | null;
}

describe("the walking product", () => {
  let project: TestProject;
  before(async () => {
    project = copyExample("rain");
    const { code, document } = await pentadJson<AllDocument>("run", "--all", "--project", project.folder);
    assert.equal(code, 0);
    assert.equal(document.failure, null);
    assert.deepEqual(document.runs.map((run) => [run.component, run.state, run.reason]).sort(), [
      ["app/rain", "done", "first"],
      ["data/weather", "done", "first"],
      ["inference/rain", "done", "first"],
      ["problem/rain", "done", "first"],
      ["training/rain", "done", "first"],
    ]);
  });
  after(() => project.remove());

  it("reads every row once and in dependency order", async () => {
    const { document } = await pentadJson<{ runs: RunSummary[] }>("logs", "--project", project.folder);
    const started = document.runs.toReversed().map((run) => run.component);
    assert.ok(started.indexOf("data/weather") < started.indexOf("training/rain"));
    assert.ok(started.indexOf("training/rain") < started.indexOf("inference/rain"));
    const data = document.runs.find((run) => run.component === "data/weather");
    assert.deepEqual(data?.rows, { read: 1461, accepted: 1461, quarantined: 0 });
  });

  it("leaves the run, its steps and its commit on one ledger", () => {
    const catalog = new DatabaseSync(join(project.folder, ".pentad", "catalog.sqlite"), { readOnly: true });
    const steps = catalog
      .prepare("select component, step, s.state from runs_steps s join runs r on r.run = s.run order by s.started_at")
      .all();
    assert.deepEqual(
      steps.map((row) => `${row.component} ${row.step} ${row.state}`).sort(),
      [
        "data/weather read done",
        "training/rain training set done",
        "training/rain try logistic done",
        "training/rain try gradientBoosting done",
        "training/rain fit logistic done",
        "inference/rain batch done",
      ].sort(),
    );
    const events = catalog
      .prepare("select event from runs_events where component = 'data/weather' order by sequence")
      .all();
    assert.deepEqual(
      events.map((row) => row.event),
      ["schedule.changed", "run.requested", "run.started", "run.done"],
    );
    const [commit] = catalog.prepare("select * from features_commits").all();
    assert.equal(commit?.rows_total, 1461);
    for (const file of JSON.parse(String(commit?.files)) as { name: string }[])
      assert.ok(existsSync(join(project.folder, ".pentad", "offline", file.name)));
    const lineage = catalog
      .prepare("select output, input from lineage_edges")
      .all()
      .map((row) => `${row.output} < ${row.input}`);
    assert.ok(lineage.some((edge) => /^model\/\w+ < training-set\/\w+$/.test(edge)));
    assert.ok(lineage.some((edge) => /^training-set\/\w+ < features\/weather@1$/.test(edge)));
    catalog.close();
  });

  it("reports every component as ok, with its last run and freshness", async () => {
    const { code, document } = await pentadJson<StatusDocument>("status", "--project", project.folder);
    assert.equal(code, 0);
    assert.deepEqual(
      document.components.map(({ id, state, failure }) => [id, state, failure]),
      [
        ["problem/rain", "ok", null],
        ["data/weather", "ok", null],
        ["training/rain", "ok", null],
        ["inference/rain", "ok", null],
        ["app/rain", "ok", null],
      ],
    );
    for (const { kind, lastRun, freshness } of document.components) {
      assert.equal(lastRun?.state, "done", kind);
      assert.ok((freshness?.ageSeconds ?? Number.NaN) < 600, kind);
    }
  });

  it("answers from the newest stored row, overridden by what the input gives", async () => {
    const { document: stored } = await pentadJson<PredictionDocument>(
      "predict",
      "rain",
      "--input",
      "{}",
      "--project",
      project.folder,
    );
    assert.equal(stored.features.precipitation, 0);
    assert.equal(stored.features.temp_max, 5.6);
    const { code, document: wet } = await pentadJson<PredictionDocument>(
      "predict",
      "rain",
      "--input",
      '{"precipitation": 20}',
      "--project",
      project.folder,
    );
    assert.equal(code, 0);
    assert.equal(wet.features.precipitation, 20);
    assert.equal(wet.features.temp_max, 5.6);
    assert.equal(typeof wet.prediction, "boolean");
    const { true: yes = Number.NaN, false: no = Number.NaN } = wet.probabilities ?? {};
    assert.ok(Math.abs(yes + no - 1) < 1e-9);
    assert.ok(yes > (stored.probabilities?.true ?? Number.NaN));
    assert.equal(wet.prediction, yes >= 0.5);
    assert.match(wet.id, /^prd_/);
  });

  it("scores the newest row of every entity in its batch, like a single answer", async () => {
    const out = join(project.folder, "batch.csv");
    const { code, document } = await pentadJson<{ rows: number }>(
      "export",
      "predictions/rain",
      "--out",
      out,
      "--project",
      project.folder,
    );
    assert.deepEqual([code, document.rows], [0, 1]);
    const [header = "", row = ""] = readFileSync(out, "utf8").trim().split("\n");
    const cells = Object.fromEntries(header.split(",").map((name, index) => [name, row.split(",")[index]]));
    const { document: answer } = await pentadJson<PredictionDocument>(
      "predict",
      "rain",
      "--input",
      "{}",
      "--project",
      project.folder,
    );
    assert.equal(cells.prediction, String(answer.prediction));
    assert.ok(Math.abs(Number(cells["probability true"]) - (answer.probabilities?.true ?? Number.NaN)) < 1e-9);
    assert.match(cells.date ?? "", /^2015-12-31/);
    assert.equal(cells.model_version, "1");
  });

  it("runs nothing when nothing changed", async () => {
    const { code, document } = await pentadJson<AllDocument>("run", "--all", "--project", project.folder);
    assert.equal(code, 0);
    assert.deepEqual(document.runs, []);
  });

  it("computes windows and labels as a person would by hand", async () => {
    const out = join(project.folder, "features.csv");
    assert.equal(
      (await pentad("export", "features/weather", "--as", "csv", "--out", out, "--project", project.folder)).code,
      0,
    );
    const rows = readFileSync(out, "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(","));
    const [header = [], ...body] = rows;
    const column = (name: string) => body.map((row) => row[header.indexOf(name)] ?? "");
    const rain = column("precipitation").map(Number);
    for (const day of [0, 1, 5, 6, 7, 100, 700, 1459]) {
      const week = rain.slice(Math.max(0, day - 6), day + 1);
      assert.equal(Number(column("wetDays")[day]), week.filter((mm) => mm > 0).length, `wet days of day ${day}`);
      assert.ok(
        Math.abs(Number(column("meanRain")[day]) - week.reduce((a, b) => a + b, 0) / week.length) < 1e-9,
        `mean of day ${day}`,
      );
      assert.equal(
        column("rainDayBefore")[day],
        day === 0 ? "" : column("precipitation")[day - 1],
        `day before ${day}`,
      );
      assert.equal(column("rainTomorrow")[day], String((rain[day + 1] as number) > 0), `label of day ${day}`);
    }
    assert.equal(column("rainTomorrow")[1460], "");
  });

  it("exports the training set that the model was trained on: every labelled row, in time order", async () => {
    const out = join(project.folder, "training.csv");
    const { document } = await pentadJson<{ rows: number }>(
      "export",
      "training/rain",
      "--as",
      "csv",
      "--out",
      out,
      "--project",
      project.folder,
    );
    assert.equal(document.rows, 1460);
    const lines = readFileSync(out, "utf8").trim().split("\n");
    assert.equal(lines.length, 1461);
    const times = lines.slice(1).map((line) => line.split(",")[0] ?? "");
    assert.deepEqual(times, times.toSorted());
  });

  it("appends only the new rows when the file grows, and trains again when enough came", async () => {
    const weather = await project.read("weather.csv");
    const extra = Array.from(
      { length: 40 },
      (_, day) => `${new Date(Date.UTC(2016, 0, 1 + day)).toISOString().slice(0, 10)},${day % 3},10,5,3,rain`,
    );
    await project.write("weather.csv", `${weather.trimEnd()}\n${extra.join("\n")}\n`);
    const { document } = await pentadJson<AllDocument>("run", "--all", "--project", project.folder);
    const data = document.runs.find((run) => run.component === "data/weather");
    assert.equal(data?.detail, "1,501 rows read, 40 new or changed");
    assert.equal(document.runs.find((run) => run.component === "training/rain")?.reason, "new rows");
    const { document: answer } = await pentadJson<PredictionDocument>(
      "predict",
      "rain",
      "--input",
      "{}",
      "--project",
      project.folder,
    );
    assert.equal(answer.features.precipitation, 0);
    assert.equal(answer.features.temp_max, 10);
    assert.equal(answer.model.version, 2);
  });

  it("starts the group anew when rows vanish from the file", async () => {
    const lines = (await project.read("weather.csv")).trimEnd().split("\n");
    await project.write("weather.csv", `${lines.slice(0, 1000).join("\n")}\n`);
    await pentad("run", "data/weather", "--project", project.folder);
    const { document } = await pentadJson<{ rows: number }>(
      "export",
      "features/weather",
      "--out",
      join(project.folder, "short.csv"),
      "--project",
      project.folder,
    );
    assert.equal(document.rows, 999);
  });
});
