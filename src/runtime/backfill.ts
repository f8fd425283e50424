// Asks for a backfill of a range of time and carries it out, telling how far it is.

import { fail } from "../base/failure.ts";
import type { JsonObject } from "../base/json.ts";
import type { BackfillInput } from "../data/plan-backfill.ts";
import { planPartitions } from "../data/plan-backfill.ts";
import type { Run } from "../runs/run.ts";
import type { Project } from "./open-project.ts";
import { type RunnerOptions, runRequested } from "./runner.ts";

export interface BackfillRequest extends Omit<BackfillInput, "code"> {
  /** The data component's name. */
  readonly data: string;
}

export interface BackfillDocument {
  readonly run: Run;
  readonly partitions: { readonly planned: number; readonly done: number; readonly failed: number };
}

export interface BackfillOptions extends RunnerOptions {
  /** Told a few times a second at most. */
  readonly onProgress?: (run: Run) => void;
}

const lookMs = 300;

/**
 * A run of the same range that was killed or failed is gone on with. The run says nothing of whether the component's usual
 * run is due. Throws RUNTIME_COMPONENT_UNKNOWN.
 */
export async function backfill(
  project: Project,
  { data, ...range }: BackfillRequest,
  options: BackfillOptions,
): Promise<BackfillDocument> {
  const id = `data/${data}`;
  const components = await project.components.list();
  const component = components.find((one) => one.id === id);
  if (component === undefined)
    throw fail("RUNTIME_COMPONENT_UNKNOWN", `Expected a data component of the project, got ${JSON.stringify(id)}`, {
      hint: `The project has ${
        components
          .filter(({ kind }) => kind === "data")
          .map((one) => one.id)
          .join(", ") || "none"
      }`,
    });
  const planned = planPartitions(range).length;
  const input = { backfill: { ...range, code: component.fingerprint } } as unknown as JsonObject;
  const usual = (await project.ledger.latest()).get(id)?.ended?.fingerprint ?? null;
  const request = await project.ledger.request(id, "backfill", usual, { priority: 1, input });
  const timer = setInterval(() => {
    void project.ledger.find(request).then(
      (run) => run?.state === "running" && options.onProgress?.(run),
      () => undefined,
    );
  }, lookMs);
  try {
    await runRequested(project, request, options);
  } finally {
    clearInterval(timer);
  }
  const run = (await project.ledger.find(request)) as Run;
  const steps = new Map<string, string>();
  for (const { partition, state } of await project.ledger.steps(request))
    if (partition !== null) steps.set(partition, state);
  const count = (state: string) => [...steps.values()].filter((one) => one === state).length;
  return { run, partitions: { planned, done: count("done"), failed: count("failed") } };
}
