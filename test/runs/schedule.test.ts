// Schedules: what is due after an absence, a change of the clock or a restart, by the missed-run policy.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isFailure } from "../../src/base/failure.ts";
import { openTimetable, planMoments } from "../../src/runs/schedule.ts";

const at = (text: string) => Date.parse(`2026-03-${text}Z`);
const hourly = openTimetable("@hourly");
const hour = 3_600_000;

test("nothing is due before the next moment, and it is named", () =>
  assert.deepEqual(planMoments(hourly, at("01T10:00"), at("01T10:59"), "once"), {
    runAtMs: [],
    firstMs: null,
    dropped: false,
    lastMs: at("01T10:00"),
    nextMs: at("01T11:00"),
  }));

test("a moment that has come is due once, and not again at the next look", () => {
  const plan = planMoments(hourly, at("01T10:00"), at("01T11:00"), "once");
  assert.deepEqual(plan, {
    runAtMs: [at("01T11:00")],
    firstMs: at("01T11:00"),
    dropped: false,
    lastMs: at("01T11:00"),
    nextMs: at("01T12:00"),
  });
  assert.deepEqual(planMoments(hourly, plan.lastMs, at("01T11:00"), "once").runAtMs, []);
});

test("after an absence, once runs for the newest moment, all for each, skip for none", () => {
  const [last, now] = [at("01T10:00"), at("01T14:30")];
  assert.deepEqual(planMoments(hourly, last, now, "once").runAtMs, [at("01T14:00")]);
  assert.deepEqual(
    planMoments(hourly, last, now, "all").runAtMs,
    [11, 12, 13, 14].map((h) => at(`01T${h}:00`)),
  );
  assert.deepEqual(planMoments(hourly, last, now, "skip").runAtMs, []);
  for (const missed of ["once", "all", "skip"] as const)
    assert.equal(planMoments(hourly, last, now, missed).nextMs, at("01T15:00"));
  assert.equal(planMoments(hourly, last, now, "skip").dropped, true);
  assert.equal(planMoments(hourly, last, now, "all").dropped, false);
});

test("skip still runs a moment that is only a few seconds late", () =>
  assert.deepEqual(planMoments(hourly, at("01T10:00"), at("01T11:00:20"), "skip").runAtMs, [at("01T11:00")]));

test("all makes up for a long absence in portions, and drops nothing", () => {
  let last = at("01T00:00");
  const now = at("31T00:00");
  const ran: number[] = [];
  for (let looks = 0; looks < 20; looks++) {
    const plan = planMoments(hourly, last, now, "all");
    assert.ok(plan.runAtMs.length <= 100);
    ran.push(...plan.runAtMs);
    last = plan.lastMs;
  }
  assert.equal(ran.length, 30 * 24);
  assert.equal(new Set(ran).size, ran.length);
});

test("a year of missed minutes is planned in a moment", () => {
  const started = performance.now();
  const plan = planMoments(
    openTimetable("* * * * *", "Europe/Zurich"),
    at("01T00:00") - 366 * 86_400_000,
    at("01T00:00:30"),
    "once",
  );
  assert.deepEqual(plan.runAtMs, [at("01T00:00")]);
  assert.ok(performance.now() - started < 100);
});

test("a clock that is set back an hour neither repeats a moment of the calendar nor loses the next new one", () => {
  const plan = planMoments(hourly, at("01T10:00"), at("01T09:05"), "once");
  assert.deepEqual(plan.runAtMs, []);
  assert.equal(plan.nextMs, at("01T11:00"));
  assert.deepEqual(planMoments(hourly, plan.lastMs, at("01T10:00"), "once").runAtMs, []);
  assert.deepEqual(planMoments(hourly, plan.lastMs, at("01T11:00"), "once").runAtMs, [at("01T11:00")]);
});

test("a clock that is set back does not stop an interval for as long", () => {
  const every = openTimetable("15m");
  const plan = planMoments(every, at("01T10:00"), at("01T09:05"), "once");
  assert.deepEqual(plan, {
    runAtMs: [],
    firstMs: null,
    dropped: false,
    lastMs: at("01T09:05"),
    nextMs: at("01T09:20"),
  });
});

test("a clock that was years ahead and is put right does not silence a schedule for years", () => {
  const plan = planMoments(hourly, Date.parse("2038-01-01T00:00Z"), at("01T09:05"), "once");
  assert.equal(plan.nextMs, at("01T10:00"));
});

test("an interval keeps its rhythm when a look comes late", () => {
  const every = openTimetable("10m");
  assert.deepEqual(planMoments(every, at("01T10:00"), at("01T10:10:07"), "once").nextMs, at("01T10:20"));
  assert.deepEqual(planMoments(every, at("01T10:00"), at("01T10:47"), "once").runAtMs, [at("01T10:40")]);
  assert.deepEqual(
    planMoments(every, at("01T10:00"), at("01T10:35"), "all").runAtMs,
    ["10", "20", "30"].map((m) => at(`01T10:${m}`)),
  );
});

test("whatever the looks, once and all never run a moment twice and never run one that has not come", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("*/7 * * * *", "0 6 * * *", "@hourly", "13m", "30 2 * * *"),
      fc.constantFrom("once", "all"),
      fc.array(fc.integer({ min: -2 * hour, max: 9 * hour }), { maxLength: 12 }),
      (text, missed, steps) => {
        const timetable = openTimetable(text, "Europe/Zurich");
        let now = at("28T20:00");
        let last = now;
        const ran: number[] = [];
        for (const step of steps) {
          now += step;
          const plan = planMoments(timetable, last, now, missed as "once" | "all");
          for (const moment of plan.runAtMs) assert.ok(moment <= now);
          ran.push(...plan.runAtMs);
          last = plan.lastMs;
        }
        if (!timetable.interval) assert.equal(new Set(ran).size, ran.length);
      },
    ),
  );
});

test("what is no schedule is RUNS_SCHEDULE_INVALID", () => {
  for (const text of ["", "hourly", "@often", "5s", "0m", "* * *", "0 0 30 2 *", "* * * * * *"])
    assert.throws(
      () => openTimetable(text),
      (error) => isFailure(error, "RUNS_SCHEDULE_INVALID"),
      text,
    );
});
