// `pentad models`: the registry's versions, moving what is live with a reason that is kept, and taking models and reports out.

import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { fail } from "../../base/failure.ts";
import { nearest } from "../../define/check.ts";
import type { ModelSummary } from "../../define/documents.ts";
import { metrics } from "../../define/metrics.ts";
import { dropAlias, listMoves, moveAlias } from "../../models/aliases.ts";
import { deleteModel } from "../../runtime/delete-model.ts";
import { describeVersions } from "../../runtime/documents.ts";
import { exportModel } from "../../runtime/export/export-model.ts";
import type { Project } from "../../runtime/open-project.ts";
import { readReportFacts } from "../../runtime/report/facts.ts";
import { modelReport } from "../../runtime/report/model-report.ts";
import { type Arguments, type CommandSpec, usage } from "../arguments.ts";
import { print, printJson, table } from "../output.ts";
import { showVersion } from "./models-show.ts";
import { withProject } from "./with-project.ts";

const verbs = ["list", "show", "compare", "promote", "rollback", "withdraw", "delete", "export", "report"];
/** These change nothing of the project. */
const lookingVerbs = ["list", "show", "compare", "export", "report"];
/** How many operands may follow each: a training, a version, another version. */
const mostOperands: Readonly<Record<string, number>> = { list: 1, rollback: 1, compare: 3 };

export async function runModels(spec: CommandSpec, args: Arguments): Promise<number> {
  const [verb = "list", given, version, other] = args.operands;
  const training = given?.replace(/^training\//, "");
  if (!verbs.includes(verb)) {
    const near = nearest(verb, verbs);
    throw usage(
      spec,
      `Expected ${verbs.slice(0, -1).join(", ")} or ${verbs.at(-1)}, got ${JSON.stringify(verb)}`,
      near === undefined ? undefined : `Did you mean ${near}?`,
    );
  }
  const surplus = args.operands.slice(1 + (mostOperands[verb] ?? 2));
  if (surplus.length > 0) throw usage(spec, `Expected no more after ${verb}, got ${surplus.join(" ")}`);
  return withProject(
    args,
    async (project) => {
      if (verb === "list") return list(project, training, args.flag("json"));
      if (training === undefined) throw usage(spec, `Expected a training's name after ${verb}, got none`);
      if (verb === "rollback") return rollback(spec, project, training, args);
      if (version === undefined || !/^\d+$/.test(version))
        throw usage(spec, `Expected a version number, got ${version ?? "none"}`);
      const found = await findVersion(project, training, Number(version));
      if (verb === "show") return showVersion(project, found, args.flag("json"));
      if (verb === "compare") return compare(spec, project, found, other, args.flag("json"));
      if (verb === "export") return exportTo(spec, project, found, args);
      if (verb === "report") return report(spec, project, found, args);
      if (verb === "delete") return remove(spec, project, found, args);
      if (verb === "withdraw") return withdraw(project, found, args);
      return promote(spec, project, found, args);
    },
    { load: false, looks: lookingVerbs.includes(verb) },
  );
}

async function list(project: Project, training: string | undefined, json: boolean): Promise<number> {
  const models = await describeVersions(project, training);
  if (training !== undefined && models.length === 0) await checkTraining(project, training);
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

/** A training that was never declared has no versions for another reason than one that has not run. */
async function checkTraining(project: Project, training: string): Promise<void> {
  const known = (await project.components.list()).filter(({ kind }) => kind === "training").map(({ name }) => name);
  if (known.includes(training)) return;
  throw fail("RUNTIME_COMPONENT_UNKNOWN", `Expected a training of the project, got ${JSON.stringify(training)}`, {
    hint: known.length === 0 ? "The project declares none: add training.ts" : `The project has ${known.join(", ")}`,
  });
}

async function findVersion(project: Project, training: string, version: number): Promise<ModelSummary> {
  const versions = await describeVersions(project, training);
  if (versions.length === 0) await checkTraining(project, training);
  const found = versions.find((one) => one.version === version);
  if (found === undefined)
    throw fail("MODELS_UNKNOWN", `Expected a version of training/${training}, got ${version}`, {
      hint: versions.length === 0 ? "It has none yet" : `It has ${versions.map((one) => one.version).join(", ")}`,
    });
  return found;
}

/** Two versions side by side; the newer one's own comparison on the same rows, when it has one with the other. */
async function compare(
  spec: CommandSpec,
  project: Project,
  first: ModelSummary,
  other: string | undefined,
  json: boolean,
): Promise<number> {
  if (other === undefined || !/^\d+$/.test(other))
    throw usage(spec, `Expected a second version number to compare with, got ${other ?? "none"}`);
  const second = await findVersion(project, first.training, Number(other));
  const names = [...new Set([...Object.keys(first.metrics), ...Object.keys(second.metrics)])];
  const rows = names.map((metric) => {
    const [a, b] = [first.metrics[metric] ?? null, second.metrics[metric] ?? null];
    return { metric, first: a, second: b, difference: a === null || b === null ? null : b - a };
  });
  const paired = await pairedDifference(project, first, second);
  if (json) {
    printJson({ training: first.training, first, second, metrics: rows, paired });
    return 0;
  }
  const text = (value: number | null) => (value === null ? "–" : String(Number(value.toPrecision(4))));
  print(
    table([
      ["", `VERSION ${first.version}`, `VERSION ${second.version}`, "DIFFERENCE", "BETTER"],
      ["algorithm", first.algorithm, second.algorithm, "", ""],
      ["rows judged on", String(first.rows.test), String(second.rows.test), "", ""],
      ...rows.map(({ metric, first: a, second: b, difference }) => [
        metric,
        text(a),
        text(b),
        text(difference),
        betterOf(metric, difference, first.version, second.version),
      ]),
    ]),
  );
  print(paired ?? "Each was judged on its own held-out rows; where these differ, so may the figures by chance alone");
  return 0;
}

function betterOf(metric: string, difference: number | null, first: number, second: number): string {
  if (difference === null || difference === 0) return "";
  const lower = Object.hasOwn(metrics, metric)
    ? metrics[metric as keyof typeof metrics].better === "lower"
    : metric === "mape";
  return `version ${difference > 0 === !lower ? second : first}`;
}

/** What the gate found when the newer of two was trained while the other was live. */
async function pairedDifference(project: Project, a: ModelSummary, b: ModelSummary): Promise<string | null> {
  const [older, newer] = a.version < b.version ? [a, b] : [b, a];
  const { version } = await readReportFacts(project.database, newer.training, newer.version);
  if (version.evaluation.champion?.version !== older.version) return null;
  return version.gate.checks.find(({ name }) => name === "live")?.message ?? null;
}

async function exportTo(spec: CommandSpec, project: Project, version: ModelSummary, args: Arguments): Promise<number> {
  const out = args.text("out");
  if (out === undefined) throw usage(spec, "--out: expected a file to write the model to, got nothing");
  const format = args.text("as") ?? (out.endsWith(".onnx") ? "onnx" : "pentad");
  if (format !== "onnx" && format !== "pentad")
    throw usage(spec, `--as: expected onnx or pentad, got ${JSON.stringify(format)}`);
  const bytes = await exportModel(project.models, version.id, format);
  await write(out, bytes);
  const { training, version: number } = version;
  if (args.flag("json")) printJson({ training, version: number, as: format, out: resolve(out), bytes: bytes.length });
  else print(`version ${number} of training/${training} is written to ${out}`);
  return 0;
}

async function report(spec: CommandSpec, project: Project, version: ModelSummary, args: Arguments): Promise<number> {
  const out = args.text("out");
  if (out === undefined) throw usage(spec, "--out: expected a file such as report.html, got nothing");
  const { training, version: number } = version;
  await write(out, modelReport(await readReportFacts(project.database, training, number)));
  if (args.flag("json")) printJson({ training, version: number, out: resolve(out) });
  else print(`the report on version ${number} of training/${training} is written to ${out}`);
  return 0;
}

async function write(out: string, content: string | Uint8Array): Promise<void> {
  try {
    await writeFile(out, content);
  } catch (error) {
    throw fail("CLI_USAGE", `--out: expected a file that can be written, got ${out}`, { cause: error });
  }
}

async function promote(
  spec: CommandSpec,
  project: Project,
  { training, version }: Pick<ModelSummary, "training" | "version">,
  args: Arguments,
): Promise<number> {
  const alias = args.text("as") ?? "live";
  if (alias !== "live" && alias !== "shadow")
    throw usage(spec, `--as: expected live or shadow, got ${JSON.stringify(alias)}`);
  const reason = args.text("reason");
  if (reason === undefined) throw usage(spec, `--reason: expected why this version should be ${alias}, got nothing`);
  await project.database.transaction((tx) =>
    moveAlias(
      tx,
      training,
      alias,
      version,
      { reason, who: process.env.USER ?? "command line", override: args.flag("override") },
      Date.now(),
    ),
  );
  if (args.flag("json")) printJson({ training, version, alias });
  else
    print(
      alias === "live"
        ? `version ${version} of training/${training} is live`
        : `version ${version} of training/${training} answers silently beside the live one; see what it says with pentad models show ${training} ${version}`,
    );
  return 0;
}

/** A shadow that was seen enough. */
async function withdraw(
  project: Project,
  { training, version, aliases }: ModelSummary,
  args: Arguments,
): Promise<number> {
  if (!aliases.includes("shadow"))
    throw fail(
      "MODELS_UNKNOWN",
      `Expected version ${version} of training/${training} to be a shadow, got one that is not`,
      {
        hint: "Only a shadow is withdrawn; to take a version from live, promote another one",
      },
    );
  await project.database.transaction((tx) => dropAlias(tx, training, "shadow", version));
  if (args.flag("json")) printJson({ training, version, alias: null });
  else print(`version ${version} of training/${training} is no shadow any more`);
  return 0;
}

async function remove(
  spec: CommandSpec,
  project: Project,
  { training, version }: Pick<ModelSummary, "training" | "version">,
  args: Arguments,
): Promise<number> {
  const reason = args.text("reason");
  if (reason === undefined) throw usage(spec, "--reason: expected why this version should be deleted, got nothing");
  await deleteModel(project, { training, version }, { reason, who: process.env.USER ?? "command line" });
  if (args.flag("json")) printJson({ training, version, deleted: true });
  else print(`version ${version} of training/${training} is deleted`);
  return 0;
}

/** Back to the version that was live before this one. */
async function rollback(spec: CommandSpec, project: Project, training: string, args: Arguments): Promise<number> {
  const moves = (await listMoves(project.database, training)).filter((move) => move.alias === "live");
  const before = moves.find(({ version, before }) => before !== null && before !== version)?.before ?? null;
  if (before === null)
    throw fail("MODELS_UNKNOWN", `Expected a version of training/${training} that was live before, got none`);
  return promote(spec, project, { training, version: before }, args);
}
