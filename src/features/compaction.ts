// When many small files are worth merging, and which: a plan by sizes alone.

/** Up to this many files a group is read about as fast as from one. */
const manyFiles = 8;
/** A file this many times larger than all newer ones together is left alone. */
const muchLarger = 4;

/**
 * From which file on a group's files (oldest first, sizes in bytes) are merged with the rows of the next commit; undefined
 * when there are few. Large old files stay, so that every row is rewritten only as often as the group's size multiplies.
 */
export function planCompaction(bytes: readonly number[]): number | undefined {
  if (bytes.length + 1 < manyFiles) return undefined;
  let from = bytes.length - 1;
  let newer = bytes[from] as number;
  while (from > 0 && (bytes[from - 1] as number) <= muchLarger * newer) newer += bytes[--from] as number;
  return from;
}
