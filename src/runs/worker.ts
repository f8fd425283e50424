// A worker: asks for what schedules say, takes waiting runs, has them executed, and gives back what the dead left.

import { setTimeout as rest } from "node:timers/promises";
import { type Failure, fail, isFailure, toFailure } from "../base/failure.ts";
import type { Ledger } from "./ledger.ts";
import type { Run } from "./run.ts";
import type { Schedules } from "./schedules.ts";

export interface WorkerOptions {
  readonly ledger: Ledger;
  readonly schedules?: Schedules;
  /** The components that this worker may run now. */
  readonly components: () => readonly string[];
  /** Runs the recipe and ends the run on the ledger. The signal tells that the worker stops. */
  readonly execute: (run: Run, signal: AbortSignal) => Promise<unknown>;
  /** Runs at once in this process; 2 by default. A component never runs twice at once, in whatever process. */
  readonly concurrency?: () => number;
  readonly pollMs?: number;
  readonly recoverMs?: number;
  readonly now?: () => number;
  /** Ask again for runs whose process died; true by default. */
  readonly rerunLost?: boolean;
  /** The ledger could not be used; the worker goes on and tries again. */
  readonly onError?: (error: unknown) => void;
}

export interface Worker {
  /** Look for work at once. */
  wake(): void;
  /** Resolves when nothing waits, runs or is due. */
  idle(): Promise<void>;
  /** Takes nothing more, tells what runs to stop, and resolves when it has. */
  stop(): Promise<void>;
}

const refireMs = 10_000;

export function startWorker(options: WorkerOptions): Worker {
  const { ledger, schedules, concurrency = () => 2, pollMs = 500, recoverMs = 2_000, now = Date.now } = options;
  const stopping = new AbortController();
  const running = new Map<string, Promise<void>>();
  const waitingForIdle: (() => void)[] = [];
  let wake: () => void = () => undefined;
  let recoveredAt = Number.NEGATIVE_INFINITY;
  let firedAt = Number.NEGATIVE_INFINITY;
  let nextMoment: number | null = null;
  let woken = true;

  async function recover(): Promise<void> {
    if (performance.now() - recoveredAt < recoverMs) return;
    recoveredAt = performance.now();
    for (const lost of await ledger.recover())
      if (options.rerunLost !== false)
        await ledger.request(lost.component, "retry", lost.fingerprint, { input: lost.input });
  }

  async function execute(run: Run): Promise<void> {
    try {
      await options.execute(run, stopping.signal);
      if ((await ledger.find(run.run))?.state === "running")
        throw fail("INTERNAL", `Expected the recipe of ${run.component} to end its run, got its return without an end`);
    } catch (error) {
      await failSurely(run, toFailure(error, { component: run.component, run: run.run }));
    }
  }

  /** As long as this process lives nobody else ends its runs, so it goes on trying while the disk fails. */
  async function failSurely(run: Run, failure: Failure): Promise<void> {
    for (let waitMs = 100; ; waitMs = Math.min(5_000, waitMs * 2)) {
      try {
        return await ledger.failRun(run.run, failure);
      } catch (error) {
        // The run may have its end already: it was cancelled, or taken for dead.
        if (isFailure(error, "RUNS_CANCELLED")) return;
        options.onError?.(error);
        if (stopping.signal.aborted) return;
        await rest(waitMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
  }

  /** Schedules are looked at when the next moment has come, when woken, and now and then, since others may change them. */
  async function fire(): Promise<void> {
    if (schedules === undefined) return;
    const due = nextMoment !== null && now() >= nextMoment;
    if (!due && !woken && performance.now() - firedAt < refireMs) return;
    woken = false;
    firedAt = performance.now();
    nextMoment = (await schedules.fire()).nextMs;
  }

  /** Returns whether there is nothing to do. */
  async function look(): Promise<boolean> {
    await recover();
    await fire();
    while (running.size < concurrency() && !stopping.signal.aborted) {
      const run = await ledger.claimNext(options.components());
      if (run === undefined) break;
      const work = execute(run)
        .catch((error: unknown) => options.onError?.(error))
        .then(() => {
          running.delete(run.run);
          wake();
        });
      running.set(run.run, work);
    }
    return running.size === 0;
  }

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      const called = new Promise<void>((resolve) => {
        wake = resolve;
      });
      // Only a look that begins after somebody asked can tell whether there is nothing to do.
      const askers = waitingForIdle.splice(0);
      try {
        if (await look()) for (const resolve of askers.splice(0)) resolve();
      } catch (error) {
        // A ledger that is locked or a disk that is full passes; runs keep their state until then.
        options.onError?.(error);
      }
      waitingForIdle.push(...askers);
      let timer: NodeJS.Timeout | undefined;
      const poll = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, pollMs);
      });
      await Promise.race([called, poll]);
      clearTimeout(timer);
    }
    await Promise.all(running.values());
    for (const resolve of waitingForIdle.splice(0)) resolve();
  }

  const ended = loop();
  return {
    wake() {
      woken = true;
      wake();
    },
    idle: () =>
      new Promise((resolve) => {
        waitingForIdle.push(resolve);
        woken = true;
        wake();
      }),
    async stop() {
      stopping.abort();
      wake();
      await ended;
    },
  };
}
