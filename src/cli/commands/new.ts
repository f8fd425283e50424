// `pentad new`: from a table to a project, with what was found in it told in plain words.

import { relative } from "node:path";
import { createInterface } from "node:readline/promises";
import { fail } from "../../base/failure.ts";
import { streamLog } from "../../base/log.ts";
import type { Task } from "../../define/metrics.ts";
import { type NewProjectResult, newProject } from "../../runtime/new-project/new-project.ts";
import { type Arguments, type CommandSpec, usage } from "../arguments.ts";
import { print, printJson } from "../output.ts";

const shownFindings = 12;

export async function runNew(spec: CommandSpec, args: Arguments): Promise<number> {
  const [folder, ...more] = args.operands;
  if (folder === undefined || more.length > 0)
    throw usage(
      spec,
      `Expected one folder to make, got ${args.operands.length === 0 ? "none" : args.operands.join(" ")}`,
    );
  const from = await wanted(spec, args, "from", "Which file or URL holds the table?");
  const task = taskOf(spec, args);
  const predict =
    task === "anomaly" || task === "clustering"
      ? undefined
      : await wanted(spec, args, "predict", "Which column shall be predicted?");
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.once("SIGINT", onSignal);
  process.once("SIGTERM", onSignal);
  try {
    const result = await newProject({
      from,
      folder,
      predict,
      task,
      horizon: horizonOf(spec, args, task),
      key: args.text("key"),
      time: args.text("time"),
      log: streamLog((line) => process.stderr.write(line)),
      signal: stop.signal,
    });
    if (args.flag("json")) printJson(document(result));
    else print(story(result));
    return 0;
  } finally {
    process.removeListener("SIGINT", onSignal);
    process.removeListener("SIGTERM", onSignal);
  }
}

const tasks: readonly Task[] = ["binary", "multiclass", "regression", "forecast", "anomaly", "clustering"];

/** A horizon alone asks for a forecast, too. */
function taskOf(spec: CommandSpec, args: Arguments): Task | undefined {
  const given = args.text("task") ?? (args.text("horizon") === undefined ? undefined : "forecast");
  const task = tasks.find((one) => one === given);
  if (given !== undefined && task === undefined)
    throw usage(
      spec,
      `--task: expected ${tasks.slice(0, -1).join(", ")} or ${tasks.at(-1)}, got ${JSON.stringify(given)}`,
    );
  if ((task === "anomaly" || task === "clustering") && args.text("predict") !== undefined)
    throw usage(
      spec,
      `--predict: expected nothing beside --task ${task}, which looks at whole rows and needs no column to predict, got ${JSON.stringify(args.text("predict"))}`,
    );
  return task;
}

function horizonOf(spec: CommandSpec, args: Arguments, task: Task | undefined): number | undefined {
  const text = args.text("horizon");
  if (text === undefined) return undefined;
  const horizon = Number(text);
  if (!/^\d+$/.test(text) || horizon < 1 || horizon > 10_000)
    throw usage(spec, `--horizon: expected a whole number of steps from 1 to 10,000, got ${JSON.stringify(text)}`);
  if (task !== "forecast")
    throw usage(
      spec,
      `--horizon: expected --task forecast beside it, since only a forecast reaches ahead, got ${task}`,
    );
  return horizon;
}

/** Asks on a terminal for what no flag gave; elsewhere, or with --yes, that is a mistake. */
async function wanted(spec: CommandSpec, args: Arguments, name: "from" | "predict", question: string): Promise<string> {
  const given = args.text(name);
  if (given !== undefined) return given;
  if (args.flag("yes") || args.flag("json") || !process.stdin.isTTY || !process.stderr.isTTY)
    throw usage(
      spec,
      `--${name}: expected ${name === "from" ? "a file or a URL" : "a column to predict"}, got nothing`,
    );
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = (await terminal.question(`${question} `)).trim();
    if (answer === "") throw fail("CLI_USAGE", `--${name}: expected an answer, got nothing`);
    return answer;
  } finally {
    terminal.close();
  }
}

function document({ folder, files, profile, feasibility, findings }: NewProjectResult) {
  return { folder, files, profile, feasibility, findings };
}

function story({ folder, files, feasibility, findings }: NewProjectResult): string {
  const left = findings.length - shownFindings;
  const place = relative(process.cwd(), folder) || ".";
  return [
    ...(findings.length > 0 ? [""] : []),
    ...findings
      .slice(0, shownFindings)
      .map((finding) => `${finding.severity === "warning" ? "!" : "·"} ${finding.message}`),
    ...(left > 0 ? [`  and ${left} more: see --json`] : []),
    "",
    `${feasibility.sentence}.`,
    "",
    `Wrote to ${place === "." ? "this folder" : place}: ${files.join(", ")}`,
    "",
    `Next: ${place === "." ? "" : `cd ${place} && `}npx pentad dev`,
  ].join("\n");
}
