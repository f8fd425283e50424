// Rows of fifty numbers for the benches of the online store, written the way a commit is.

import { encodeRecord, type RecordSchema } from "../../src/features/online/record.ts";
import type { OnlineStore, OnlineWrite } from "../../src/ports/online-store.ts";

export const group = "bench";
export const entities = 100_000;
const schema: RecordSchema = Array.from({ length: 50 }, (_, index) => ({ name: `f${index}`, type: "number" }));

export async function writeRows(online: OnlineStore, sequence: number, count: number): Promise<void> {
  async function* writes(): AsyncGenerator<readonly OnlineWrite[]> {
    yield [{ space: `schema of ${group}`, key: "1", value: Buffer.from(JSON.stringify(schema)) }];
    for (let from = 0; from < count; from += 10_000)
      yield Array.from({ length: Math.min(10_000, count - from) }, (_, index) => {
        const entity = (from + index + sequence * 613) % entities;
        const values = Object.fromEntries(schema.map(({ name }, feature) => [name, entity + feature / 50 + sequence]));
        return { space: group, key: String(entity), value: encodeRecord(1, schema, { values, eventMs: sequence }) };
      });
  }
  await online.apply(group, sequence, writes());
}
