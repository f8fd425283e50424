// The components' schedules on the ledger: what is due is asked for in the transaction that moves the schedule on.

import { isFailure } from "../base/failure.ts";
import type { Missed } from "../define/schedule.ts";
import type { Database, Statements } from "../ports/database.ts";
import { record } from "./journal.ts";
import { requestRun } from "./requests.ts";
import { openTimetable, planMoments, type Timetable } from "./schedule.ts";
import { graceMsOf, readSettings } from "./settings.ts";

export interface ComponentSchedule {
  readonly component: string;
  /** "0 6 * * *", "@hourly" or "15m". */
  readonly schedule: string;
  /** An IANA name; UTC by default. */
  readonly timeZone?: string;
  /** `once` by default. */
  readonly missed?: Missed;
}

export interface FiredRun {
  readonly component: string;
  readonly run: string;
  readonly logicalAtMs: number;
}

export interface Schedules {
  /**
   * Makes these the schedules. One that is new or was changed begins now; what was due by the old one is asked for first.
   * Throws RUNS_SCHEDULE_INVALID, with nothing changed.
   */
  set(wanted: readonly ComponentSchedule[]): Promise<void>;
  /** Asks for every run that is due. Any number of processes may do so: each moment gives one run. */
  fire(): Promise<{ readonly runs: readonly FiredRun[]; readonly nextMs: number | null }>;
}

export interface SchedulesOptions {
  readonly now?: () => number;
  /** What a run of the component would be for. */
  readonly fingerprintOf?: (component: string) => string | null;
}

interface ScheduleRow {
  component: string;
  schedule: string;
  time_zone: string;
  missed: Missed;
  last_at: number;
}

export function openSchedules(database: Database, options: SchedulesOptions = {}): Schedules {
  const now = options.now ?? Date.now;
  const timetables = new Map<string, Timetable | null>();

  /** Null for one that a later version wrote, or that a person wrote by hand: it must not stop the others. */
  function timetableOf({ schedule, time_zone }: Pick<ScheduleRow, "schedule" | "time_zone">): Timetable | null {
    const key = `${schedule}\n${time_zone}`;
    const known = timetables.get(key);
    if (known !== undefined) return known;
    let timetable: Timetable | null = null;
    try {
      timetable = openTimetable(schedule, time_zone);
    } catch (error) {
      if (!isFailure(error, "RUNS_SCHEDULE_INVALID")) throw error;
    }
    timetables.set(key, timetable);
    return timetable;
  }

  /** Asks for what is due by the row as it stands, if nobody else has done so meanwhile. */
  async function advance(tx: Statements, row: ScheduleRow, timetable: Timetable, atMs: number): Promise<FiredRun[]> {
    const plan = planMoments(timetable, row.last_at, atMs, row.missed);
    if (plan.lastMs === row.last_at) return [];
    const { changes } = await tx.run(
      "update runs_schedules set last_at = ? where component = ? and schedule = ? and time_zone = ? and last_at = ?",
      [plan.lastMs, row.component, row.schedule, row.time_zone, row.last_at],
    );
    if (changes === 0) return [];
    const { component } = row;
    if (plan.dropped)
      await record(tx, {
        atMs,
        component,
        run: null,
        event: "schedule.dropped",
        data: { policy: row.missed, since: new Date(row.last_at).toISOString() },
      });
    if (plan.firstMs !== null && atMs - plan.firstMs > graceMsOf(await readSettings(tx)))
      await record(tx, {
        atMs,
        component,
        run: null,
        event: "schedule.late",
        data: { dueAt: new Date(plan.firstMs).toISOString(), policy: row.missed, runs: plan.runAtMs.length },
      });
    const fired: FiredRun[] = [];
    for (const logicalAtMs of plan.runAtMs) {
      const fingerprint = options.fingerprintOf?.(component) ?? null;
      const { run, isNew } = await requestRun(tx, atMs, { component, reason: "schedule", fingerprint, logicalAtMs });
      if (isNew) fired.push({ component, run, logicalAtMs });
    }
    return fired;
  }

  const list = (statements: Statements) =>
    statements.all<ScheduleRow>("select * from runs_schedules order by component");

  return {
    async set(wanted) {
      const rows = new Map<string, ScheduleRow>();
      for (const { component, schedule, timeZone = "UTC", missed = "once" } of wanted) {
        openTimetable(schedule, timeZone);
        rows.set(component, { component, schedule, time_zone: timeZone, missed, last_at: now() });
      }
      const known = new Map((await list(database)).map((row) => [row.component, row]));
      const same = (a: ScheduleRow | undefined, b: ScheduleRow) =>
        a !== undefined && a.schedule === b.schedule && a.time_zone === b.time_zone && a.missed === b.missed;
      if (known.size === rows.size && [...rows.values()].every((row) => same(known.get(row.component), row))) return;
      await database.transaction(async (tx) => {
        const atMs = now();
        const standing = new Map((await list(tx)).map((row) => [row.component, row]));
        for (const component of standing.keys())
          if (!rows.has(component)) await tx.run("delete from runs_schedules where component = ?", [component]);
        for (const row of rows.values()) {
          const before = standing.get(row.component);
          if (same(before, row)) continue;
          const timetable = before === undefined ? null : timetableOf(before);
          if (before !== undefined && timetable !== null) await advance(tx, before, timetable, atMs);
          await tx.run(
            `insert into runs_schedules (component, schedule, time_zone, missed, last_at) values (?, ?, ?, ?, ?)
             on conflict (component) do update set schedule = excluded.schedule, time_zone = excluded.time_zone, missed = excluded.missed, last_at = excluded.last_at`,
            [row.component, row.schedule, row.time_zone, row.missed, atMs],
          );
          await record(tx, {
            atMs,
            component: row.component,
            run: null,
            event: "schedule.changed",
            data: { schedule: row.schedule, timeZone: row.time_zone },
          });
        }
      });
    },
    async fire() {
      const atMs = now();
      const runs: FiredRun[] = [];
      let nextMs: number | null = null;
      for (const row of await list(database)) {
        const timetable = timetableOf(row);
        if (timetable === null) continue;
        const plan = planMoments(timetable, row.last_at, atMs, row.missed);
        // Most looks find nothing due, and those must not take the write lock.
        if (plan.lastMs !== row.last_at)
          runs.push(...(await database.transaction((tx) => advance(tx, row, timetable, atMs))));
        if (plan.nextMs !== null && (nextMs === null || plan.nextMs < nextMs)) nextMs = plan.nextMs;
      }
      return { runs, nextMs };
    },
  };
}
