// `pentad status`: the state of every component, as a table or as the document of the API.

import { formatAge } from "../../base/clock.ts";
import type { ComponentStatus } from "../../define/documents.ts";
import { describeStatus } from "../../runtime/status.ts";
import { type Arguments, type CommandSpec, usage } from "../arguments.ts";
import { failureText, print, printJson, table } from "../output.ts";
import { withProject } from "./with-project.ts";

export async function runStatus(spec: CommandSpec, args: Arguments): Promise<number> {
  if (args.operands.length > 0) throw usage(spec, `Expected no operands, got ${args.operands.join(" ")}`);
  const status = await withProject(args, (project) => describeStatus(project), { looks: true });
  if (args.flag("json")) {
    printJson(status);
    return 0;
  }
  print(table([["COMPONENT", "STATE", "FRESH", "LAST RUN"], ...status.components.map(line)]));
  for (const { failure } of status.components) if (failure !== null) print(`\n${failureText(failure)}`);
  return 0;
}

function line(component: ComponentStatus): string[] {
  const { id, state, freshness, lastRun, waitingFor } = component;
  const fresh = freshness === null ? "–" : formatAge(freshness.ageSeconds * 1000);
  return [id, state, fresh, waitingFor ?? lastRun?.detail ?? "never"];
}
