// The threads that grow a tree together: each takes a part of the rows or of the features, in the same memory.

import { fail } from "../../base/failure.ts";
import type { WasmMemory } from "../wasm.ts";
import { type BoostingLayout, type BoostingMemory, boostingMemory, teamArgs } from "./memory.ts";
import { byPanels, numberOf, type Operation, share, workOf } from "./work.ts";

/** What a helping thread is given; it crosses to the thread as it is. */
export interface ThreadJob {
  readonly memory: WasmMemory;
  readonly layout: BoostingLayout;
}

/**
 * Starts threads. Learning itself knows none: whoever fits hands a function in that runs `serveBoosting(job)` in another thread
 * and returns how to stop it.
 */
export interface Threads {
  /** Threads in all, the fitting one included. */
  readonly count: number;
  start(job: ThreadJob): { stop(): void };
}

/** The work that can be shared. However many threads there are, and whenever they arrive, the results are the same bytes. */
export interface Team {
  /** Threads that have arrived so far, this one included. */
  size(): number;
  /** Shares an operation of `rows` rows, or does it alone when they are few. */
  share(operation: Operation, rows: number, args: readonly number[]): void;
  /** The histogram of `count` rows, listed at `rows` (0: all rows in order). */
  histogram(rows: number, count: number, out: number): void;
  search(histogram: number, count: number, squares: number, lowest: number, highest: number): void;
  /** Parts the rows by the layout's split table; returns how many go left. */
  partition(feature: number, rows: number, count: number): number;
  stop(): void;
}

/** Below this much work (rows of twenty features, or cells of histograms), waking another thread costs more than it saves. */
const leastToShare = 4096;

// The control words of the layout. The first counts the orders given, in steps of 64, and its low bits say how many threads the
// order is for: a helper learns both in one atomic read, so one that arrives between two orders can never mistake one for the
// other. Helpers are numbered in the order of their arrival; those that an order is for are awaited before the next is written.
const order = 0;
const operation = 1;
const arrived = 2;
const finished = 3;
const stopped = 4;

export function boostingTeam(memory: BoostingMemory, threads?: Threads): Team {
  const { layout, kernels, f64, i32 } = memory;
  const control = i32.subarray(layout.control / 4, layout.control / 4 + 16);
  const helpers = Array.from({ length: Math.min(layout.helpers, (threads?.count ?? 1) - 1) }, () =>
    threads!.start({ memory: memory.memory, layout }),
  );

  /** Runs an operation on all threads that have arrived so far, this one being number 0; returns how many they were. */
  const run = (op: Operation, work: number, args: readonly number[]): number => {
    const helping = helpers.length === 0 || work < leastToShare ? 0 : Atomics.load(control, arrived);
    const team = 1 + helping;
    if (helping > 0) {
      f64.set(args, layout.teamArgs / 8);
      Atomics.store(control, finished, 0);
      Atomics.store(control, operation, numberOf[op]);
      Atomics.store(control, order, nextOrder(control, team));
      Atomics.notify(control, order);
    }
    workOf(numberOf[op])(memory, { thread: 0, team }, ...args);
    if (helping > 0) awaitOthers(control, helping);
    return team;
  };

  return {
    size: () => 1 + (helpers.length === 0 ? 0 : Atomics.load(control, arrived)),
    share: run,
    histogram(rows, count, out) {
      const team = run("histogram", (count * layout.featureCount) / 20, [rows, count, out]);
      if (byPanels(layout.panels.length, team)) return;
      for (let t = 1; t < team; t++)
        kernels.join(layout.featureRecords, 0, layout.featureCount, out, layout.privateHistograms[t - 1]!);
    },
    search(histogram, count, squares, lowest, highest) {
      run("search", layout.featureCount * 256, [histogram, count, squares, lowest, highest]);
    },
    partition(feature, rows, count) {
      const column = layout.columns + feature * layout.columnPitch;
      const team = run("partition", count, [column, rows, count]);
      const lefts = joinLefts(memory, rows, count, team);
      run("joinRights", count, [rows, count, lefts, team]);
      return lefts;
    },
    stop() {
      Atomics.store(control, stopped, 1);
      Atomics.store(control, order, nextOrder(control, 0));
      Atomics.notify(control, order);
      for (const helper of helpers) helper.stop();
    },
  };
}

/** What a helping thread does: waits for work in the shared memory, does its part, and ends when the team stops. */
export function serveBoosting({ memory, layout }: ThreadJob): void {
  const joined = boostingMemory(layout, memory);
  const control = joined.i32.subarray(layout.control / 4, layout.control / 4 + 16);
  let seen = Atomics.load(control, order);
  // A team may be done before a helper has come.
  if (Atomics.load(control, stopped) === 1) return;
  const thread = Atomics.add(control, arrived, 1) + 1;
  for (;;) {
    for (let spins = 0; Atomics.load(control, order) === seen; spins++)
      if (spins > 5000) Atomics.wait(control, order, seen);
    seen = Atomics.load(control, order);
    if (Atomics.load(control, stopped) === 1) return;
    const team = seen & 63;
    if (thread >= team) continue;
    const args = joined.f64.subarray(layout.teamArgs / 8, layout.teamArgs / 8 + teamArgs);
    workOf(Atomics.load(control, operation))(joined, { thread, team }, ...args);
    Atomics.add(control, finished, 1);
    Atomics.notify(control, finished);
  }
}

function nextOrder(control: Int32Array, team: number): number {
  return (((Atomics.load(control, order) >> 6) + 1) << 6) | team;
}

function awaitOthers(control: Int32Array, others: number): void {
  let waits = 0;
  for (let spins = 0; ; spins++) {
    const done = Atomics.load(control, finished);
    if (done >= others) return;
    if (spins < 20_000) continue;
    // A part takes milliseconds; a thread that says nothing for minutes has been ended from outside.
    if (Atomics.wait(control, finished, done, 100) === "timed-out" && ++waits > 3000)
      throw fail("INTERNAL", "Expected every thread of the fit to answer, got none from one");
  }
}

/** Brings the parts' left rows together, in the order that one thread alone gives; returns how many they are. */
function joinLefts({ layout, u32, f64 }: BoostingMemory, rows: number, count: number, team: number): number {
  const begin = rows / 4;
  let lefts = f64[layout.teamResults / 8]!;
  for (let thread = 1; thread < team; thread++) {
    const { from } = share(count, { thread, team }, 4);
    const left = f64[layout.teamResults / 8 + thread]!;
    u32.copyWithin(begin + lefts, begin + from, begin + from + left);
    lefts += left;
  }
  return lefts;
}
