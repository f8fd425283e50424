// Feast's own harness for online features over HTTP: 250 features of ten thousand entities, asked for at a fixed rate.

import type { Bench, Sample, Variant } from "../harness.ts";
import { serve } from "../product.ts";
import { bareServer } from "./bare-server.ts";
import { feastServer } from "./feast-server.ts";
import { load, quantile, timeoutMs } from "./load.ts";
import { cellValue, entityCount, onlineProject } from "./online-project.ts";

const shapes = [
  { rows: 1, features: 50, perSecond: 10, seconds: 8 },
  { rows: 1, features: 50, perSecond: 100, seconds: 5 },
  { rows: 100, features: 50, perSecond: 10, seconds: 8 },
  { rows: 100, features: 250, perSecond: 100, seconds: 5 },
] as const;

type Shape = (typeof shapes)[number];

export async function bench(): Promise<Bench> {
  const project = onlineProject();
  const pentad = await serve(project.folder);
  const feast = await feastServer();
  const floor = await bareServer();
  await checkAnswer(pentad.url);
  const ask = async (url: string, bodies: readonly string[], { perSecond, seconds }: Shape): Promise<Sample> => {
    const { ms, sent, ok } = await load({ url, bodies, perSecond, seconds });
    // What a server still works on of this must not slow down the next.
    await answered(url, bodies[0] as string);
    const all = Float64Array.from({ length: sent }, (_, at) => ms[at] ?? timeoutMs);
    return {
      ms: quantile(all, 0.99),
      parts: { median: quantile(all, 0.5), longest: quantile(all, 1), "answers in time, %": (100 * ok) / sent },
    };
  };
  const variants = shapes.flatMap((shape): Variant[] => {
    const name = `${shape.rows} × ${shape.features}, ${perSecondText(shape)}`;
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
      ...(shape.rows > 1
        ? []
        : [
            {
              name: `Bare node:http, a constant answer, ${perSecondText(shape)}`,
              run: () => ask(floor.url, own, shape),
            },
          ]),
      { name: `Pentad, ${name}`, run: () => ask(`${pentad.url}/api/features/online`, own, shape) },
      ...(feast === undefined
        ? []
        : [{ name: `Feast, ${name}`, run: () => ask(`${feast.url}/get-online-features`, theirs, shape) }]),
    ];
  });
  return {
    title: "Online features over HTTP",
    method: `Rows × features, asked for 5 s (10 a second: 8 s) at a fixed rate over 5 connections with a time limit of 5 s, a hundred requests made beforehand, keys at random, fifty requests not counted: the shape of Feast's own harness. The figure is the 99 % quantile from sending to the end of the answer, where no answer in time counts as 5 s; a server that falls behind by more than that is asked no further, and what it was not asked counts as 5 s too. The client writes bytes made beforehand to plain sockets and shares the machine's cores with the server. A server that does nothing but give a constant answer of 1 kB tells what of the time is the machine's, Node.js's and the client's. Pentad is \`pentad dev\` with its embedded store${feast === undefined ? "; Feast was not there" : ", Feast its Python feature server with the SQLite online store"}.`,
    rounds: 3,
    goal: { variant: "Pentad, 1 × 50, 100 a second", atMostMs: 0.5 },
    variants,
    async close() {
      await pentad.stop();
      await feast?.stop();
      await floor.stop();
      project.remove();
    },
  };
}

function perSecondText({ perSecond }: Shape): string {
  return `${perSecond} a second`;
}

/** Waits for an answer, but not for ever: a server may have more to do than it ever will. */
async function answered(url: string, body: string): Promise<void> {
  const signal = AbortSignal.timeout(4 * timeoutMs);
  const headers = { "content-type": "application/json" };
  await fetch(url, { method: "POST", headers, body, signal }).catch(() => undefined);
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
