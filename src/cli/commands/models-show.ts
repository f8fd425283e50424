// `pentad models show`: one version with its metrics, its gate, its history, its shadow's answers, and where it came from.

import { isObject } from "../../base/json.ts";
import type { ModelSummary } from "../../define/documents.ts";
import { type ShadowFacts, shadowFacts } from "../../inference/shadow.ts";
import { listMoves } from "../../models/aliases.ts";
import { getVersion } from "../../models/registry.ts";
import { type Lineage, lineageOf } from "../../runtime/model-lineage.ts";
import type { Project } from "../../runtime/open-project.ts";
import { print, printJson, table } from "../output.ts";

export async function showVersion(project: Project, version: ModelSummary, json: boolean): Promise<number> {
  const moves = (await listMoves(project.database, version.training)).filter(
    (move) => move.version === version.version,
  );
  if (json) {
    const {
      evaluation,
      params,
      trainingSet,
      commits,
      run,
      report: kept,
    } = await getVersion(project.database, version.training, version.version);
    const { candidates = [], weight = null } = kept;
    printJson({
      ...version,
      params,
      trainingSet,
      commits,
      run,
      candidates,
      weight,
      evaluation,
      lineage: await lineageOf(project, version.training, version.version),
      shadow: await shadowFacts(project.database, version.training, version.version),
      moves: moves.map(({ at, ...move }) => ({ ...move, at: new Date(at).toISOString() })),
    });
    return 0;
  }
  print(
    `training/${version.training} version ${version.version} ${version.aliases.map((alias) => `[${alias}]`).join(" ")}`,
  );
  print(
    `${version.algorithm}, trained on ${version.rows.train} rows, judged on ${version.rows.test}, ${version.createdAt}`,
  );
  const { weight } = (await getVersion(project.database, version.training, version.version)).report;
  if (isObject(weight)) print(`rows counted by ${weight.name} of data/${weight.data}, in the fit and in every metric`);
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
  const shadow = await shadowFacts(project.database, version.training, version.version);
  if (shadow !== null) print(shadowText(shadow));
  print(lineageText(await lineageOf(project, version.training, version.version)));
  return 0;
}

function shadowText({ answers, agreement, meanDifference, failed, problem }: ShadowFacts): string {
  const said = `in the shadow: ${answers.toLocaleString("en")} ${answers === 1 ? "answer" : "answers"} beside the live model`;
  const how =
    agreement !== null
      ? `, the same in ${Math.round(agreement * 100)} %`
      : meanDifference !== null
        ? `, ${Number(meanDifference.toPrecision(4))} apart on average`
        : "";
  return `${said}${how}${failed === 0 ? "" : `; ${failed} could not be given: ${problem}`}`;
}

/** From the files that rows came from to the answers that were given, a line each. */
function lineageText({ sources, trainingSet, code, params, model, predictions }: Lineage): string {
  const rows = sources.map(({ data, source, commit, rows: count }) => [
    "from",
    `${source} → data/${data}@${commit} (${count.toLocaleString("en")} rows)`,
  ]);
  const settings = JSON.stringify(params);
  return table([
    ...rows,
    ["training set", trainingSet],
    ["code", code === null ? "not kept" : `${code.file} ${code.hash}`],
    ["settings", settings === "{}" ? "as they come" : settings],
    ["model", model],
    [
      "answers",
      `${predictions.logged.toLocaleString("en")} logged${predictions.batches.map((file) => `, ${file}`).join("")}`,
    ],
  ]);
}
