// Finds a package that users install when they want it: the project's own, otherwise one beside this package.

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** The address to import it from; undefined when it is not installed. */
export function findPackage(name: string, projectFolder: string): string | undefined {
  for (const from of [join(projectFolder, "package.json"), import.meta.url]) {
    try {
      const path = createRequire(from).resolve(name);
      if (existsSync(path)) return pathToFileURL(path).href;
    } catch {
      // Not there: perhaps beside this package.
    }
  }
  return undefined;
}
