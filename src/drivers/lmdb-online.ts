// The latest values by key in LMDB: microsecond reads by any number of processes beside one writer.

import { mkdir } from "node:fs/promises";
import { contentHash } from "../base/ids.ts";
import type { OnlineStore, OnlineWrite } from "../ports/online-store.ts";

export interface LmdbOnlineOptions {
  /** The folder that holds the environment; made when it is missing. */
  readonly folder: string;
}

/** Records are kept under [space, key]; the sequence of a space under [space] alone. */
export async function lmdbOnline({ folder }: LmdbOnlineOptions): Promise<OnlineStore> {
  const { open } = await import("lmdb");
  await mkdir(folder, { recursive: true });
  const environment = open({ path: folder, maxDbs: 2 });
  const records = environment.openDB<Buffer, [string, string]>({ name: "records", encoding: "binary" });
  const sequences = environment.openDB<number, string>({ name: "sequences", encoding: "json" });

  return {
    get: (space, key) => records.getBinary([space, storedKey(key)]),
    keys(space, limit) {
      const found: string[] = [];
      for (const [, key] of records.getKeys(rangeOf(space))) {
        if (found.length >= limit) break;
        if (!key.includes(cutMark)) found.push(key);
      }
      return found;
    },
    async apply(space, sequence, writes, { durable = true } = {}) {
      // The batches are gathered first: an LMDB transaction must not wait for anything while it holds the write lock.
      const batches: (readonly OnlineWrite[])[] = [];
      for await (const batch of writes) batches.push(batch);
      await environment.transaction(() => {
        if ((sequences.get(space) ?? 0) >= sequence) return;
        for (const batch of batches)
          for (const { space: where, key, value } of batch) {
            const id: [string, string] = [where, storedKey(key)];
            if (value === undefined) records.removeSync(id);
            else records.putSync(id, Buffer.from(value.buffer, value.byteOffset, value.byteLength));
          }
        sequences.putSync(space, sequence);
      });
      if (durable) await environment.flushed;
    },
    appliedSequence: (space) => sequences.get(space) ?? 0,
    async clear(space) {
      await environment.transaction(() => {
        for (const id of records.getKeys(rangeOf(space))) records.removeSync(id);
        sequences.removeSync(space);
      });
      await environment.flushed;
    },
    async close() {
      await environment.close();
    },
  };
}

const highestKey = "\u{10ffff}";
const cutMark = "\u0000";

function rangeOf(space: string): { start: [string, string]; end: [string, string] } {
  return { start: [space] as unknown as [string, string], end: [space, highestKey] };
}

/** LMDB keys end at 1,978 bytes: a longer key is kept by its head and a hash of the whole. */
function storedKey(key: string): string {
  return key.length < 400 ? key : `${key.slice(0, 300)}${cutMark}${contentHash(key)}`;
}
