// A desk to make new projects on: tables as files, and the folders that they become.

import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "../../src/base/log.ts";
import {
  type NewProjectOptions,
  type NewProjectResult,
  newProject,
} from "../../src/runtime/new-project/new-project.ts";

export type Given = Pick<NewProjectOptions, "key" | "time" | "name" | "signal" | "task" | "horizon">;
export type Made = NewProjectResult & { read(file: string): Promise<string> };

export interface Desk {
  readonly folder: string;
  make(from: string, predict: string | undefined, name: string, options?: Given): Promise<Made>;
  table(name: string, content: string | Uint8Array): Promise<string>;
  remove(): Promise<void>;
}

export async function openDesk(): Promise<Desk> {
  const desk = await mkdtemp(join(tmpdir(), "pentad-new-test-"));
  await mkdir(join(desk, "made"));
  return {
    folder: desk,
    async make(from, predict, name, options = {}) {
      const folder = join(desk, "made", name);
      const result = await newProject({ from, predict, folder, log: silentLog, threads: 2, ...options });
      return { ...result, read: (file) => readFile(join(folder, file), "utf8") };
    },
    async table(name, content) {
      const path = join(desk, name);
      await writeFile(path, content);
      return path;
    },
    remove: () => rm(desk, { recursive: true, force: true }),
  };
}

/** Lines of a header and of as many rows, from chance that is the same each time. */
export function csv(header: string, rows: number, line: (row: number, chance: () => number) => string): string {
  let state = 12_345;
  const chance = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x80000000;
  };
  return [header, ...Array.from({ length: rows }, (_, row) => line(row, chance))].join("\n");
}
