// Posted rows online before their commit: laid over the group's own online rows until a commit that holds them is applied.

import type { DataDefinition } from "../../define/definition.ts";
import type { OnlineStore, OnlineWrite } from "../../ports/online-store.ts";
import type { OnlineRow } from "./record.ts";
import { readOnlineKey, rowWrites, schemaWrite } from "./writes.ts";

/** `[number of the post f64][record]`: what a commit holds no longer counts here, whatever has become of it. */
const numberBytes = 8;

function overlaySpace(group: string): string {
  return `posted to ${group}`;
}

function committedSpace(group: string): string {
  return `committed posts of ${group}`;
}

/** A posted row's record when no commit holds it yet. */
export function findPosted(online: OnlineStore, group: string, key: string): Uint8Array | undefined {
  const bytes = online.get(overlaySpace(group), key);
  if (bytes === undefined || numberOf(bytes) <= committed(online, group)) return undefined;
  return bytes.subarray(numberBytes);
}

function committed(online: OnlineStore, group: string): number {
  const bytes = online.get(committedSpace(group), "");
  return bytes === undefined ? 0 : numberOf(bytes);
}

function numberOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, numberBytes).getFloat64(0, true);
}

export interface PostedLine extends OnlineRow {
  readonly key: readonly string[];
  /** The post that the row came with. */
  readonly post: number;
}

/** Puts the newest rows of some keys online; posts up to `upTo` count as put then. */
export async function putPosted(
  online: OnlineStore,
  definition: DataDefinition,
  lines: readonly PostedLine[],
  upTo: number,
): Promise<void> {
  const space = overlaySpace(definition.name);
  const writes = rowWrites(definition, lines).map(({ key, value }, index) => ({
    space,
    key,
    value: numbered(lines[index]?.post ?? upTo, value),
  }));
  async function* batches() {
    yield [schemaWrite(definition), ...writes];
  }
  // The catalog holds the posts durably: what a crash of the machine takes back here is put again when the server starts.
  await online.apply(space, upTo, batches(), { durable: false });
}

function numbered(number: number, record: Uint8Array = new Uint8Array()): Uint8Array {
  const bytes = Buffer.alloc(numberBytes + record.byteLength);
  bytes.writeDoubleLE(number, 0);
  bytes.set(record, numberBytes);
  return bytes;
}

/** The write that goes with a commit's own: posts up to this one are in it. */
export function committedWrite(group: string, upTo: number): OnlineWrite {
  return { space: committedSpace(group), key: "", value: numbered(upTo) };
}

/** The number of the newest post that was put online. */
export function putUpTo(online: OnlineStore, group: string): number {
  return Math.max(online.appliedSequence(overlaySpace(group)), committed(online, group));
}

/** Takes the rows of some keys away again; the keys are given as their columns' values. */
export async function removePosted(
  online: OnlineStore,
  group: string,
  isOne: (key: readonly string[]) => boolean,
): Promise<void> {
  const space = overlaySpace(group);
  const keys = online.keys(space, Number.MAX_SAFE_INTEGER).filter((key) => isOne(readOnlineKey(key)));
  async function* batches() {
    yield keys.map((key) => ({ space, key, value: undefined }));
  }
  // The overlay's own numbers are those of posts.
  if (keys.length > 0) await online.apply(`removed from ${space}`, Date.now(), batches());
}

/** Whether commits hold, and have put online themselves, every row that was put. */
export function isCommitted(online: OnlineStore, group: string): boolean {
  return committed(online, group) >= online.appliedSequence(overlaySpace(group));
}

/** Forgets the rows that commits hold by now; only while nothing waits, and by the process that puts them. */
export async function clearPosted(online: OnlineStore, group: string): Promise<void> {
  await online.clear(overlaySpace(group));
}
