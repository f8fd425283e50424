// Decides what a new project is about: which task, which label, and what each column is for.

import { isFailure, messageOf } from "../../base/failure.ts";
import type { TableProfile } from "../../data/profile.ts";
import { type LabelPlan, planLabel } from "../../data/profile-label.ts";
import { namedKey, planRoles, type Roles } from "../../data/profile-roles.ts";
import { planSeries, type SeriesPlan } from "../../data/profile-series.ts";
import { guessSeriesTime, namedSeriesTime, namesThings, noSeriesTime } from "../../data/profile-series-columns.ts";
import type { LabelTask, Task, UnlabelledTask } from "../../define/metrics.ts";
import type { Query } from "../../ports/query.ts";
import { type HorizonPlan, planHorizon } from "../../problem/forecast-horizon.ts";

export interface TargetOptions {
  /** None for tasks that look at rows without a label. */
  readonly predict: string | undefined;
  /** Found in the data when left out. */
  readonly task: Task | undefined;
  readonly horizon: number | undefined;
  readonly key: readonly string[] | undefined;
  readonly time: string | undefined;
}

/** A label that is told from the other columns, one that is continued, or none. */
export type Target = { readonly roles: Roles } & (
  | { readonly task: LabelTask; readonly label: LabelPlan }
  | { readonly task: "forecast"; readonly label: LabelPlan; readonly series: SeriesPlan; readonly ahead: HorizonPlan }
  | { readonly task: UnlabelledTask; readonly label: null }
);

/** Throws DATA_COLUMN_MISSING, DEFINE_INVALID, TRAINING_LABEL_… and TRAINING_TOO_FEW_ROWS with what is wrong about a column. */
export async function planTarget(
  query: Query,
  profile: TableProfile,
  options: TargetOptions,
  source: string,
): Promise<Target> {
  const { task, predict } = options;
  if (task === "anomaly" || task === "clustering")
    return { task, label: null, roles: planRoles(profile, null, options, source) };
  const label = planLabel(profile, predict ?? "", source, task);
  if (task === "forecast") return await planForecast(query, profile, label, options, source);
  const roles = planRoles(profile, label, options, source);
  const plain = { task: label.task, label, roles };
  if (task !== undefined || options.time === "none") return plain;
  if (label.task === "regression") return await withSeries(query, profile, plain, label, options, source);
  // Small counts such as 0 to 6 a day look like classes, until nothing but their day stands beside them.
  const isCount = label.task === "multiclass" && label.column.type === "number";
  if (!isCount || !roles.features.every((column) => column === roles.time?.column)) return plain;
  const number = planLabel(profile, predict ?? "", source, "forecast");
  const found = await withSeries(query, profile, plain, number, options, source);
  return found.task === "forecast" ? found : plain;
}

async function planForecast(
  query: Query,
  profile: TableProfile,
  label: LabelPlan,
  options: TargetOptions,
  source: string,
  mostKeys?: number,
): Promise<Extract<Target, { task: "forecast" }>> {
  const time =
    options.time === undefined
      ? guessSeriesTime(profile, label)
      : namedSeriesTime(profile, label, options.time, source);
  if (time === undefined) throw noSeriesTime(profile, label, source);
  const givenKey = options.key?.map((name) => namedKey(profile, label, name, source));
  const series = await planSeries(query, profile, label, time, {
    givenKey,
    ...(mostKeys === undefined ? {} : { mostKeys }),
  });
  const ahead = planHorizon(series.set, label.column.name, options.horizon);
  const beside = series.rewrite?.beside;
  const used = [label.column, series.time, ...series.key, ...(beside === undefined ? [] : [beside])];
  const left = profile.columns
    .filter((column) => !used.includes(column))
    .map((column) => ({ column, reason: "a forecast learns from the label's own past" }));
  const roles = {
    key: series.key,
    time: { column: series.time, format: series.format },
    features: [],
    left,
    notes: [],
  };
  return { task: "forecast", label, roles, series, ahead };
}

/** A number with nothing beside it but its time and what tells series apart is continued; with more, that is mentioned. */
async function withSeries(
  query: Query,
  profile: TableProfile,
  plain: Extract<Target, { task: LabelTask }>,
  label: LabelPlan,
  options: TargetOptions,
  source: string,
): Promise<Target> {
  const { roles } = plain;
  const quoted = JSON.stringify(label.column.name);
  const note = (text: string): Target => ({ ...plain, roles: { ...roles, notes: [...roles.notes, text] } });
  const onTime = roles.features.every((column) => column === roles.time?.column);
  // Where other columns are left to learn from anyway, one look is enough for the mention.
  const mostKeys = roles.features.length <= 4 ? 3 : 1;
  try {
    const found = await planForecast(query, profile, label, options, source, mostKeys);
    const { key, time } = found.series;
    const beside = found.series.rewrite?.beside;
    const dates = beside === undefined ? [time] : [time, beside];
    const used = [...dates, ...key];
    const words = listed(used.map(({ name }) => JSON.stringify(name)));
    const others = roles.features.filter((column) => !used.includes(column));
    // A number may tell rows apart by chance: it makes series only for who asks for a forecast.
    if (!key.every(namesThings)) return plain;
    if (others.length === 0) {
      const why = `Nothing but ${words} ${used.length === 1 ? "stands" : "stand"} beside ${quoted}: it is forecast from its own past (--task regression tells it from those columns instead)`;
      return { ...found, roles: { ...found.roles, notes: [why] } };
    }
    return note(
      `The rows are a series by ${words}: --task forecast continues ${quoted} instead of telling it from the other columns`,
    );
  } catch (error) {
    if (!isFailure(error)) throw error;
    return onTime && roles.time !== null
      ? note(`${quoted} is told from the calendar, since it cannot be forecast: ${messageOf(error)}`)
      : plain;
  }
}

/** "a", "a and b", "a, b and c" */
export function listed(names: readonly string[]): string {
  return names.length <= 1 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
