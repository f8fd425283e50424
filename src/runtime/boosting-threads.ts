// Threads that help with gradient boosting; the model is the same, byte for byte, with any number of them.

import { Worker } from "node:worker_threads";
import type { ThreadJob, Threads } from "../learn/boosting/team.ts";

/** A thread keeps the memory of its last fit until its next one; that of a large fit is given back at once, with the thread. */
const mostBytesToKeep = 2 ** 26;

const idle: Worker[] = [];

/** `count` threads in all, the fitting one included. Small fits take turns with the same ones: a thread takes as long to start. */
export function boostingThreads(count: number): Threads {
  return {
    count,
    start(job) {
      const worker = idle.pop() ?? startWorker();
      worker.postMessage(job satisfies ThreadJob);
      const keeps = job.layout.bytes <= mostBytesToKeep;
      return { stop: () => void (keeps ? idle.push(worker) : worker.terminate()) };
    },
  };
}

function startWorker(): Worker {
  const file = new URL(`./boosting-thread-main${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);
  const worker = new Worker(file, { execArgv: [], env: {} });
  // The fit never waits for a thread that has not arrived: without it, only time is lost.
  worker.on("error", () => undefined);
  worker.on("exit", () => {
    const place = idle.indexOf(worker);
    if (place >= 0) idle.splice(place, 1);
  });
  worker.unref();
  return worker;
}
