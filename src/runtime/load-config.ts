// Loads pentad.config.ts, if there is one, in the process that loads the components.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Failure, fail, toFailure } from "../base/failure.ts";
import { isObject } from "../base/json.ts";
import type { ConfigOptions } from "../define/config.ts";
import { importUserFile } from "./user-modules.ts";

export interface LoadedConfig {
  readonly settings: ConfigOptions;
  readonly failure: Failure | null;
}

/** The settings file's name; undefined when the project has none. */
export function findConfigFile(folder: string): string | undefined {
  return ["ts", "mts", "js", "mjs"].map((end) => `pentad.config.${end}`).find((file) => existsSync(join(folder, file)));
}

/** A project without the file has no settings. */
export async function loadConfig(folder: string): Promise<LoadedConfig> {
  const file = findConfigFile(folder);
  if (file === undefined) return { settings: {}, failure: null };
  try {
    const { default: config } = await importUserFile(folder, file);
    if (!isObject(config) || config.kind !== "config" || !isObject(config.options))
      throw fail("DEFINE_INVALID", "Expected a default export made by defineConfig(), got something else", {
        location: { file, line: 1 },
      });
    return { settings: config.options as ConfigOptions, failure: null };
  } catch (error) {
    return { settings: {}, failure: toFailure(error, { step: "load" }) };
  }
}
