// Fans a run's work out to partitions, several at a time, and joins: what has finished is never done again after a failure.

import type { Failure } from "../base/failure.ts";
import { fail } from "../base/failure.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { Statements } from "../ports/database.ts";
import type { Run } from "./run.ts";
import { carrying, type StepOptions, tryStep } from "./run-step.ts";
import { partitionStep } from "./steps.ts";

export interface Partition {
  /** Names it on the ledger and in failures, e.g. "2026-01"; one of a kind within the fan-out. */
  readonly name: string;
  readonly input: JsonObject;
}

export interface FanOut {
  /** Names the fan-out; each partition is a step `step/partition` of its own. */
  readonly step: string;
  /** What every partition runs, known to the step's process. */
  readonly entry: string;
  readonly partitions: readonly Partition[];
  /**
   * Writes that belong to one partition, in the transaction that marks it finished: exactly once, whatever crashes. Its
   * output must then stand for itself, without files in the run's folder, since it outlives a restart of the machine.
   */
  readonly commit?: (tx: Statements, partition: Partition, output: Json, atMs: number) => Promise<void>;
}

export interface FanOutOptions extends StepOptions {
  /** How many partitions run at once; 2 by default. */
  readonly concurrency?: number;
}

/** So many failures one after the other are no partition's own: the rest is left for the next run. */
const givesUpAfter = 10;

/**
 * Plans every partition on the ledger, takes over those that an unfinished run of the same work has finished, runs the
 * others in their order, at most `concurrency` at once, and returns all outputs in the order of the partitions. While
 * one fails the others go on; then the first one's failure is thrown, telling how many failed. The next run of the same
 * input and fingerprint does only what is missing.
 */
export async function fanOut(run: Run, work: FanOut, options: FanOutOptions): Promise<Json[]> {
  const { step, entry, partitions, commit } = work;
  checkNames(work);
  const { ledger, resume, signal } = options;
  const outputs: (Json | undefined)[] = partitions.map(({ name, input }) =>
    resume.find(partitionStep(step, name), input),
  );
  const missing = partitions.flatMap((_, index) => (outputs[index] === undefined ? [index] : []));
  const taken = partitions.length - missing.length;
  await ledger.planPartitions(
    run.run,
    step,
    partitions.map(({ name, input }, index) => {
      const output = outputs[index];
      return { name, kept: output === undefined ? undefined : resume.keep(input, output, commit !== undefined) };
    }),
  );
  if (taken > 0)
    options.onOutput(`${step}: ${taken} of ${partitions.length} partitions were finished by an earlier run`);

  const failures: { readonly index: number; readonly failure: Failure }[] = [];
  let finished = taken;
  let inARow = 0;
  let ended: unknown;
  const tell = () => {
    const detail = `${finished} of ${partitions.length} partitions`;
    void ledger
      .note(run.run, { detail, progress: finished / partitions.length })
      .then(options.onChange, () => undefined);
  };
  const queue = missing.values();

  async function takeInTurn(): Promise<void> {
    for (const index of queue) {
      if (signal.aborted || ended !== undefined || inARow >= givesUpAfter) return;
      const partition = partitions[index] as Partition;
      try {
        outputs[index] = await tryStep(
          {
            run,
            step: partitionStep(step, partition.name),
            entry,
            input: partition.input,
            quiet: true,
            ...(commit === undefined ? {} : { commit: (tx, output, atMs) => commit(tx, partition, output, atMs) }),
          },
          options,
        );
        finished++;
        inARow = 0;
        tell();
      } catch (error) {
        const { failure } = error as { failure?: Failure };
        // What is not the partition's own failure ends the whole run: it was cancelled, or the ledger cannot be used.
        if (failure === undefined || signal.aborted || failure.code === "RUNTIME_INTERRUPTED") ended ??= error;
        else {
          failures.push({ index, failure });
          inARow++;
        }
      }
    }
  }

  tell();
  const places = Math.max(1, Math.min(options.concurrency ?? 2, missing.length));
  await Promise.all(Array.from({ length: places }, takeInTurn));
  if (ended !== undefined) throw ended;
  if (signal.aborted) throw fail("RUNS_CANCELLED", `The run was cancelled during ${step}`);
  const first = failures.toSorted((a, b) => a.index - b.index)[0];
  if (first !== undefined)
    throw carrying(failureOf(first.failure, partitions[first.index] as Partition, failures.length, partitions.length));
  return outputs as Json[];
}

function failureOf(failure: Failure, { name }: Partition, failed: number, all: number): Failure {
  const which =
    failed === 1
      ? `The partition ${name} of ${all} failed`
      : `${failed} of ${all} partitions failed, the first ${name}`;
  return { ...failure, message: `${which}: ${failure.message}` };
}

function checkNames({ step, partitions }: FanOut): void {
  const names = new Set(partitions.map(({ name }) => name));
  if (names.size < partitions.length)
    throw fail("INTERNAL", `Expected the partitions of ${step} to have a name each, got some twice`);
}
