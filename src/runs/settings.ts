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
