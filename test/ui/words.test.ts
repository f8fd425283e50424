// The words of the two pages for numbers, times and names.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  agoText,
  algorithmText,
  clockText,
  count,
  dateText,
  durationText,
  freshText,
  humanName,
  listText,
  metricText,
  newestText,
  numberText,
  percentText,
  secondsSince,
  sentence,
  spanText,
  valueText,
  withUnit,
} from "../../ui/src/words.ts";

const now = new Date("2026-03-10T12:00:00Z");
const utc = "UTC";

test("numbers keep what matters: four digits below a thousand, whole numbers above", () => {
  const said = [0, 1461, 3.25, 0.81234, 0.00123456, -3.5, 22019465.5, 1e15, 1e-7, -0.5].map(numberText);
  assert.deepEqual(said, [
    "0",
    "1,461",
    "3.25",
    "0.8123",
    "0.001235",
    "−3.5",
    "22,019,466",
    "1.00e15",
    "1.00e-7",
    "−0.5",
  ]);
  assert.equal(numberText(Number.NaN), "unknown");
});

test("a percentage never claims certainty that the number does not have", () => {
  assert.deepEqual([0, 0.004, 0.005, 0.724, 0.994, 0.996, 1].map(percentText), [
    "0 %",
    "under 1 %",
    "1 %",
    "72 %",
    "99 %",
    "over 99 %",
    "100 %",
  ]);
  assert.equal(percentText(Number.NaN), "unknown");
});

test("values of every type become text, with their unit and with a word for missing", () => {
  assert.deepEqual(
    [
      valueText(3.2, "mm"),
      valueText(true),
      valueText(false),
      valueText(null),
      valueText(undefined),
      valueText(""),
      valueText("sun"),
      valueText(0, "°C"),
    ],
    ["3.2 mm", "yes", "no", "unknown", "unknown", "unknown", "sun", "0 °C"],
  );
  assert.equal(valueText("2015-12-31T00:00:00.000Z"), "31 Dec 2015");
  assert.equal(valueText("2015"), "2015", "a year alone is not taken for a moment");
  assert.equal(withUnit("20", "°"), "20°");
  assert.equal(withUnit("20", null), "20");
});

test("spans are said in the one unit that fits", () => {
  const day = 86_400;
  const spans = [0, 1, 59, 60, 119, 3600, day, 2 * day, 60 * day, 61 * day, 730 * day, 731 * day, 343e6].map(spanText);
  const said = [
    "0 seconds",
    "1 second",
    "59 seconds",
    "1 minute",
    "1 minute",
    "1 hour",
    "24 hours",
    "2 days",
    "60 days",
    "2 months",
    "23 months",
    "2 years",
    "10 years",
  ];
  assert.deepEqual(spans, said);
  assert.equal(spanText(-5), "0 seconds", "a clock that is ahead does not give a negative age");
  assert.equal(agoText(4), "just now");
  assert.equal(agoText(720), "12 minutes ago");
});

test("durations carry over to the next unit instead of showing 60 of the smaller one", () => {
  const durations = [0, 849.6, 1000, 3210, 59_940, 59_960, 72_000, 120_000, 3_600_000, 7_500_000].map(durationText);
  assert.deepEqual(durations, [
    "0 ms",
    "850 ms",
    "1.0 s",
    "3.2 s",
    "59.9 s",
    "1 min",
    "1 min 12 s",
    "2 min",
    "1 h",
    "2 h 5 min",
  ]);
});

test("moments of the data are given in UTC, as they were recorded", () => {
  assert.equal(dateText("2015-12-31T00:00:00.000Z"), "31 Dec 2015");
  assert.equal(dateText("2015-12-31T06:30:00.000Z"), "31 Dec 2015, 06:30 UTC");
  assert.equal(dateText("not a time"), "not a time");
});

test("moments of the clock name the day only when it is another one", () => {
  const said = [
    "2026-03-10T14:20:00Z",
    "2026-03-11T06:00:00Z",
    "2026-03-09T23:59:00Z",
    "2026-12-03T06:00:00Z",
    "2025-12-03T06:00:00Z",
  ];
  assert.deepEqual(
    said.map((iso) => clockText(iso, now, utc)),
    ["14:20", "tomorrow at 06:00", "yesterday at 23:59", "3 Dec at 06:00", "3 Dec 2025 at 06:00"],
  );
});

test("young data is described by its age, old data by its date", () => {
  assert.equal(freshText("2026-03-10T11:56:00Z", now), "4 minutes old");
  assert.equal(freshText("2015-12-31T00:00:00Z", now), "from 31 Dec 2015");
  assert.equal(newestText("2015-12-31T00:00:00Z", now), "31 Dec 2015");
  assert.equal(secondsSince("2026-03-10T12:00:30Z", now), 0);
});

test("names of columns become words", () => {
  const names = ["wetDays7d", "min_temp", "MPAA Rating", "US_Gross", "co2", "rainTomorrow", "IMDB Rating", "___"].map(
    humanName,
  );
  assert.deepEqual(names, [
    "Wet days 7d",
    "Min temp",
    "MPAA rating",
    "US gross",
    "Co2",
    "Rain tomorrow",
    "IMDB rating",
    "___",
  ]);
});

test("lists, counts and sentences read as English", () => {
  assert.equal(listText([]), "");
  assert.equal(listText(["a"]), "a");
  assert.equal(listText(["a", "b", "c"]), "a, b and c");
  assert.equal(count(1, "row"), "1 row");
  assert.equal(count(1461, "row"), "1,461 rows");
  assert.equal(sentence("waits for data/air"), "Waits for data/air.");
  assert.equal(
    sentence("training/rain has no live model yet"),
    "training/rain has no live model yet.",
    "an id keeps its spelling",
  );
  assert.equal(sentence("Is it?"), "Is it?");
  assert.equal(sentence("  "), "");
});

test("metrics and algorithms have names and fixed digits", () => {
  assert.deepEqual([0.8123, -0.05, 312.44, null, undefined, Number.NaN].map(metricText), [
    "0.812",
    "−0.050",
    "312.4",
    "–",
    "–",
    "–",
  ]);
  assert.equal(algorithmText("gradientBoosting"), "gradient boosting");
  assert.equal(algorithmText("myOwnThing"), "my own thing");
});
