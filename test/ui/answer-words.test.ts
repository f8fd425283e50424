// The product page's words for answers, classes and reasons.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { AppDocument, PredictionDocument } from "../../src/http/api.ts";
import {
  answerWords,
  chanceEffect,
  className,
  modelText,
  reasons,
  reasonsSubject,
  restsOn,
  yesNo,
} from "../../ui/src/answer-words.ts";

const binary = { task: "binary" as const, label: { name: "rain", unit: null, classes: ["false", "true"] } };
const species = {
  task: "multiclass" as const,
  label: { name: "species", unit: null, classes: ["Adelie", "Chinstrap", "Gentoo"] },
};

test("a yes/no answer is a chance of yes, with its tendency in words", () => {
  const words = answerWords(binary, { prediction: true, probabilities: { false: 0.28, true: 0.72 } });
  assert.equal(words.headline, "72 % chance of yes");
  assert.equal(words.meaning, "Probably yes: of 100 cases like this one, the model expects about 72 to be a yes.");
  assert.equal(words.chance, 0.72);
  assert.deepEqual(words.bars, []);
});

test("an unlikely yes that counts as one, for what errors cost, says so", () => {
  const words = (prediction: boolean, chance: number) =>
    answerWords(binary, { prediction, probabilities: { false: 1 - chance, true: chance } }).meaning ?? "";
  assert.match(words(true, 0.3), /^Probably no: .* It counts as a yes all the same, for what errors cost here\.$/);
  assert.match(words(false, 0.7), /It counts as a no all the same/);
  assert.doesNotMatch(words(true, 0.5), /all the same/);
});

test("the chance is that of yes however the classes are spelt and ordered", () => {
  const pairs: readonly (readonly [string, string])[] = [
    ["no", "yes"],
    ["Yes", "No"],
    ["0", "1"],
    ["N", "Y"],
    ["TRUE", "FALSE"],
  ];
  for (const classes of pairs) {
    const pair = yesNo(classes);
    assert.ok(pair);
    const app = { ...binary, label: { ...binary.label, classes } };
    assert.equal(
      answerWords(app, { prediction: pair.no, probabilities: { [pair.yes]: 0.05, [pair.no]: 0.95 } }).headline,
      "5 % chance of yes",
    );
    assert.equal(className(pair.no, classes), "no");
  }
  assert.equal(yesNo(["died", "survived"]), null);
  assert.equal(yesNo(["true", "1"]), null, "two words for yes are no yes/no question");
  assert.equal(yesNo(["yes", "no", "maybe"]), null);
});

test("chances at the ends do not claim certainty", () => {
  assert.match(
    answerWords(binary, { prediction: true, probabilities: { false: 0.002, true: 0.998 } }).meaning ?? "",
    /^Very likely yes: .* more than 99 /,
  );
  assert.equal(
    answerWords(binary, { prediction: false, probabilities: { false: 0.999, true: 0.001 } }).headline,
    "under 1 % chance of yes",
  );
  assert.match(
    answerWords(binary, { prediction: true, probabilities: { false: 0.5, true: 0.5 } }).meaning ?? "",
    /^It could go either way/,
  );
});

test("classes are named, with how likely each one is, the likeliest first", () => {
  const words = answerWords(species, {
    prediction: "Gentoo",
    probabilities: { Adelie: 0.05, Chinstrap: 0.15, Gentoo: 0.8 },
  });
  assert.equal(words.headline, "Gentoo");
  assert.equal(words.sureness, "80 % likely");
  assert.equal(words.meaning, "The next likeliest is Chinstrap with 15 %.");
  assert.deepEqual(
    words.bars.map((bar) => [bar.label, bar.chosen]),
    [
      ["Gentoo", true],
      ["Chinstrap", false],
      ["Adelie", false],
    ],
  );
  const close = answerWords(species, {
    prediction: "Gentoo",
    probabilities: { Adelie: 0.1, Chinstrap: 0.43, Gentoo: 0.47 },
  });
  assert.equal(close.meaning, "A close call between Gentoo and Chinstrap (43 %).");
});

test("two classes that are not yes and no are named like any others", () => {
  const app = { task: "binary" as const, label: { name: "sex", unit: null, classes: ["FEMALE", "MALE"] } };
  const words = answerWords(app, { prediction: "MALE", probabilities: { FEMALE: 0.3, MALE: 0.7 } });
  assert.deepEqual([words.headline, words.sureness, words.chance], ["MALE", "70 % likely", null]);
});

test("numbers carry the label's unit", () => {
  const app = { task: "regression" as const, label: { name: "mass", unit: "g", classes: [] } };
  assert.equal(answerWords(app, { prediction: 4210.4 }).headline, "4,210 g");
  assert.equal(answerWords(app, { prediction: -0.5 }).headline, "−0.5 g");
});

test("an answer without probabilities is still an answer", () => {
  assert.equal(answerWords(binary, { prediction: true }).headline, "Yes");
  assert.equal(answerWords(species, { prediction: "Adelie" }).headline, "Adelie");
});

function answer(over: Partial<PredictionDocument>): PredictionDocument {
  return {
    prediction: true,
    model: { name: "rain", version: 7, id: "x", ageSeconds: 259_200 },
    features: {},
    at: "2026-03-10T12:00:00Z",
    staleness: { dataSeconds: 240, modelSeconds: 259_200, message: null },
    id: "p1",
    ...over,
  };
}

const fields: AppDocument["fields"] = [
  {
    name: "precipitation",
    label: "Precipitation",
    type: "number",
    description: null,
    unit: "mm",
    required: true,
    min: 0,
    max: 50,
    step: 1,
    values: null,
    default: 0,
  },
];

test("reasons name the value, its direction and its size in points", () => {
  const given = answer({
    probabilities: { false: 0.28, true: 0.72 },
    explanation: {
      base: -0.2,
      unit: "margin",
      class: "true",
      contributions: [
        { feature: "precipitation", value: 3.2, contribution: 0.8 },
        { feature: "wetDays7d", value: null, contribution: -0.4 },
        { feature: "wind", value: 2, contribution: 0 },
      ],
    },
  });
  assert.deepEqual(reasons({ ...binary, fields }, given), [
    { feature: "precipitation", text: "Precipitation 3.2 mm", speaks: "for", size: "+18 points", strength: 1 },
    { feature: "wetDays7d", text: "Wet days 7d unknown", speaks: "against", size: "−7 points", strength: 0.5 },
  ]);
  assert.equal(reasonsSubject(binary, given), "yes");
});

test("reasons of a text name its words", () => {
  const given = answer({
    probabilities: { false: 0.28, true: 0.72 },
    explanation: {
      base: -0.2,
      unit: "margin",
      class: "true",
      contributions: [
        {
          feature: "message",
          value: "The refund, thanks",
          contribution: 0.5,
          terms: [
            { term: "refund", contribution: 0.8 },
            { term: "thanks", contribution: -0.4 },
          ],
        },
      ],
    },
  });
  assert.equal(reasons({ ...binary, fields }, given)[0]?.text, "Message: “refund” +18 points, “thanks” −7 points");
});

test("reasons for a number are in its unit, and speak for no class", () => {
  const given = answer({
    prediction: 4210,
    explanation: {
      base: 4200,
      unit: "value",
      class: null,
      contributions: [{ feature: "flipper", value: 197, contribution: -85.23 }],
    },
  });
  const app = { task: "regression" as const, label: { name: "mass", unit: "g", classes: [] }, fields: [] };
  assert.equal(reasons(app, given)[0]?.size, "−85 g");
  assert.equal(reasonsSubject(app, given), null);
});

test("only the strongest reasons are kept, and none is made up", () => {
  const contributions = Array.from({ length: 20 }, (_, index) => ({
    feature: `f${index}`,
    value: index,
    contribution: 20 - index,
  }));
  const given = answer({ explanation: { base: 0, unit: "value", class: null, contributions } });
  assert.equal(reasons({ ...binary, fields: [] }, given, 6).length, 6);
  assert.deepEqual(reasons({ ...binary, fields: [] }, answer({})), []);
});

test("the effect of a reason has its sign and never leaves the scale of chances", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.001, max: 0.999, noNaN: true }),
      fc.double({ min: -20, max: 20, noNaN: true }),
      (chance, contribution) => {
        const effect = chanceEffect(chance, contribution);
        assert.ok(Number.isFinite(effect) && chance - effect >= 0 && chance - effect <= 1);
        assert.ok(effect === 0 || Math.sign(effect) === Math.sign(contribution));
      },
    ),
  );
  assert.ok(Math.abs(chanceEffect(0.5, Math.log(3)) - 0.25) < 1e-12, "odds of 1 without a factor of 3 are odds of 1/3");
});

test("what an answer rests on is said with ages and quality, and leaves out what is not known", () => {
  const model = {
    version: 7,
    ageSeconds: 259_200,
    algorithm: "logistic",
    quality: "ROC AUC 0.81 on 292 held-out days",
  };
  const said =
    "Model v7, logistic regression, 3 days old. The stored data is 4 minutes old. ROC AUC 0.81 on 292 held-out days.";
  assert.equal(restsOn({ model }, answer({})), said);
  assert.equal(modelText({ model, dataAgeSeconds: 240 }), said);
  assert.equal(
    restsOn(
      { model: { ...model, version: 8 } },
      answer({ staleness: { dataSeconds: null, modelSeconds: 30, message: null } }),
    ),
    "Model v7, 30 seconds old.",
  );
});

test("a forecast leads with its next step, its day and its interval", () => {
  const app = { task: "forecast" as const, label: { name: "sold", unit: "pieces", classes: [] } };
  const step = (at: string, value: number) => ({ at, value, lower: value - 2, upper: value + 2 });
  const forecast = {
    coverage: 0.8,
    steps: [step("2025-07-20T00:00:00.000Z", 34.456), step("2025-07-21T00:00:00.000Z", 40)],
  };
  const words = answerWords(app, { prediction: 34.456, forecast });
  assert.equal(words.headline, "34.46 pieces");
  assert.equal(words.sureness, "on 20 Jul 2025");
  assert.equal(words.meaning, "In 80 of 100 cases the value of that step lies between 32.46 pieces and 36.46 pieces.");
});

test("a forecast of months or years names those, and not their first days", () => {
  const app = { task: "forecast" as const, label: { name: "sold", unit: null, classes: [] } };
  const words = (...days: string[]) => {
    const steps = days.map((day) => ({ at: `${day}T00:00:00.000Z`, value: 5, lower: 4, upper: 6 }));
    return answerWords(app, { prediction: 5, forecast: { coverage: 0.8, steps } }).sureness;
  };
  assert.equal(words("1961-01-01", "1961-02-01"), "in January 1961");
  assert.equal(words("1961-01-01", "1962-01-01"), "in 1961");
  assert.equal(words("1961-01-31", "1961-02-28"), "on 31 Jan 1961");
  // A single step may be a day as well as a month.
  assert.equal(words("1961-01-01"), "on 1 Jan 1961");
});

test("an odd row is told as flagged or not, with its score and the border", () => {
  const app = { task: "anomaly" as const, label: { name: "odd", unit: null, classes: [] } };
  const words = (prediction: boolean, score: number) => answerWords(app, { prediction, score, flagFrom: 0.6 });
  assert.equal(words(true, 0.71).headline, "Odd: flagged");
  assert.equal(words(false, 0.4).headline, "Nothing odd");
  assert.match(words(true, 0.71).meaning ?? "", /oddness is 0.71 on a scale from 0 to 1; from 0.6 on a row is flagged/);
});

test("a group is told by its number, its share and what is typical of it", () => {
  const app = {
    task: "clustering" as const,
    label: { name: "group", unit: null, classes: [] },
    groups: [{ group: 2, share: 0.33, traits: ["plant east in 100 % (34 % of all)"] }],
  };
  const words = answerWords(app, { prediction: 2, distance: 0.4 });
  assert.deepEqual([words.headline, words.sureness], ["Group 2", "33 % of all rows"]);
  assert.equal(words.meaning, "Typical of it: plant east in 100 % (34 % of all).");
  assert.equal(answerWords(app, { prediction: 9 }).sureness, null);
});
