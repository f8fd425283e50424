// Runs what is due, and what becomes due by that, until nothing is: the heart of `run --all`, `tick` and `dev`.

import type { Failure } from "../base/failure.ts";
import type { DeclaredComponent } from "../catalog/components.ts";
import type { RunReason } from "../runs/ledger.ts";
import type { Project } from "./open-project.ts";
import { type Due, effectiveFingerprint, inOrder, planDue } from "./plan.ts";
import { runComponent } from "./run-component.ts";
import { surveySituation } from "./situation.ts";

export interface Ran {
  readonly component: string;
  readonly run: string;
  readonly reason: RunReason;
  readonly failure: Failure | null;
}

export interface RunDueOptions {
  readonly signal: AbortSignal;
  readonly onStart?: (component: string, reason: RunReason) => void;
  readonly onEnd?: (ran: Ran) => void;
  /** Try components that failed before once more, although nothing changed since. */
  readonly retryFailed?: boolean;
  /** How many components may run at once. */
  readonly concurrency?: number;
}

/** Returns every run that ended, in the order of their ends. */
export async function runDue(project: Project, options: RunDueOptions): Promise<Ran[]> {
  const ran: Ran[] = [];
  const running = new Map<string, Promise<void>>();
  const retry = new Set(
    options.retryFailed === true ? (await project.components.list()).map((component) => component.id) : [],
  );
  for (;;) {
    const components = await project.components.list();
    const due = options.signal.aborted ? [] : planDue(await surveySituation(project, components, retry));
    for (const one of due) {
      if (running.size >= (options.concurrency ?? 2)) break;
      if (running.has(one.component)) continue;
      retry.delete(one.component);
      const work = runOne(project, one, components, options).then((result) => {
        if (result !== undefined) ran.push(result);
        running.delete(one.component);
      });
      running.set(one.component, work);
    }
    if (running.size === 0) return ran;
    await Promise.race(running.values());
  }
}

/** Runs exactly the named components, in dependency order, whether they are due or not. */
export async function runNamed(project: Project, ids: readonly string[], options: RunDueOptions): Promise<Ran[]> {
  const ran: Ran[] = [];
  for (const { id } of inOrder(await project.components.list()).filter((component) => ids.includes(component.id))) {
    if (options.signal.aborted) break;
    const situation = await surveySituation(project);
    const component = situation.components.find((one) => one.id === id) as DeclaredComponent;
    const fingerprint = component.definition === null ? "" : effectiveFingerprint(component, situation);
    const one = await runOne(project, { component: id, reason: "manual", fingerprint }, situation.components, options);
    if (one !== undefined) ran.push(one);
  }
  return ran;
}

/** Asks for, claims and executes one run; undefined when another process has it already. */
export async function runOne(
  project: Project,
  due: Due,
  components: readonly DeclaredComponent[],
  options: Pick<RunDueOptions, "signal" | "onStart" | "onEnd">,
): Promise<Ran | undefined> {
  const id = await project.ledger.request(due.component, due.reason, due.fingerprint);
  const run = await project.ledger.claim(id);
  if (run === undefined) return undefined;
  options.onStart?.(due.component, due.reason);
  project.changed();
  // While its file does not load there is nothing to run: that failure is the run's.
  const unloaded = components.find((one) => one.id === due.component)?.failure ?? null;
  const failure =
    unloaded === null
      ? await runComponent(project, run, components, options.signal)
      : { ...unloaded, run: run.run, at: new Date().toISOString() };
  if (unloaded !== null && failure !== null) await project.ledger.failRun(run.run, failure);
  project.changed();
  const ran = { component: due.component, run: run.run, reason: due.reason, failure };
  options.onEnd?.(ran);
  return ran;
}
