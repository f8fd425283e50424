// The kernel of the point-in-time join over sorted rows: for every moment the last row of its key at or before it.

/** Where in a file the rows of the key stand that a label row is about; label rows without any are left out. */
export interface LabelRuns {
  /** The label row's number, from 0. */
  readonly row: Float64Array;
  /** By the label row's number: its event time in microseconds. */
  readonly moment: Float64Array;
  readonly first: Float64Array;
  readonly count: Float64Array;
}

export interface FoundPlaces {
  /** By label row: the number of the row found, -1 for none. */
  readonly place: Float64Array;
  /** By label row: the event time of the row found. */
  readonly moment: Float64Array;
}

export function nothingFound(rows: number): FoundPlaces {
  return { place: new Float64Array(rows).fill(-1), moment: new Float64Array(rows).fill(Number.NEGATIVE_INFINITY) };
}

/**
 * Looks in the runs of one more file, whose rows are numbered from `offset`, and keeps what happened last; of equals the
 * later file's. `moments` are the file's event times, ascending within each run. Binary search, O(labels × log run).
 */
export function addLastPlaces(found: FoundPlaces, labels: LabelRuns, moments: Float64Array, offset: number): void {
  const { row, moment, first, count } = labels;
  for (let at = 0; at < row.length; at++) {
    const label = row[at] as number;
    const start = first[at] as number;
    const wanted = moment[label] as number;
    let low = start;
    let high = start + (count[at] as number);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((moments[middle] as number) <= wanted) low = middle + 1;
      else high = middle;
    }
    if (low === start) continue;
    const happened = moments[low - 1] as number;
    if (happened < (found.moment[label] as number)) continue;
    found.moment[label] = happened;
    found.place[label] = offset + low - 1;
  }
}

/** Whether each of the file's runs, given by their firsts and lengths in any order, ascends, with times that are exact as numbers. */
export function isAscending(moments: Float64Array, firsts: Float64Array): boolean {
  const starts = new Uint8Array(moments.length);
  for (const first of firsts) starts[first] = 1;
  let before = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < moments.length; at++) {
    const moment = moments[at] as number;
    if (!Number.isSafeInteger(moment) || (starts[at] === 0 && moment < before)) return false;
    before = moment;
  }
  return true;
}
