// `pentad search`: the rows of a feature group that fit words, their meaning, or are nearest to a vector.

import type { SearchRequest } from "../../define/documents.ts";
import { openSearcher } from "../../runtime/search.ts";
import { type Arguments, type CommandSpec, usage } from "../arguments.ts";
import { note, print, printJson, table } from "../output.ts";
import { withProject } from "./with-project.ts";

const widestCell = 60;

export async function runSearch(spec: CommandSpec, args: Arguments): Promise<number> {
  const [name, ...more] = args.operands;
  if (name === undefined || more.length > 0)
    throw usage(spec, `Expected the name of a data component, got ${args.operands.join(" ") || "nothing"}`);
  const request = requestOf(spec, args);
  return withProject(args, async (project) => {
    const searcher = openSearcher(project, { background: false });
    try {
      const found = await searcher.search(name, request);
      if (args.flag("json")) printJson(found);
      else {
        const names = Object.keys(found.rows[0]?.row ?? {});
        const lines = found.rows.map(({ score, row }) => [
          score.toPrecision(4),
          ...names.map((column) => cell(row[column])),
        ]);
        if (lines.length > 0) print(table([["score", ...names], ...lines]));
        else note("nothing found");
      }
    } finally {
      await searcher.close();
    }
    return 0;
  });
}

function requestOf(spec: CommandSpec, args: Arguments): SearchRequest {
  const near = args.text("near");
  const top = args.text("top");
  const optional = {
    text: args.text("text"),
    like: args.text("like"),
    column: args.text("column"),
    where: args.text("where"),
  };
  if (near === undefined && optional.text === undefined && optional.like === undefined)
    throw usage(spec, "Expected --text, --like or --near, got none of them");
  if (top !== undefined && !/^\d+$/.test(top))
    throw usage(spec, `--top: expected a whole number, got ${JSON.stringify(top)}`);
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  return {
    ...given,
    ...(near === undefined ? {} : { near: vectorOf(spec, near) }),
    ...(top === undefined ? {} : { top: Number(top) }),
    ...(args.flag("exact") ? { exact: true } : {}),
  };
}

function vectorOf(spec: CommandSpec, text: string): number[] {
  try {
    return JSON.parse(text) as number[];
  } catch {
    throw usage(spec, `--near: expected a list of numbers as JSON, got ${text.slice(0, 60)}`);
  }
}

function cell(value: unknown): string {
  const text = value === null || value === undefined ? "" : String(value).replace(/\s+/g, " ");
  return text.length > widestCell ? `${text.slice(0, widestCell - 1)}…` : text;
}
