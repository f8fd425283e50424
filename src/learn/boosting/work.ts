// The operations that threads share: what each thread does of one, in the memory that all of them see.

import { numberBins } from "./bins.ts";
import type { BoostingMemory } from "./memory.ts";

/** One thread's place among those that share an operation. */
export interface Part {
  readonly thread: number;
  readonly team: number;
}

type Work = (memory: BoostingMemory, part: Part, ...args: number[]) => void;

/** Rows per partial sum, as in the kernels: parts of derivatives are whole multiples of it. */
export const partRows = 8192;

/** Each gives the same bytes however many threads share it. */
export const works = {
  /** Bins `count` columns of numbers, which lie in the slots, one per thread; `features` names them. */
  bin: ({ kernels, layout, f64 }, { thread }, count, maxBins, ...features) => {
    if (thread >= count!) return;
    const slot = layout.slots[thread]!;
    const room = layout.sortRooms[thread]!;
    const found = layout.found[thread]! / 8;
    const values = f64.subarray(slot / 8, slot / 8 + layout.rowCount);
    const sample = f64.subarray(room / 8, room / 8 + layout.sampled);
    const bins = numberBins(values, maxBins!, {
      sample,
      sort: (present) => kernels.sortNumbers(room, present, room + layout.sampled * 8, room + layout.sampled * 16),
    });
    f64.fill(Number.POSITIVE_INFINITY, found + 2, found + 258);
    f64.set(bins.bounds, found + 2);
    const out = layout.columns + features[thread]! * layout.columnPitch;
    const missing = kernels.binColumn(slot, layout.rowCount, layout.found[thread]! + 16, bins.count, out);
    f64[found] = bins.count;
    f64[found + 1] = missing;
  },
  /** Held-out rows [from, to) of the columns that were binned last. */
  binHeld: ({ kernels, layout, f64 }, { thread }, count, from, to, ...features) => {
    if (thread >= count!) return;
    const found = layout.found[thread]!;
    const out = layout.heldColumns + features[thread]! * layout.heldColumnPitch + from!;
    kernels.binColumn(layout.slots[thread]!, to! - from!, found + 16, f64[found / 8]!, out);
  },
  /** Bins lie by feature; this lays them by row, too. */
  interleave: ({ kernels, layout }, part) => {
    const { from, to } = share(layout.rowCount, part, 256);
    for (const { address, stride, feature, features } of layout.panels)
      kernels.interleave(
        layout.columns + feature * layout.columnPitch,
        layout.columnPitch,
        features,
        from,
        to,
        address,
        stride,
      );
  },
  gradients: ({ kernels, layout }, part, objective, level) => {
    const { scores, labels, weights, g, h, parts, rowCount } = layout;
    const { from, to } = share(rowCount, part, partRows);
    kernels.gradients(objective!, level!, scores, labels, weights, from, to, g, h, parts);
  },
  softmax: ({ kernels, layout }, part) => {
    const { from, to } = share(layout.rowCount, part, 4);
    kernels.softmax(layout.scores, layout.probabilities, layout.outputs, layout.pitch, from, to);
  },
  softmaxGradients: ({ kernels, layout }, part, output, factor) => {
    const { probabilities, pitch, labels, weights, g, h, parts, rowCount } = layout;
    const { from, to } = share(rowCount, part, partRows);
    const own = probabilities + output! * pitch;
    kernels.softmaxGradients(own, labels, output!, factor!, weights, from, to, g, h, parts);
  },
  quantise: ({ kernels, layout }, part, scaleG, scaleH) => {
    const { from, to } = share(layout.rowCount, part, 4);
    kernels.quantise(layout.g, layout.h, from, to, scaleG!, scaleH!, layout.gh);
  },
  countUp: ({ kernels, layout }, part) => {
    const { from, to } = share(layout.rowCount, part, 4);
    kernels.countUp(layout.rows, from, to);
  },
  /** By rows, each helper into a histogram of its own; or by panels, where there are enough of these. */
  histogram: ({ kernels, layout }, part, rows, count, out) => {
    const { panelRecords, blockRecords, featureRecords, featureCount, gh } = layout;
    const spare = layout.spares[part.thread]!;
    if (byPanels(layout.panels.length, part.team)) {
      const { from, to } = share(layout.panels.length, part, 1);
      if (from === to) return;
      const last = layout.panels[to - 1]!;
      kernels.clear(featureRecords, layout.panels[from]!.feature, last.feature + last.features, out!);
      kernels.histogram(panelRecords + from * 16, to - from, blockRecords, rows!, 0, count!, gh, out!, spare);
      return;
    }
    const target = part.thread === 0 ? out! : layout.privateHistograms[part.thread - 1]!;
    const { from, to } = share(count!, part, 4);
    kernels.clear(featureRecords, 0, featureCount, target);
    const [list, first] = rows === 0 ? [0, from] : [rows! + from * 4, 0];
    kernels.histogram(panelRecords, layout.panels.length, blockRecords, list, first, to - from, gh, target, spare);
  },
  /** Of the drawn features alone. */
  drawnHistogram: ({ kernels, layout }, { thread, team }, rows, count, out) => {
    const { columns, columnPitch, featureRecords, featureCount, gh, spares } = layout;
    const spare = spares[thread]!;
    kernels.drawnHistogram(
      columns,
      columnPitch,
      featureRecords,
      thread,
      featureCount,
      team,
      rows!,
      count!,
      gh,
      out!,
      spare,
    );
  },
  subtract: ({ kernels, layout }, part, target, other) => {
    const { from, to } = share(layout.featureCount, part, 1);
    kernels.subtract(layout.featureRecords, from, to, target!, other!);
  },
  search: ({ kernels, layout }, { thread, team }, histogram, count, squares, lowest, highest) => {
    const { featureRecords, featureCount, params, results, tables, spares } = layout;
    const spare = spares[thread]!;
    kernels.search(
      histogram!,
      count!,
      squares!,
      lowest!,
      highest!,
      featureRecords,
      thread,
      featureCount,
      team,
      params,
      results,
      tables,
      spare,
    );
  },
  /** Those that go left stay in front of the thread's part, the others lie at the same place among the spare rows. */
  partition: ({ kernels, layout, f64 }, part, column, rows, count) => {
    const { from, to } = share(count!, part, 4);
    const spare = layout.spareRows + (rows! - layout.rows) + from * 4;
    const left = kernels.partition(column!, rows! + from * 4, to - from, layout.splitTable, spare);
    f64[layout.teamResults / 8 + part.thread] = left;
  },
  /** After a partition by `team` threads whose left rows are in place: brings the others back behind them. */
  joinRights: ({ layout, u32, f64 }, { thread }, rows, count, lefts, team) => {
    if (thread >= team!) return;
    const aside = layout.spareRows / 4 + (rows! - layout.rows) / 4;
    let at = rows! / 4 + lefts!;
    for (let t = 0; t <= thread; t++) {
      const { from, to } = share(count!, { thread: t, team: team! }, 4);
      const rights = to - from - f64[layout.teamResults / 8 + t]!;
      if (t === thread) u32.copyWithin(at, aside + from, aside + from + rights);
      at += rights;
    }
  },
  addLeaves: ({ kernels, layout }, part, leafCount, grown, scores) => {
    const { from, to } = share(grown!, part, 4);
    kernels.addLeaves(layout.walkNodes, leafCount!, layout.rows, from, to, scores!);
  },
  walk: ({ kernels, layout }, part, list, count, scores) => {
    const { from, to } = share(count!, part, 4);
    kernels.walk(layout.walkNodes, layout.walkTables, layout.walkValues, list!, from, to, scores!);
  },
} satisfies Record<string, Work>;

export type Operation = keyof typeof works;

const names = Object.keys(works) as Operation[];

/** Operations as numbers, which is how other threads are told of them. */
export const numberOf = Object.fromEntries(names.map((name, number) => [name, number])) as Record<Operation, number>;
export const workOf = (number: number): Work => works[names[number]!];

/** Whether histograms are shared by panels of features, which needs no joining, rather than by rows. */
export function byPanels(panels: number, team: number): boolean {
  return panels >= 2 * team;
}

/** Contiguous parts in multiples of `unit`. */
export function share(count: number, { thread, team }: Part, unit: number): { from: number; to: number } {
  const part = Math.ceil(count / team / unit) * unit;
  const from = Math.min(count, part * thread);
  return { from, to: Math.min(count, from + part) };
}
