// `pentad export`: a feature group's rows or a training set as a file.

import { basename, resolve } from "node:path";
import { type ExportFormat, exportRows } from "../../runtime/export/export.ts";
import { type Arguments, type CommandSpec, usage } from "../arguments.ts";
import { print, printJson, progressLine, rowsText, sizeText } from "../output.ts";
import { withProject } from "./with-project.ts";

export async function runExport(spec: CommandSpec, args: Arguments): Promise<number> {
  const [what, ...more] = args.operands;
  if (what === undefined || more.length > 0 || !/^(?:features|training|predictions)\/./.test(what))
    throw usage(
      spec,
      `Expected features/NAME, training/NAME or predictions/NAME, got ${args.operands.join(" ") || "nothing"}`,
    );
  const out = args.text("out");
  if (out === undefined) throw usage(spec, "--out: expected a file to write, got nothing");
  const format = args.text("as") ?? formatOf(out);
  if (format !== "arrow" && format !== "csv" && format !== "parquet")
    throw usage(spec, `--as: expected csv, parquet or arrow, got ${JSON.stringify(format)}`);
  return withProject(args, async (project) => {
    const path = resolve(out);
    const line = progressLine();
    const exported = await exportRows(project, what, {
      format: format satisfies ExportFormat,
      out: path,
      onProgress: ({ bytes }) => line.tell(bytes === 0 ? "reading rows" : `${sizeText(bytes)} written`),
    }).finally(line.end);
    const { rows, bytes, croissant } = exported;
    if (args.flag("json")) printJson({ what, as: format, out: path, rows, bytes, croissant });
    else print(`${rowsText(rows)} of ${what} in ${out} (${sizeText(bytes)}), described in ${basename(croissant)}`);
    return 0;
  });
}

/** By the file's ending; CSV is what a file without a telling one holds. */
function formatOf(out: string): string {
  const ending = /\.(parquet|pq|arrow|feather|ipc)$/i.exec(out)?.[1]?.toLowerCase();
  if (ending === undefined) return "csv";
  return ending === "parquet" || ending === "pq" ? "parquet" : "arrow";
}
