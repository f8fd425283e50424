// The project's settings as they loaded last, on the ledger, so that every process and the next start know them.

import { parseDurationMs } from "../base/clock.ts";
import type { ConfigOptions } from "../define/config.ts";
import type { Database, Statements } from "../ports/database.ts";

const usualGraceMs = 300_000;

export async function readSettings(database: Statements): Promise<ConfigOptions> {
  const row = await database.get<{ value: string }>("select value from runs_settings where name = 'config'");
  return row === undefined ? {} : (JSON.parse(row.value) as ConfigOptions);
}

export async function writeSettings(database: Database, settings: ConfigOptions): Promise<void> {
  const value = JSON.stringify(settings);
  if (JSON.stringify(await readSettings(database)) === value) return;
  await database.run(
    "insert into runs_settings (name, value) values ('config', ?) on conflict (name) do update set value = excluded.value",
    [value],
  );
}

/** How late a scheduled run may be before that is told of. */
export function graceMsOf({ alerts }: ConfigOptions): number {
  return (alerts?.grace === undefined ? undefined : parseDurationMs(alerts.grace)) ?? usualGraceMs;
}

/** How many runs, and how many of their steps, may run at once in the whole project; null when nobody has said. */
export async function mostAtOnce(database: Statements): Promise<number | null> {
  return (await readSettings(database)).concurrency ?? null;
}

/** Whoever counts what runs does so alone until the transaction ends, lest two take the last free place on Postgres. */
export async function countAlone(tx: Statements, sql: string): Promise<number> {
  await tx.run("update runs_counters set value = value where name = 'events'");
  return (await tx.get<{ running: number }>(sql))?.running ?? 0;
}
