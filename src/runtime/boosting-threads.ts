// Starts the threads that help with gradient boosting; the model is the same, byte for byte, with any number of them.

import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Threads } from "../learn/boosting-team.ts";

/** `count` threads in all, the fitting one included; by default as many as this process may run at once. */
export function boostingThreads(count: number = availableParallelism()): Threads {
  return {
    count,
    start(job) {
      const file = new URL(`./boosting-thread-main${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);
      const worker = new Worker(file, { workerData: job, execArgv: [], env: {} });
      // The fit never waits for a thread that has not arrived: without it, only time is lost.
      worker.on("error", () => undefined);
      worker.unref();
      return { stop: () => void worker.terminate() };
    },
  };
}
