// The steps of a run on the ledger: planned, begun and ended by the run's owner alone, never more at once than the project allows.

import { type Failure, fail } from "../base/failure.ts";
import type { ComputeUsage } from "../ports/compute.ts";
import type { Statements } from "../ports/database.ts";
import type { LedgerParts } from "./ledger-parts.ts";
import type { PlannedPartition, StepEnd } from "./run.ts";
import { countAlone, mostAtOnce } from "./settings.ts";

/** Later attempts are for the partition that the first was planned for. */
const samePartition =
  "(select partition from runs_steps first where first.run = ? and first.step = ? and first.attempt = 1)";

/** The beginnings and ends of a run's steps. */
export interface Steps {
  /**
   * Writes down the partitions of the fan-out `step` before the first begins; those with what an earlier run left are done
   * at once. Throws RUNS_CANCELLED when the run is no longer this process's.
   */
  planPartitions(run: string, step: string, partitions: readonly PlannedPartition[]): Promise<void>;
  /**
   * False, with nothing written, while as many steps run as the project allows at once: ask again. Throws RUNS_CANCELLED
   * when the run is no longer this process's.
   */
  startStep(run: string, step: string, attempt: number): Promise<boolean>;
  /** With `write`, its writes and the step's end are one transaction, refused when the run is no longer this process's. */
  endStep(
    run: string,
    step: string,
    attempt: number,
    end: StepEnd,
    write?: (tx: Statements, atMs: number) => Promise<void>,
  ): Promise<void>;
}

export function openSteps({ database, now, owner }: LedgerParts): Steps {
  /** Throws unless the run is this process's; who has asked holds the run until the transaction ends, on Postgres too. */
  async function hold(tx: Statements, run: string): Promise<void> {
    const { changes } = await tx.run(
      "update runs set beats = beats + 1 where run = ? and state = 'running' and owner = ?",
      [run, owner],
    );
    if (changes !== 1) throw notOurs(run);
  }

  /** Takes a place among the steps that may run at once; false while there is none. */
  async function begin(tx: Statements, run: string, step: string, attempt: number): Promise<boolean> {
    const most = await mostAtOnce(tx);
    const running = `select count(*) as running from runs_steps join runs on runs.run = runs_steps.run
      where runs_steps.state = 'running' and runs.state = 'running'`;
    if (most !== null && (await countAlone(tx, running)) >= most) return false;
    const { changes } = await tx.run(
      "update runs_steps set state = 'running', started_at = ? where run = ? and step = ? and attempt = ? and state = 'waiting'",
      [now(), run, step, attempt],
    );
    if (changes === 0)
      await tx.run(
        `insert into runs_steps (run, step, attempt, state, started_at, partition) values (?, ?, ?, 'running', ?, ${samePartition})`,
        [run, step, attempt, now(), run, step],
      );
    return true;
  }

  async function noteUsage(run: string, step: string, attempt: number, usage: ComputeUsage): Promise<void> {
    await database.run(
      `update runs_steps set wall_ms = ?, cpu_ms = ?, peak_memory_mb = ?, bytes_in = ?, bytes_out = ?
       where run = ? and step = ? and attempt = ? and state = 'failed' and wall_ms is null`,
      [
        ...[usage.wallMs, usage.cpuMs, usage.peakMemoryMb, usage.bytesIn ?? null, usage.bytesOut ?? null],
        ...[run, step, attempt],
      ],
    );
  }

  return {
    planPartitions: (run, step, partitions) =>
      database.transaction(async (tx) => {
        await hold(tx, run);
        const atMs = now();
        for (const { name, kept } of partitions)
          await tx.run(
            `insert into runs_steps (run, step, attempt, state, started_at, ended_at, partition, input_hash, output)
             values (?, ?, 1, ?, ?, ?, ?, ?, ?)`,
            [
              run,
              partitionStep(step, name),
              kept === undefined ? "waiting" : "done",
              atMs,
              kept === undefined ? null : atMs,
              name,
              kept?.inputHash ?? null,
              kept === undefined ? null : JSON.stringify(kept.output),
            ],
          );
      }),
    async startStep(run, step, attempt) {
      if ((await mostAtOnce(database)) !== null)
        return database.transaction(async (tx) => {
          await hold(tx, run);
          return begin(tx, run, step, attempt);
        });
      // A process that was asleep must not write into a run that has ended without it.
      const { changes } = await database.run(
        `insert into runs_steps (run, step, attempt, state, started_at, partition)
         select run, ?, ?, 'running', ?, ${samePartition} from runs where run = ? and state = 'running' and owner = ?
         on conflict (run, step, attempt) do update set state = 'running', started_at = excluded.started_at
         where runs_steps.state = 'waiting'`,
        [step, attempt, now(), run, step, run, owner],
      );
      if (changes !== 1) throw notOurs(run);
      return true;
    },
    async endStep(run, step, attempt, { usage, failure, kept }, write) {
      const sql = `update runs_steps set state = ?, ended_at = ?, wall_ms = ?, cpu_ms = ?, peak_memory_mb = ?, bytes_in = ?,
           bytes_out = ?, failure = ?, input_hash = ?, output = ?
         where run = ? and step = ? and attempt = ? and state = 'running'`;
      const values = (atMs: number) => [
        failure === null ? "done" : "failed",
        atMs,
        usage?.wallMs ?? null,
        usage?.cpuMs ?? null,
        usage?.peakMemoryMb ?? null,
        usage?.bytesIn ?? null,
        usage?.bytesOut ?? null,
        failure === null ? null : JSON.stringify(failure),
        kept?.inputHash ?? null,
        kept === undefined ? null : JSON.stringify(kept.output),
        run,
        step,
        attempt,
      ];
      if (write === undefined) {
        const { changes } = await database.run(sql, values(now()));
        // Its run was ended from outside, and the step with it; what it used is known only now.
        if (changes === 0 && usage !== null) await noteUsage(run, step, attempt, usage);
        return;
      }
      await database.transaction(async (tx) => {
        await hold(tx, run);
        const atMs = now();
        const { changes } = await tx.run(sql, values(atMs));
        if (changes !== 1) throw notOurs(run);
        await write(tx, atMs);
      });
    },
  };
}

/** A run that has ended runs no step any more. */
export async function endSteps(tx: Statements, run: string, failure: Failure, atMs: number): Promise<void> {
  await tx.run(
    "update runs_steps set state = 'failed', ended_at = ?, failure = ? where run = ? and state = 'running'",
    [atMs, JSON.stringify(failure), run],
  );
}

/** How a partition's step is called on the ledger. */
export function partitionStep(step: string, partition: string): string {
  return `${step}/${partition}`;
}

export function notOurs(run: string) {
  return fail("RUNS_CANCELLED", `Expected ${run} to be this process's to end, got one that was ended or taken over`, {
    hint: "Nothing of it was kept; look at the run's end with `pentad logs`",
  });
}
