// Runs what is due and what becomes due by that: the plan asks for runs on the ledger, a worker takes them.

import type { Failure } from "../base/failure.ts";
import type { DeclaredComponent } from "../catalog/components.ts";
import { dependenciesOf } from "../define/dependencies.ts";
import type { Run, RunReason } from "../runs/run.ts";
import { mostAtOnce } from "../runs/settings.ts";
import { startWorker } from "../runs/worker.ts";
import { deliverAlerts } from "./alerts.ts";
import { catchUpStores, type Project } from "./open-project.ts";
import { effectiveFingerprint, inOrder, planDue, type Situation } from "./plan.ts";
import { runComponent } from "./run-component.ts";
import { surveySituation } from "./situation.ts";

export interface Ran {
  readonly component: string;
  readonly run: string;
  readonly reason: RunReason;
  readonly failure: Failure | null;
}

export interface RunnerOptions {
  readonly signal: AbortSignal;
  readonly onStart?: (component: string, reason: RunReason) => void;
  readonly onEnd?: (ran: Ran) => void;
  /** How many partitions of a run may be worked on at once, whatever the component's own limit. */
  readonly places?: number;
  /** Try components that failed before once more, although nothing changed since. */
  readonly retryFailed?: boolean;
  /** For processes that go on: leave time between the runs that commit posted rows. */
  readonly unhurried?: boolean;
}

/** How many runs a process takes at once when the project does not say. */
const usualConcurrency = 2;

export interface Runner {
  /** Looks at what is due, asks for it and sees to it that it is taken. */
  plan(): Promise<void>;
  /** Resolves when nothing is due, waits or runs. */
  idle(): Promise<void>;
  /** Stops what runs; what is stopped counts as interrupted and is run again next time. */
  stop(): Promise<void>;
}

export function startRunner(project: Project, options: RunnerOptions): Runner {
  const { ledger } = project;
  const tried = new Set<string>();
  /** By run of this process: its component's fingerprint when it began. */
  const begun = new Map<string, { readonly component: string; readonly fingerprint: string | null }>();
  let eligible: readonly string[] = [];
  let places = usualConcurrency;
  let planning: Promise<void> = Promise.resolve();

  async function planNow(): Promise<void> {
    if (options.signal.aborted) return;
    const components = await project.components.list();
    places = (await mostAtOnce(project.database)) ?? usualConcurrency;
    await dropOutdated(components);
    const retry = options.retryFailed === true ? components.map(({ id }) => id).filter((id) => !tried.has(id)) : [];
    // What waits is listed first: a run that is taken between the two looks is then seen twice, not missed by both.
    const waiting = new Set((await ledger.list({ state: "requested", limit: 1000 })).map((run) => run.component));
    const situation = await surveySituation(project, components, {
      retry: new Set(retry),
      unhurried: options.unhurried ?? false,
    });
    project.rememberFingerprints(fingerprintsOf(situation));
    for (const { component, reason, fingerprint, input } of planDue(situation)) {
      if (waiting.has(component)) continue;
      await ledger.request(component, reason, fingerprint, { input });
      waiting.add(component);
    }
    eligible = components.filter((one) => !waitsForOthers(one, waiting, situation)).map(({ id }) => id);
  }

  /** A run whose component was changed meanwhile works for nothing, maybe for long: the new one is due as soon as it ends. */
  async function dropOutdated(components: readonly DeclaredComponent[]): Promise<void> {
    for (const [run, { component, fingerprint }] of begun) {
      const now = components.find(({ id }) => id === component);
      if (now === undefined || now.failure !== null || now.fingerprint === fingerprint) continue;
      begun.delete(run);
      await ledger.cancel(run, "its file changed while it ran");
    }
  }

  /** Plans follow each other, so that none works with an older one's eyes. */
  function plan(): Promise<void> {
    planning = planning.then(planNow).catch((error: unknown) => project.log.error(`planning: ${String(error)}`));
    return planning;
  }

  const worker = startWorker({
    ledger,
    schedules: project.schedules,
    components: () => eligible,
    concurrency: () => places,
    // Lost runs are asked for by the plan, which knows whether they are still wanted.
    rerunLost: false,
    onError: (error) => project.log.error(`the ledger: ${String(error)}`),
    async execute(run, signal) {
      tried.add(run.component);
      const components = await project.components.list();
      const declared = components.find(({ id }) => id === run.component);
      begun.set(run.run, { component: run.component, fingerprint: declared?.fingerprint ?? null });
      await executeRun(project, run, components, signal, options);
      begun.delete(run.run);
      await plan();
    },
  });
  options.signal.addEventListener("abort", () => void worker.stop(), { once: true });
  return {
    async plan() {
      await plan();
      worker.wake();
    },
    idle: () => worker.idle(),
    stop: () => worker.stop(),
  };
}

/** Executes a claimed run to its end, telling of both. */
export async function executeRun(
  project: Project,
  run: Run,
  components: readonly DeclaredComponent[],
  signal: AbortSignal,
  { onStart, onEnd, places }: Pick<RunnerOptions, "onStart" | "onEnd" | "places">,
): Promise<Ran> {
  onStart?.(run.component, run.reason);
  project.changed();
  const asked = await asOfNow(project, run, components);
  const failure = await runComponent(project, asked, components, signal, { places });
  project.changed();
  const ran = { component: run.component, run: run.run, reason: run.reason, failure };
  onEnd?.(ran);
  return ran;
}

/** A command waits so long for its alerts at its end; what is left waits on the ledger. */
const alertsMs = 5_000;

/** A run that waited is for what is there when it begins, not when it was asked for; else it would be due again at once. */
async function asOfNow(project: Project, run: Run, components: readonly DeclaredComponent[]): Promise<Run> {
  // Other work than the usual leaves open whether the usual is due.
  if (run.input !== null) return run;
  const fingerprint = fingerprintsOf(await surveySituation(project, components)).get(run.component);
  if (fingerprint === undefined || fingerprint === run.fingerprint) return run;
  await project.ledger.setFingerprint(run.run, fingerprint);
  return { ...run, fingerprint };
}

/** Runs everything that is due until nothing is. Returns every run that ended, in the order of their ends. */
export async function runDue(project: Project, options: RunnerOptions): Promise<Ran[]> {
  const ran: Ran[] = [];
  const runner = startRunner(project, {
    ...options,
    onEnd: (one) => {
      ran.push(one);
      options.onEnd?.(one);
    },
  });
  await catchUpStores(project);
  await runner.plan();
  await runner.idle();
  await runner.stop();
  await deliverAlerts(project, alertsMs);
  return ran;
}

/** Runs exactly the named components, in dependency order, whether they are due or not. */
export async function runNamed(project: Project, ids: readonly string[], options: RunnerOptions): Promise<Ran[]> {
  const ran: Ran[] = [];
  const named = inOrder(await project.components.list()).filter((component) => ids.includes(component.id));
  for (const { id } of named) {
    if (options.signal.aborted) break;
    ran.push(await runRequested(project, await requestRun(project, id), options));
  }
  await deliverAlerts(project, alertsMs);
  return ran;
}

/** Takes a run that was asked for, or waits for its end when another process has taken it. */
export async function runRequested(project: Project, request: string, options: RunnerOptions): Promise<Ran> {
  const run = await claimOrWait(project, request, options.signal);
  if (run.state === "running")
    return executeRun(project, run, await project.components.list(), options.signal, options);
  return { component: run.component, run: run.run, reason: run.reason, failure: run.failure };
}

/** Asks for a run of a component by hand. */
export async function requestRun(project: Project, id: string): Promise<string> {
  const situation = await surveySituation(project);
  const fingerprint = fingerprintsOf(situation).get(id) ?? null;
  return project.ledger.request(id, "manual", fingerprint, { priority: 1 });
}

/** Takes the run; when another process has it, or another run of the component, waits for that one's end. */
async function claimOrWait(project: Project, id: string, signal: AbortSignal): Promise<Run> {
  for (let looks = 1; ; looks++) {
    const claimed = await project.ledger.claim(id);
    if (claimed !== undefined) return claimed;
    const run = await project.ledger.find(id);
    if (run !== undefined && run.state !== "requested" && run.state !== "running") return run;
    if (signal.aborted) {
      await project.ledger.cancel(id, "stopped before it began");
      return (await project.ledger.find(id)) as Run;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
    // What it waits for may be run by a process that has died since.
    if (looks % 10 === 0) await project.ledger.recover();
  }
}

function fingerprintsOf(situation: Situation): ReadonlyMap<string, string> {
  const loaded = situation.components.filter((component) => component.definition !== null);
  return new Map(loaded.map((component) => [component.id, effectiveFingerprint(component, situation)]));
}

function waitsForOthers(component: DeclaredComponent, waiting: ReadonlySet<string>, situation: Situation): boolean {
  if (component.definition === null) return false;
  return dependenciesOf(component.definition).some(
    (id) => waiting.has(id) || situation.latest.get(id)?.newest.state === "running",
  );
}
