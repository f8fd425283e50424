// `pentad quarantine`: the rows that were rejected, each with its reason; read again after a fix, or discarded.

import { countOpen } from "../../features/quarantine.ts";
import { describeGroup } from "../../runtime/documents.ts";
import type { Project } from "../../runtime/open-project.ts";
import {
  discardQuarantine,
  type QuarantineSelection,
  readQuarantine,
  requestReplay,
} from "../../runtime/quarantine.ts";
import { runNamed } from "../../runtime/runner.ts";
import { type Arguments, type CommandSpec, readNumber, usage } from "../arguments.ts";
import { print, printJson, table } from "../output.ts";
import { withProject } from "./with-project.ts";

type Verb = "list" | "show" | "replay" | "discard";
const verbs: readonly string[] = ["list", "show", "replay", "discard"] satisfies Verb[];

export async function runQuarantine(spec: CommandSpec, args: Arguments): Promise<number> {
  const [verb = "list", name] = args.operands;
  if (!verbs.includes(verb)) throw usage(spec, `Expected list, show, replay or discard, got ${JSON.stringify(verb)}`);
  const limit = readNumber(spec, args, "limit", { min: 1, max: 100_000, otherwise: 20 });
  const reason = args.text("reason")?.trim() ?? "";
  if (verb === "discard" && reason === "")
    throw usage(spec, "--reason: expected why the rows are discarded, got nothing");
  if (verb !== "list" && name === undefined)
    throw usage(spec, `Expected a data component's name after ${verb}, got none`);
  return withProject(
    args,
    async (project, signal) => {
      const group = name?.replace(/^data\//, "") ?? "";
      if (verb === "list") return list(project, args);
      await describeGroup(project, group);
      if (verb === "show") return show(project, group, limit, args);
      const selection = readSelection(args);
      if (verb === "replay") return replay(project, group, selection, signal, args);
      const rows = await discardQuarantine(project, group, reason, selection);
      if (args.flag("json")) printJson({ data: group, discarded: rows });
      else print(`${count(rows)} of data/${group} discarded; they stay on record`);
      return 0;
    },
    { load: verb === "replay" },
  );
}

function readSelection(args: Arguments): QuarantineSelection {
  const [rows, rule] = [args.text("row"), args.text("rule")];
  return {
    ...(rows === undefined ? {} : { ids: rows.split(",").map((id) => id.trim()) }),
    ...(rule === undefined ? {} : { rule }),
  };
}

async function list(project: Project, args: Arguments): Promise<number> {
  const names = (await project.components.list()).filter(({ kind }) => kind === "data").map((one) => one.name);
  const groups = [...(await countOpen(project.database, names))].map(([data, rows]) => ({ data, rows }));
  if (args.flag("json")) printJson({ groups });
  else print(table([["DATA", "ROWS IN QUARANTINE"], ...groups.map(({ data, rows }) => [data, String(rows)])]));
  return 0;
}

async function show(project: Project, group: string, limit: number, args: Arguments): Promise<number> {
  const rows = await readQuarantine(project, group, limit);
  if (args.flag("json")) printJson({ data: group, rows });
  else
    print(
      rows.length === 0
        ? "no rows in quarantine"
        : table([["ID", "ROW", "REASON"], ...rows.map((row) => [row.id, String(row.row), row.reason])]),
    );
  return 0;
}

/** One run reads the rejected rows again, by the component as its file says now. */
async function replay(
  project: Project,
  group: string,
  selection: QuarantineSelection,
  signal: AbortSignal,
  args: Arguments,
): Promise<number> {
  const rows = await requestReplay(project, group, selection);
  if (rows === 0) {
    if (args.flag("json")) printJson({ data: group, replayed: 0, quarantined: 0, failure: null });
    else print(`no rows of data/${group} in quarantine`);
    return 0;
  }
  const [ran] = await runNamed(project, [`data/${group}`], { signal });
  const failure = ran?.failure ?? null;
  const left = (await countOpen(project.database, [group])).get(group) ?? 0;
  if (args.flag("json")) printJson({ data: group, replayed: failure === null ? rows : 0, quarantined: left, failure });
  else if (failure !== null) print(`data/${group}: ${failure.message}\n  ${failure.hint}`);
  else print(`${count(rows)} of data/${group} read again, ${count(left)} in quarantine now`);
  return failure === null ? 0 : 1;
}

function count(rows: number): string {
  return `${rows.toLocaleString("en")} ${rows === 1 ? "row" : "rows"}`;
}
