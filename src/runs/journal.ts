// The append-only record: every change of a run leaves one event, in the transaction of the change and in one order for all.

import type { Database, Statements } from "../ports/database.ts";

export type EventName =
  | "run.requested"
  | "run.started"
  | "run.done"
  | "run.failed"
  | "run.cancelled"
  | "schedule.changed"
  | "schedule.dropped"
  | "schedule.late"
  | "event.raised";

export interface LedgerEvent {
  /** 1, 2, 3 …: the order in which things were committed. */
  readonly sequence: number;
  readonly atMs: number;
  readonly component: string;
  readonly run: string | null;
  readonly event: EventName;
  readonly data: Readonly<Record<string, unknown>> | null;
}

export interface NewEvent {
  readonly atMs: number;
  readonly component: string;
  readonly run: string | null;
  readonly event: EventName;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Writes the event and returns its number. */
export async function record(tx: Statements, { atMs, component, run, event, data }: NewEvent): Promise<number> {
  // Whoever has raised the counter is alone until the transaction ends, on Postgres too: no reader can miss a late number.
  const counter = await tx.get<{ value: number }>(
    "insert into runs_counters (name, value) values ('events', 1) on conflict (name) do update set value = runs_counters.value + 1 returning value",
  );
  const sequence = counter?.value ?? 0;
  await tx.run("insert into runs_events (sequence, at, component, run, event, data) values (?, ?, ?, ?, ?, ?)", [
    sequence,
    atMs,
    component,
    run ?? "",
    event,
    data === undefined ? null : JSON.stringify(data),
  ]);
  return sequence;
}

/** The number of the newest event; 0 when nothing has happened yet. */
export async function lastEvent(database: Statements): Promise<number> {
  const counter = await database.get<{ value: number }>("select value from runs_counters where name = 'events'");
  return counter?.value ?? 0;
}

/** The events after a number, oldest first. */
export async function listEvents(database: Database, after: number, limit: number): Promise<LedgerEvent[]> {
  const rows = await database.all<{
    sequence: number;
    at: number;
    component: string;
    run: string;
    event: EventName;
    data: string | null;
  }>("select sequence, at, component, run, event, data from runs_events where sequence > ? order by sequence limit ?", [
    after,
    limit,
  ]);
  return rows.map(({ sequence, at, component, run, event, data }) => ({
    sequence,
    atMs: at,
    component,
    run: run === "" ? null : run,
    event,
    data: data === null ? null : (JSON.parse(data) as Record<string, unknown>),
  }));
}
