// The port for the latest values by key: small records, read in microseconds by any process.

export interface OnlineWrite {
  readonly space: string;
  readonly key: string;
  /** Undefined deletes the record. */
  readonly value: Uint8Array | undefined;
}

export interface OnlineStore {
  /** The record's bytes, or undefined. */
  get(space: string, key: string): Uint8Array | undefined;
  /** The first `limit` keys of a space in the order of their texts; keys too long to be kept whole are left out. */
  keys(space: string, limit: number): string[];
  /**
   * Applies the writes and remembers `sequence` as the last one applied to `space`, in one durable transaction.
   * A sequence that is not higher than the remembered one is ignored: replaying is harmless. With `durable: false` it is
   * not waited for the disk: readers see the writes, and a crash of the machine may take them and the sequence back.
   */
  apply(
    space: string,
    sequence: number,
    writes: AsyncIterable<readonly OnlineWrite[]>,
    options?: { readonly durable?: boolean },
  ): Promise<void>;
  /** The last sequence applied to `space`; 0 when none was. */
  appliedSequence(space: string): number;
  /** Removes every record of `space` and forgets its sequence. */
  clear(space: string): Promise<void>;
  close(): Promise<void>;
}
