// `pentad runs`: the ledger's runs, what one of them used, and how to stop one.

import type { RunDocument } from "../../define/documents.ts";
import { cancelRun } from "../../runtime/cancel-run.ts";
import { describeRun } from "../../runtime/documents.ts";
import type { Project } from "../../runtime/open-project.ts";
import { summarizeRun } from "../../runtime/status.ts";
import { type Arguments, type CommandSpec, readNumber, usage } from "../arguments.ts";
import { duration, failureText, note, print, printJson, table } from "../output.ts";
import { withProject } from "./with-project.ts";

export async function runRuns(spec: CommandSpec, args: Arguments): Promise<number> {
  const [verb = "list", id, ...more] = args.operands;
  if (!["list", "show", "cancel"].includes(verb) || more.length > 0 || (verb !== "list" && id === undefined))
    throw usage(spec, `Expected list, show RUN or cancel RUN, got ${args.operands.join(" ")}`);
  return withProject(
    args,
    async (project) => {
      if (verb === "list") return list(spec, args, project, id);
      const run = id ?? "";
      const document =
        verb === "show" ? await describeRun(project, run) : await cancelRun(project, run, "cancelled by hand");
      if (args.flag("json")) printJson(document);
      else if (verb === "show") print(runText(document));
      else note(`${document.component}: ${document.run} is ${document.state}`);
      return 0;
    },
    { load: false, looks: verb !== "cancel" },
  );
}

async function list(
  spec: CommandSpec,
  args: Arguments,
  project: Project,
  component: string | undefined,
): Promise<number> {
  const limit = readNumber(spec, args, "limit", { min: 1, max: 10_000, otherwise: 20 });
  const runs = await project.ledger.list({ limit, ...(component === undefined ? {} : { component }) });
  if (args.flag("json")) printJson({ runs: runs.map(summarizeRun) });
  else if (runs.length === 0) print("no runs yet");
  else
    print(
      table([
        ["RUN", "COMPONENT", "STATE", "WHY", "STARTED", "TOOK", ""],
        ...runs
          .map(summarizeRun)
          .map((run) => [
            run.run,
            run.component,
            run.state,
            run.reason,
            run.startedAt.slice(0, 19).replace("T", " "),
            duration(run.durationMs),
            run.failure?.message ?? run.detail ?? "",
          ]),
      ]),
    );
  return 0;
}

function runText(run: RunDocument): string {
  const { cpuMs, peakMemoryMb, bytesIn, bytesOut, bytesStored } = run.usage;
  const used = [
    cpuMs === null ? "" : `${(cpuMs / 1000).toFixed(2)} CPU seconds`,
    peakMemoryMb === null ? "" : `${Math.round(peakMemoryMb)} MB of memory at most`,
    bytesIn === null ? "" : `${bytes(bytesIn)} in`,
    bytesOut === null ? "" : `${bytes(bytesOut)} out`,
    bytesStored === null ? "" : `${bytes(bytesStored)} stored`,
  ].filter((part) => part !== "");
  const steps = run.steps.map((step) => [
    `  ${step.step}`,
    `attempt ${step.attempt}`,
    step.state,
    duration(step.wallMs),
    step.cpuMs === null ? "" : `${(step.cpuMs / 1000).toFixed(2)} CPU s`,
    step.peakMemoryMb === null ? "" : `${Math.round(step.peakMemoryMb)} MB`,
    step.bytesIn === null ? "" : `${bytes(step.bytesIn)} in`,
    step.bytesOut === null ? "" : `${bytes(step.bytesOut)} out`,
  ]);
  return [
    `${run.component} ${run.state} (${run.reason}) ${run.startedAt} ${duration(run.durationMs)}`,
    ...(run.detail === null ? [] : [run.detail]),
    ...(used.length === 0 ? [] : [used.join(", ")]),
    ...(steps.length === 0 ? [] : [table(steps)]),
    ...(run.failure === null ? [] : [failureText(run.failure)]),
  ].join("\n");
}

function bytes(count: number): string {
  if (count < 1_000) return `${count} B`;
  return count < 1_000_000 ? `${(count / 1_000).toFixed(1)} kB` : `${(count / 1_000_000).toFixed(1)} MB`;
}
