// The laws of names, first lines, lengths and habits inside the files.

import { code, purposeOf, type Tree } from "../../scripts/tree.ts";

const folders = ["src", "ui", "test", "scripts", "bench", "bin", "examples"];
const vague =
  /(?:^|[-/])(?:utils?|helpers?|manager|impl)(?:[-./]|$)|\/(?:types|common|misc|shared|lib|service)(?:\/|\.tsx?$)/;
const vagueName =
  /^export\s+(?:default\s+)?(?:abstract\s+)?(?:async\s+)?(?:function|class|interface|type|const|let)\s+(\w*(?:Manager|Helper|Service|Impl|Util|Utils))\b/gm;

export function namesSaySomething(tree: Tree): string[] {
  return code(tree, "src", "ui").flatMap((path) => [
    ...(vague.test(path) ? [`${path}: the path says nothing`] : []),
    ...(/(?:^|\/)index\.tsx?$/.test(path) && path !== "src/index.ts" ? [`${path}: an internal barrel`] : []),
    ...(/^[a-z0-9.-]+$/.test(path.split("/").at(-1) as string) ? [] : [`${path}: not kebab-case`]),
    ...[...(tree.get(path) ?? "").matchAll(vagueName)].map(([, name]) => `${path}: ${name}`),
  ]);
}

export function filesOpenWithTheirPurpose(tree: Tree): string[] {
  return code(tree, ...folders)
    .filter((path) => !path.endsWith(".wasm.ts") && purposeOf(tree.get(path) ?? "") === undefined)
    .map((path) => `${path}: ${JSON.stringify((tree.get(path) ?? "").split("\n")[0]?.slice(0, 60))}`);
}

function lineCounts(tree: Tree): [string, number][] {
  return code(tree, "src", "ui", "scripts", "bin")
    .filter((path) => !path.endsWith(".wasm.ts"))
    .map((path) => [path, (tree.get(path) ?? "").split("\n").length - 1]);
}

export function filesAreShort(tree: Tree): string[] {
  return lineCounts(tree).flatMap(([path, count]) => (count > 500 ? [`${path}: ${count} lines`] : []));
}

export function filesThatGrowLong(tree: Tree): string[] {
  return lineCounts(tree).flatMap(([path, count]) => (count > 300 ? [`${path}: ${count} lines`] : []));
}

const habits: readonly [RegExp, string][] = [
  [/catch\s*(?:\([^)]*\))?\s*\{\s*\}/g, "an error that is swallowed without a word"],
  [/@ts-(?:ignore|nocheck)|@ts-expect-error\s*$/gm, "the compiler silenced without a reason"],
  [/\bbiome-ignore\b(?!.*: \S)/g, "the linter silenced without a reason"],
  [/\b(?:test|it|describe)\.(?:only|todo)\b/g, "a test that is not run, or keeps the others from running"],
  [/\bskip: true\b|\b(?:test|it|describe)\.skip\(/g, "a test skipped without a reason"],
  [/\b(?:TODO|FIXME|XXX)\b/g, "a note to self: open an issue"],
];

export function habitsAreKept(tree: Tree): string[] {
  return code(tree, ...folders)
    .filter((path) => !path.startsWith("test/house"))
    .flatMap((path) => {
      const lines = (tree.get(path) ?? "").split("\n");
      return lines.flatMap((line, index) =>
        habits.filter(([habit]) => line.search(habit) >= 0).map(([, what]) => `${path}:${index + 1}: ${what}`),
      );
    });
}
