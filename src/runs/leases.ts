// Who holds which run: beats prolong a lease, and runs whose owner is gone are failed, so that none is ever stuck.

import { fail, toFailure } from "../base/failure.ts";
import type { Statements } from "../ports/database.ts";
import { type RunRow, runOf } from "./history.ts";
import { record } from "./journal.ts";
import type { LedgerParts } from "./ledger-parts.ts";
import type { Run } from "./run.ts";
import { endSteps } from "./steps.ts";

/** An owner on another machine whose beats nobody has watched is given up after so many leases by the clock. */
const patienceLeases = 4;

/** Keeping a run, and ending those whose owner is gone. */
export interface Leases {
  /** Prolongs the lease; false when the run is no longer this process's. Cheap: ask once a second, so that a cancel is heard. */
  beat(run: string): Promise<boolean>;
  /** Fails the runs whose owner is gone; returns them. Call it at start and every few seconds. */
  recover(): Promise<Run[]>;
}

export function openLeases({ database, now, monotonicMs, owner, leaseMs, ownerLives }: LedgerParts): Leases {
  const beaten = new Map<string, number>();
  const watched = new Map<string, { beats: number; sinceMs: number }>();

  /**
   * Clocks are set back and forth, so a lease is over when its owner has not beaten while *we* watched for its length. The
   * clock on the wall decides only for those that we cannot watch, since this process has just begun.
   */
  function isLost(row: RunRow): boolean {
    const lives = ownerLives(row.owner ?? "");
    if (lives === false) return true;
    const seen = watched.get(row.run);
    if (seen === undefined || seen.beats !== row.beats) {
      watched.set(row.run, { beats: row.beats, sinceMs: monotonicMs() });
      return lives === undefined && (row.lease_until ?? 0) + patienceLeases * leaseMs < now();
    }
    return monotonicMs() - seen.sinceMs >= leaseMs;
  }

  async function failLost(tx: Statements, row: RunRow): Promise<boolean> {
    const atMs = now();
    const step = await tx.get<{ step: string; attempt: number }>(
      "select step, attempt from runs_steps where run = ? order by started_at desc, attempt desc limit 1",
      [row.run],
    );
    const failure = toFailure(
      fail("RUNTIME_INTERRUPTED", "The process that ran this ended before the run did"),
      { component: row.component, run: row.run, step: step?.step ?? null, attempt: step?.attempt ?? null },
      { at: new Date(atMs) },
    );
    // Only if the owner has not beaten since we looked: it may have been asleep and not dead.
    const { changes } = await tx.run(
      "update runs set state = 'failed', ended_at = ?, progress = null, owner = null, lease_until = null, failure = ? where run = ? and state = 'running' and owner = ? and beats = ?",
      [atMs, JSON.stringify(failure), row.run, row.owner, row.beats],
    );
    if (changes === 0) return false;
    await endSteps(tx, row.run, failure, atMs);
    await record(tx, {
      atMs,
      component: row.component,
      run: row.run,
      event: "run.failed",
      data: { code: failure.code },
    });
    return true;
  }

  return {
    async beat(run) {
      const mayRest = monotonicMs() - (beaten.get(run) ?? Number.NEGATIVE_INFINITY) < leaseMs / 3;
      if (mayRest)
        return (
          (await database.get("select 1 from runs where run = ? and state = 'running' and owner = ?", [run, owner])) !==
          undefined
        );
      const { changes } = await database.run(
        "update runs set lease_until = ?, beats = beats + 1 where run = ? and state = 'running' and owner = ?",
        [now() + leaseMs, run, owner],
      );
      if (changes === 1) beaten.set(run, monotonicMs());
      else beaten.delete(run);
      return changes === 1;
    },
    async recover() {
      const running = await database.all<RunRow>("select * from runs where state = 'running' and owner <> ?", [owner]);
      for (const run of watched.keys()) if (!running.some((row) => row.run === run)) watched.delete(run);
      const recovered: Run[] = [];
      for (const row of running.filter(isLost))
        if (await database.transaction((tx) => failLost(tx, row))) recovered.push(runOf(row));
      return recovered;
    },
  };
}
