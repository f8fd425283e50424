// Events by name: any room, or somebody outside, says that something has happened; components that wait for it become due.

import { fail } from "../base/failure.ts";
import { type EventId, isEvent } from "../define/after.ts";
import type { Statements } from "../ports/database.ts";
import { record } from "./journal.ts";

/**
 * Writes the event down within the caller's transaction and returns its number on the ledger. It counts however late
 * somebody looks: what waits for it runs once after the newest. Throws RUNS_EVENT_INVALID.
 */
export async function raiseEvent(
  tx: Statements,
  { event, atMs, data }: { event: EventId; atMs: number; data?: Readonly<Record<string, unknown>> },
): Promise<number> {
  if (!isEvent(event) || event.length > 120)
    throw fail(
      "RUNS_EVENT_INVALID",
      `Expected an event's name such as orders-loaded, got ${JSON.stringify(event.slice("event/".length))}`,
    );
  const number = await record(tx, {
    atMs,
    component: event,
    run: null,
    event: "event.raised",
    ...(data === undefined ? {} : { data }),
  });
  await tx.run(
    `insert into runs_raised (event, number, at) values (?, ?, ?)
     on conflict (event) do update set number = excluded.number, at = excluded.at`,
    [event, number, atMs],
  );
  return number;
}

/** The number of the newest of each event that was ever raised. */
export async function listRaised(database: Statements): Promise<ReadonlyMap<string, number>> {
  const rows = await database.all<{ event: string; number: number }>("select event, number from runs_raised");
  return new Map(rows.map(({ event, number }) => [event, number]));
}
