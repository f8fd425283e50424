// What a run does now, in a few words: said often, written seldom, and the newest word wins.

import type { Ledger, LedgerParts } from "./ledger.ts";

/** Each write waits for the disk, and nobody reads faster than this. */
const everyMs = 250;

interface Pending {
  detail?: string;
  progress?: number | null;
  written: Promise<void>;
}

export function openNotes({ database, owner }: LedgerParts): Pick<Ledger, "note"> {
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
