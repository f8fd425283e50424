// The ledger: what was asked for, what ran, how it ended. State and failure change in one transaction; events only grow.

import { type Failure, fail, type PentadError, toFailure } from "../base/failure.ts";
import { newId } from "../base/ids.ts";
import type { ComputeUsage } from "../ports/compute.ts";
import type { Database, SqlValue, Statements } from "../ports/database.ts";

export type RunState = "requested" | "running" | "done" | "failed" | "skipped" | "cancelled";
/** Why a run was asked for. */
export type RunReason = "first" | "changed" | "schedule" | "manual" | "upstream" | "new rows" | "retry";

export interface Run {
  readonly run: string;
  readonly component: string;
  readonly reason: RunReason;
  readonly state: RunState;
  readonly requestedAtMs: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  /** 0 to 1, when known. */
  readonly progress: number | null;
  readonly detail: string | null;
  readonly rows: { readonly read: number; readonly accepted: number; readonly quarantined: number } | null;
  readonly failure: Failure | null;
  /** The fingerprint of the component (and of what it depends on) that the run was for. */
  readonly fingerprint: string | null;
}

export interface Step {
  readonly step: string;
  readonly attempt: number;
  readonly state: "running" | "done" | "failed";
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly usage: ComputeUsage | null;
  readonly failure: Failure | null;
}

export interface RunEnd {
  readonly detail: string;
  readonly rows?: Run["rows"];
  /** The run's work is kept, but it counts as failed. */
  readonly refusal?: PentadError;
}

export interface Ledger {
  /** Asks for a run. While one of the component is waiting already, that one is returned. */
  request(component: string, reason: RunReason, fingerprint: string | null): Promise<string>;
  /** Takes a waiting run, unless the component is running already; undefined when it is not to be had. */
  claim(run: string): Promise<Run | undefined>;
  /** Prolongs the lease; false when the run is no longer this process's. */
  beat(run: string): Promise<boolean>;
  /** Ends a run as done (or refused) in the same transaction as the caller's own writes. */
  finish<Result>(run: string, end: RunEnd, write: (tx: Statements, atMs: number) => Promise<Result>): Promise<Result>;
  failRun(run: string, failure: Failure): Promise<void>;
  /** Ends a run that was cancelled. */
  cancel(run: string, why: string): Promise<void>;
  note(run: string, note: { detail?: string; progress?: number | null }): Promise<void>;
  startStep(run: string, step: string, attempt: number): Promise<void>;
  endStep(
    run: string,
    step: string,
    attempt: number,
    end: { usage: ComputeUsage | null; failure: Failure | null },
  ): Promise<void>;
  /** Fails the runs whose owner is gone; returns them. Called at start and now and then. */
  recover(): Promise<Run[]>;
  find(run: string): Promise<Run | undefined>;
  list(filter?: { component?: string; limit?: number; state?: RunState }): Promise<Run[]>;
  steps(run: string): Promise<Step[]>;
  /** The newest run of every component that has started one, and the newest that ended. */
  latest(): Promise<
    ReadonlyMap<string, { readonly newest: Run; readonly ended: Run | null; readonly done: Run | null }>
  >;
}

export interface LedgerOptions {
  readonly now?: () => number;
  /** Names this process among those that share the ledger. */
  readonly owner?: string;
  /** How long a run stays its owner's without a beat. */
  readonly leaseMs?: number;
  /** Whether the process that `owner` names still lives; a living owner on this machine keeps its runs. */
  readonly ownerLives?: (owner: string) => boolean;
}

interface RunRow {
  run: string;
  component: string;
  reason: RunReason;
  state: RunState;
  requested_at: number;
  started_at: number | null;
  ended_at: number | null;
  progress: number | null;
  detail: string | null;
  rows_read: number | null;
  rows_accepted: number | null;
  rows_quarantined: number | null;
  failure: string | null;
  fingerprint: string | null;
  owner: string | null;
  lease_until: number | null;
}

export function openLedger(database: Database, options: LedgerOptions = {}): Ledger {
  const now = options.now ?? Date.now;
  const owner = options.owner ?? `${process.pid}`;
  const leaseMs = options.leaseMs ?? 30_000;
  const ownerLives = options.ownerLives ?? processLives;

  async function record(
    tx: Statements,
    run: string,
    component: string,
    event: string,
    data: object | null = null,
  ): Promise<void> {
    const last = await tx.get<{ sequence: number | null }>("select max(sequence) as sequence from runs_events");
    await tx.run("insert into runs_events (sequence, at, component, run, event, data) values (?, ?, ?, ?, ?, ?)", [
      (last?.sequence ?? 0) + 1,
      now(),
      component,
      run,
      event,
      data === null ? null : JSON.stringify(data),
    ]);
  }

  /** Ends a run that is still this process's; throws when it is not, so that nothing of a lost run is kept. */
  async function end(
    tx: Statements,
    run: string,
    state: RunState,
    set: Record<string, SqlValue>,
    event: string,
  ): Promise<number> {
    const atMs = now();
    const names = Object.keys(set);
    const { changes } = await tx.run(
      `update runs set state = ?, ended_at = ?, progress = null, owner = null, lease_until = null${names.map((name) => `, ${name} = ?`).join("")} where run = ? and state = 'running' and owner = ?`,
      [state, atMs, ...names.map((name) => set[name] as SqlValue), run, owner],
    );
    if (changes !== 1)
      throw fail("RUNS_CANCELLED", `Expected ${run} to be this process's to end, got one that was ended or taken over`);
    const row = await tx.get<{ component: string }>("select component from runs where run = ?", [run]);
    await record(tx, run, row?.component ?? "", event, set.failure === undefined ? null : { failure: set.failure });
    return atMs;
  }

  async function select(where: string, parameters: readonly SqlValue[]): Promise<Run[]> {
    return (await database.all<RunRow>(`select * from runs ${where}`, parameters)).map(runOf);
  }

  return {
    request: (component, reason, fingerprint) =>
      database.transaction(async (tx) => {
        const waiting = await tx.get<{ run: string }>(
          "select run from runs where component = ? and state = 'requested'",
          [component],
        );
        if (waiting !== undefined) return waiting.run;
        const run = newId("run", now());
        await tx.run(
          "insert into runs (run, component, reason, state, requested_at, fingerprint) values (?, ?, ?, 'requested', ?, ?)",
          [run, component, reason, now(), fingerprint],
        );
        await record(tx, run, component, "run.requested", { reason });
        return run;
      }),
    claim: (run) =>
      database.transaction(async (tx) => {
        const row = await tx.get<RunRow>(
          "select * from runs where run = ? and state = 'requested' and not exists (select 1 from runs other where other.component = runs.component and other.state = 'running')",
          [run],
        );
        if (row === undefined) return undefined;
        await tx.run("update runs set state = 'running', started_at = ?, owner = ?, lease_until = ? where run = ?", [
          now(),
          owner,
          now() + leaseMs,
          run,
        ]);
        await record(tx, run, row.component, "run.started");
        return runOf({ ...row, state: "running", started_at: now() });
      }),
    async beat(run) {
      const { changes } = await database.run(
        "update runs set lease_until = ? where run = ? and state = 'running' and owner = ?",
        [now() + leaseMs, run, owner],
      );
      return changes === 1;
    },
    finish: (run, runEnd, write) =>
      database.transaction(async (tx) => {
        const rows = runEnd.rows ?? null;
        const set = {
          detail: runEnd.detail,
          rows_read: rows?.read ?? null,
          rows_accepted: rows?.accepted ?? null,
          rows_quarantined: rows?.quarantined ?? null,
        };
        const row = await tx.get<{ component: string }>("select component from runs where run = ?", [run]);
        const refusal =
          runEnd.refusal === undefined
            ? null
            : toFailure(
                runEnd.refusal,
                { component: row?.component ?? null, run, step: "gate", attempt: 1 },
                { at: new Date(now()) },
              );
        const atMs =
          refusal === null
            ? await end(tx, run, "done", set, "run.done")
            : await end(tx, run, "failed", { ...set, failure: JSON.stringify(refusal) }, "run.failed");
        return write(tx, atMs);
      }),
    failRun: (run, failure) =>
      database.transaction(
        async (tx) => void (await end(tx, run, "failed", { failure: JSON.stringify(failure) }, "run.failed")),
      ),
    cancel: (run, why) =>
      database.transaction(async (tx) => {
        const { changes } = await tx.run(
          "update runs set state = 'cancelled', ended_at = ?, detail = ?, owner = null, lease_until = null where run = ? and state in ('requested', 'running')",
          [now(), why, run],
        );
        const row = await tx.get<{ component: string }>("select component from runs where run = ?", [run]);
        if (changes === 1) await record(tx, run, row?.component ?? "", "run.cancelled", { why });
      }),
    async note(run, { detail, progress }) {
      if (detail !== undefined)
        await database.run("update runs set detail = ?, progress = ? where run = ? and state = 'running'", [
          detail,
          progress ?? null,
          run,
        ]);
      else
        await database.run("update runs set progress = ? where run = ? and state = 'running'", [progress ?? null, run]);
    },
    async startStep(run, step, attempt) {
      await database.run(
        "insert into runs_steps (run, step, attempt, state, started_at) values (?, ?, ?, 'running', ?)",
        [run, step, attempt, now()],
      );
    },
    async endStep(run, step, attempt, { usage, failure }) {
      await database.run(
        "update runs_steps set state = ?, ended_at = ?, wall_ms = ?, cpu_ms = ?, peak_memory_mb = ?, failure = ? where run = ? and step = ? and attempt = ?",
        [
          failure === null ? "done" : "failed",
          now(),
          usage?.wallMs ?? null,
          usage?.cpuMs ?? null,
          usage?.peakMemoryMb ?? null,
          failure === null ? null : JSON.stringify(failure),
          run,
          step,
          attempt,
        ],
      );
    },
    recover: () =>
      database.transaction(async (tx) => {
        const lost = (await tx.all<RunRow>("select * from runs where state = 'running'")).filter(
          (row) => row.owner !== owner && ((row.lease_until ?? 0) < now() || !ownerLives(row.owner ?? "")),
        );
        for (const row of lost) {
          const step = await tx.get<{ step: string; attempt: number }>(
            "select step, attempt from runs_steps where run = ? order by started_at desc limit 1",
            [row.run],
          );
          const interrupted = fail(
            "RUNTIME_INTERRUPTED",
            "Expected the process that ran this to finish it, got its end before that",
          );
          const failure = toFailure(
            interrupted,
            { component: row.component, run: row.run, step: step?.step ?? null, attempt: step?.attempt ?? null },
            { at: new Date(now()) },
          );
          await tx.run(
            "update runs_steps set state = 'failed', ended_at = ?, failure = ? where run = ? and state = 'running'",
            [now(), JSON.stringify(failure), row.run],
          );
          await tx.run(
            "update runs set state = 'failed', ended_at = ?, progress = null, owner = null, lease_until = null, failure = ? where run = ?",
            [now(), JSON.stringify(failure), row.run],
          );
          await record(tx, row.run, row.component, "run.failed", { failure });
        }
        return lost.map(runOf);
      }),
    find: async (run) => (await select("where run = ?", [run]))[0],
    list({ component, limit = 50, state } = {}) {
      const conditions = [
        ...(component === undefined ? [] : ["component = ?"]),
        ...(state === undefined ? [] : ["state = ?"]),
      ];
      const where = conditions.length === 0 ? "" : `where ${conditions.join(" and ")}`;
      return select(`${where} order by requested_at desc, run desc limit ?`, [
        ...(component === undefined ? [] : [component]),
        ...(state === undefined ? [] : [state]),
        limit,
      ]);
    },
    async steps(run) {
      const rows = await database.all<StepRow>("select * from runs_steps where run = ? order by started_at, attempt", [
        run,
      ]);
      return rows.map(stepOf);
    },
    async latest() {
      const newest = (condition: string) =>
        select(`where run in (select max(run) from runs where ${condition} group by component)`, []);
      const [started, ended, done] = await Promise.all([
        newest("state <> 'requested'"),
        newest("state in ('done', 'failed')"),
        newest("state = 'done'"),
      ]);
      const of = (runs: readonly Run[], component: string) => runs.find((run) => run.component === component) ?? null;
      return new Map(
        started.map((run) => [
          run.component,
          { newest: run, ended: of(ended, run.component), done: of(done, run.component) },
        ]),
      );
    },
  };
}

interface StepRow {
  step: string;
  attempt: number;
  state: "running" | "done" | "failed";
  started_at: number;
  ended_at: number | null;
  wall_ms: number | null;
  cpu_ms: number | null;
  peak_memory_mb: number | null;
  failure: string | null;
}

function stepOf(row: StepRow): Step {
  return {
    step: row.step,
    attempt: row.attempt,
    state: row.state,
    startedAtMs: row.started_at,
    endedAtMs: row.ended_at,
    usage:
      row.wall_ms === null
        ? null
        : { wallMs: row.wall_ms, cpuMs: row.cpu_ms ?? 0, peakMemoryMb: row.peak_memory_mb ?? 0 },
    failure: row.failure === null ? null : (JSON.parse(row.failure) as Failure),
  };
}

function runOf(row: RunRow): Run {
  return {
    run: row.run,
    component: row.component,
    reason: row.reason,
    state: row.state,
    requestedAtMs: row.requested_at,
    startedAtMs: row.started_at,
    endedAtMs: row.ended_at,
    progress: row.progress,
    detail: row.detail,
    rows:
      row.rows_read === null
        ? null
        : { read: row.rows_read, accepted: row.rows_accepted ?? 0, quarantined: row.rows_quarantined ?? 0 },
    failure: row.failure === null ? null : (JSON.parse(row.failure) as Failure),
    fingerprint: row.fingerprint,
  };
}

/** Owners are process ids of this machine; signal 0 asks whether one lives. */
function processLives(owner: string): boolean {
  const id = Number(owner);
  if (!Number.isInteger(id) || id <= 0) return false;
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
