// Tries out what rows without a label give: odd rows, or groups.

import { fail } from "../../base/failure.ts";
import type { TableProfile } from "../../data/profile.ts";
import type { LeftOut, Roles } from "../../data/profile-roles.ts";
import type { ProfiledColumn } from "../../data/profiled-column.ts";
import type { UnlabelledTask } from "../../define/metrics.ts";
import type { Query } from "../../ports/query.ts";
import type { Source } from "../../ports/source.ts";
import { assessUnlabelled } from "../../problem/unlabelled-feasibility.ts";
import { settleSchema, type Tried } from "./attempt.ts";
import { definitionOf, unlabelledSample } from "./trial.ts";

/** Fewer rows than these show neither what is usual nor groups. */
const fewestRows = 10;

export async function tryUnlabelled(
  query: Query,
  profile: TableProfile,
  task: UnlabelledTask,
  roles: Roles,
  source: Source,
): Promise<Tried> {
  if (profile.rows < fewestRows)
    throw fail("TRAINING_TOO_FEW_ROWS", `Expected at least ${fewestRows} rows to look at, got ${profile.rows}`, {
      hint: "Collect more rows",
    });
  const settled = await settleSchema(query, profile, null, fewerCategories(roles, task), source);
  if (settled.schema.features.length === 0)
    throw fail("TRAINING_NO_FEATURES", "No column says anything about the rows that a model could use", {
      hint: `Add columns that describe the rows${
        settled.left.length === 0
          ? ""
          : `; left out were ${settled.left
              .slice(0, 5)
              .map(({ column, reason }) => `${JSON.stringify(column.name)}: ${reason}`)
              .join("; ")}`
      }`,
    });
  const sample = await unlabelledSample(query, profile, definitionOf(settled.schema, source, "trial"));
  return {
    schema: settled.schema,
    left: settled.left,
    notes: [],
    feasibility: assessUnlabelled({ task, ...sample }),
    candidates: { words: [task === "anomaly" ? "isolationForest" : "kMeans"] },
    refused: settled.refused,
  };
}

/** More values of a category than these make every two rows unlike. */
const mostValues = 50;

/** Groups go by how alike rows are, to which a category of many values adds noise only. */
function fewerCategories(roles: Roles, task: UnlabelledTask): Roles {
  const many = ({ type, facts }: ProfiledColumn) =>
    task === "clustering" && type === "category" && facts.distinct > mostValues;
  const left: LeftOut[] = roles.features.filter(many).map((column) => ({
    column,
    reason: `${column.facts.distinct.toLocaleString("en")} different texts are too many to tell which rows are alike`,
  }));
  return { ...roles, features: roles.features.filter((column) => !many(column)), left: [...roles.left, ...left] };
}
