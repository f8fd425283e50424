// The step's side of a service: answers calls one after another, each with a time limit of its own.

import type { Json } from "../base/json.ts";
import type { FromStep, Thrown, ToStep } from "./process-host-messages.ts";
import { resultText } from "./process-host-result.ts";

export interface ServeOptions {
  readonly answer: (input: Json) => Promise<Json>;
  /** Hands in every later message of the parent, and keeps the process alive. */
  readonly listen: (hear: (message: ToStep) => void) => void;
  /** Allows so much time from now on. */
  readonly allow: (timeMs: number) => void;
  readonly callMs: number;
  readonly maxResultBytes: number;
  readonly tell: (message: FromStep) => void;
  /** A result is a text already. */
  readonly write: (text: string) => void;
  readonly describe: (error: unknown) => Thrown;
}

/** Never settles: the process is ended from outside. */
export function serveCalls(options: ServeOptions): Promise<never> {
  const { answer, allow, callMs, maxResultBytes, tell, write, describe } = options;
  const waiting: (ToStep & { type: "call" })[] = [];
  let busy = false;

  async function work(): Promise<void> {
    if (busy) return;
    busy = true;
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { call, input } = next;
      allow(callMs);
      try {
        const output = resultText(await answer(input), maxResultBytes);
        write(`{"type":"answer","call":${call},"output":${output}}\n`);
      } catch (error) {
        tell({ type: "answer", call, thrown: describe(error) });
      }
    }
    allow(Number.POSITIVE_INFINITY);
    busy = false;
  }

  options.listen((message) => {
    if (message.type !== "call") return;
    waiting.push(message);
    void work();
  });
  allow(Number.POSITIVE_INFINITY);
  tell({ type: "serving" });
  return new Promise(() => undefined);
}
