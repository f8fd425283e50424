// Runs one component: finds its recipe, gives it its parts, and leaves what happened on the ledger.

import { join } from "node:path";
import { runApp } from "../app/app-page.ts";
import { type Failure, fail, toFailure } from "../base/failure.ts";
import type { DeclaredComponent } from "../catalog/components.ts";
import { backfillOf } from "../data/plan-backfill.ts";
import { runBackfill } from "../data/run-backfill.ts";
import { runData } from "../data/run-data.ts";
import type { ComponentKind } from "../define/component.ts";
import type { AppDefinition, Definition, DefinitionOf, LimitsDefinition } from "../define/definition.ts";
import { runInference } from "../inference/run-inference.ts";
import { runProblem } from "../problem/run-problem.ts";
import { execute } from "../runs/execute.ts";
import { openRunLog } from "../runs/log-file.ts";
import type { Run } from "../runs/run.ts";
import { mostAtOnce } from "../runs/settings.ts";
import type { Work } from "../runs/work.ts";
import { featureUsers } from "./feature-users.ts";
import type { Project } from "./open-project.ts";
import { discreet, secretsOf } from "./secrets.ts";
import { codeHash } from "./serving/kept-code.ts";
import { sourceFingerprint } from "./situation.ts";

const defaultLimits: LimitsDefinition = { timeMs: 600_000, memoryMb: 1024 };

/** Executes a claimed run to its end and returns its failure, or null. `places`: how many partitions may run at once. */
export async function runComponent(
  project: Project,
  run: Run,
  components: readonly DeclaredComponent[],
  signal: AbortSignal,
  options: { readonly places?: number | undefined } = {},
): Promise<Failure | null> {
  const component = components.find((one) => one.id === run.component);
  const definition = component?.definition ?? null;
  if (component !== undefined && component.failure !== null) {
    // While its file does not load there is nothing to run: that failure is the run's.
    const failure = { ...component.failure, run: run.run, at: new Date().toISOString() };
    await project.ledger.failRun(run.run, failure);
    return failure;
  }
  let secrets: Readonly<Record<string, string>>;
  try {
    secrets = secretsOf(definition);
  } catch (error) {
    const failure = toFailure(error, { component: run.component, run: run.run, step: "start", attempt: 1 });
    await project.ledger.failRun(run.run, failure);
    return failure;
  }
  const log = openRunLog(join(project.stateFolder, "logs"), run.run);
  return execute(run, (work) => recipe(project, component, components, work), {
    ledger: project.ledger,
    compute: discreet(project.compute, secrets),
    projectFolder: project.folder,
    temporaryFolder: join(project.stateFolder, "tmp"),
    limits: limitsOf(definition),
    ...(options.places === undefined ? await placesOf(project, definition) : { concurrency: options.places }),
    environment: secrets,
    signal,
    onOutput: log.line,
    onChange: project.changed,
  }).finally(log.close);
}

/** How many partitions of the component may run at once. */
async function placesOf(project: Project, definition: Definition | null): Promise<{ concurrency?: number }> {
  const concurrency = limitsOf(definition).concurrency ?? (await mostAtOnce(project.database));
  return concurrency === null ? {} : { concurrency };
}

function limitsOf(definition: Definition | null): LimitsDefinition {
  return definition !== null && "limits" in definition ? definition.limits : defaultLimits;
}

async function recipe(
  project: Project,
  component: DeclaredComponent | undefined,
  components: readonly DeclaredComponent[],
  work: Work,
): Promise<unknown> {
  const definition = component?.definition;
  if (component === undefined || definition === undefined || definition === null)
    throw fail(
      "RUNTIME_COMPONENT_UNKNOWN",
      `Expected a component that loads, got ${component === undefined ? "one that is gone" : `${component.id}, which does not load`}`,
    );
  const find = finder(components);
  switch (definition.kind) {
    case "problem": {
      const trainings = components.flatMap((one) =>
        one.definition?.kind === "training" && one.definition.problem === definition.name ? [one.name] : [],
      );
      return runProblem(definition, trainings, project.database, work);
    }
    case "data": {
      const request = {
        definition,
        file: component.file,
        sourceFingerprint: await sourceFingerprint(project.folder, component),
        users: await featureUsers(project.database, definition.name, components),
        atMs: Date.now(),
      };
      const backfill = backfillOf(work.input);
      return backfill === undefined ? runData(request, project, work) : runBackfill(request, backfill, project, work);
    }
    case "training": {
      // It brings the learners along, which a server that trains nothing need not hold in memory.
      const { runTraining } = await import("../training/run-training.ts");
      return runTraining(
        definition,
        find("problem", definition.problem),
        {
          fingerprint: component.fingerprint ?? "",
          code: { file: component.file, hash: codeHash(project.folder, component.file).slice(0, 32) },
        },
        project,
        work,
      );
    }
    case "inference":
      return runInference(definition, find("training", definition.training), project, work);
    case "app": {
      const { training, problem } = chainOf(definition, components);
      return runApp(definition, training, problem, project, work);
    }
  }
}

type Find = <Kind extends ComponentKind>(kind: Kind, name: string) => DefinitionOf<Kind>;

/** Looks up definitions that must exist; a component whose dependency does not load cannot run. */
export function finder(components: readonly DeclaredComponent[]): Find {
  return (kind, name) => {
    const definition = components.find((one) => one.id === `${kind}/${name}`)?.definition;
    if (definition === undefined || definition === null)
      throw fail("RUNTIME_COMPONENT_UNKNOWN", `Expected ${kind}/${name} to load, got none`, {
        hint: "Correct its file first: see `pentad status`",
      });
    return definition as never;
  };
}

/** The inference, the training and the problem behind an app. */
export function chainOf(app: AppDefinition, components: readonly DeclaredComponent[]) {
  const find = finder(components);
  const inference = find("inference", app.inference);
  const training = find("training", inference.training);
  return { inference, training, problem: find("problem", training.problem) };
}
