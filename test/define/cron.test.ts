// Cron: what the five fields mean, and what happens when clocks go forward and back.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { isFailure } from "../../src/base/failure.ts";
import { parseCron } from "../../src/define/cron.ts";

const at = (text: string) => Date.parse(text);
function moments(expression: string, timeZone: string, after: string, count: number): string[] {
  const cron = parseCron(expression, timeZone);
  const found: string[] = [];
  let moment: number | undefined = at(after);
  while (found.length < count) {
    moment = cron.nextMs(moment as number);
    if (moment === undefined) break;
    found.push(new Date(moment).toISOString().slice(0, 16));
  }
  return found;
}

describe("what an expression names", () => {
  const cases: readonly [string, string, string[]][] = [
    ["*/20 * * * *", "2026-03-01T10:05Z", ["2026-03-01T10:20", "2026-03-01T10:40", "2026-03-01T11:00"]],
    ["5/25 9 * * *", "2026-03-01T09:00Z", ["2026-03-01T09:05", "2026-03-01T09:30", "2026-03-01T09:55"]],
    ["0 6 * * mon-fri", "2026-03-06T07:00Z", ["2026-03-09T06:00", "2026-03-10T06:00"]],
    ["0 6 * * 6-7", "2026-03-06T07:00Z", ["2026-03-07T06:00", "2026-03-08T06:00", "2026-03-14T06:00"]],
    ["0 6 * * SAT-SUN", "2026-03-06T07:00Z", ["2026-03-07T06:00", "2026-03-08T06:00"]],
    ["0 0 31 * *", "2026-01-31T00:00Z", ["2026-03-31T00:00", "2026-05-31T00:00"]],
    ["0 0 29 feb *", "2096-03-01T00:00Z", ["2104-02-29T00:00"]],
    ["0 0 13 * fri", "2026-03-01T00:00Z", ["2026-03-06T00:00", "2026-03-13T00:00", "2026-03-20T00:00"]],
    ["59 23 31 12 ?", "2026-12-31T23:58Z", ["2026-12-31T23:59", "2027-12-31T23:59"]],
    ["0,30 8-9 1 1,7 *", "2026-01-01T09:30Z", ["2026-07-01T08:00", "2026-07-01T08:30"]],
  ];
  for (const [expression, after, expected] of cases)
    test(`${expression} after ${after}`, () =>
      assert.deepEqual(moments(expression, "UTC", after, expected.length), expected));

  test("the moment itself is not after itself, and a second before it is", () => {
    const cron = parseCron("0 6 * * *");
    assert.equal(cron.nextMs(at("2026-03-01T06:00:00Z")), at("2026-03-02T06:00:00Z"));
    assert.equal(cron.nextMs(at("2026-03-01T05:59:59.999Z")), at("2026-03-01T06:00:00Z"));
  });
});

describe("when clocks change", () => {
  test("a daily run at a time that is left out in spring comes once, an hour later by the clock", () =>
    assert.deepEqual(moments("30 2 * * *", "Europe/Zurich", "2026-03-28T12:00Z", 2), [
      "2026-03-29T01:30",
      "2026-03-30T00:30",
    ]));
  test("a daily run at a time that comes twice in autumn comes once", () =>
    assert.deepEqual(moments("30 2 * * *", "Europe/Zurich", "2026-10-24T12:00Z", 2), [
      "2026-10-25T00:30",
      "2026-10-26T01:30",
    ]));
  test("an hourly run keeps its hours on both days: none doubled, none left out", () => {
    for (const after of ["2026-03-28T22:00Z", "2026-10-24T22:00Z"]) {
      const hours = moments("0 * * * *", "Europe/Zurich", after, 6).map((text) => at(`${text}Z`));
      assert.deepEqual(
        hours,
        Array.from({ length: 6 }, (_, i) => at(after) + (i + 1) * 3_600_000),
      );
    }
  });
  test("two hours that fall on the same moment in spring give one run", () =>
    assert.deepEqual(moments("30 2,3 * * *", "Europe/Zurich", "2026-03-28T12:00Z", 2), [
      "2026-03-29T01:30",
      "2026-03-30T00:30",
    ]));
  test("zones with half hours, and zones where midnight itself is left out, work too", () => {
    assert.deepEqual(moments("0 9 * * *", "Asia/Kathmandu", "2026-03-01T00:00Z", 1), ["2026-03-01T03:15"]);
    assert.deepEqual(moments("30 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00Z", 2), [
      "2026-10-03T15:30",
      "2026-10-04T15:30",
    ]);
    assert.deepEqual(moments("0 0 * * *", "America/Santiago", "2026-09-05T12:00Z", 2), [
      "2026-09-06T04:00",
      "2026-09-07T03:00",
    ]);
  });
  test("a zone that jumped over a whole day runs on the days that there were", () =>
    assert.deepEqual(moments("0 12 * * *", "Pacific/Apia", "2011-12-29T00:00Z", 3).length, 3));
});

describe("what cannot be read", () => {
  const mistakes: readonly [string, RegExp][] = [
    ["* * * *", /expected five fields .*, got 4/],
    ["* * * * * *", /got 6/],
    ["60 * * * *", /the minute goes from 0 to 59, got "60"/],
    ["* 24 * * *", /the hour goes from 0 to 23/],
    ["* * 0 * *", /the day of month goes from 1 to 31/],
    ["* * * 13 *", /the month goes from 1 to 12/],
    ["* * * * 8", /the weekday goes from 0 to 7/],
    ["*/0 * * * *", /step must be a number from 1 on/],
    ["*/x * * * *", /step/],
    ["1/2/3 * * * *", /step/],
    ["5-1 * * * *", /range begins after its end/],
    ["1-2-3 * * * *", /cannot be read/],
    ["mon * * * *", /the minute goes from 0 to 59, got "mon"/],
    ["* * L * *", /the day of month/],
    ["-1 * * * *", /the minute/],
    [", * * * *", /the minute/],
    ["", /got 1/],
    ["0 0 30 2 *", /which never does/],
    ["0 0 31 4,6,9,11 *", /which never does/],
  ];
  for (const [expression, says] of mistakes)
    test(`${JSON.stringify(expression)} is RUNS_SCHEDULE_INVALID`, () =>
      assert.throws(
        () => parseCron(expression),
        (error) => isFailure(error, "RUNS_SCHEDULE_INVALID") && says.test(error.message),
      ));
  test("an unknown time zone is RUNS_SCHEDULE_INVALID and names it", () =>
    assert.throws(
      () => parseCron("0 0 * * *", "Europe/Zürich"),
      (error) => isFailure(error, "RUNS_SCHEDULE_INVALID") && error.message.includes("Europe/Zürich"),
    ));
});

test("it names the very minute that a search minute by minute finds", () => {
  const means = (field: string, value: number, low: number, high: number) =>
    field.split(",").some((item) => {
      const [range = "", step = "1"] = item.split("/");
      const [from = low, to = from] = range === "*" ? [low, high] : range.split("-").map(Number);
      return value >= from && value <= to && (value - from) % Number(step) === 0;
    });
  const search = ([minute = "", hour = "", day = "", month = "", weekday = ""]: string[], after: number) => {
    for (let moment = Math.floor(after / 60_000 + 1) * 60_000; moment < after + 400 * 86_400_000; ) {
      const date = new Date(moment);
      const [byDay, byWeekday] = [means(day, date.getUTCDate(), 1, 31), means(weekday, date.getUTCDay(), 0, 6)];
      const onDay = day === "*" || weekday === "*" ? byDay && byWeekday : byDay || byWeekday;
      if (!onDay || !means(month, date.getUTCMonth() + 1, 1, 12))
        moment = (Math.floor(moment / 86_400_000) + 1) * 86_400_000;
      else if (means(hour, date.getUTCHours(), 0, 23) && means(minute, date.getUTCMinutes(), 0, 59)) return moment;
      else moment += 60_000;
    }
    return undefined;
  };
  const number = (low: number, high: number) => fc.integer({ min: low, max: high });
  const field = (low: number, high: number) =>
    fc.oneof(
      fc.constant("*"),
      fc.uniqueArray(number(low, high), { minLength: 1, maxLength: 3 }).map((values) => values.join(",")),
      fc.tuple(number(low, high), number(low, high)).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
      fc
        .tuple(number(low, high), number(low, high), number(1, 9))
        .map(([a, b, step]) => `${Math.min(a, b)}-${Math.max(a, b)}/${step}`),
    );
  fc.assert(
    fc.property(
      fc.tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6)),
      number(at("2024-01-01T00:00Z"), at("2030-01-01T00:00Z")),
      (fields, after) =>
        assert.equal(parseCron(fields.join(" ")).nextMs(after), search(fields, after), fields.join(" ")),
    ),
    { numRuns: 500 },
  );
});
