// The project's files as its laws and its generated documents see them: paths, texts, first sentences and imports.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, posix, resolve } from "node:path";

/** Path below the project's folder → text; binary files have an empty text. */
export type Tree = ReadonlyMap<string, string>;

export interface Import {
  readonly from: string;
  /** As it stands in the file. */
  readonly specifier: string;
  /** The path in the tree; null for packages and Node's own modules. */
  readonly to: string | null;
  readonly typeOnly: boolean;
}

const ignored = new Set(["node_modules", "dist", ".git", ".pentad", "coverage", "test-results", ".DS_Store"]);
const texts = /\.(?:ts|tsx|mjs|js|json|md|css|html|csv|txt|yml|yaml)$|(?:^|\/)(?:run|LICENSE|\.npmrc|\.gitignore)$/;

export const projectFolder = resolve(import.meta.dirname, "..");

export function readTree(folder: string = projectFolder): Tree {
  const tree = new Map<string, string>();
  const walk = (below: string) => {
    for (const name of readdirSync(join(folder, below)).sort()) {
      if (ignored.has(name) || /\.(?:tgz|log)$|^report\.\d.*\.json$/.test(name)) continue;
      const path = posix.join(below, name);
      if (statSync(join(folder, path)).isDirectory()) walk(path);
      else tree.set(path, texts.test(path) ? readFileSync(join(folder, path), "utf8") : "");
    }
  };
  walk("");
  return tree;
}

export function code(tree: Tree, ...folders: readonly string[]): string[] {
  return [...tree.keys()].filter(
    (path) => /\.(?:ts|tsx|mjs)$/.test(path) && folders.some((folder) => path.startsWith(`${folder}/`)),
  );
}

/** The sentence that a file opens with, if it does. */
export function purposeOf(text: string): string | undefined {
  const [first = "", second = ""] = text.split("\n");
  return /^\/\/ ((?:["“]?\p{Lu}|`).*[.!?])$/u.exec(first.startsWith("#!") ? second : first)?.[1];
}

// Statements begin a line; what stands indented, in comments or in templates with ${…} is not one.
const statement = /^(?:import|export)\s+(type\s+)?(?:([^;"'`]*?)\s*from\s*)?["']([^"'$]+)["']/gm;
// `import("x").Name` and `typeof import("x")` are types; `await import("x")` is a value that is loaded on first use.
const expression = /(typeof\s+)?\bimport\(\s*["']([^"'$]+)["']\s*\)(\.(?!then\b|catch\b)\w+)?/g;

export function importsOf(tree: Tree, path: string): Import[] {
  const text = tree.get(path) ?? "";
  const found: Import[] = [];
  const add = (specifier: string, typeOnly: boolean) => {
    const to = specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : null;
    if (to === null || tree.has(to)) found.push({ from: path, specifier, to, typeOnly });
  };
  for (const [, type, names, specifier] of text.matchAll(statement))
    add(specifier as string, type !== undefined || onlyTypes(names));
  for (const line of text.split("\n").filter((line) => !/^\s*(?:\*|\/\/)/.test(line)))
    for (const [, type, specifier, member] of line.matchAll(expression))
      add(specifier as string, type !== undefined || member !== undefined);
  return found;
}

function onlyTypes(names: string | undefined): boolean {
  const list = /^\{([^}]*)\}$/.exec(names ?? "")?.[1];
  return list?.split(",").every((name) => /^\s*(?:type |$)/.test(name)) ?? false;
}

/** `@scope/name/part` → `@scope/name`; null for Node's own modules, relative paths and the package itself. */
export function packageOf(specifier: string): string | null {
  if (specifier.startsWith(".") || specifier.startsWith("node:") || specifier.startsWith("file:")) return null;
  const name = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
  return name === "pentad" ? null : name;
}
