// `pentad forget`: removes everything about an entity, and says what that was and what cannot be made again.

import { type Entity, isKeyedBy } from "../../features/entity.ts";
import { type ForgetDocument, forgetEntity } from "../../runtime/forget-entity.ts";
import type { Project } from "../../runtime/open-project.ts";
import { type Arguments, type CommandSpec, usage } from "../arguments.ts";
import { readMoment } from "../moment.ts";
import { print, printJson, rowsText } from "../output.ts";
import { withProject } from "./with-project.ts";

export async function runForget(spec: CommandSpec, args: Arguments): Promise<number> {
  if (args.operands.length === 0)
    throw usage(spec, "Expected a key, or COLUMN=VALUE for each of its columns, got none");
  const fromMs = readMoment(spec, args, "from");
  const toMs = readMoment(spec, args, "to");
  if (fromMs !== null && toMs !== null && fromMs >= toMs)
    throw usage(spec, `--to: expected a time after --from, got ${args.text("to")}`);
  const data = args.text("data")?.replace(/^data\//, "");
  return withProject(args, async (project) => {
    const entity = await readEntity(spec, args.operands, project);
    const keepHistory = args.flag("keep-history");
    const done = await forgetEntity(project, {
      entity,
      fromMs,
      toMs,
      keepHistory,
      ...(data === undefined ? {} : { data: [data] }),
    });
    if (args.flag("json")) printJson(done);
    else print(told(done, keepHistory));
    return 0;
  });
}

/** A value alone will do where every group is keyed by one and the same column. */
async function readEntity(spec: CommandSpec, operands: readonly string[], project: Project): Promise<Entity> {
  const keys = (await project.components.list()).flatMap(({ definition }) =>
    definition?.kind === "data" && definition.key.length > 0 ? [definition.key] : [],
  );
  const columns = [...new Set(keys.flat())];
  const pairs = operands.map((operand) => {
    const column = columns.find((one) => operand.startsWith(`${one}=`));
    return column === undefined ? undefined : ([column, operand.slice(column.length + 1).trim()] as const);
  });
  const only = columns[0];
  if (operands.length === 1 && pairs[0] === undefined && columns.length === 1 && only !== undefined)
    return { [only]: (operands[0] as string).trim() };
  const wrong = pairs.indexOf(undefined);
  if (columns.length === 0) throw usage(spec, "Expected a project with a key, got data components without any");
  if (wrong !== -1)
    throw usage(
      spec,
      `Expected COLUMN=VALUE with one of the columns ${columns.join(", ")}, got ${JSON.stringify(operands[wrong])}`,
      `For example: pentad forget ${columns[0]}=${(operands[wrong] as string).replace(/^.*=/, "")}`,
    );
  const entity = Object.fromEntries(pairs as (readonly [string, string])[]);
  if (!keys.some((key) => isKeyedBy({ key }, entity)))
    throw usage(spec, `Expected columns of one key, got ${Object.keys(entity).join(" and ")}`);
  return entity;
}

function told({ entity, groups, mentions, answers, trainingSets }: ForgetDocument, keepHistory: boolean): string {
  const who = Object.entries(entity)
    .map(([column, value]) => `${column}=${value}`)
    .join(", ");
  const lines = groups.map(({ data, rows, commit, quarantined, posted, files, commits }) => {
    const parts = [commit === null ? "no rows" : `${rowsText(rows)}, gone with commit ${commit}`];
    if (quarantined > 0) parts.push(`${rowsText(quarantined)} of the quarantine`);
    if (posted > 0) parts.push(`${rowsText(posted)} that were posted`);
    if (files > 0) parts.push(`${files} ${files === 1 ? "file" : "files"} of earlier states`);
    if (commits.length > 0)
      parts.push(
        `${commits.length === 1 ? `commit ${commits[0]}` : `${commits.length} commits`} can no longer be asked for`,
      );
    return `data/${data}: ${parts.join(", ")}`;
  });
  const { predictions, feedback, scored } = answers;
  if (predictions + feedback + scored > 0)
    lines.push(`answers: ${predictions} given, ${feedback} judged, ${scored} scored in batches`);
  for (const { training, version } of trainingSets)
    lines.push(
      `training/${training} version ${version}: its training set can no longer be made again; the model stays`,
    );
  for (const { data, key, rows } of mentions)
    lines.push(
      `data/${data}: ${rowsText(rows)} ${rows === 1 ? "names" : "name"} it as a feature and ${rows === 1 ? "was" : "were"} left${key.length === 0 ? "" : `; forget them by ${key.join(", ")}`}`,
    );
  if (keepHistory) lines.push("Earlier states still hold the rows: without --keep-history they go too");
  return [`${who} is forgotten`, ...lines].join("\n");
}
