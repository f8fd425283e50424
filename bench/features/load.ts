// Asks a server at a fixed rate, whatever it answers and however late: the way Feast's harness (vegeta) loads a feature server.

import { connect, type Socket } from "node:net";

export interface LoadOptions {
  readonly url: string;
  /** Made beforehand and posted in turn. */
  readonly bodies: readonly string[];
  readonly perSecond: number;
  readonly seconds: number;
  readonly connections?: number;
}

export interface LoadResult {
  /** From the moment at which a request was sent, or began to wait for a connection, to the end of its answer, sorted; of answers with status 200. */
  readonly ms: Float64Array;
  /** What was to be asked; requests that were given up, or never sent because the server had fallen behind for good, are among them. */
  readonly sent: number;
  readonly ok: number;
}

/** Whoever asks has given up by then. */
export const timeoutMs = 5000;
/** The client's own code and connections are warm before anything is counted. */
const warmUp = 50;
const warmUpMs = 1000;

interface Asked {
  readonly request: Buffer;
  readonly atMs: number;
  readonly counts: boolean;
}

/** Requests are bytes made beforehand, written to plain sockets: the client should take no time of what it measures. */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const { url, perSecond, seconds, connections = 5 } = options;
  const requests = options.bodies.map((body) => requestBytes(new URL(url), body));
  const total = Math.round(perSecond * seconds);
  const times: number[] = [];
  const queue: Asked[] = [];
  const lines = new Set<Line>();
  let open = 0;
  let settled: () => void = () => undefined;

  function end(asked: Asked, ok: boolean): void {
    open--;
    if (ok && asked.counts) times.push(performance.now() - asked.atMs);
    settled();
  }

  /** Sends what waits, as far as there are connections. */
  function send(): void {
    for (let next = queue[0]; next !== undefined; next = queue[0]) {
      if (performance.now() - next.atMs >= timeoutMs) {
        queue.shift();
        end(next, false);
        continue;
      }
      const line = [...lines].find((one) => !one.busy()) ?? openAnother();
      if (line === undefined) return;
      queue.shift();
      line.send(next);
    }
  }

  function openAnother(): Line | undefined {
    if (lines.size >= connections) return undefined;
    const line = openLine(new URL(url), {
      onAnswer: end,
      onIdle: send,
      onGone: (gone) => lines.delete(gone),
    });
    lines.add(line);
    return line;
  }

  function ask(at: number, counts: boolean): void {
    open++;
    queue.push({ request: requests[at % requests.length] as Buffer, atMs: performance.now(), counts });
    send();
  }

  const idle = () =>
    new Promise<void>((resolve) => {
      settled = () => {
        if (open === 0) resolve();
      };
      settled();
    });

  const warmUntil = performance.now() + warmUpMs;
  for (let i = 0; i < warmUp && performance.now() < warmUntil; i++) {
    ask(i, false);
    if (i >= connections) await idle();
  }
  const startedAt = performance.now();
  for (let i = 0; i < total; i++) {
    const waitMs = startedAt + (i * 1000) / perSecond - performance.now();
    // A timer that wakes late is the client's fault, not the server's; a request that waits for a connection is not.
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    // What waits now will not be answered in time, nor will anything after it.
    const oldest = queue[0];
    if (oldest !== undefined && performance.now() - oldest.atMs > timeoutMs) break;
    ask(i, true);
  }
  await Promise.race([idle(), new Promise((resolve) => setTimeout(resolve, timeoutMs))]);
  queue.length = 0;
  for (const line of lines) line.close();
  return { ms: Float64Array.from(times).sort(), sent: total, ok: times.length };
}

interface Line {
  busy(): boolean;
  send(asked: Asked): void;
  close(): void;
}

interface LineEvents {
  onAnswer(asked: Asked, ok: boolean): void;
  /** Another request may be sent, here or on a connection of its own. */
  onIdle(): void;
  onGone(line: Line): void;
}

/** A connection that carries one request at a time. */
function openLine({ hostname, port }: URL, events: LineEvents): Line {
  const socket: Socket = connect({ host: hostname, port: Number(port), noDelay: true });
  let asked: Asked | undefined;
  let limit: NodeJS.Timeout | undefined;
  let head = "";
  /** Bytes of the body that are still to come; undefined while the head is read. */
  let missing: number | undefined;

  function finish(ok: boolean): void {
    const ended = asked;
    clearTimeout(limit);
    asked = undefined;
    missing = undefined;
    head = "";
    if (ended !== undefined) events.onAnswer(ended, ok);
  }

  socket.on("data", (chunk) => {
    if (missing === undefined) {
      head += chunk.toString("latin1");
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return;
      const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
      if (length === undefined) throw new Error(`Expected an answer with its length, got ${head.slice(0, end)}`);
      missing = Number(length) - (head.length - end - 4);
    } else missing -= chunk.length;
    if (missing > 0) return;
    finish(/^HTTP\/1\.1 200 /.test(head));
    events.onIdle();
  });
  socket.on("error", () => undefined);
  socket.on("close", () => {
    events.onGone(line);
    finish(false);
    events.onIdle();
  });
  const line: Line = {
    busy: () => asked !== undefined,
    send(next) {
      asked = next;
      limit = setTimeout(() => socket.destroy(), Math.max(1, timeoutMs - (performance.now() - next.atMs)));
      socket.write(next.request);
    },
    close: () => socket.destroy(),
  };
  return line;
}

function requestBytes({ pathname, host }: URL, body: string): Buffer {
  const head = `POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return Buffer.from(head + body);
}

export function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
