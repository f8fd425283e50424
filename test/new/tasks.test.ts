// What a new project is about: a series is continued, rows are judged without a label, and a label is read the way that is asked for.

import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { isFailure } from "../../src/base/failure.ts";
import { csv, type Desk, type Given, type Made, openDesk } from "./making.ts";

let desk: Desk;
before(async () => {
  desk = await openDesk();
});
after(() => desk.remove());

let made = 0;
async function make(content: string, predict: string | undefined, options: Given = {}): Promise<Made> {
  const name = `t${++made}`;
  return await desk.make(await desk.table(`${name}.csv`, content), predict, name, options);
}

async function refused(
  content: string,
  predict: string | undefined,
  options: Given,
  code: string,
  pattern: RegExp,
): Promise<void> {
  await assert.rejects(make(content, predict, options), (error) => {
    assert.ok(isFailure(error), String(error));
    assert.equal(error.code, code, error.message);
    assert.match(`${error.message} → ${error.hint}`, pattern);
    return true;
  });
  assert.ok(!(await readdir(join(desk.folder, "made"))).includes(`t${made}`));
}

const said = ({ findings }: Made) => findings.map(({ message }) => message).join("\n");
const day = (row: number) => new Date(Date.UTC(2023, 0, 1 + row)).toISOString().slice(0, 10);
/** Sales of a shop that follow the week, with some chance. */
const sold = (row: number, chance: () => number) => (20 + 8 * Math.sin((row % 7) * 0.9) + 3 * chance()).toFixed(2);

describe("a series", () => {
  test("is forecast by itself where nothing but its time stands beside it", async () => {
    const result = await make(
      csv("date,sold", 200, (row, chance) => `${day(row)},${sold(row, chance)}`),
      "sold",
    );
    assert.match(said(result), /Nothing but "date" stands beside "sold": it is forecast from its own past/);
    assert.match(said(result), /"date" is the time: 200 days/);
    assert.equal(result.feasibility.task, "forecast");
    assert.match(
      await result.read("problem.ts"),
      /question: "How high will the sold be on each of the next 14 days\?",\n {2}predict: "sold",\n {2}task: "forecast",\n {2}horizon: 14,\n {2}season: 7,/,
    );
    const training = await result.read("training.ts");
    assert.match(
      training,
      /label: t\d+\.labels\.sold,\n {2}candidates: \[seasonalNaive\(\), ets\(\), mstl\(\), gradientBoosting\(\)\],/,
    );
    assert.doesNotMatch(training, /features|split|when/);
    assert.match(await result.read("app.ts"), /intro: "See the next 14 days, with the range/);
    assert.match(await result.read("README.md"), /how far ahead/);
  });

  test("of small counts is continued, too, though they look like classes", async () => {
    const result = await make(
      csv("date,accidents_seen", 400, (row, chance) => `${day(row)},${Math.floor(3 * chance() + (row % 7) / 3)}`),
      "accidents_seen",
    );
    assert.equal(result.feasibility.task, "forecast");
  });

  test("is told apart by the fewest columns that make rows unique, and by the shop before a number", async () => {
    const result = await make(
      csv(
        "date,pieces,shop,product,sold",
        360,
        (row, chance) =>
          `${day(Math.floor(row / 6))},${row % 5},${["Oslo", "Rome"][row % 2]},p${Math.floor((row % 6) / 2)},${sold(Math.floor(row / 6), chance)}`,
      ),
      "sold",
      { task: "forecast" },
    );
    assert.match(await result.read(`data/t${made}.ts`), /key: \["shop", "product"\],\n {2}eventTime: "date",/);
    assert.match(said(result), /"shop" and "product" tell 6 series apart, "date" is the time: 60 days each/);
    assert.match(said(result), /"pieces" is left out: a forecast learns from the past of "sold" alone/);
  });

  test("beside columns that tell something stays a regression, and the forecast is mentioned", async () => {
    const result = await make(
      csv("date,rain,sold", 200, (row, chance) => `${day(row)},${chance().toFixed(3)},${sold(row, chance)}`),
      "sold",
    );
    assert.match(await result.read("problem.ts"), /task: "regression"/);
    assert.match(said(result), /The rows are a series by "date": --task forecast continues "sold"/);
  });

  test("may be dated by years, decimal years, quarters, or a year and a month in two columns", async () => {
    const dated = async (header: string, time: (row: number) => string, options: Given = {}) => {
      const result = await make(
        csv(`${header},sold`, 60, (row, chance) => `${time(row)},${sold(row, chance)}`),
        "sold",
        options,
      );
      return `${said(result)}\n${await result.read(`data/t${made}.ts`)}`;
    };
    assert.match(
      await dated("year", (row) => `${1950 + row}`),
      /"year" is the time: 60 years[\s\S]*eventTime: \{ column: "year", format: "%Y" \},\n {2}features/,
    );
    assert.match(
      await dated(
        "time",
        (row) =>
          `${1950 + Math.floor(row / 12)}.${["0", "083", "167", "25", "333", "417", "5", "583", "667", "75", "833", "917"][row % 12]}`,
      ),
      /"time" is the time: 60 months[\s\S]*transform: \(row\) => \(\{ \.\.\.row, time: monthOf\(row\.time\) \}\)/,
    );
    assert.match(
      await dated("period", (row) => `${1990 + Math.floor(row / 4)} Q${(row % 4) + 1}`),
      /"period" is the time: 60 quarters/,
    );
    assert.match(
      await dated("year,month", (row) => `${1990 + Math.floor(row / 12)},${(row % 12) + 1}`),
      /"year" and "month" are the time: 60 months/,
    );
    assert.match(
      await dated("at", (row) => new Date(Date.UTC(2020, row, 1, row % 12 > 2 && row % 12 < 10 ? 7 : 8)).toISOString()),
      /"at" is the time: 60 months[\s\S]*at: row\.at\?\.slice\(0, 10\) \?\? null/,
    );
  });

  test("may have gaps, any order and other lengths, and each is said", async () => {
    const lines = csv("date,shop,sold", 260, (row, chance) => {
      const shop = row < 150 ? "a" : row < 255 ? "b" : "c";
      return `${day(row < 150 ? row : row < 255 ? row - 150 : row - 255)},${shop},${sold(row, chance)}`;
    }).split("\n");
    const [header, ...rest] = lines;
    const mixed = rest.filter((_, row) => row % 9 !== 4).sort((a, b) => (a.slice(-3) < b.slice(-3) ? -1 : 1));
    const result = await make([header, ...mixed].join("\n"), "sold");
    assert.match(said(result), /"shop" tells 3 series apart, "date" is the time: 5 to 150 days each/);
    assert.match(said(result), /2\d days of 2\d\d have no row and count as missing/);
    assert.match(said(result), /1 of 3 series is too short and will get no forecast/);
    assert.match(said(result), /2 of 3 series end before the others/);
  });

  test("of working days says that weekends mean nothing", async () => {
    const days = csv("date,close", 120, (row, chance) => `${day(row)},${sold(row, chance)}`).split("\n");
    const working = days.filter((line, index) => index === 0 || new Date(line.slice(0, 10)).getUTCDay() % 6 !== 0);
    assert.match(said(await make(working.join("\n"), "close")), /No row falls on a Saturday or Sunday: pass over/);
  });

  test("keeps to the horizon that is asked for, as far as its length allows", async () => {
    const content = csv("date,sold", 60, (row, chance) => `${day(row)},${sold(row, chance)}`);
    assert.match(
      await (await make(content, "sold", { task: "forecast", horizon: 3 })).read("problem.ts"),
      /horizon: 3,/,
    );
    await refused(
      content,
      "sold",
      { task: "forecast", horizon: 40 },
      "DEFINE_INVALID",
      /--horizon: expected at most 28 days, since the longest series has 60 values .* got 40 → Give --horizon 28/,
    );
  });

  test("of a short past says that no season is assumed", async () => {
    const result = await make(
      csv(
        "month,sold",
        24,
        (row, chance) =>
          `20${20 + Math.floor(row / 12)}-${String((row % 12) + 1).padStart(2, "0")},${sold(row, chance)}`,
      ),
      "sold",
    );
    assert.match(said(result), /24 months are too few to tell a season of 12 apart, so none is assumed/);
    assert.match(await result.read("problem.ts"), /season: 1,/);
  });

  test("has a goal that the quick forecast keeps to: beating the last season where that is sure, else not to get worse", async () => {
    const rising = await make(
      csv("date,sold", 300, (row, chance) => `${day(row)},${(row + 3 * Math.sin(row % 7) + chance()).toFixed(2)}`),
      "sold",
    );
    assert.equal(rising.feasibility.verdict, "feasible");
    assert.equal(rising.feasibility.success.beats, "seasonalNaive");
    assert.match(
      rising.feasibility.sentence,
      /^In \d past forecasts of 14 days, .* was off by .* repeating the last season by .*: this looks feasible$/,
    );
    let walk = 0;
    const chance = await make(
      csv("year,sold", 90, (row, next) => {
        walk += next() - 0.5;
        return `${1900 + row},${walk.toFixed(3)}`;
      }),
      "sold",
    );
    const { success, model } = chance.feasibility;
    assert.equal(success.beats === undefined ? success.metric : "", "mase", chance.feasibility.sentence);
    assert.ok(model !== null && (success.atMost ?? 0) > model.value);
    assert.match(await chance.read("problem.ts"), /\bThe[\s/]+goal is not to get worse than that/);
  });
});

describe("what cannot be forecast", () => {
  const dates = (time: (row: number) => string, rows = 60) =>
    csv("date,sold", rows, (row, chance) => `${time(row)},${sold(row, chance)}`);

  test("says so of its times: twice, uneven, absent, a running number, decimal years finer than months", async () => {
    const forecast: Given = { task: "forecast" };
    await refused(
      dates((row) => day(Math.floor(row / 2))),
      "sold",
      forecast,
      "TRAINING_LABEL_INVALID",
      /Expected one row for each time to forecast, got 2 rows with "date" 2023-01-01 → Name the columns that tell series apart with --key/,
    );
    await refused(
      dates((row) => day(row === 0 ? 1 : row), 200),
      "sold",
      forecast,
      "TRAINING_LABEL_INVALID",
      /got 2 rows with "date" 2023-01-02 → Correct the few rows that come twice/,
    );
    await refused(
      dates((row) => day(row * row)),
      "sold",
      forecast,
      "TRAINING_LABEL_INVALID",
      /Expected one day between times|Expected each time|whole steps|days/,
    );
    await refused(
      csv("a,sold", 60, (_row, chance) => `${chance()},${chance()}`),
      "sold",
      forecast,
      "DEFINE_INVALID",
      /needs a column that dates the rows, and .* has none → Add a column with the date/,
    );
    const running = csv("n,sold", 60, (row, chance) => `${row + 1},${chance()}`);
    await refused(
      running,
      "sold",
      forecast,
      "DEFINE_INVALID",
      /"n" numbers the rows from 1 to 60: add a column with the date of each/,
    );
    await refused(
      running,
      "sold",
      {},
      "TRAINING_NO_FEATURES",
      /"n" numbers the rows from 1 to 60: add a column with the date of each/,
    );
    await refused(
      csv("time,sold", 100, (row, chance) => `${(2000 + row / 52.18).toFixed(4)},${chance()}`),
      "sold",
      forecast,
      "DEFINE_INVALID",
      /"time" holds decimal years finer than months/,
    );
  });

  test("says so of series that are too short, and of a label that holds no numbers", async () => {
    await refused(
      csv("date,shop,sold", 15, (row, chance) => `${day(Math.floor(row / 3))},s${row % 3},${chance()}`),
      "sold",
      { task: "forecast" },
      "TRAINING_TOO_FEW_ROWS",
      /Expected a series of at least 8 values of "sold" to forecast, got 5 in the longest of 3 series/,
    );
    await refused(
      csv("date,word", 60, (row) => `${day(row)},${["elm", "oak"][row % 2]}`),
      "word",
      { task: "forecast" },
      "TRAINING_LABEL_INVALID",
      /--task forecast: expected numbers in "word" .*, got texts \("elm", "oak", …\)/,
    );
  });
});

describe("rows without a label", () => {
  const two = csv("id,size,weight,colour", 200, (row, chance) => {
    const large = row % 2 === 0 ? 10 : 0;
    return `x${row},${(large + chance()).toFixed(3)},${(large * 2 + chance()).toFixed(3)},${large > 0 ? "red" : "blue"}`;
  });

  test("are told odd from usual", async () => {
    const { feasibility, read } = await make(two, undefined, { task: "anomaly" });
    assert.match(feasibility.sentence, /flags (?:none|\d) of 40 rows that it had not seen/);
    assert.deepEqual([feasibility.success.metric, feasibility.baseline], ["flaggedShare", null]);
    const problem = await read("problem.ts");
    assert.match(problem, /task: "anomaly"/);
    assert.doesNotMatch(problem, /predict:/);
    assert.match(
      await read("training.ts"),
      /problem,\n {2}features: \[t\d+\.all\(\)\],[\s\S]*candidates: \[isolationForest\(\)\]/,
    );
    assert.doesNotMatch(await read(`data/t${made}.ts`), /labels/);
    assert.match(await read("README.md"), /unlike the others/);
  });

  test("are put into groups", async () => {
    const { feasibility, read } = await make(two, undefined, { task: "clustering" });
    assert.match(
      feasibility.sentence,
      /finds 2 groups, with a silhouette of 0\.9\d* on 40 rows .*: they stand well apart/,
    );
    assert.ok((feasibility.success.atLeast ?? 1) < (feasibility.model?.value ?? 0));
    assert.match(await read("training.ts"), /candidates: \[kMeans\(\)\]/);
  });

  test("need columns that say something", async () => {
    await refused(
      csv("id,name", 60, (row) => `${row},n${row}`),
      undefined,
      { task: "anomaly" },
      "TRAINING_NO_FEATURES",
      /No column says anything .* left out were "id": numbers the rows/,
    );
  });
});

describe("a label", () => {
  const stars = csv(
    "x,stars,back",
    300,
    (_row, chance) => `${chance().toFixed(3)},${1 + Math.floor(5 * chance())},${chance() < 0.5 ? 0 : 1}`,
  );

  test("is read as numbers or as classes, whichever is asked for", async () => {
    assert.match(await (await make(stars, "stars")).read("problem.ts"), /task: "multiclass"/);
    const number = await make(stars, "stars", { task: "regression" });
    assert.match(await number.read("problem.ts"), /task: "regression"/);
    assert.match(await number.read(`data/t${made}.ts`), /labels: \{ stars: number\(\) \}/);
    assert.match(await (await make(stars, "back", { task: "regression" })).read("problem.ts"), /task: "regression"/);
    assert.match(
      await (await make(stars, "stars", { task: "multiclass" })).read(`data/t${made}.ts`),
      /stars: category\(/,
    );
  });

  test("that cannot be read so says why", async () => {
    await refused(
      stars,
      "stars",
      { task: "binary" },
      "TRAINING_LABEL_INVALID",
      /--task binary: expected two different values in "stars", got 5: .* → Predict several classes with --task multiclass/,
    );
    await refused(
      stars,
      "back",
      { task: "multiclass" },
      "TRAINING_LABEL_INVALID",
      /more than two different values in "back", got 2/,
    );
    await refused(
      stars,
      "x",
      { task: "multiclass" },
      "TRAINING_LABEL_INVALID",
      /different number in nearly every row.* → Predict the number itself with --task regression/,
    );
  });

  const spoilt = (isText: (row: number) => boolean) =>
    csv(
      "x,share",
      43,
      (row, chance) =>
        `${chance().toFixed(3)},${isText(row) ? ["Chile", "Israel", "n.k."][row % 3] : (20 * chance()).toFixed(2)}`,
    );

  test("of numbers with a few texts leaves those rows to quarantine, and names the texts", async () => {
    const result = await make(
      spoilt((row) => row === 3 || row === 7),
      "share",
    );
    assert.match(await result.read("problem.ts"), /task: "regression"/);
    assert.match(
      said(result),
      /"share" holds numbers except in 2 rows \("Chile", "Israel"\), which will go to quarantine/,
    );
  });

  test("of numbers with many texts is refused with the texts", async () => {
    await refused(
      spoilt((row) => row % 4 === 0),
      "share",
      {},
      "TRAINING_LABEL_INVALID",
      /"share" is a number in 32 rows of t\d+\.csv, but holds texts in 11 rows \("Chile", "Israel", "n\.k\.".*\): too many to leave out → Empty or correct those cells/,
    );
  });
});
