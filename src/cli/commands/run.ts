// `pentad run` and `pentad tick`: run named components, or everything that is due, and say what came of it.

import { type Failure, fail } from "../../base/failure.ts";
import type { DeclaredComponent } from "../../catalog/components.ts";
import { nearest } from "../../define/check.ts";
import { findAlias } from "../../models/registry.ts";
import { raiseEvent } from "../../runs/raised.ts";
import type { Project } from "../../runtime/open-project.ts";
import { type Ran, runDue, runNamed } from "../../runtime/runner.ts";
import { summarizeRun } from "../../runtime/status.ts";
import { type Arguments, type CommandSpec, usage } from "../arguments.ts";
import { duration, failureText, note, printJson } from "../output.ts";
import { withProject } from "./with-project.ts";

export async function runRun(spec: CommandSpec, args: Arguments): Promise<number> {
  const all = args.flag("all");
  if (all === args.operands.length > 0)
    throw usage(
      spec,
      all
        ? "Expected either components or --all, got both"
        : "Expected components such as data/weather, or --all, got neither",
    );
  return withProject(args, async (project, signal) => {
    const components = await project.components.list();
    if (all) return runAll(project, signal, args.flag("json"));
    for (const id of args.operands) checkId(id, components);
    const ran = await runNamed(project, args.operands, { signal, ...narration(project) });
    return report(project, args.operands, components, ran, args.flag("json"));
  });
}

export async function runTick(spec: CommandSpec, args: Arguments): Promise<number> {
  if (args.operands.length > 0) throw usage(spec, `Expected no operands, got ${args.operands.join(" ")}`);
  const event = args.text("event");
  return withProject(args, async (project, signal) => {
    if (event !== undefined)
      await project.database.transaction((tx) => raiseEvent(tx, { event: `event/${event}`, atMs: Date.now() }));
    const ran = await runDue(project, { signal, ...narration(project) });
    if (args.flag("json")) printJson({ runs: await documents(project, ran) });
    else note(ran.length === 0 ? "nothing was due" : `${ran.length} ${ran.length === 1 ? "run" : "runs"}`);
    return ran.some((one) => one.failure !== null) ? 1 : 0;
  });
}

/** Everything that is due, and once more what failed before; done when every training has a live model. */
async function runAll(project: Project, signal: AbortSignal, json: boolean): Promise<number> {
  const ran = await runDue(project, { signal, retryFailed: true, ...narration(project) });
  const components = await project.components.list();
  const trainings = components.filter(({ kind }) => kind === "training");
  const live = await Promise.all(trainings.map(({ name }) => findAlias(project.database, name, "live")));
  const complete = trainings.length > 0 && live.every((version) => version !== undefined);
  const failure = complete ? null : whyNotLive(components, ran, await lastFailures(project), signal.aborted);
  if (json)
    printJson({
      state: complete ? "done" : "failed",
      runs: await documents(project, ran),
      models: live.flatMap((version) =>
        version === undefined ? [] : [{ training: version.training, version: version.version, id: version.id }],
      ),
      failure,
    });
  else if (failure !== null) note(`\n${failureText(failure)}`);
  else note(ran.length === 0 ? "nothing was due; a model is live" : "a model is live");
  return complete ? 0 : 1;
}

/** The first thing in the order of the product that stands in the way. */
function whyNotLive(
  components: readonly DeclaredComponent[],
  ran: readonly Ran[],
  earlier: ReadonlyMap<string, Failure>,
  aborted: boolean,
): Failure {
  const order = ["data", "problem", "training", "inference", "app"];
  const broken = components.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  for (const component of broken) {
    const failure =
      component.failure ?? ran.findLast((one) => one.component === component.id)?.failure ?? earlier.get(component.id);
    if (failure !== undefined && failure !== null) return failure;
  }
  const reason = aborted
    ? fail("RUNTIME_INTERRUPTED", "Stopped before everything that is due had run")
    : fail(
        "MODELS_NO_LIVE_VERSION",
        "Expected a live model, got a project that declares no training that could bring one",
      );
  return {
    code: reason.code,
    component: null,
    run: null,
    step: null,
    attempt: null,
    message: reason.message,
    hint: reason.hint,
    cause: null,
    at: new Date().toISOString(),
    location: null,
  };
}

async function lastFailures(project: Project): Promise<ReadonlyMap<string, Failure>> {
  const failures = new Map<string, Failure>();
  for (const [component, { ended }] of await project.ledger.latest())
    if (ended?.failure !== null && ended?.failure !== undefined) failures.set(component, ended.failure);
  return failures;
}

async function report(
  project: Project,
  ids: readonly string[],
  components: readonly DeclaredComponent[],
  ran: readonly Ran[],
  json: boolean,
): Promise<number> {
  const documentsOf = await documents(project, ran);
  const missing = ids.filter((id) => !ran.some((one) => one.component === id));
  for (const id of missing) {
    const failure = components.find((one) => one.id === id)?.failure ?? null;
    if (failure !== null)
      throw fail(failure.code, failure.message, { hint: failure.hint, location: failure.location ?? undefined });
    throw fail("RUNS_CANCELLED", `Expected ${id} to start, got it running in another process already`, {
      hint: "Wait for it: see `pentad status`",
    });
  }
  if (json) printJson(documentsOf.length === 1 ? documentsOf[0] : { runs: documentsOf });
  return ran.some((one) => one.failure !== null) ? 1 : 0;
}

async function documents(project: Project, ran: readonly Ran[]) {
  return Promise.all(
    ran.map(async (one) => {
      const run = await project.ledger.find(one.run);
      if (run === undefined) throw fail("RUNS_UNKNOWN", `Expected ${one.run} on the ledger, got nothing`);
      const { rows, ...summary } = summarizeRun(run);
      return { ...summary, rows: rows ?? { read: 0, accepted: 0, quarantined: 0 } };
    }),
  );
}

function checkId(id: string, components: readonly DeclaredComponent[]): void {
  const known = components.map((one) => one.id);
  if (known.includes(id)) return;
  const near = nearest(id, known) ?? known.find((one) => one.endsWith(`/${id}`));
  throw fail("RUNTIME_COMPONENT_UNKNOWN", `Expected a component of the project, got ${JSON.stringify(id)}`, {
    hint: near === undefined ? `The project has ${known.join(", ")}` : `Did you mean ${near}?`,
  });
}

/** One line when a run starts, one when it ends. */
export function narration(project: Project) {
  return {
    onStart: (component: string, reason: string) => note(`${component}: started (${reason})`),
    onEnd: (ran: Ran) => {
      void project.ledger.find(ran.run).then(
        (run) => {
          if (run === undefined) return;
          const took = duration(run.endedAtMs === null ? null : run.endedAtMs - (run.startedAtMs ?? run.requestedAtMs));
          note(
            ran.failure === null
              ? `${ran.component}: ${run.detail ?? "done"} (${took})`
              : `${failureText(ran.failure)}`,
          );
        },
        () => undefined,
      );
    },
  };
}
