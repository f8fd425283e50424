// What a run printed: one file a run, in the order of the lines, bounded, and readable while it grows.

import { createWriteStream, mkdirSync, type WriteStream } from "node:fs";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";

export interface RunLog {
  line(text: string): void;
  /** Resolves when everything is on disk. */
  close(): Promise<void>;
}

const mostBytes = 8_388_608;

/** Opens the run's log for its lines; a disk that is full costs lines, never the run. */
export function openRunLog(folder: string, run: string): RunLog {
  let stream: WriteStream | undefined;
  let bytes = 0;
  let broken = false;

  /** Most runs print nothing, and those leave no file. */
  function opened(): WriteStream {
    if (stream !== undefined) return stream;
    mkdirSync(folder, { recursive: true });
    stream = createWriteStream(logPath(folder, run), { flags: "a" });
    stream.on("error", () => {
      broken = true;
    });
    return stream;
  }

  return {
    line(text) {
      if (broken || bytes > mostBytes) return;
      // A line must stay one, whatever a step hands us.
      const line = `${text.replace(/[\r\n]+/g, " ")}\n`;
      bytes += Buffer.byteLength(line);
      opened().write(bytes > mostBytes ? "… the rest was left out\n" : line);
    },
    close: () =>
      new Promise((resolve) => {
        if (stream === undefined || broken) return resolve();
        stream.once("error", () => resolve());
        stream.end(resolve);
      }),
  };
}

/** The last lines of a run's log, oldest first; none when it printed nothing. */
export async function readRunLog(folder: string, run: string, lines = 1_000): Promise<string[]> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(logPath(folder, run), "r");
  } catch {
    return [];
  }
  try {
    const { size } = await file.stat();
    const wanted = Math.min(size, lines * 4_200, mostBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(wanted), 0, wanted, size - wanted);
    const found = buffer.subarray(0, bytesRead).toString("utf8").split("\n");
    // What was read may begin in the middle of a line.
    if (wanted < size) found.shift();
    return found.filter((line) => line !== "").slice(-lines);
  } finally {
    await file.close();
  }
}

export async function removeRunLog(folder: string, run: string): Promise<void> {
  await rm(logPath(folder, run), { force: true });
}

function logPath(folder: string, run: string): string {
  return join(folder, `${run.replace(/[^\w-]/g, "_")}.log`);
}
