// Asking for runs and taking them: one waiting run a component, one running, one a moment of a schedule.

import { newId } from "../base/ids.ts";
import type { Statements } from "../ports/database.ts";
import { inputText, type RunRow, runOf } from "./history.ts";
import { record } from "./journal.ts";
import type { LedgerParts } from "./ledger-parts.ts";
import type { RequestOptions, Run, RunReason } from "./run.ts";
import { countAlone, mostAtOnce } from "./settings.ts";

/** Asking for runs, and taking those that wait. */
export interface Requests {
  /** Asks for a run. While one of the component is waiting already, that one is returned, with the newer fingerprint. */
  request(component: string, reason: RunReason, fingerprint: string | null, options?: RequestOptions): Promise<string>;
  /** Takes a waiting run, unless the component is running already; undefined when it is not to be had. */
  claim(run: string): Promise<Run | undefined>;
  /** Takes the waiting run that comes first among these components; undefined when there is none. */
  claimNext(components: readonly string[]): Promise<Run | undefined>;
}

export function openRequests({ database, now, owner, leaseMs }: LedgerParts): Requests {
  async function take(tx: Statements, run: string): Promise<Run | undefined> {
    const most = await mostAtOnce(tx);
    const running = "select count(*) as running from runs where state = 'running'";
    if (most !== null && (await countAlone(tx, running)) >= most) return undefined;
    const atMs = now();
    const { changes } = await tx.run(
      `update runs set state = 'running', started_at = ?, owner = ?, lease_until = ?, beats = 0
       where run = ? and state = 'requested'
         and not exists (select 1 from runs other where other.component = runs.component and other.state = 'running')`,
      [atMs, owner, atMs + leaseMs, run],
    );
    if (changes === 0) return undefined;
    const row = (await tx.get<RunRow>("select * from runs where run = ?", [run])) as RunRow;
    await record(tx, { atMs, component: row.component, run, event: "run.started" });
    return runOf(row);
  }

  return {
    request: (component, reason, fingerprint, options = {}) =>
      database.transaction((tx) =>
        requestRun(tx, now(), { component, reason, fingerprint, ...options }).then(({ run }) => run),
      ),
    claim: (run) => database.transaction((tx) => take(tx, run)),
    async claimNext(components) {
      if (components.length === 0) return undefined;
      const next = () =>
        `select run from runs where state = 'requested' and component in (${components.map(() => "?").join(", ")})
           and not exists (select 1 from runs other where other.component = runs.component and other.state = 'running')
         order by priority desc, number limit 1`;
      // Most looks find nothing, and those must not take the write lock.
      if ((await database.get(next(), components)) === undefined) return undefined;
      return database.transaction(async (tx) => {
        const row = await tx.get<{ run: string }>(next(), components);
        return row === undefined ? undefined : take(tx, row.run);
      });
    },
  };
}

export interface NewRun extends RequestOptions {
  readonly component: string;
  readonly reason: Run["reason"];
  readonly fingerprint: string | null;
}

/** Writes the request, or finds the one that stands for it already. */
export async function requestRun(
  tx: Statements,
  atMs: number,
  wanted: NewRun,
): Promise<{ run: string; isNew: boolean }> {
  const { component, reason, fingerprint, logicalAtMs, priority = 0 } = wanted;
  const input = inputText(wanted.input);
  const known =
    logicalAtMs === undefined
      ? await tx.get<{ run: string }>(
          "select run from runs where component = ? and state = 'requested' and logical_at is null and coalesce(input, '') = ?",
          [component, input ?? ""],
        )
      : await tx.get<{ run: string }>("select run from runs where component = ? and logical_at = ?", [
          component,
          logicalAtMs,
        ]);
  if (known !== undefined) {
    await tx.run(
      "update runs set fingerprint = ?, priority = case when priority < ? then ? else priority end where run = ? and state = 'requested'",
      [fingerprint, priority, priority, known.run],
    );
    return { run: known.run, isNew: false };
  }
  const run = newId("run", atMs);
  const number = await record(tx, {
    atMs,
    component,
    run,
    event: "run.requested",
    data: logicalAtMs === undefined ? { reason } : { reason, logicalAt: new Date(logicalAtMs).toISOString() },
  });
  await tx.run(
    "insert into runs (run, component, reason, state, requested_at, fingerprint, number, priority, logical_at, input) values (?, ?, ?, 'requested', ?, ?, ?, ?, ?, ?)",
    [run, component, reason, atMs, fingerprint, number, priority, logicalAtMs ?? null, input],
  );
  return { run, isNew: true };
}
