// Feast's own harness for online features over HTTP: 250 features of ten thousand entities, asked for at a fixed rate.

import type { Bench, Sample, Variant } from "../harness.ts";
import { serve } from "../product.ts";
import { feastServer } from "./feast-server.ts";
import { load, quantile, timeoutMs } from "./load.ts";
import { cellValue, entityCount, onlineProject } from "./online-project.ts";

const seconds = 10;
const shapes = [
  { rows: 1, features: 50, perSecond: 10 },
  { rows: 1, features: 50, perSecond: 100 },
  { rows: 100, features: 50, perSecond: 10 },
  { rows: 100, features: 250, perSecond: 100 },
] as const;

type Shape = (typeof shapes)[number];

export async function bench(): Promise<Bench> {
  const project = onlineProject();
  const pentad = await serve(project.folder);
  const feast = await feastServer();
  await checkAnswer(pentad.url);
  const ask = async (url: string, bodies: readonly string[], { perSecond }: Shape): Promise<Sample> => {
    const { ms, sent, ok } = await load({ url, bodies, perSecond, seconds });
    // What a server still works on of this must not slow down the next.
    await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: bodies[0] as string });
    const all = Float64Array.from({ length: sent }, (_, at) => ms[at] ?? timeoutMs);
    return {
      ms: quantile(all, 0.99),
      parts: { median: quantile(all, 0.5), longest: quantile(all, 1), "answers in time, %": (100 * ok) / sent },
    };
  };
  const variants = shapes.flatMap((shape): Variant[] => {
    const name = `${shape.rows} × ${shape.features}, ${shape.perSecond} a second`;
    const keys = keysOf(shape);
    const features = Array.from({ length: shape.features }, (_, feature) => `feature_${feature}`);
    const own = keys.map((entities) =>
      JSON.stringify({
        features: features.map((one) => `wide.${one}`),
        keys: entities.map((entity) => ({ entity })),
      }),
    );
    const theirs = keys.map((entities) =>
      JSON.stringify({ features: features.map((one) => `wide:${one}`), entities: { entity: entities } }),
    );
    return [
      { name: `Pentad, ${name}`, run: () => ask(`${pentad.url}/api/features/online`, own, shape) },
      ...(feast === undefined
        ? []
        : [{ name: `Feast, ${name}`, run: () => ask(`${feast.url}/get-online-features`, theirs, shape) }]),
    ];
  });
  return {
    title: "Online features over HTTP",
    method: `Rows × features, asked for ${seconds} s at a fixed rate over 5 connections with a time limit of 5 s, a hundred requests made beforehand, keys at random: the shape of Feast's own harness. The figure is the 99 % quantile from sending to the end of the answer, where no answer in time counts as 5 s; the client shares the machine's cores with the server. Pentad is \`pentad dev\` with its embedded store${feast === undefined ? "; Feast was not there" : ", Feast its Python feature server with the SQLite online store"}.`,
    rounds: 3,
    goal: { variant: "Pentad, 1 × 50, 10 a second", atMostMs: 0.5 },
    variants,
    async close() {
      await pentad.stop();
      await feast?.stop();
      project.remove();
    },
  };
}

function keysOf({ rows }: Shape): number[][] {
  return Array.from({ length: 100 }, (_, request) =>
    Array.from({ length: rows }, (_, row) => (request * 7919 + row * 131) % entityCount),
  );
}

async function checkAnswer(url: string): Promise<void> {
  const response = await fetch(`${url}/api/features/online`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ features: ["wide.feature_7"], keys: [{ entity: 42 }] }),
  });
  const { rows } = (await response.json()) as { rows: { values: unknown[] }[] };
  if (rows[0]?.values[0] !== cellValue(42, 7)) throw new Error(`The server gave ${JSON.stringify(rows)}`);
}
