// What a file of the project imports of the project's own files, by reading them: also when they do not load.

import { readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

/** Every file that this one imports, directly or through others, itself only when there is a circle. In the order of reading. */
export function importsOf(folder: string, file: string): string[] {
  const found: string[] = [];
  const visit = (from: string) => {
    for (const to of directImports(folder, from)) {
      if (found.includes(to)) continue;
      found.push(to);
      visit(to);
    }
  };
  visit(file);
  return found;
}

/** A circle of imports that begins and ends with this file; undefined when there is none. */
export function importCircle(folder: string, file: string): readonly string[] | undefined {
  const seen = new Set<string>();
  const walk = (from: string, path: readonly string[]): readonly string[] | undefined => {
    for (const to of directImports(folder, from)) {
      if (to === file) return [...path, to];
      if (seen.has(to)) continue;
      seen.add(to);
      const circle = walk(to, [...path, to]);
      if (circle !== undefined) return circle;
    }
    return undefined;
  };
  return walk(file, [file]);
}

function directImports(folder: string, file: string): string[] {
  let text: string;
  try {
    text = readFileSync(join(folder, file), "utf8");
  } catch {
    return [];
  }
  return [...text.matchAll(/(?:from|import)\s*\(?\s*["'](\.[^"']+)["']/g)]
    .map((match) => relative(folder, resolve(folder, dirname(file), match[1] as string)))
    .filter((one) => !one.startsWith("..") && isFile(join(folder, one)));
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
