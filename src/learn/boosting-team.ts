// The threads that grow a tree together: each takes a part of the rows or of the features, in the same memory.

import { fail } from "../base/failure.ts";
import type { BoostingLayout, BoostingMemory } from "./boosting-memory.ts";
import { boostingMemory } from "./boosting-memory.ts";
import type { WasmMemory } from "./wasm.ts";

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
  /** The histogram of `count` rows, listed at `rows` (0: all rows in order). */
  histogram(rows: number, count: number, out: number): void;
  search(histogram: number, count: number, lowest: number, highest: number): void;
  /** Parts the rows by the layout's split table; returns how many go left. */
  partition(feature: number, rows: number, count: number): number;
  stop(): void;
}

/** Below this many rows, waking another thread costs more than it saves. */
const leastRowsToShare = 4096;

/** Threads beyond this are not started. */
const mostThreads = 63;

// The control words of the layout. The first counts the orders given, in steps of 64, and its low bits say how many threads the
// order is for: a helper learns both in one atomic read, so one that arrives between two orders can never mistake one for the
// other. Helpers are numbered in the order of their arrival; those that an order is for are awaited before the next is written.
const order = 0;
const operation = 1;
const arrived = 2;
const finished = 3;
const stopped = 4;

const operations = { histogram: 1, search: 2, partition: 3 } as const;

export function boostingTeam(memory: BoostingMemory, threads?: Threads): Team {
  const { layout, kernels, f64, i32 } = memory;
  const control = i32.subarray(layout.control / 4, layout.control / 4 + 16);
  const results = layout.teamResults / 8;
  const helpers = Array.from({ length: Math.min(layout.helpers, mostThreads - 1, (threads?.count ?? 1) - 1) }, () =>
    threads!.start({ memory: memory.memory, layout }),
  );

  /** Runs an operation on all threads that have arrived so far, this one being number 0. */
  const together = (op: keyof typeof operations, args: readonly number[]): number => {
    const team = 1 + Atomics.load(control, arrived);
    f64.set(args, layout.teamArgs / 8);
    Atomics.store(control, finished, 0);
    Atomics.store(control, operation, operations[op]);
    Atomics.store(control, order, nextOrder(control, team));
    Atomics.notify(control, order);
    work(memory, operations[op], 0, team, args);
    awaitOthers(control, team - 1);
    return team;
  };
  const alone = (count: number): boolean =>
    helpers.length === 0 || count < leastRowsToShare || Atomics.load(control, arrived) === 0;
  const solo = (op: keyof typeof operations, args: readonly number[]): void => work(memory, operations[op], 0, 1, args);

  return {
    histogram(rows, count, out) {
      const args = [rows, count, out];
      if (alone(count)) return solo("histogram", args);
      const team = together("histogram", args);
      for (let t = 1; t < team; t++)
        kernels.join(layout.featureRecords, 0, layout.featureCount, out, layout.privateHistograms[t - 1]!);
    },
    search(histogram, count, lowest, highest) {
      const args = [histogram, count, lowest, highest];
      if (alone(layout.featureCount * 256)) solo("search", args);
      else together("search", args);
    },
    partition(feature, rows, count) {
      const args = [layout.columns + feature * layout.columnPitch, rows, count];
      if (alone(count)) {
        solo("partition", args);
        return f64[results]!;
      }
      const team = together("partition", args);
      return joinParts(memory, rows, count, team);
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
  const number = Atomics.add(control, arrived, 1) + 1;
  for (;;) {
    for (let spins = 0; Atomics.load(control, order) === seen; spins++)
      if (spins > 5000) Atomics.wait(control, order, seen);
    seen = Atomics.load(control, order);
    if (Atomics.load(control, stopped) === 1) return;
    const team = seen & 63;
    if (number >= team) continue;
    const args = Array.from(joined.f64.subarray(layout.teamArgs / 8, layout.teamArgs / 8 + 4));
    work(joined, Atomics.load(control, operation), number, team, args);
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

/** One thread's part of an operation. */
function work(
  { kernels, layout, f64 }: BoostingMemory,
  op: number,
  thread: number,
  team: number,
  args: readonly number[],
): void {
  const spare = layout.spares[thread]!;
  const { featureRecords, featureCount } = layout;
  if (op === operations.histogram) {
    const [rows, count, out] = args as [number, number, number];
    const target = thread === 0 ? out : layout.privateHistograms[thread - 1]!;
    const { from, to } = share(count, thread, team);
    kernels.clear(featureRecords, 0, featureCount, target);
    const first = rows === 0 ? 0 : rows + from * 4;
    kernels.histogram(
      layout.panelRecords,
      layout.panels.length,
      layout.blockRecords,
      first,
      rows === 0 ? from : 0,
      to - from,
      layout.gh,
      target,
      spare,
    );
  } else if (op === operations.search) {
    const [histogram, count, lowest, highest] = args as [number, number, number, number];
    kernels.search(
      histogram,
      count,
      lowest,
      highest,
      featureRecords,
      thread,
      featureCount,
      team,
      layout.params,
      layout.results,
      layout.tables,
      spare,
    );
  } else {
    const [column, rows, count] = args as [number, number, number];
    const { from, to } = share(count, thread, team);
    const spareRows = layout.spareRows + (rows - layout.rows) + from * 4;
    f64[layout.teamResults / 8 + thread] = kernels.partition(
      column,
      rows + from * 4,
      to - from,
      layout.splitTable,
      spareRows,
    );
  }
}

/** Contiguous parts in multiples of four rows. */
function share(count: number, thread: number, team: number): { from: number; to: number } {
  const part = Math.ceil(count / team / 4) * 4;
  const from = Math.min(count, part * thread);
  return { from, to: Math.min(count, from + part) };
}

/** Brings the parts' left rows together, then their right ones: the order that one thread alone gives. */
function joinParts({ layout, u32, f64 }: BoostingMemory, rows: number, count: number, team: number): number {
  const begin = rows / 4;
  const aside = layout.spareRows / 4 + (rows - layout.rows) / 4;
  let lefts = 0;
  let rights = 0;
  for (let thread = 0; thread < team; thread++) {
    const { from, to } = share(count, thread, team);
    const left = f64[layout.teamResults / 8 + thread]!;
    u32.copyWithin(aside + rights, begin + from + left, begin + to);
    u32.copyWithin(begin + lefts, begin + from, begin + from + left);
    lefts += left;
    rights += to - from - left;
  }
  u32.copyWithin(begin + lefts, aside, aside + rights);
  return lefts;
}
