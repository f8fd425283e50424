// What the ledger knows: single runs, lists, the newest of every component; and forgetting what is old.

import type { Failure } from "../base/failure.ts";
import { canonicalJson, type Json, type JsonObject } from "../base/json.ts";
import type { SqlValue } from "../ports/database.ts";
import type { LedgerParts } from "./ledger-parts.ts";
import type { KeptStep, Latest, Run, RunReason, RunState, Step } from "./run.ts";

export interface RunRow {
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
  bytes_stored: number | null;
  failure: string | null;
  fingerprint: string | null;
  input: string | null;
  owner: string | null;
  lease_until: number | null;
  logical_at: number | null;
  beats: number;
  number: number;
}

interface StepRow {
  step: string;
  attempt: number;
  state: Step["state"];
  partition: string | null;
  started_at: number;
  ended_at: number | null;
  wall_ms: number | null;
  cpu_ms: number | null;
  peak_memory_mb: number | null;
  bytes_in: number | null;
  bytes_out: number | null;
  failure: string | null;
  input_hash: string | null;
  output: string | null;
}

/** The components that ever asked for a run, by jumping from one to the next: as fast with a million runs as with ten. */
const everyComponent = `with recursive names (component) as (
    select min(component) from runs
    union all
    select (select min(component) from runs where component > names.component) from names where names.component is not null
  )
  select component from names where component is not null`;

/** So many runs are forgotten in one transaction, lest others wait long for theirs. */
const prunePortion = 500;

/** What ran. */
export interface History {
  find(run: string): Promise<Run | undefined>;
  list(filter?: { component?: string; limit?: number; state?: RunState }): Promise<Run[]>;
  steps(run: string): Promise<Step[]>;
  /** By component: its newest runs. Components that never started a run are not in it. */
  latest(): Promise<ReadonlyMap<string, Latest>>;
  /**
   * The newest run before this one of the same component, input and fingerprint, if it left something to go on from: an
   * interrupted one its finished steps, a failed one its finished partitions; by step.
   */
  unfinishedBefore(run: Run): Promise<{ run: string; steps: ReadonlyMap<string, KeptStep> } | undefined>;
  /** Whether a later run may go on from what this one left. */
  leftSomething(run: string): Promise<boolean>;
  /**
   * Forgets runs that ended before `beforeMs`, except the newest `keep` of each component and its newest success. Returns
   * their ids, so that their logs can be removed.
   */
  prune(options: { beforeMs: number; keep: number }): Promise<string[]>;
}

export function openHistory({ database }: LedgerParts): History {
  async function select(where: string, parameters: readonly SqlValue[]): Promise<Run[]> {
    return (await database.all<RunRow>(`select * from runs ${where}`, parameters)).map(runOf);
  }

  async function newestOf(component: string): Promise<Map<RunState, RunRow>> {
    const newest = new Map<RunState, RunRow>();
    for (const state of ["running", "done", "failed", "skipped", "cancelled"] as const) {
      const row = await database.get<RunRow>(
        "select * from runs where component = ? and state = ? order by number desc, run desc limit 1",
        [component, state],
      );
      // A run that was cancelled before its start has not started.
      if (row !== undefined && row.started_at !== null) newest.set(state, row);
    }
    return newest;
  }

  return {
    find: async (run) => (await select("where run = ?", [run]))[0],
    list({ component, limit = 50, state } = {}) {
      const conditions = [
        ...(component === undefined ? [] : ["component = ?"]),
        ...(state === undefined ? [] : ["state = ?"]),
      ];
      const where = conditions.length === 0 ? "" : `where ${conditions.join(" and ")}`;
      return select(`${where} order by number desc, run desc limit ?`, [
        ...(component === undefined ? [] : [component]),
        ...(state === undefined ? [] : [state]),
        limit,
      ]);
    },
    async steps(run) {
      const rows = await database.all<StepRow>(
        "select * from runs_steps where run = ? order by started_at, step, attempt",
        [run],
      );
      return rows.map(stepOf);
    },
    async unfinishedBefore({ run, component, fingerprint, input }) {
      const before = await database.get<RunRow>(
        `select * from runs where component = ? and number < (select number from runs where run = ?)
           and started_at is not null and coalesce(input, '') = ? order by number desc, run desc limit 1`,
        [component, run, inputText(input) ?? ""],
      );
      if (before === undefined || before.fingerprint !== fingerprint || before.state !== "failed") return undefined;
      const rows = await database.all<StepRow>(
        "select * from runs_steps where run = ? and state = 'done' and output is not null",
        [before.run],
      );
      const interrupted = runOf(before).failure?.code === "RUNTIME_INTERRUPTED";
      if (rows.length === 0 && !interrupted) return undefined;
      const steps = rows.map(
        ({ step, input_hash, output }) =>
          [step, { inputHash: input_hash ?? "", output: JSON.parse(output ?? "null") as Json }] as const,
      );
      return { run: before.run, steps: new Map(steps) };
    },
    async leftSomething(id) {
      const [run] = await select("where run = ?", [id]);
      if (run?.state !== "failed") return false;
      const later = await database.get(
        `select 1 from runs where component = ? and number > (select number from runs where run = ?)
           and started_at is not null and coalesce(input, '') = ?`,
        [run.component, id, inputText(run.input) ?? ""],
      );
      if (later !== undefined) return false;
      const kept = "select 1 from runs_steps where run = ? and output is not null limit 1";
      return (await database.get(kept, [id])) !== undefined;
    },
    async latest() {
      const latest = new Map<string, Latest>();
      for (const { component } of await database.all<{ component: string }>(everyComponent)) {
        const rows = await newestOf(component);
        const newer = (states: readonly RunState[]) =>
          states
            .flatMap((state) => rows.get(state) ?? [])
            .sort((a, b) => b.number - a.number || (a.run < b.run ? 1 : -1))[0];
        const newest = newer(["running", "done", "failed", "skipped", "cancelled"]);
        const ended = newer(["done", "failed"]);
        const done = rows.get("done");
        if (newest !== undefined)
          latest.set(component, {
            newest: runOf(newest),
            ended: ended === undefined ? null : runOf(ended),
            done: done === undefined ? null : runOf(done),
          });
      }
      return latest;
    },
    async prune({ beforeMs, keep }) {
      const pruned: string[] = [];
      for (const { component } of await database.all<{ component: string }>(everyComponent)) {
        const oldestKept = await database.get<{ number: number }>(
          "select number from runs where component = ? order by number desc limit 1 offset ?",
          [component, Math.max(0, keep - 1)],
        );
        if (oldestKept === undefined) continue;
        const done = (await newestOf(component)).get("done")?.run ?? "";
        for (;;) {
          const portion = await database.all<{ run: string }>(
            `select run from runs where component = ? and number < ? and run <> ? and ended_at < ?
               and state not in ('requested', 'running') order by number limit ${prunePortion}`,
            [component, oldestKept.number, done, beforeMs],
          );
          await database.transaction(async (tx) => {
            for (const { run } of portion)
              for (const table of ["runs_steps", "runs_events", "runs"])
                await tx.run(`delete from ${table} where run = ?`, [run]);
          });
          pruned.push(...portion.map(({ run }) => run));
          if (portion.length < prunePortion) break;
        }
      }
      return pruned;
    },
  };
}

function stepOf(row: StepRow): Step {
  return {
    step: row.step,
    attempt: row.attempt,
    state: row.state,
    partition: row.partition,
    startedAtMs: row.started_at,
    endedAtMs: row.ended_at,
    usage:
      row.wall_ms === null
        ? null
        : {
            wallMs: row.wall_ms,
            cpuMs: row.cpu_ms ?? 0,
            peakMemoryMb: row.peak_memory_mb ?? 0,
            ...(row.bytes_in === null ? {} : { bytesIn: row.bytes_in }),
            ...(row.bytes_out === null ? {} : { bytesOut: row.bytes_out }),
          },
    failure: row.failure === null ? null : (JSON.parse(row.failure) as Failure),
  };
}

export function runOf(row: RunRow): Run {
  return {
    run: row.run,
    component: row.component,
    reason: row.reason,
    state: row.state,
    requestedAtMs: row.requested_at,
    startedAtMs: row.started_at,
    endedAtMs: row.ended_at,
    logicalAtMs: row.logical_at,
    progress: row.progress,
    detail: row.detail,
    rows:
      row.rows_read === null
        ? null
        : { read: row.rows_read, accepted: row.rows_accepted ?? 0, quarantined: row.rows_quarantined ?? 0 },
    bytesStored: row.bytes_stored,
    failure: row.failure === null ? null : (JSON.parse(row.failure) as Failure),
    fingerprint: row.fingerprint,
    input: row.input === null ? null : (JSON.parse(row.input) as JsonObject),
  };
}

/** One text for one input, so that runs of the same work can be found. */
export function inputText(input: JsonObject | null | undefined): string | null {
  return input === null || input === undefined ? null : canonicalJson(input);
}
