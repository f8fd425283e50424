// `pentad dev` and `pentad start`: keep the project current and serve it on one port until told to stop.

import { resolve } from "node:path";
import { fail, messageOf } from "../../base/failure.ts";
import { streamLog } from "../../base/log.ts";
import type { DeclaredComponent } from "../../catalog/components.ts";
import { directAnswers, httpApp } from "../../http/http-app.ts";
import { serve } from "../../http/serve.ts";
import { openIngest } from "../../runtime/ingest.ts";
import { keepCurrent } from "../../runtime/keep-current.ts";
import { openOnlineFeatures } from "../../runtime/online-features.ts";
import { openProject, type Project } from "../../runtime/open-project.ts";
import { type Asker, openAsker } from "../../runtime/predict.ts";
import { lockProject } from "../../runtime/project-lock.ts";
import { requestRun } from "../../runtime/runner.ts";
import { openSearcher } from "../../runtime/search.ts";
import { type Arguments, type CommandSpec, readNumber, usage } from "../arguments.ts";
import { failureText, note, print, printJson } from "../output.ts";
import { packageVersion } from "../package-version.ts";
import { narration } from "./run.ts";

export async function runServe(spec: CommandSpec, args: Arguments, options: { watch: boolean }): Promise<number> {
  if (args.operands.length > 0)
    throw usage(
      spec,
      `Expected no operands, got ${args.operands.join(" ")}`,
      "Name the project's folder with --project",
    );
  const port = readNumber(spec, args, "port", { min: 0, max: 65_535, otherwise: 4400 });
  const host = args.text("host") ?? "127.0.0.1";
  const project = await openProject(
    resolve(args.text("project") ?? "."),
    streamLog((line) => process.stderr.write(line)),
  );
  const stop = new AbortController();
  try {
    const asker = openAsker(project);
    const ingest = openIngest(project);
    const searcher = openSearcher(project, { background: true });
    const onlineFeatures = openOnlineFeatures(project);
    const loopback = /^(?:127\.|localhost$|::1$)/.test(host);
    const app = httpApp({
      project,
      asker,
      ingest,
      searcher,
      onlineFeatures,
      version: packageVersion(),
      loopback,
      startRun: (component) => startRun(project, component),
    });
    const lock = await lockProject(project.stateFolder, `http://${host}:${port}`);
    try {
      const serving = await serve(app, {
        port,
        host,
        direct: { answers: directAnswers({ onlineFeatures }), loopback, log: project.log },
      });
      stopOnSignals(stop);
      ingest.recover().catch((error: unknown) => project.log.error(`rows that were posted: ${messageOf(error)}`));
      const announce = once(() =>
        args.flag("json") ? printJson({ ready: serving.url }) : print(`ready ${serving.url}`),
      );
      const failures = new Map<string, string>();
      const stopListening = project.onChange(() => void announceWhenLive(asker, announce));
      await keepCurrent(project, {
        signal: stop.signal,
        watch: options.watch,
        ...narration(project),
        onLoad: (components) => {
          tellFailures(components, failures);
          void announceWhenLive(asker, announce);
        },
        onSettled: announce,
      });
      stopListening();
      await serving.close();
      await ingest.close();
      await searcher.close();
    } finally {
      await lock.release();
    }
  } finally {
    await project.close();
  }
  return 0;
}

/** Ready is when every online inference answers; a project whose first runs failed is ready to be looked at once they ended. */
async function announceWhenLive(asker: Asker, announce: () => void): Promise<void> {
  const names = await asker.names();
  if (names.length === 0) return;
  const live = await Promise.all(
    names.map((name) =>
      asker.live(name).then(
        () => true,
        () => false,
      ),
    ),
  );
  if (live.every(Boolean)) announce();
}

/** A file that does not load is told once, and again when it fails in another way. */
function tellFailures(components: readonly DeclaredComponent[], told: Map<string, string>): void {
  for (const { id, failure } of components) {
    const text = failure === null ? "" : failureText(failure);
    if (text !== "" && told.get(id) !== text) note(text);
    if (text === "" && told.get(id) !== undefined && told.get(id) !== "") note(`${id}: loads again`);
    told.set(id, text);
  }
}

/** The worker takes the run at its next look; the answer does not wait for that. */
async function startRun(project: Project, component: string): Promise<string> {
  const declared = (await project.components.list()).find((one) => one.id === component);
  if (declared === undefined)
    throw fail("RUNTIME_COMPONENT_UNKNOWN", `Expected a component of the project, got ${JSON.stringify(component)}`);
  const { failure } = declared;
  if (failure !== null) throw fail(failure.code, failure.message, { hint: failure.hint });
  const run = await requestRun(project, component);
  project.changed();
  return run;
}

function stopOnSignals(stop: AbortController): void {
  let asked = 0;
  const onSignal = () => {
    asked++;
    if (asked === 1) note("stopping");
    else process.exit(130);
    stop.abort();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    work();
  };
}
