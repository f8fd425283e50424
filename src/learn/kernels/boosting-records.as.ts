// The records that the boosting kernels share with boosting/rows.ts and boosting/step.ts: what lies at which offset.
//
// Addresses come from boosting/memory.ts, which owns the layout. The ideas that everything rests on:
// - Values are bytes (bin numbers), kept twice: by feature, to part rows by one of them, and by row in panels of features, to add
//   rows to histograms with up to 8 features read as one word.
// - A histogram cell is one i64: the sum of gradients in fixed point above, the sum of curvatures below. One addition updates
//   both, integer sums do not depend on their order (so any number of threads grows the same tree), and a sibling's histogram
//   is an exact subtraction. Scales are chosen so that no subset of rows can overflow.
// - A split of any kind (number, category, missing) becomes a table of 256 bytes: does this bin go left?

/** Bytes from one feature's histogram to the next: 256 cells. */
export const FEATURE_BYTES: usize = 2048;

// Feature record, 32 bytes (see boosting/memory.ts).
export const F_BINS: usize = 0; // number of ordinary bins
export const F_MISSING: usize = 4; // the bin of missing values, or -1 when training saw none
export const F_KIND: usize = 8; // 0 number, 1 category
export const F_ACTIVE: usize = 12; // 0: not drawn for this tree
export const F_MONOTONE: usize = 16; // -1, 0 or 1
export const F_DRAWN: usize = 20; // extra trees: a random number that picks the one threshold to try, or -1 to try all
export const FEATURE_RECORD: usize = 32;

// Search parameters, f64 each.
export const P_UNIT_G: usize = 0; // value of one fixed-point step of a gradient
export const P_UNIT_H: usize = 8;
export const P_L1: usize = 16;
export const P_L2: usize = 24;
export const P_MIN_H: usize = 32; // least curvature in a leaf
export const P_MIN_ROWS: usize = 40; // least (estimated) rows in a leaf
export const P_CAT_SMOOTH: usize = 48;
export const P_CAT_L2: usize = 56;
export const P_GENERAL: usize = 64; // not 0: L1, bounds or monotone constraints are in use

// A histogram cell: the sum of gradients above, the sum of curvatures below.

@inline export function gradientOf(cell: i64): i64 {
  return cell >> 32;
}

@inline export function curvatureOf(cell: i64): i64 {
  return cell & 0xffffffff;
}
