// A step that stays: calls go in, answers come back in their order, and whoever waits is told when the process ends.

import { fail } from "../base/failure.ts";
import type { Json } from "../base/json.ts";
import type { ComputeEvents, ComputeTask, ServingStep } from "../ports/compute.ts";
import type { StepProcess } from "./process-compute-child.ts";
import { endingError, thrownError } from "./process-compute-ending.ts";

interface Waiting {
  readonly resolve: (output: Json) => void;
  readonly reject: (error: unknown) => void;
}

/** The watchdog keeps the time of a call; beyond this the process is frozen altogether. */
const frozenMs = 5_000;

export function processServing(one: StepProcess, task: ComputeTask, events: ComputeEvents): ServingStep {
  const waiting = new Map<number, Waiting>();
  const callMs = task.limits.callMs ?? task.limits.timeMs;
  let calls = 0;
  let serving = false;
  let over = false;
  let guard: NodeJS.Timeout | undefined;
  /** Nothing listens at the other side before. */
  const started = Promise.withResolvers<void>();

  /** The clock of the call that is being answered; it starts anew with each answer. */
  function watch(): void {
    clearTimeout(guard);
    if (waiting.size === 0 || over) return;
    // While a call is out the clock also keeps our own process alive: the step's may be one that does not.
    guard = setTimeout(() => one.kill("time"), (serving ? callMs : task.limits.timeMs) + frozenMs);
  }

  const ended = one.ready.then(async () => {
    const { ending } = await one.run(task, events, (message) => {
      if (message.type === "serving") {
        serving = true;
        started.resolve();
      } else {
        const call = waiting.get(message.call);
        waiting.delete(message.call);
        if ("output" in message) call?.resolve(message.output);
        else call?.reject(thrownError(message.thrown));
      }
      watch();
    });
    over = true;
    clearTimeout(guard);
    // Calls are answered in order: the first that waits is the one that ended the process, the others can be asked again.
    const limits = serving ? { ...task.limits, timeMs: callMs } : task.limits;
    const [first, ...others] = waiting.values();
    waiting.clear();
    first?.reject(endingError({ step: task.step, limits }, ending));
    for (const call of others) call.reject(interrupted());
  });

  const interrupted = () => fail("RUNTIME_INTERRUPTED", `The process behind ${task.step} ended before it answered`);

  return {
    call(input) {
      if (over) return Promise.reject(interrupted());
      return new Promise<Json>((resolve, reject) => {
        const call = ++calls;
        waiting.set(call, { resolve, reject });
        if (waiting.size === 1) watch();
        void started.promise.then(() => one.call(call, input));
      });
    },
    ended,
    close: () => one.kill("close"),
  };
}
