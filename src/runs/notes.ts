// What a run does now, in a few words: said often, written seldom, and the newest word wins.

import type { LedgerParts } from "./ledger-parts.ts";

/** Each write waits for the disk, and nobody reads faster than this. */
const everyMs = 250;

interface Pending {
  detail?: string;
  progress?: number | null;
  written: Promise<void>;
}

/** What runs say while they go on. */
export interface Notes {
  /** Says what a run does now. Written a few times a second at most; the newest word wins. */
  note(run: string, note: { detail?: string; progress?: number | null }): Promise<void>;
}

export function openNotes({ database, owner }: LedgerParts): Notes {
  const pending = new Map<string, Pending>();
  let lastWriteAt = Number.NEGATIVE_INFINITY;

  async function write(run: string): Promise<void> {
    const wait = lastWriteAt + everyMs - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    const { detail, progress } = pending.get(run) ?? {};
    pending.delete(run);
    lastWriteAt = performance.now();
    const ours = "where run = ? and state = 'running' and owner = ?";
    if (detail === undefined)
      await database.run(`update runs set progress = ? ${ours}`, [progress ?? null, run, owner]);
    else await database.run(`update runs set detail = ?, progress = ? ${ours}`, [detail, progress ?? null, run, owner]);
  }

  return {
    note(run, { detail, progress }) {
      const waiting = pending.get(run);
      if (waiting === undefined) {
        const fresh: Pending = {
          ...(detail === undefined ? {} : { detail }),
          progress: progress ?? null,
          written: Promise.resolve(),
        };
        pending.set(run, fresh);
        fresh.written = write(run);
        return fresh.written;
      }
      if (detail !== undefined) waiting.detail = detail;
      waiting.progress = progress ?? null;
      return waiting.written;
    },
  };
}
