// `pentad quarantine`: the rows that were rejected at the newest commit of each group, each with its reason.

import { findHead } from "../../features/commits.ts";
import { describeGroup } from "../../runtime/documents.ts";
import { readQuarantine } from "../../runtime/quarantine.ts";
import { type Arguments, type CommandSpec, readNumber, usage } from "../arguments.ts";
import { print, printJson, table } from "../output.ts";
import { withProject } from "./with-project.ts";

export async function runQuarantine(spec: CommandSpec, args: Arguments): Promise<number> {
  const [verb = "list", name] = args.operands;
  if (verb !== "list" && verb !== "show") throw usage(spec, `Expected list or show, got ${JSON.stringify(verb)}`);
  const limit = readNumber(spec, args, "limit", { min: 1, max: 100_000, otherwise: 20 });
  return withProject(
    args,
    async (project) => {
      if (verb === "show") {
        if (name === undefined) throw usage(spec, "Expected a data component's name after show, got none");
        const group = name.replace(/^data\//, "");
        await describeGroup(project, group);
        const rows = await readQuarantine(project, group, limit);
        if (args.flag("json")) printJson({ data: group, rows });
        else
          print(
            rows.length === 0
              ? "no rows in quarantine"
              : table([["ROW", "REASON"], ...rows.map((row) => [String(row.row), row.reason])]),
          );
        return 0;
      }
      const names = (await project.components.list()).filter(({ kind }) => kind === "data").map((one) => one.name);
      const groups = await Promise.all(
        names.map(async (data) => ({ data, rows: (await findHead(project.database, data))?.rows.quarantined ?? 0 })),
      );
      if (args.flag("json")) printJson({ groups });
      else print(table([["DATA", "ROWS IN QUARANTINE"], ...groups.map(({ data, rows }) => [data, String(rows)])]));
      return 0;
    },
    { load: false },
  );
}
