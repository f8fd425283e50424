// Alerts on the ledger: made from its events in one transaction with the place read up to, and kept until they are delivered.

import { newId } from "../base/ids.ts";
import type { JsonObject } from "../base/json.ts";
import type { Database, Statements } from "../ports/database.ts";
import type { EventName } from "./journal.ts";

/** A component failed, is well again, or did not run although it should have. */
export type AlertKind = "failed" | "recovered" | "missed";

export interface Alert {
  readonly alert: string;
  readonly kind: AlertKind;
  readonly component: string;
  readonly run: string | null;
  readonly atMs: number;
  readonly data: JsonObject;
  readonly state: "waiting" | "sent" | "given up";
  /** How often its delivery was tried. */
  readonly attempts: number;
  /** Why the newest try failed. */
  readonly error: string | null;
}

export interface Alerts {
  /** Makes alerts of what happened since the last call. What happened before anybody wanted alerts gives none. */
  collect(graceMs: number): Promise<void>;
  /** Takes the one whose delivery is due; nobody else gets it for `holdMs`. */
  take(holdMs: number): Promise<Alert | undefined>;
  sent(alert: string): Promise<void>;
  /** To be tried again after `waitMs`; never again when that is null. */
  notSent(alert: string, why: string, waitMs: number | null): Promise<void>;
  /** Nobody wants alerts: later ones begin with what happens then. */
  off(): Promise<void>;
  /** Newest first. */
  list(limit: number): Promise<Alert[]>;
}

interface AlertRow {
  alert: string;
  kind: AlertKind;
  component: string;
  run: string;
  at: number;
  data: string;
  state: Alert["state"];
  attempts: number;
  next_at: number;
  error: string | null;
}

interface EventRow {
  sequence: number;
  at: number;
  component: string;
  run: string;
  event: EventName;
  data: string | null;
}

/** Delivered alerts are kept so long, for those who ask what was sent. */
const keptMs = 30 * 86_400_000;
const portion = 500;

export function openAlerts(database: Database, options: { readonly now?: () => number } = {}): Alerts {
  const now = options.now ?? Date.now;
  const counter = (name: string, on: Statements) =>
    on.get<{ value: number }>("select value from runs_counters where name = ?", [name]).then((row) => row?.value);

  async function collectEvents(tx: Statements): Promise<boolean> {
    const newest = (await counter("events", tx)) ?? 0;
    const seen = (await counter("alerts", tx)) ?? newest;
    const events = await tx.all<EventRow>("select * from runs_events where sequence > ? order by sequence limit ?", [
      seen,
      portion,
    ]);
    for (const event of events) await alertOf(tx, event);
    const reached = events.at(-1)?.sequence ?? newest;
    await tx.run(
      "insert into runs_counters (name, value) values ('alerts', ?) on conflict (name) do update set value = excluded.value",
      [reached],
    );
    return reached < newest;
  }

  /** Only changes are told: a component that fails again in the same way was told of already. */
  async function alertOf(tx: Statements, { at, component, run, event, data }: EventRow): Promise<void> {
    const facts = data === null ? {} : (JSON.parse(data) as JsonObject);
    if (event === "schedule.late") await add(tx, { kind: "missed", component, run: "", at, data: facts });
    if (event !== "run.failed" && event !== "run.done") return;
    const told = await tx.get<{ code: string }>("select code from runs_alert_states where component = ?", [component]);
    if (event === "run.done") {
      if (told === undefined) return;
      await tx.run("delete from runs_alert_states where component = ?", [component]);
      await add(tx, { kind: "recovered", component, run, at, data: { was: told.code } });
      return;
    }
    const code = String(facts.code);
    // Interrupted runs are run again; if they are not, their schedule's moment passes, and that is told.
    if (code === told?.code || code === "RUNTIME_INTERRUPTED") return;
    await tx.run(
      "insert into runs_alert_states (component, code) values (?, ?) on conflict (component) do update set code = excluded.code",
      [component, code],
    );
    const failed = await tx.get<{ failure: string | null }>("select failure from runs where run = ?", [run]);
    const failure = failed?.failure ?? null;
    await add(tx, {
      kind: "failed",
      component,
      run,
      at,
      data: { failure: failure === null ? { code } : (JSON.parse(failure) as JsonObject) },
    });
  }

  /** A scheduled run that was asked for and that nobody has begun. */
  async function collectWaiting(tx: Statements, graceMs: number): Promise<void> {
    const late = await tx.all<{ run: string; component: string; logical_at: number }>(
      `select run, component, logical_at from runs where state = 'requested' and logical_at is not null and requested_at < ?
         and not exists (select 1 from runs_alerts where alert = 'alert_late_' || runs.run)`,
      [now() - graceMs],
    );
    for (const { run, component, logical_at } of late)
      await add(
        tx,
        { kind: "missed", component, run, at: now(), data: { dueAt: new Date(logical_at).toISOString(), waits: true } },
        `alert_late_${run}`,
      );
  }

  async function add(
    tx: Statements,
    { kind, component, run, at, data }: Pick<AlertRow, "kind" | "component" | "run" | "at"> & { data: JsonObject },
    alert = newId("alert", at),
  ): Promise<void> {
    await tx.run(
      "insert into runs_alerts (alert, kind, component, run, at, data, state, attempts, next_at) values (?, ?, ?, ?, ?, ?, 'waiting', 0, ?)",
      [alert, kind, component, run, at, JSON.stringify(data), now()],
    );
  }

  return {
    async collect(graceMs) {
      // Most looks find nothing new, and those must not take the write lock.
      if ((await counter("events", database)) !== (await counter("alerts", database)))
        while (await database.transaction(collectEvents));
      const waiting = await database.get(
        "select 1 from runs where state = 'requested' and logical_at is not null and requested_at < ?",
        [now() - graceMs],
      );
      if (waiting !== undefined) await database.transaction((tx) => collectWaiting(tx, graceMs));
    },
    async take(holdMs) {
      const due = "select * from runs_alerts where state = 'waiting' and next_at <= ? order by next_at, alert limit 1";
      if ((await database.get(due, [now()])) === undefined) return undefined;
      return database.transaction(async (tx) => {
        const row = await tx.get<AlertRow>(due, [now()]);
        if (row === undefined) return undefined;
        await tx.run("update runs_alerts set next_at = ?, attempts = attempts + 1 where alert = ?", [
          now() + holdMs,
          row.alert,
        ]);
        return alertOfRow({ ...row, attempts: row.attempts + 1 });
      });
    },
    async sent(alert) {
      await database.run("update runs_alerts set state = 'sent', error = null where alert = ?", [alert]);
      await database.run("delete from runs_alerts where state <> 'waiting' and at < ?", [now() - keptMs]);
    },
    async notSent(alert, why, waitMs) {
      await database.run("update runs_alerts set state = ?, next_at = ?, error = ? where alert = ?", [
        waitMs === null ? "given up" : "waiting",
        now() + (waitMs ?? 0),
        why,
        alert,
      ]);
    },
    async off() {
      if ((await counter("alerts", database)) === undefined) return;
      await database.run("delete from runs_counters where name = 'alerts'");
    },
    list: async (limit) =>
      (await database.all<AlertRow>("select * from runs_alerts order by at desc, alert desc limit ?", [limit])).map(
        alertOfRow,
      ),
  };
}

function alertOfRow(row: AlertRow): Alert {
  return {
    alert: row.alert,
    kind: row.kind,
    component: row.component,
    run: row.run === "" ? null : row.run,
    atMs: row.at,
    data: JSON.parse(row.data) as JsonObject,
    state: row.state,
    attempts: row.attempts,
    error: row.error,
  };
}
