// Brings the catalog up to what the user's files say now: loaded in another process, type-checked, declared.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fail, fromFailure, toFailure } from "../base/failure.ts";
import { contentHash } from "../base/ids.ts";
import type { DeclaredComponent } from "../catalog/components.ts";
import { dependenciesOf, scheduleOf } from "../define/definition.ts";
import { checkTypes } from "./drivers.ts";
import { findComponentFiles } from "./load-components.ts";
import type { Project } from "./open-project.ts";

const loadLimits = { timeMs: 20_000, memoryMb: 512 };

/**
 * Loads and declares every component, unless no file changed since the last time. What is wrong with a file is that
 * component's failure, not this function's.
 */
export async function loadProject(project: Project): Promise<readonly DeclaredComponent[]> {
  const fingerprint = filesFingerprint(project.folder);
  if ((await project.components.declaredFingerprint()) !== fingerprint) await declareAll(project, fingerprint);
  const components = await project.components.list();
  await project.schedules.set(
    components.flatMap(({ id, definition }) => {
      const schedule = scheduleOf(definition);
      return schedule === null ? [] : [{ component: id, schedule }];
    }),
  );
  return components;
}

async function declareAll(project: Project, fingerprint: string): Promise<void> {
  const files = findComponentFiles(project.folder);
  const [outcome, mistakes] = await Promise.all([
    project.compute.run({
      entry: "project/load",
      input: {},
      component: "project",
      run: "load",
      step: "load",
      attempt: 1,
      projectFolder: project.folder,
      limits: loadLimits,
      environment: {},
    }),
    checkTypes({
      projectFolder: project.folder,
      files: files.map((one) => one.file).filter((file) => /\.m?ts$/.test(file)),
      projectConfig: existsSync(join(project.folder, "tsconfig.json")) ? join(project.folder, "tsconfig.json") : null,
      packageTypes: packageTypes(),
      folder: join(project.stateFolder, "tmp"),
    }),
  ]);
  if (!outcome.ok) {
    // The whole load died (an endless loop, process.exit): the location says in which file.
    const { failure } = outcome;
    const guilty = files.find((one) => one.file === failure.location?.file);
    if (guilty === undefined) throw fromFailure(failure);
    const id = `${guilty.kind}/${guilty.name}`;
    await project.components.declare(
      files.map((one) => ({
        id: `${one.kind}/${one.name}`,
        ...one,
        definition: null,
        fingerprint: null,
        failure: one === guilty ? { ...failure, component: id, run: null } : null,
      })),
      fingerprint,
      Date.now(),
    );
    return;
  }
  const loaded = (outcome.output as unknown as DeclaredComponent[]).map((component) =>
    withTypeMistake(component, mistakes),
  );
  await project.components.declare(checkReferences(loaded), fingerprint, Date.now());
}

const mostHashedBytes = 256 * 1024;

/** Changes when any code or configuration of the project changes, or the package itself. Large files count by size and time. */
function filesFingerprint(folder: string): string {
  const parts: string[] = [import.meta.url, readFileSync(new URL("../../package.json", import.meta.url), "utf8")];
  const visit = (path: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const inner = join(path, entry.name);
      if (entry.isDirectory() && entry.name !== "node_modules" && !entry.name.startsWith(".")) visit(inner);
      if (!entry.isFile() || !/\.(?:[cm]?[jt]s|json)$/.test(entry.name)) continue;
      const { size, mtimeMs } = statSync(inner);
      parts.push(inner, size > mostHashedBytes ? `${size} ${mtimeMs}` : readFileSync(inner, "utf8"));
    }
  };
  visit(folder);
  return contentHash(...parts.map((part) => `${part.length}:${part}`));
}

/** A file that runs but does not type-check is not used either: what it promises to others would not hold. */
function withTypeMistake(
  component: DeclaredComponent,
  mistakes: Awaited<ReturnType<typeof checkTypes>>,
): DeclaredComponent {
  const mistake = mistakes.find((one) => one.file === component.file);
  if (mistake === undefined || component.failure !== null) return component;
  const { file, line, column } = mistake;
  const error = fail("DEFINE_TYPES", mistake.message, { location: { file, line, column } });
  return {
    ...component,
    definition: null,
    fingerprint: null,
    failure: toFailure(error, { component: component.id, step: "load", attempt: 1 }),
  };
}

function checkReferences(components: readonly DeclaredComponent[]): readonly DeclaredComponent[] {
  const ids = new Set(components.map((component) => component.id));
  return components.map((component) => {
    const absent =
      component.definition === null ? undefined : dependenciesOf(component.definition).find((id) => !ids.has(id));
    if (absent === undefined) return component;
    const error = fail("DEFINE_INVALID", `Expected ${absent} to be a component of the project, got none`, {
      location: { file: component.file, line: 1 },
    });
    return {
      ...component,
      definition: null,
      fingerprint: null,
      failure: toFailure(error, { component: component.id, step: "load", attempt: 1 }),
    };
  });
}

function packageTypes(): string {
  return fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "../index.ts" : "../index.d.ts", import.meta.url));
}
