// `pentad logs`: the runs on the ledger, or one run with its steps and what they printed.

import { fail } from "../../base/failure.ts";
import { nearest } from "../../define/check.ts";
import type { RunDocument } from "../../define/documents.ts";
import { describeRun } from "../../runtime/documents.ts";
import type { Project } from "../../runtime/open-project.ts";
import { summarizeRun } from "../../runtime/status.ts";
import { type Arguments, type CommandSpec, readNumber, usage } from "../arguments.ts";
import { duration, failureText, print, printJson, table } from "../output.ts";
import { withProject } from "./with-project.ts";

export async function runLogs(spec: CommandSpec, args: Arguments): Promise<number> {
  const [what, ...more] = args.operands;
  if (more.length > 0) throw usage(spec, `Expected one component or run, got ${args.operands.join(" ")}`);
  const limit = readNumber(spec, args, "limit", { min: 1, max: 10_000, otherwise: 20 });
  return withProject(
    args,
    async (project) => {
      if (what?.startsWith("run_") === true) {
        const run = await describeRun(project, what);
        if (args.flag("json")) printJson(run);
        else print(runText(run));
        return 0;
      }
      const runs = (await project.ledger.list({ limit, ...(what === undefined ? {} : { component: what }) })).map(
        summarizeRun,
      );
      if (what !== undefined && runs.length === 0) await checkComponent(project, what);
      if (args.flag("json")) printJson({ runs });
      else
        print(
          runs.length === 0
            ? "no runs yet"
            : table([
                ["RUN", "COMPONENT", "STATE", "STARTED", "TOOK", ""],
                ...runs.map((run) => [
                  run.run,
                  run.component,
                  run.state,
                  run.startedAt.slice(0, 19).replace("T", " "),
                  duration(run.durationMs),
                  run.failure?.message ?? run.detail ?? "",
                ]),
              ]),
        );
      return 0;
    },
    { load: false, looks: true },
  );
}

/** A component that never ran has no runs; one that does not exist is a mistake. */
async function checkComponent(project: Project, id: string): Promise<void> {
  const known = (await project.components.list()).map((one) => one.id);
  if (known.includes(id)) return;
  const near = nearest(id, known) ?? known.find((one) => one.endsWith(`/${id}`));
  throw fail("RUNTIME_COMPONENT_UNKNOWN", `Expected a component or a run of the project, got ${JSON.stringify(id)}`, {
    hint: near === undefined ? `The project has ${known.join(", ")}` : `Did you mean ${near}?`,
  });
}

function runText(run: RunDocument): string {
  const steps = run.steps.map((step) => [
    `  ${step.step}`,
    `attempt ${step.attempt}`,
    step.state,
    duration(step.wallMs),
    step.peakMemoryMb === null ? "" : `${Math.round(step.peakMemoryMb)} MB`,
  ]);
  return [
    `${run.component} ${run.state} (${run.reason}) ${run.startedAt} ${duration(run.durationMs)}`,
    run.detail ?? "",
    ...(steps.length > 0 ? [table(steps)] : []),
    ...(run.failure === null ? [] : [failureText(run.failure)]),
    ...(run.log.length > 0 ? ["", ...run.log] : []),
  ]
    .filter((line, index) => line !== "" || index > 1)
    .join("\n");
}
