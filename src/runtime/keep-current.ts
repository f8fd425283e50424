// Keeps a project current: loads the files when they change, runs what is due, and wakes when something may be due again.

import { type FSWatcher, statSync, watch } from "node:fs";
import { join } from "node:path";
import { messageOf, toFailure } from "../base/failure.ts";
import type { DeclaredComponent } from "../catalog/components.ts";
import { startAlerts } from "./alerts.ts";
import { forgetRegularly } from "./forget.ts";
import { loadProject } from "./load-project.ts";
import { catchUpStores, type Project } from "./open-project.ts";
import { openRest } from "./rest.ts";
import { type Ran, startRunner } from "./runner.ts";
import { filesOf, surveyPosts } from "./situation.ts";

export interface KeepCurrentOptions {
  readonly signal: AbortSignal;
  /** Load the files again when they change. */
  readonly watch: boolean;
  readonly onLoad?: (components: readonly DeclaredComponent[]) => void;
  readonly onStart?: (component: string, reason: string) => void;
  readonly onEnd?: (ran: Ran) => void;
  /** Everything that was due at the start has run. */
  readonly onSettled?: () => void;
}

/** How often schedules and sources are looked at. */
const tickMs = 1000;
/** Time makes things due too: a training again after a day. */
const replanMs = 10_000;
/** Editors write a file in several steps; only the last counts. */
const quietMs = 120;

/** Resolves when the signal aborts and the running work has been stopped. */
export async function keepCurrent(project: Project, options: KeepCurrentOptions): Promise<void> {
  const { signal } = options;
  await catchUpStores(project);
  const runner = startRunner(project, { ...options, unhurried: true });
  const alerts = startAlerts(project);
  const stopForgetting = forgetRegularly(project);
  project.compute.warm(1, project.folder);
  const rest = openRest();
  let stale = true;
  let wake: () => void = () => undefined;
  const watcher = options.watch
    ? watchFiles(project.folder, () => {
        stale = true;
        wake();
      })
    : undefined;
  signal.addEventListener("abort", () => wake());
  let first = true;
  let components: readonly DeclaredComponent[] = [];
  let planned = { sight: "", atMs: Number.NEGATIVE_INFINITY };
  while (!signal.aborted) {
    if (stale) {
      stale = false;
      components = await load(project, options);
      planned = { sight: "", atMs: Number.NEGATIVE_INFINITY };
    }
    const sight = await glance(project, components);
    if (sight !== planned.sight || performance.now() - planned.atMs > replanMs) {
      planned = { sight, atMs: performance.now() };
      await runner.plan();
    }
    if (first) void runner.idle().then(options.onSettled);
    first = false;
    rest();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, tickMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (stale || signal.aborted) wake();
    });
  }
  watcher?.close();
  stopForgetting();
  await runner.stop();
  await alerts.stop();
}

async function load(project: Project, options: KeepCurrentOptions): Promise<readonly DeclaredComponent[]> {
  try {
    const components = await loadProject(project);
    options.onLoad?.(components);
    project.changed();
    return components;
  } catch (error) {
    const { code, location } = toFailure(error);
    const at = location === null ? "" : ` at ${location.file}:${location.line}`;
    project.log.error(`The project's files could not be loaded: ${messageOf(error)} [${code}]${at}`);
    project.changed();
    return project.components.list();
  }
}

/** What would make another plan: anything that happened, and the files that data components read. */
async function glance(project: Project, components: readonly DeclaredComponent[]): Promise<string> {
  const watched = components.flatMap(({ definition }) => filesOf(definition));
  const files = [...new Set(watched)].map((file) => {
    const facts = statSync(join(project.folder, file), { throwIfNoEntry: false });
    return facts === undefined ? "missing" : `${facts.size}-${facts.mtimeMs}`;
  });
  const posts = await surveyPosts(project, components).catch(() => new Map());
  const waiting = [...posts.values()].some(({ newest, committed }) => newest > committed);
  // Posted rows wait for a pause to be over, which nothing but the clock tells.
  return [await project.ledger.lastEvent().catch(() => Date.now()), ...files, waiting ? Date.now() : ""].join(" ");
}

/** Calls back, a little later, after changes of the project's own files. */
function watchFiles(folder: string, onChange: () => void): FSWatcher {
  let timer: NodeJS.Timeout | undefined;
  // What is not the project's own may be thousands of files. (Node's types do not know the option yet.)
  const options = { recursive: true, ignore: [/(?:^|\/)(?:\.pentad|node_modules|\.git)(?:\/|$)/] } as {
    recursive: true;
  };
  const watcher = watch(folder, options, (_event, name) => {
    if (
      name === null ||
      !/\.(?:[cm]?[jt]s|json|onnx)$/.test(name) ||
      /(?:^|\/)(?:\.pentad|node_modules|\.git)(?:\/|$)/.test(name)
    )
      return;
    clearTimeout(timer);
    timer = setTimeout(onChange, quietMs);
  });
  watcher.on("error", () => undefined);
  return watcher;
}
