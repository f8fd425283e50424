// Reads what src/index.ts and src/http/client.ts export out of the source: docstrings, examples, options and their comments.

import { posix } from "node:path";
import type { Tree } from "./tree.ts";

export interface Section {
  readonly title: string;
  readonly words: readonly Word[];
}

export interface Word {
  readonly name: string;
  /** Without types. */
  readonly signature: string;
  readonly summary: string;
  readonly examples: readonly string[];
  readonly options: readonly Options[];
}

export interface Options {
  readonly heading: string;
  readonly members: readonly Member[];
}

interface Member {
  readonly name: string;
  readonly text: string;
  readonly about: string;
}

/** The exported words in the door's own order, one section per comment of it. */
export function readDoor(tree: Tree): Section[] {
  const sections: { title: string; words: Word[] }[] = [];
  const told = new Map<string, string>();
  const statements = /^\/\/ (.+)$|^export (type )?\{([^}]*)\} from "(.+?)";$/gm;
  for (const [, comment, onlyTypes, names = "", from = ""] of (tree.get("src/index.ts") ?? "").matchAll(statements)) {
    if (comment !== undefined) sections.push({ title: comment, words: [] });
    else if (onlyTypes === undefined)
      for (const name of names
        .split(",")
        .map((one) => one.trim())
        .filter((one) => one !== "" && !one.startsWith("type ")))
        sections.at(-1)?.words.push(readWord(tree, posix.join("src", from), name, told));
  }
  const client = readWord(tree, "src/http/client.ts", "connect", told);
  return [...sections, { title: "The typed client, `pentad/client`", words: [client] }].filter(
    ({ words }) => words.length > 0,
  );
}

/** `told` remembers which word listed a type's members, so that each is listed once. */
function readWord(tree: Tree, path: string, name: string, told: Map<string, string>): Word {
  const text = tree.get(path) ?? "";
  const start = new RegExp(`^export (?:async )?(?:function|const) ${name}\\b`, "m").exec(text)?.index;
  if (start === undefined) throw new Error(`src/index.ts exports ${name}, which ${path} does not have`);
  const { summary, examples } = parseDocstring(docstringBefore(text, start));
  const declaration = text.slice(start, text.indexOf(" {\n", start));
  const types = [...new Set(declaration.match(/\b\w+Options\b/g) ?? [])];
  const options = types.flatMap((type) => listOptions(tree, text, { type, heading: "Options", word: name }, told));
  return { name, signature: shortSignature(name, declaration), summary, examples, options };
}

/** An options type, followed by the small types that its members are made of, e.g. `split`. */
function listOptions(
  tree: Tree,
  text: string,
  { type, heading, word }: { type: string; heading: string; word: string },
  told: Map<string, string>,
): Options[] {
  const members = membersOf(text, type);
  if (members.length === 0) return [];
  const before = told.get(type);
  if (before !== undefined) return [{ heading: `${heading}: as for \`${before}\`.`, members: [] }];
  told.set(type, word);
  const inner = members.flatMap((member) => {
    const small = /\b(?:Split|TrainWhen|Limits|EventTime|PredictOptions)\b/.exec(member.text)?.[0];
    const source = [
      text,
      ...[...tree].flatMap(([path, other]) => (path.startsWith("src/define/") ? [other] : [])),
    ].find((one) => new RegExp(`interface ${small}\\b`).test(one));
    return small === undefined || source === undefined
      ? []
      : listOptions(
          tree,
          source,
          { type: small, heading: `Its \`${member.name}\``, word: `${word}\`'s \`${member.name}` },
          told,
        );
  });
  return [{ heading: `${heading}:`, members }, ...inner];
}

function docstringBefore(text: string, at: number): string {
  const before = text.slice(0, at).trimEnd();
  return before.endsWith("*/") ? before.slice(before.lastIndexOf("/**")) : "";
}

export function parseDocstring(comment: string): { summary: string; examples: string[] } {
  const text = comment
    .replace(/^\/\*\*\s?|\s*\*\/$/g, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, ""))
    .join("\n");
  const [summary = "", ...examples] = text.split(/^@example\s*/m);
  return { summary: summary.trim().replaceAll("\n", " "), examples: examples.map((example) => example.trim()) };
}

/** `mean(column, options)`: the names alone; what they hold is listed below. */
function shortSignature(name: string, declaration: string): string {
  const open = matching(declaration, declaration.indexOf(name) + name.length);
  const parameters = [...declaration.slice(open).matchAll(/(?:^\(|[,(]\s*)(\.{3})?(\w+)(\?)?(?=:)/g)].map(
    ([, rest = "", parameter, optional = ""]) => `${rest}${parameter}${optional}`,
  );
  const defaulted = /=\s*\{\}/.test(declaration.slice(open));
  return `${name}(${parameters.map((one) => (defaulted && one === "options" ? "options?" : one)).join(", ")})`;
}

/** Steps over the type parameters, if there are any: the position of the parameters' bracket. */
function matching(text: string, from: number): number {
  if (text[from] !== "<") return from;
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "<") depth++;
    if (text[at] === ">" && text[at - 1] !== "=") depth--;
    if (depth === 0) return at + 1;
  }
  return from;
}

/** The members of an interface of the same file, with what it extends there. */
function membersOf(text: string, type: string): Member[] {
  const match = new RegExp(
    `^(?:export )?interface ${type}\\b[^{]*?(?:extends (\\w+) )?\\{\\n([\\s\\S]*?)\\n\\}`,
    "m",
  ).exec(text.replace(/^(export interface \w+)<[\s\S]*?> \{$/gm, "$1 {"));
  if (match === null) return [];
  const own = [
    ...(match[2] as string).matchAll(/(\/\*\*[\s\S]*?\*\/\s*)?^ {2}readonly (\w+)(\??): ([\s\S]*?);$/gm),
  ].map(([, comment, name = "", optional = "", given = ""]) => ({
    name,
    text: `${name}${optional}${plainType(given)}`,
    about: comment === undefined ? "" : parseDocstring(comment.trim()).summary,
  }));
  return [...own, ...(match[1] === undefined ? [] : membersOf(text, match[1]))];
}

/** A type as a reader wants it; one that is made of type parameters says nothing, its comment does. */
function plainType(type: string): string {
  const text = type.replace(/\s+/g, " ").replace("globalThis.", "");
  return /\b[A-Z]\b|<|Selections|\bLabel\b/.test(text) && !text.startsWith("Readonly<")
    ? ""
    : `: ${text.replaceAll("readonly ", "")}`;
}
