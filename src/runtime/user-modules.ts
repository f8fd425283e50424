// Imports a user's file and says exactly where it is wrong: syntax, a missing import, a throw, a definition that is not valid.

import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { fail, isFailure, messageOf, type PentadError, type SourceLocation } from "../base/failure.ts";
import { locationInProject } from "../ports/compute.ts";

let hooked = false;

/** `pentad` always means the package that runs, whatever copies lie around: a component must come from one vocabulary. */
function resolvePackageToItself(): void {
  if (hooked) return;
  hooked = true;
  const door = new URL(import.meta.url.endsWith(".ts") ? "../index.ts" : "../index.js", import.meta.url).href;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === "pentad" ? { url: door, shortCircuit: true } : next(specifier, context),
  });
}

/** Imports `file` (relative to the project). Throws DEFINE_SYNTAX, DEFINE_THROWS or what the definition itself threw, located. */
export async function importUserFile(projectFolder: string, file: string): Promise<Record<string, unknown>> {
  resolvePackageToItself();
  try {
    return (await import(pathToFileURL(join(projectFolder, file)).href)) as Record<string, unknown>;
  } catch (error) {
    throw located(error, projectFolder, file);
  }
}

function located(error: unknown, projectFolder: string, file: string): PentadError {
  const stack = error instanceof Error ? error.stack : undefined;
  if (isFailure(error)) {
    const location = error.location ?? atField(locationInProject(stack, projectFolder), projectFolder, error.details);
    return fail(error.code, error.message, {
      hint: error.hint,
      location,
      ...(error.details === undefined ? {} : { details: error.details }),
    });
  }
  const name = (error as { name?: string } | null)?.name;
  const code = (error as { code?: string } | null)?.code;
  if (name === "SyntaxError") {
    const location = syntaxLocation(stack, projectFolder);
    const enumLike = code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX";
    return fail("DEFINE_SYNTAX", messageOf(error), {
      location: location ?? { file, line: 1 },
      ...(enumLike ? { hint: "Use syntax that can be stripped: no enum, namespace or parameter properties" } : {}),
    });
  }
  if (
    code === "ERR_MODULE_NOT_FOUND" ||
    code === "ERR_UNSUPPORTED_DIR_IMPORT" ||
    code === "ERR_PACKAGE_PATH_NOT_EXPORTED"
  )
    return missingImport(error, projectFolder, file);
  return fail("DEFINE_THROWS", messageOf(error), {
    location: locationInProject(stack, projectFolder) ?? { file, line: 1 },
    cause: (error as { cause?: unknown } | null)?.cause,
  });
}

/** The stack shows where the definition is made; the field that is wrong stands some lines below. */
function atField(
  call: SourceLocation | undefined,
  projectFolder: string,
  details: PentadError["details"],
): SourceLocation | undefined {
  if (call === undefined || typeof details?.field !== "string") return call;
  let lines: string[];
  try {
    lines = readFileSync(join(projectFolder, call.file), "utf8").split("\n");
  } catch {
    return call;
  }
  let index = call.line - 1;
  let column = call.column;
  for (const part of details.field.split(/[.()[\]]+/)) {
    const word = new RegExp(`(?<![\\w$"'.])["']?${part.replace(/[^\w$]/g, "\\$&")}["']?\\s*[:(,}]`);
    const found = part === "" ? -1 : lines.findIndex((line, at) => at >= index && word.test(line));
    if (found < 0) continue;
    column = found === index && found === call.line - 1 ? column : lines[found]?.search(word);
    if (column !== undefined && found !== call.line - 1) column++;
    index = found;
  }
  return { file: call.file, line: index + 1, ...(column === undefined ? {} : { column }) };
}

/** The stack of a syntax error begins with `file:line`, and shows the column by a row of carets. */
function syntaxLocation(stack: string | undefined, projectFolder: string): SourceLocation | undefined {
  const lines = (stack ?? "").split("\n");
  const match = /^(?:file:\/\/)?(.+?):(\d+)$/.exec(lines[0] ?? "");
  const path = match === null ? undefined : decodeURIComponent(match[1] as string);
  if (match === null || path === undefined || !path.startsWith(`${projectFolder}/`)) return undefined;
  const caret = lines.find((line) => /^\s*\^+\s*$/.test(line));
  return {
    file: path.slice(projectFolder.length + 1),
    line: Number(match[2]),
    ...(caret === undefined ? {} : { column: caret.indexOf("^") + 1 }),
  };
}

/** Node names the module that was not found and the file that wanted it; the line is that of the import. */
function missingImport(error: unknown, projectFolder: string, file: string): PentadError {
  const message = messageOf(error);
  const importer = / imported from (.+)$/.exec(message)?.[1]?.replace(/^file:\/\//, "");
  const inProject =
    importer?.startsWith(`${projectFolder}/`) === true ? importer.slice(projectFolder.length + 1) : file;
  const wanted = /Cannot find (?:module|package) '([^']+)'/.exec(message)?.[1] ?? "";
  const shown = wanted.startsWith(`${projectFolder}/`) ? wanted.slice(projectFolder.length + 1) : wanted;
  return fail("DEFINE_SYNTAX", `Expected the import ${JSON.stringify(shown)} to exist, got nothing there`, {
    hint: "Check the path; imports of your own files end in .ts",
    location: { file: inProject, line: lineOfImport(join(projectFolder, inProject), shown) },
  });
}

/** The line of an import by the end of its path; the first line when it is not found. */
export function lineOfImport(path: string, wanted: string): number {
  const last = wanted.split("/").at(-1) ?? wanted;
  try {
    const index = readFileSync(path, "utf8")
      .split("\n")
      .findIndex((line) => line.includes("import") && line.includes(last));
    return Math.max(0, index) + 1;
  } catch {
    return 1;
  }
}
