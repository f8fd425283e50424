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
  const others = [...tree].flatMap(([other, source]) =>
    /^src\/(?:define|sources|drivers)\//.test(other) ? [source] : [],
  );
  const options = types.flatMap((type) =>
    listOptions([text, ...others], { type, heading: "Options", word: name }, told),
  );
  return { name, signature: shortSignature(name, declaration), summary, examples, options };
}

/** An options type, followed by the small types that its members are made of, e.g. `split`. */
function listOptions(
  texts: readonly string[],
  { type, heading, word }: { type: string; heading: string; word: string },
  told: Map<string, string>,
): Options[] {
  const members = membersOf(texts, type);
  if (members.length === 0) return [];
  const before = told.get(type);
  if (before !== undefined) return [{ heading: `${heading}: as for \`${before}\`.`, members: [] }];
  told.set(type, word);
  const inner = members.flatMap((member) => {
    const small = /\b(?:Split|TrainWhen|Limits|EventTime|PredictOptions)\b/.exec(member.text)?.[0];
    if (small === undefined) return [];
    return listOptions(
      texts,
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
  const names = parametersOf(declaration).map((parameter) => {
    const [, rest = "", own, optional = ""] = /^(\.{3})?(\w+)(\?)?:/.exec(parameter) ?? [];
    return `${rest}${own}${optional || (/ = [^>]/.test(parameter) ? "?" : "")}`;
  });
  return `${name}(${names.join(", ")})`;
}

/** The parameters of a function's declaration, each with its type and default. */
function parametersOf(declaration: string): string[] {
  const parameters: string[] = [];
  let depth = 0;
  let started = -1;
  for (let at = 0; at < declaration.length; at++) {
    const character = declaration[at] as string;
    const arrow = character === ">" && declaration[at - 1] === "=";
    if (character === "(" && depth === 0) started = at + 1;
    else if (started >= 0 && depth === 1 && (character === "," || character === ")")) {
      parameters.push(declaration.slice(started, at).trim());
      started = at + 1;
      if (character === ")") break;
    }
    if ("(<{[".includes(character)) depth++;
    else if (")>}]".includes(character) && !arrow) depth--;
  }
  return parameters.filter((parameter) => parameter !== "");
}

/** The members of an interface, the first of that name, with what it extends. */
function membersOf(texts: readonly string[], type: string): Member[] {
  const pattern = new RegExp(
    `^(?:export )?interface ${type}\\b[^{]*?(?:extends (\\w+) )?\\{\\n([\\s\\S]*?)\\n\\}`,
    "m",
  );
  for (const text of texts) {
    const match = pattern.exec(text.replace(/^(export interface \w+)<[\s\S]*?> \{$/gm, "$1 {"));
    if (match === null) continue;
    const own = [
      ...(match[2] as string).matchAll(/(\/\*\*[\s\S]*?\*\/\s*)?^ {2}readonly (\w+)(\??): ([\s\S]*?);$/gm),
    ].map(([, comment, name = "", optional = "", given = ""]) => ({
      name,
      text: `${name}${optional}${plainType(given)}`,
      about: comment === undefined ? "" : parseDocstring(comment.trim()).summary,
    }));
    return [...own, ...(match[1] === undefined ? [] : membersOf(texts, match[1]))];
  }
  return [];
}

/** A type as a reader wants it; one that is made of type parameters says nothing, its comment does. */
function plainType(type: string): string {
  const text = type.replace(/\s+/g, " ").replace("globalThis.", "");
  return /\b[A-Z]\b|<|Selections|\bLabel\b/.test(text) && !text.startsWith("Readonly<")
    ? ""
    : `: ${text.replaceAll("readonly ", "")}`;
}
