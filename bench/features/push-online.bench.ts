// From posting a row to reading it online over HTTP, at 20 and 100 rows a second.

import type { Bench, Sample, Variant } from "../harness.ts";
import { serve } from "../product.ts";
import { feastServer } from "./feast-server.ts";
import { quantile } from "./load.ts";
import { onlineProject } from "./online-project.ts";

const seconds = 10;
const rates = [20, 100];
const customers = 500;

/** Posts a row, and when that is answered reads one of its values. */
type PostAndRead = (row: Readonly<Record<string, unknown>>) => Promise<unknown>;

export async function bench(): Promise<Bench> {
  const project = onlineProject();
  const pentad = await serve(project.folder);
  const feast = await feastServer();
  const own = (data: string): PostAndRead => {
    return async (row) => {
      const { state } = await post<{ state: string }>(`${pentad.url}/ingest/${data}`, row);
      if (state !== "done") throw new Error(`The answer was ${state}`);
      const body = { features: [`${data}.value_0`], keys: [{ customer: row.customer }] };
      const { rows } = await post<{ rows: { values: unknown[] }[] }>(`${pentad.url}/api/features/online`, body);
      return rows[0]?.values[0];
    };
  };
  const theirs: PostAndRead = async (row) => {
    const df = Object.fromEntries(Object.entries(row).map(([name, value]) => [name, [value]]));
    await post(`${feast?.url}/push`, { push_source_name: "orders_push", df, to: "online" });
    const body = { features: ["orders:value_0"], entities: { customer: [row.customer] } };
    const { results } = await post<{ results: { values: unknown[] }[] }>(`${feast?.url}/get-online-features`, body);
    return results[1]?.values[0];
  };
  const variants = rates.flatMap((rate): Variant[] => [
    { name: `Pentad, ${rate} rows a second`, run: () => run(own("orders"), rate) },
    { name: `Pentad with two windows, ${rate} rows a second`, run: () => run(own("visits"), rate) },
    ...(feast === undefined
      ? []
      : [{ name: `Feast, ${rate} rows a second`, run: () => run(theirs, rate, { mayRefuse: true }) }]),
  ]);
  return {
    title: "From a posted row to its value online",
    method: `Rows of ten features are posted one by one at a fixed rate for ${seconds} s, to ${customers} keys in turn; each is read back over HTTP when its answer has come, and should be that row or a newer one. The figure is the 99 % quantile of both requests together. With Pentad the row is judged and on the disk by then (fsync), and runs commit the rows meanwhile${feast === undefined ? "; Feast was not there" : "; Feast's `/push` writes its SQLite online store alone, without a judgement and without the offline store"}.`,
    rounds: 3,
    goal: { variant: "Pentad, 100 rows a second", atMostMs: 50 },
    variants,
    async close() {
      await pentad.stop();
      await feast?.stop();
      project.remove();
    },
  };
}

let posted = 0;

/** A peer's refused requests are counted; ours end the bench. */
async function run(postAndRead: PostAndRead, perSecond: number, { mayRefuse = false } = {}): Promise<Sample> {
  const times: number[] = [];
  let found = 0;
  let refused = 0;
  const startedAt = performance.now();
  const waiting: Promise<void>[] = [];
  for (let i = 0; i < perSecond * seconds; i++) {
    const waitMs = startedAt + (i * 1000) / perSecond - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const number = ++posted;
    const values = Object.fromEntries(Array.from({ length: 9 }, (_, value) => [`value_${value}`, number + value / 10]));
    const row = { customer: `c${number % customers}`, at: new Date().toISOString(), ...values, channel: "web" };
    const sentAt = performance.now();
    waiting.push(
      postAndRead(row).then(
        (value) => {
          if (typeof value === "number" && value >= number) found++;
          times.push(performance.now() - sentAt);
        },
        (error) => {
          if (!mayRefuse) throw error;
          refused++;
        },
      ),
    );
  }
  await Promise.all(waiting);
  const sorted = Float64Array.from(times).sort();
  const parts = { median: quantile(sorted, 0.5), longest: quantile(sorted, 1) };
  const shares = {
    "rows read back, %": (100 * found) / (times.length + refused),
    "rows refused, %": (100 * refused) / (times.length + refused),
  };
  return { ms: quantile(sorted, 0.99), parts: { ...parts, ...shares } };
}

async function post<Answer>(url: string, body: unknown): Promise<Answer> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
  return (text === "" ? {} : JSON.parse(text)) as Answer;
}
