// Asks a server at a fixed rate, whatever it answers and however late: the way Feast's harness (vegeta) loads a feature server.

import { Agent, request } from "node:http";

export interface LoadOptions {
  readonly url: string;
  /** Made beforehand and sent in turn. */
  readonly bodies: readonly string[];
  readonly perSecond: number;
  readonly seconds: number;
  readonly connections?: number;
}

export interface LoadResult {
  /** From the moment at which a request was due to the end of its answer, sorted; of answers with status 200. */
  readonly ms: Float64Array;
  readonly sent: number;
  readonly ok: number;
}

/** Whoever asks has given up by then. */
export const timeoutMs = 5000;

export async function load(options: LoadOptions): Promise<LoadResult> {
  const { url, bodies, perSecond, seconds, connections = 5 } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const total = Math.round(perSecond * seconds);
  const times: number[] = [];
  const asked: Promise<void>[] = [];
  const startedAt = performance.now();
  for (let i = 0; i < total; i++) {
    const dueAt = startedAt + (i * 1000) / perSecond;
    const waitMs = dueAt - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    // A timer that wakes late is the client's fault, not the server's; a request that waits for a connection is not.
    const sentAt = performance.now();
    asked.push(
      post(agent, url, bodies[i % bodies.length] as string).then((ok) => {
        if (ok) times.push(performance.now() - sentAt);
      }),
    );
  }
  await Promise.all(asked);
  agent.destroy();
  return { ms: Float64Array.from(times).sort(), sent: total, ok: times.length };
}

function post(agent: Agent, url: string, body: string): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request(
      url,
      {
        agent,
        method: "POST",
        headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
      },
      (response) => {
        response.on("end", () => resolve(response.statusCode === 200));
        response.on("error", () => resolve(false));
        response.resume();
      },
    );
    // The wait for a connection counts too.
    const limit = setTimeout(() => call.destroy(), timeoutMs);
    call.on("close", () => clearTimeout(limit));
    call.on("error", () => resolve(false));
    call.end(body);
  });
}

export function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
