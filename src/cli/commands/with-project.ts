// Opens the project that a command names, and closes it whatever happens.

import { resolve } from "node:path";
import { streamLog } from "../../base/log.ts";
import { loadProject } from "../../runtime/load-project.ts";
import { type OpenOptions, openProject, type Project } from "../../runtime/open-project.ts";
import type { Arguments } from "../arguments.ts";

const log = streamLog((line) => process.stderr.write(line));

/**
 * The project's files are loaded first unless `load` is false; one that only `looks` needs nothing to be writable. Ctrl-C aborts the signal, so that work ends cleanly.
 */
export async function withProject<Result>(
  args: Arguments,
  work: (project: Project, signal: AbortSignal) => Promise<Result>,
  options: OpenOptions & { load?: boolean } = {},
): Promise<Result> {
  const project = await openProject(resolve(args.text("project") ?? "."), log, options);
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.once("SIGINT", onSignal);
  process.once("SIGTERM", onSignal);
  try {
    if (options.load !== false) await loadProject(project);
    return await work(project, stop.signal);
  } finally {
    process.removeListener("SIGINT", onSignal);
    process.removeListener("SIGTERM", onSignal);
    await project.close();
  }
}
