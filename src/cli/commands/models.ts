// `pentad models`: the registry's versions, and moving what is live, with a reason that is kept.

import { fail } from "../../base/failure.ts";
import type { ModelSummary } from "../../define/documents.ts";
import { listMoves, moveAlias } from "../../models/registry.ts";
import { describeVersions } from "../../runtime/documents.ts";
import type { Project } from "../../runtime/open-project.ts";
import { type Arguments, type CommandSpec, usage } from "../arguments.ts";
import { print, printJson, table } from "../output.ts";
import { withProject } from "./with-project.ts";

export async function runModels(spec: CommandSpec, args: Arguments): Promise<number> {
  const [verb = "list", training, version] = args.operands;
  if (!["list", "show", "promote", "rollback"].includes(verb))
    throw usage(spec, `Expected list, show, promote or rollback, got ${JSON.stringify(verb)}`);
  return withProject(
    args,
    async (project) => {
      if (verb === "list") return list(project, training, args.flag("json"));
      if (training === undefined) throw usage(spec, `Expected a training's name after ${verb}, got none`);
      if (verb === "rollback") return rollback(spec, project, training, args);
      if (version === undefined || !/^\d+$/.test(version))
        throw usage(spec, `Expected a version number, got ${version ?? "none"}`);
      const found = await findVersion(project, training, Number(version));
      if (verb === "show") return show(project, found, args.flag("json"));
      return promote(spec, project, found, args);
    },
    { load: false },
  );
}

async function list(project: Project, training: string | undefined, json: boolean): Promise<number> {
  const models = await describeVersions(project, training);
  if (json) printJson({ models });
  else
    print(
      models.length === 0
        ? "no models yet"
        : table([
            ["TRAINING", "VERSION", "ALIASES", "ALGORITHM", "CREATED", "GATE"],
            ...models.map((one) => [
              one.training,
              String(one.version),
              one.aliases.join(", ") || "–",
              one.algorithm,
              one.createdAt.slice(0, 19).replace("T", " "),
              one.gate.checks.map((check) => check.message).join("; "),
            ]),
          ]),
    );
  return 0;
}

async function show(project: Project, version: ModelSummary, json: boolean): Promise<number> {
  const moves = (await listMoves(project.database, version.training)).filter(
    (move) => move.version === version.version,
  );
  if (json) {
    printJson({ ...version, moves: moves.map(({ at, ...move }) => ({ ...move, at: new Date(at).toISOString() })) });
    return 0;
  }
  print(
    `training/${version.training} version ${version.version} ${version.aliases.map((alias) => `[${alias}]`).join(" ")}`,
  );
  print(
    `${version.algorithm}, trained on ${version.rows.train} rows, judged on ${version.rows.test}, ${version.createdAt}`,
  );
  print(
    table(
      Object.entries(version.metrics).map(([name, value]) => [
        `  ${name}`,
        value === null ? "not defined" : String(Number(value.toPrecision(5))),
      ]),
    ),
  );
  for (const check of version.gate.checks) print(`${check.passed ? "passed" : "refused"}: ${check.message}`);
  for (const move of moves) print(`${new Date(move.at).toISOString()} ${move.alias}: ${move.reason} (${move.who})`);
  return 0;
}

async function findVersion(project: Project, training: string, version: number): Promise<ModelSummary> {
  const versions = await describeVersions(project, training);
  const found = versions.find((one) => one.version === version);
  if (found === undefined)
    throw fail("MODELS_UNKNOWN", `Expected a version of training/${training}, got ${version}`, {
      hint: versions.length === 0 ? "It has none yet" : `It has ${versions.map((one) => one.version).join(", ")}`,
    });
  return found;
}

async function promote(
  spec: CommandSpec,
  project: Project,
  { training, version }: Pick<ModelSummary, "training" | "version">,
  args: Arguments,
): Promise<number> {
  const reason = args.text("reason");
  if (reason === undefined) throw usage(spec, "--reason: expected why this version should be live, got nothing");
  await project.database.transaction((tx) =>
    moveAlias(
      tx,
      training,
      "live",
      version,
      { reason, who: process.env.USER ?? "command line", override: args.flag("override") },
      Date.now(),
    ),
  );
  if (args.flag("json")) printJson({ training, version, alias: "live" });
  else print(`version ${version} of training/${training} is live`);
  return 0;
}

/** Back to the version that was live before this one. */
async function rollback(spec: CommandSpec, project: Project, training: string, args: Arguments): Promise<number> {
  const moves = (await listMoves(project.database, training)).filter((move) => move.alias === "live");
  const before = moves.find((move) => move.before !== null && move.version === moves[0]?.version)?.before ?? null;
  if (before === null)
    throw fail("MODELS_UNKNOWN", `Expected a version of training/${training} that was live before, got none`);
  return promote(spec, project, { training, version: before }, args);
}
