// A table becomes a live product of its own task: a series that is continued, odd rows, groups. Nobody edits a file in between.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { Failure } from "../../src/base/failure.ts";
import type { PredictionDocument } from "../../src/http/api.ts";
import { emptyFolder, pentad, pentadJson } from "../support/project.ts";

const months = ["0", "083", "167", "25", "333", "417", "5", "583", "667", "75", "833", "917"];
/** Passengers by decimal years, as R writes them: more each year, most in summer. */
const passengers = `time,passengers\n${Array.from({ length: 84 }, (_, row) => {
  const year = 1949 + Math.floor(row / 12);
  const summer = Math.sin(((row % 12) - 3) / 2) * (20 + row / 4);
  return `${year}.${months[row % 12]},${Math.round(110 + row * 1.5 + summer + ((row * 7) % 5))}`;
}).join("\n")}\n`;

const energy = `year,source,gwh\n${Array.from({ length: 60 }, (_, row) => {
  const source = ["coal", "wind", "water"][row % 3] as string;
  const year = Math.floor(row / 3);
  const amount = { coal: 35_000 - year * 400, wind: 800 * year, water: 2000 }[source] as number;
  return `${2001 + year}-01-01,${source},${amount + ((row * 37) % 11) * 40}`;
}).join("\n")}\n`;

const parts = `length,weight,kind\n${Array.from({ length: 150 }, (_, row) => {
  if (row === 100) return "300,1,gear";
  const large = row % 3 === 0 ? 40 : 0;
  return `${10 + large + ((row * 7) % 10) / 10},${5 + large / 2 + ((row * 3) % 10) / 20},${large > 0 ? "beam" : "bolt"}`;
}).join("\n")}\n`;

async function live<T>(
  content: string,
  flags: readonly string[],
  look: (folder: string, name: string) => Promise<T>,
): Promise<T> {
  const place = emptyFolder("product");
  try {
    const from = join(place.folder, "..", "table.csv");
    await writeFile(from, content);
    const made = await pentad("new", place.folder, "--from", from, "--yes", ...flags);
    assert.equal(made.code, 0, made.stderr);
    const ran = await pentadJson<{ failure: Failure | null }>("run", "--all", "--project", place.folder);
    assert.equal(ran.code, 0, JSON.stringify(ran.document.failure));
    const name = /inference\/(\S+)/.exec((await pentad("status", "--project", place.folder)).stdout)?.[1] as string;
    return await look(place.folder, name);
  } finally {
    place.remove();
  }
}

async function ask(folder: string, name: string, input: object): Promise<PredictionDocument> {
  const { code, document, stderr } = await pentadJson<PredictionDocument>(
    ...["predict", name, "--input", JSON.stringify(input), "--project", folder],
  );
  assert.equal(code, 0, stderr);
  return document;
}

describe("a table of a time and a number", () => {
  it("goes live as a forecast of the months that follow its decimal years", async () => {
    await live(passengers, ["--predict", "passengers"], async (folder, name) => {
      const { forecast } = await ask(folder, name, {});
      assert.deepEqual(
        [forecast?.steps.length, forecast?.steps[0]?.at.slice(0, 10), forecast?.steps.at(-1)?.at.slice(0, 10)],
        [12, "1956-01-01", "1956-12-01"],
      );
      const values = forecast?.steps.map(({ value }) => value) ?? [];
      assert.ok(Math.max(...values) > Math.min(...values) + 30, "summer stands out");
    });
  });

  it("goes live with one series for each value of the column that tells them apart", async () => {
    await live(energy, ["--predict", "gwh", "--horizon", "2"], async (folder, name) => {
      const { forecast } = await ask(folder, name, { source: "wind" });
      assert.deepEqual(
        forecast?.steps.map(({ at }) => at.slice(0, 4)),
        ["2021", "2022"],
      );
      assert.ok((forecast?.steps[0]?.value ?? 0) > 13_000, JSON.stringify(forecast));
    });
  });
});

describe("a table without a label", () => {
  it("goes live as a detector of odd rows", async () => {
    await live(parts, ["--task", "anomaly"], async (folder, name) => {
      assert.equal((await ask(folder, name, { length: 10.4, weight: 5.2, kind: "bolt" })).prediction, false);
      assert.equal((await ask(folder, name, { length: 300, weight: 1, kind: "gear" })).prediction, true);
    });
  });

  it("goes live as groups", async () => {
    await live(parts, ["--task", "clustering"], async (folder, name) => {
      const bolt = await ask(folder, name, { length: 10.4, weight: 5.2, kind: "bolt" });
      const beam = await ask(folder, name, { length: 50.4, weight: 25.2, kind: "beam" });
      assert.deepEqual([bolt.prediction, beam.prediction], [1, 2]);
    });
  });
});

describe("flags that do not go together", () => {
  const wrong = async (...flags: string[]) => {
    const { code, stderr } = await pentad("new", "nowhere", "--from", "table.csv", "--yes", ...flags);
    assert.equal(code, 2, stderr);
    return stderr;
  };

  it("are explained", async () => {
    assert.match(
      await wrong("--task", "anomaly", "--predict", "y"),
      /--predict: expected nothing beside --task anomaly, which looks at whole rows/,
    );
    assert.match(
      await wrong("--task", "odd"),
      /--task: expected binary, multiclass, regression, forecast, anomaly or clustering, got "odd"/,
    );
    assert.match(await wrong("--predict", "y", "--horizon", "soon"), /--horizon: expected a whole number of steps/);
    assert.match(
      await wrong("--predict", "y", "--task", "regression", "--horizon", "3"),
      /--horizon: expected --task forecast beside it/,
    );
  });
});
