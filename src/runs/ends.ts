// How runs end: done, refused, failed or cancelled, each in one transaction that only the run's owner can make.

import { type Failure, fail, toFailure } from "../base/failure.ts";
import type { SqlValue, Statements } from "../ports/database.ts";
import { type EventName, record } from "./journal.ts";
import type { LedgerParts } from "./ledger-parts.ts";
import type { RunEnd, RunState } from "./run.ts";
import { endSteps, notOurs } from "./steps.ts";

/** The ways in which a run ends. */
export interface Ends {
  /** Says what a run of this process is for, as of its beginning. */
  setFingerprint(run: string, fingerprint: string): Promise<void>;
  /**
   * Ends a run as done (or refused, or skipped) in the same transaction as the caller's own writes. Throws RUNS_CANCELLED,
   * with nothing written, when the run was cancelled or taken over meanwhile.
   */
  finish<Result>(run: string, end: RunEnd, write: (tx: Statements, atMs: number) => Promise<Result>): Promise<Result>;
  failRun(run: string, failure: Failure): Promise<void>;
  /** Ends a run that was cancelled, waiting or running, whoever runs it; its end can then no longer be written. */
  cancel(run: string, why: string): Promise<void>;
}

export function openEnds({ database, now, owner }: LedgerParts): Ends {
  /** Ends a run that is still this process's; throws when it is not, so that nothing of a lost run is kept. */
  async function end(
    tx: Statements,
    run: string,
    state: RunState,
    set: Record<string, SqlValue>,
    event: EventName,
    code?: string,
  ): Promise<number> {
    const atMs = now();
    const names = Object.keys(set);
    const { changes } = await tx.run(
      `update runs set state = ?, ended_at = ?, progress = null, owner = null, lease_until = null${names.map((name) => `, ${name} = ?`).join("")}
       where run = ? and state = 'running' and owner = ?`,
      [state, atMs, ...names.map((name) => set[name] as SqlValue), run, owner],
    );
    if (changes !== 1) throw notOurs(run);
    // What the next run may go on from: all of an interrupted one, the partitions of one that failed.
    if (code !== "RUNTIME_INTERRUPTED")
      await tx.run(
        `update runs_steps set output = null where run = ? and output is not null${state === "failed" ? " and partition is null" : ""}`,
        [run],
      );
    await record(tx, {
      atMs,
      component: await componentOf(tx, run),
      run,
      event,
      ...(code === undefined ? {} : { data: { code } }),
    });
    return atMs;
  }

  return {
    finish: (run, runEnd, write) =>
      database.transaction(async (tx) => {
        await expectEndedSteps(tx, run);
        const rows = runEnd.rows ?? null;
        const set = {
          detail: runEnd.detail,
          rows_read: rows?.read ?? null,
          rows_accepted: rows?.accepted ?? null,
          rows_quarantined: rows?.quarantined ?? null,
          bytes_stored: runEnd.bytesStored ?? null,
        };
        if (runEnd.refusal === undefined)
          return write(tx, await end(tx, run, runEnd.skipped === true ? "skipped" : "done", set, "run.done"));
        const failure = toFailure(
          runEnd.refusal,
          { component: await componentOf(tx, run), run, step: "gate", attempt: 1 },
          { at: new Date(now()) },
        );
        return write(
          tx,
          await end(tx, run, "failed", { ...set, failure: JSON.stringify(failure) }, "run.failed", failure.code),
        );
      }),
    failRun: (run, failure) =>
      database.transaction(async (tx) => {
        const atMs = await end(tx, run, "failed", { failure: JSON.stringify(failure) }, "run.failed", failure.code);
        // A step whose end could not be written, since the disk failed, ends with its run.
        await endSteps(tx, run, failure, atMs);
      }),
    cancel: (run, why) =>
      database.transaction(async (tx) => {
        const atMs = now();
        const { changes } = await tx.run(
          "update runs set state = 'cancelled', ended_at = ?, detail = ?, progress = null, owner = null, lease_until = null where run = ? and state in ('requested', 'running')",
          [atMs, why, run],
        );
        if (changes !== 1) return;
        const component = await componentOf(tx, run);
        await endSteps(
          tx,
          run,
          toFailure(fail("RUNS_CANCELLED", why), { component, run }, { at: new Date(atMs) }),
          atMs,
        );
        await record(tx, { atMs, component, run, event: "run.cancelled", data: { why } });
      }),
    async setFingerprint(run, fingerprint) {
      await database.run("update runs set fingerprint = ? where run = ? and state = 'running' and owner = ?", [
        fingerprint,
        run,
        owner,
      ]);
    },
  };
}

/** Steps' ends are written just before their run's; one that could not be must not be left behind. */
async function expectEndedSteps(tx: Statements, run: string): Promise<void> {
  const open = await tx.get<{ step: string }>("select step from runs_steps where run = ? and state = 'running'", [run]);
  if (open !== undefined)
    throw fail("INTERNAL", `Expected every step of ${run} to have ended before it, got ${open.step} still running`);
}

async function componentOf(tx: Statements, run: string): Promise<string> {
  const row = await tx.get<{ component: string }>("select component from runs where run = ?", [run]);
  if (row === undefined) throw fail("RUNS_UNKNOWN", `Expected a run on the ledger, got ${JSON.stringify(run)}`);
  return row.component;
}
