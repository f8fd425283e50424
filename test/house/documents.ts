// The laws of what is written down: error codes, links, decisions, the changelog, and what must never be committed.

import { posix } from "node:path";
import { code, type Tree } from "../../scripts/tree.ts";
import { floors, wings } from "./floors.ts";

const codeTable = "src/base/error-codes.ts";

function tableCodes(tree: Tree): string[] {
  return [...(tree.get(codeTable) ?? "").matchAll(/^ {2}([A-Z][A-Z_]+): code\(/gm)].map(([, name]) => name as string);
}

export function codesAreThrown(tree: Tree): string[] {
  const used = code(tree, "src", "bin")
    .filter((path) => path !== codeTable)
    .map((path) => tree.get(path))
    .join("\n");
  return tableCodes(tree).filter((name) => !used.includes(`"${name}"`) && !used.includes(`[${name}]`));
}

export function codesBelongToRooms(tree: Tree): string[] {
  const rooms = new Set([...Object.keys(floors), ...wings].map((room) => room.toUpperCase()));
  return tableCodes(tree).filter((name) => name !== "INTERNAL" && !rooms.has(name.split("_")[0] as string));
}

export function codesAreDocumented(tree: Tree): string[] {
  const page = tree.get("docs/errors.md") ?? "";
  const documented = [...page.matchAll(/^### `?([A-Z_]+)`?$/gm)].map(([, name]) => name as string);
  const known = tableCodes(tree);
  return [
    ...known.filter((name) => !documented.includes(name)).map((name) => `${name} is not in docs/errors.md`),
    ...documented
      .filter((name) => !known.includes(name))
      .map((name) => `docs/errors.md tells of ${name}, which does not exist`),
  ];
}

/** The anchor that a heading gets: lower case, words joined by hyphens, punctuation gone. */
function anchors(page: string): Set<string> {
  return new Set(
    [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
      (heading as string)
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

export function linksAreAlive(tree: Tree): string[] {
  const folders = new Set(
    [...tree.keys()].flatMap((path) => path.split("/").map((_, depth, parts) => parts.slice(0, depth).join("/"))),
  );
  return [...tree.keys()]
    .filter((path) => path.endsWith(".md"))
    .flatMap((path) => {
      const page = (tree.get(path) ?? "").replace(/^```[\s\S]*?^```/gm, "");
      return [...page.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = ""]) => {
        if (/^[a-z]+:/.test(link)) return [];
        const [target = "", anchor] = link.split("#");
        const to = target === "" ? path : posix.join(posix.dirname(path), target).replace(/\/$/, "");
        if (!tree.has(to) && !folders.has(to)) return [`${path} links to ${link}`];
        return anchor === undefined || anchors(tree.get(to) ?? "").has(anchor)
          ? []
          : [`${path} links to ${link}, which has no such heading`];
      });
    });
}

export function dependenciesAreDecided(tree: Tree): string[] {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(tree.get("package.json") ?? "{}") as Record<
    string,
    Record<string, string>
  >;
  const notes = [...tree.keys()]
    .filter((path) => path.startsWith("docs/decisions/"))
    .map((path) => tree.get(path))
    .join("\n");
  return Object.keys({ ...dependencies, ...devDependencies }).filter((name) => !notes.includes(`\`${name}\``));
}

export function changelogKnowsTheVersion(tree: Tree): string[] {
  const { version } = JSON.parse(tree.get("package.json") ?? "{}") as { version?: string };
  const page = tree.get("CHANGELOG.md") ?? "";
  return page.includes(`## ${version}`) ? [] : [`CHANGELOG.md has no section "## ${version}"`];
}

// Spelt so that this file does not hold what it forbids.
const forbidden: readonly [RegExp, string][] = [
  [/(?<![\w.])\/(?:w[o]rk|r[o]ot|h[o]me\/\w+|U[s]ers\/\w+)\//, "a path of somebody's machine"],
  [/regi[s]try\.(?:npm[j]s|yarn[p]kg)\.|npm[m]irror\.|artif[a]ctory/i, "a package registry's host"],
  [/"resolv[e]d": "https?:/, "a registry's address in the lock file (set omit-lockfile-registry-resolved)"],
];

export function nothingTellsOfAMachine(tree: Tree): string[] {
  return [...tree].flatMap(([path, text]) =>
    forbidden.flatMap(([pattern, what]) => {
      const at = text.search(pattern);
      return at < 0 ? [] : [`${path}:${text.slice(0, at).split("\n").length}: ${what}`];
    }),
  );
}
