// Brings the catalog up to what the user's files say now: loaded in another process, type-checked, declared.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ErrorCodeName } from "../base/error-codes.ts";
import { type Failure, fail, fromFailure, type PentadError, toFailure } from "../base/failure.ts";
import { contentHash } from "../base/ids.ts";
import type { DeclaredComponent } from "../catalog/components.ts";
import { nearest } from "../define/check.ts";
import { dependenciesOf, scheduleOf } from "../define/dependencies.ts";
import { writeSettings } from "../runs/settings.ts";
import { checkTypes } from "./drivers.ts";
import { importsOf } from "./imports.ts";
import { findComponentFiles } from "./load-components.ts";
import { findConfigFile, type LoadedConfig } from "./load-config.ts";
import type { Project } from "./open-project.ts";
import { findCircle } from "./plan.ts";

const loadLimits = { timeMs: 20_000, memoryMb: 512 };

/**
 * Loads and declares every component, unless no file changed since the last time. What is wrong with a file is that
 * component's failure, not this function's.
 */
export async function loadProject(project: Project): Promise<readonly DeclaredComponent[]> {
  const fingerprint = filesFingerprint(project.folder);
  let configFailure: Failure | null = null;
  if ((await project.components.declaredFingerprint()) !== fingerprint)
    configFailure = await declareAll(project, fingerprint);
  const components = await project.components.list();
  await project.schedules.set(
    components.flatMap(({ id, definition }) => {
      const schedule = scheduleOf(definition);
      return schedule === null ? [] : [{ component: id, ...schedule }];
    }),
  );
  // The components are of use without the settings; whoever asked is told of their mistake all the same.
  if (configFailure !== null) throw fromFailure(configFailure);
  return components;
}

/** Returns what is wrong with the settings, if anything. */
async function declareAll(project: Project, fingerprint: string): Promise<Failure | null> {
  const files = findComponentFiles(project.folder);
  const configFile = findConfigFile(project.folder);
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
      files: [...files.map((one) => one.file), ...(configFile === undefined ? [] : [configFile])].filter((file) =>
        /\.m?ts$/.test(file),
      ),
      projectConfig: existsSync(join(project.folder, "tsconfig.json")) ? join(project.folder, "tsconfig.json") : null,
      packageTypes: packageTypes(),
      folder: join(project.stateFolder, "tmp"),
    }),
  ]);
  if (!outcome.ok) {
    // The whole load died (an endless loop, process.exit): the location says in which file.
    const { failure } = outcome;
    const place = failure.location?.file ?? "";
    const guilty =
      files.find((one) => one.file === place) ??
      files.find((one) => importsOf(project.folder, one.file).includes(place));
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
    return null;
  }
  const output = outcome.output as unknown as { components: DeclaredComponent[]; config: LoadedConfig };
  const loaded = output.components.map((component) => withTypeMistake(component, mistakes));
  const configFailure = output.config.failure ?? configMistake(configFile, mistakes);
  if (configFailure === null) await writeSettings(project.database, output.config.settings);
  await project.components.declare(
    cutCircles(checkReferences(forgiveImporters(loaded, project.folder), project.folder), project.folder),
    // With a mistake in the settings the files count as not loaded yet, so that it is told every time.
    configFailure === null ? fingerprint : "",
    Date.now(),
  );
  return configFailure;
}

function configMistake(file: string | undefined, mistakes: Awaited<ReturnType<typeof checkTypes>>): Failure | null {
  const mistake = mistakes.find((one) => one.file === file);
  if (mistake === undefined) return null;
  const { line, column } = mistake;
  return toFailure(fail("DEFINE_TYPES", mistake.message, { location: { file: mistake.file, line, column } }), {
    step: "load",
  });
}

const mostHashedBytes = 256 * 1024;

/** Changes when any code, configuration or model file of the project changes, or the package itself. Large files count by size and time. */
function filesFingerprint(folder: string): string {
  const parts: string[] = [import.meta.url, readFileSync(new URL("../../package.json", import.meta.url), "utf8")];
  const visit = (path: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const inner = join(path, entry.name);
      if (entry.isDirectory() && entry.name !== "node_modules" && !entry.name.startsWith(".")) visit(inner);
      if (!entry.isFile() || !/\.(?:[cm]?[jt]s|json|onnx)$/.test(entry.name)) continue;
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
  // What is missing at run time is often a name that only the type checker can tell.
  const vague = component.failure?.message.endsWith("got nothing") === true;
  if (mistake === undefined || (component.definition === null && !vague)) return component;
  const { file, line, column } = mistake;
  const error = fail("DEFINE_TYPES", mistake.message, { location: { file, line, column } });
  return unusable(component, error);
}

const ownMistakes: readonly ErrorCodeName[] = ["DEFINE_SYNTAX", "RUNS_STEP_TIMEOUT", "RUNS_STEP_EXITED"];

/** A component that imports one with a mistake cannot be told from a wrong one: it waits until the other is right. */
function forgiveImporters(components: readonly DeclaredComponent[], folder: string): readonly DeclaredComponent[] {
  const wrong = new Set(components.filter(({ failure }) => failure !== null).map(({ file }) => file));
  return components.map((component) => {
    const { failure, file } = component;
    if (failure === null || ownMistakes.includes(failure.code)) return component;
    const others = importsOf(folder, file).filter((one) => one !== file && wrong.has(one));
    const mutual = others.some((other) => importsOf(folder, other).includes(file));
    return others.length === 0 || mutual
      ? component
      : { ...component, definition: null, fingerprint: null, failure: null };
  });
}

function checkReferences(components: readonly DeclaredComponent[], folder: string): readonly DeclaredComponent[] {
  const ids = new Set(components.map((component) => component.id));
  return components.map((component) => {
    const absent =
      component.definition === null ? undefined : dependenciesOf(component.definition).find((id) => !ids.has(id));
    if (absent === undefined) return component;
    const near = nearest(absent, [...ids]);
    const error = fail("DEFINE_INVALID", `Expected ${absent} to be a component of the project, got none`, {
      ...(near === undefined ? {} : { hint: `Did you mean ${near}?` }),
      location: { file: component.file, line: lineOf(folder, component.file, absent) },
    });
    return unusable(component, error);
  });
}

/** Nothing in a circle could ever run: its first component is not used until the circle is cut. */
function cutCircles(components: readonly DeclaredComponent[], folder: string): readonly DeclaredComponent[] {
  const circle = findCircle(components);
  if (circle === undefined) return components;
  const error = (file: string) =>
    fail("DEFINE_INVALID", `Expected components that do not wait for each other, got ${circle.join(" → ")}`, {
      hint: `Take one of them out of another's \`after\``,
      location: { file, line: lineOf(folder, file, "after:") },
    });
  return cutCircles(
    components.map((component) =>
      component.id === circle[0] ? unusable(component, error(component.file)) : component,
    ),
    folder,
  );
}

function unusable(component: DeclaredComponent, error: PentadError): DeclaredComponent {
  return {
    ...component,
    definition: null,
    fingerprint: null,
    failure: toFailure(error, { component: component.id, step: "load", attempt: 1 }),
  };
}

function lineOf(folder: string, file: string, text: string): number {
  const lines = readFileSync(join(folder, file), "utf8").split("\n");
  return (
    Math.max(
      0,
      lines.findIndex((line) => line.includes(text)),
    ) + 1
  );
}

function packageTypes(): string {
  return fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "../index.ts" : "../index.d.ts", import.meta.url));
}
