// Loads the user's files in a process of their own and describes every component as JSON, or says why it cannot.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fail, isFailure, messageOf, toFailure } from "../base/failure.ts";
import { contentHash, slug } from "../base/ids.ts";
import { canonicalJson, isObject } from "../base/json.ts";
import type { DeclaredComponent } from "../catalog/components.ts";
import { nearest } from "../define/check.ts";
import { type Component, type ComponentKind, componentKinds, isComponent } from "../define/component.ts";
import type { DataDefinition, Definition } from "../define/definition.ts";
import { describe } from "../define/describe.ts";
import { locationInProject } from "../ports/compute.ts";
import { importCircle } from "./imports.ts";
import { codeHash, keepCode } from "./serving/kept-code.ts";
import { importUserFile, lineOfImport } from "./user-modules.ts";

export interface ComponentFile {
  readonly kind: ComponentKind;
  readonly name: string;
  /** Relative to the project. */
  readonly file: string;
}

const extension = /\.(?:ts|mts|js|mjs)$/;

/** The project's name: package.json's, or the folder's. Components in a file of their kind's name are called like it. */
export function projectName(folder: string): string {
  const path = join(folder, "package.json");
  if (existsSync(path)) {
    try {
      const manifest: unknown = JSON.parse(readFileSync(path, "utf8"));
      const name = isObject(manifest) && typeof manifest.name === "string" ? slug(manifest.name) : "";
      if (name !== "") return name;
    } catch {
      // A broken package.json is npm's to complain about; the folder's name serves.
    }
  }
  return slug(basename(resolve(folder))) || "project";
}

/** `problem.ts`, `data.ts` … and every file in `problem/`, `data/` … that does not begin with an underscore. */
export function findComponentFiles(folder: string): ComponentFile[] {
  const project = projectName(folder);
  const found: ComponentFile[] = [];
  for (const kind of componentKinds) {
    const single = ["ts", "mts", "js", "mjs"]
      .map((end) => `${kind}.${end}`)
      .find((file) => existsSync(join(folder, file)));
    if (single !== undefined) found.push({ kind, name: project, file: single });
    const inner = join(folder, kind);
    if (!existsSync(inner)) continue;
    for (const entry of readdirSync(inner, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1)))
      if (entry.isFile() && extension.test(entry.name) && !entry.name.endsWith(".d.ts") && !/^[_.]/.test(entry.name))
        found.push({ kind, name: slug(entry.name.replace(extension, "")), file: `${kind}/${entry.name}` });
  }
  return found;
}

/** Runs in the loading process: imports every file and describes what it declares. */
export async function loadComponents(folder: string): Promise<DeclaredComponent[]> {
  const files = findComponentFiles(folder);
  const loaded: { file: ComponentFile; component: Component | null; error: unknown }[] = [];
  for (const file of files) {
    try {
      loaded.push({
        file,
        component: componentOf((await importUserFile(folder, file.file)).default, file),
        error: null,
      });
    } catch (error) {
      loaded.push({ file, component: null, error: circular(error, folder, file, files) ?? error });
    }
  }
  const names = new Map<Component, string>();
  const owners = new Map<string, string>();
  for (const { file, component } of loaded) {
    if (component === null) continue;
    const name = component.name === undefined ? file.name : slug(component.name);
    const id = `${file.kind}/${name}`;
    if (owners.has(id)) continue;
    owners.set(id, file.file);
    names.set(component, name);
  }
  return loaded.map(({ file, component, error }) => {
    const name = (component === null ? undefined : names.get(component)) ?? file.name;
    const id = `${file.kind}/${name}`;
    const declared = { id, kind: file.kind, name, file: file.file };
    try {
      if (component === null) throw error;
      if (!names.has(component)) throw takenName(component, file, owners, folder);
      const definition = describe(component, (one) => nameOf(one, names, file), {
        file: file.file,
        hash: () => keepCode(folder, file.file),
        locate: (stack) => locationInProject(stack, folder) ?? null,
      });
      return { ...declared, definition, fingerprint: fingerprintOf(definition, folder, file.file), failure: null };
    } catch (thrown) {
      // A mistake in another component's file is that component's; this one only waits for it.
      const location = isFailure(thrown) ? thrown.location : undefined;
      const elsewhere =
        location !== undefined && location.file !== file.file && files.some((one) => one.file === location.file);
      const failure = elsewhere ? null : toFailure(thrown, { component: id, step: "load", attempt: 1 });
      return {
        ...declared,
        definition: null,
        fingerprint: null,
        failure: failure && { ...failure, location: failure.location ?? { file: file.file, line: 1 } },
      };
    }
  });
}

function takenName(
  { name = "" }: Component,
  { kind, file, name: fileName }: ComponentFile,
  owners: ReadonlyMap<string, string>,
  folder: string,
) {
  const taken = slug(name) || fileName;
  const line = readFileSync(join(folder, file), "utf8")
    .split("\n")
    .findIndex((text) => /\bname\s*:/.test(text));
  return fail(
    "DEFINE_INVALID",
    `name: expected a name of its own, got ${JSON.stringify(taken)}, which ${owners.get(`${kind}/${taken}`)} has too`,
    { hint: "Give one of the two another name", location: { file, line: Math.max(0, line) + 1 } },
  );
}

/** In a circle of imports some file sees nothing of another; whose import leads back to an earlier step is to blame. */
function circular(error: unknown, folder: string, { file }: ComponentFile, files: readonly ComponentFile[]) {
  if (!/before initialization|got nothing$/.test(messageOf(error))) return undefined;
  const circle = importCircle(folder, file);
  if (circle === undefined) return undefined;
  const place = (one: string | undefined) => {
    const kind = files.find((known) => known.file === one)?.kind;
    return kind === undefined ? -1 : componentKinds.indexOf(kind);
  };
  const links = circle.slice(0, -1).map((from, index) => ({ from, to: circle[index + 1] as string }));
  const wrong = links.find(({ from, to }) => place(from) >= 0 && place(from) < place(to)) ?? links[0];
  if (wrong === undefined) return undefined;
  return fail("DEFINE_THROWS", `Expected files that do not import each other in a circle, got ${circle.join(" → ")}`, {
    hint: `Remove the import of ${wrong.to} from ${wrong.from}`,
    location: { file: wrong.from, line: lineOfImport(join(folder, wrong.from), wrong.to) },
  });
}

function componentOf(value: unknown, { kind, file }: ComponentFile): Component {
  const wanted = `define${kind[0]?.toUpperCase()}${kind.slice(1)}()`;
  if (!isComponent(value))
    throw fail(
      "DEFINE_INVALID",
      `Expected a default export made by ${wanted}, got ${value === undefined ? "none" : "something else"}`,
      { location: { file, line: 1 } },
    );
  if (value.kind !== kind)
    throw fail("DEFINE_INVALID", `Expected a default export made by ${wanted}, got a ${value.kind} component`, {
      location: { file, line: 1 },
    });
  return value;
}

function nameOf(component: Component, names: ReadonlyMap<Component, string>, { file }: ComponentFile): string {
  const name = names.get(component);
  if (name !== undefined) return name;
  const near = nearest(component.kind, componentKinds);
  throw fail(
    "DEFINE_INVALID",
    `Expected the ${component.kind} component to be the default export of a file of the project, got one that is not`,
    {
      hint: `Move it to ${near ?? component.kind}.ts or ${component.kind}/NAME.ts and import it from there`,
      location: { file, line: 1 },
    },
  );
}

/**
 * Changes when what the component produces may change: its definition, and its code when it has functions. When and with
 * which limits it runs does not count.
 */
function fingerprintOf(definition: Definition, folder: string, file: string): string {
  const {
    limits: _limits,
    schedule: _schedule,
    freshForMs: _freshForMs,
    batchSchedule: _batch,
    scheduleRules: _rules,
    after: _after,
    when: _when,
    description: _description,
    license: _license,
    ...lasting
  } = definition as Definition & Record<string, unknown>;
  const hasCode =
    definition.kind === "data" &&
    ((definition as DataDefinition).transform || (definition as DataDefinition).source.kind === "rows");
  return contentHash(canonicalJson(lasting), hasCode ? codeHash(folder, file) : "").slice(0, 32);
}
