// The leaves that may be split, the best first: a binary heap, since forests grow thousands of leaves.

export interface SplitQueue {
  add(place: number, gain: number): void;
  /** The place with the greatest gain, of equals the lowest; undefined when there is none. */
  take(): number | undefined;
}

export function splitQueue(): SplitQueue {
  const heap: { readonly place: number; readonly gain: number }[] = [];
  const isAhead = (a: number, b: number): boolean => {
    const [one, other] = [heap[a]!, heap[b]!];
    return one.gain > other.gain || (one.gain === other.gain && one.place < other.place);
  };
  const swap = (a: number, b: number): void => {
    [heap[a], heap[b]] = [heap[b]!, heap[a]!];
  };
  return {
    add(place, gain) {
      heap.push({ place, gain });
      for (let i = heap.length - 1; i > 0; ) {
        const parent = (i - 1) >> 1;
        if (!isAhead(i, parent)) break;
        swap(i, parent);
        i = parent;
      }
    },
    take() {
      const top = heap[0];
      const last = heap.pop();
      if (last === undefined || heap.length === 0) return top?.place;
      heap[0] = last;
      for (let i = 0; ; ) {
        let first = i;
        for (const child of [2 * i + 1, 2 * i + 2]) if (child < heap.length && isAhead(child, first)) first = child;
        if (first === i) return top!.place;
        swap(i, first);
        i = first;
      }
    },
  };
}
