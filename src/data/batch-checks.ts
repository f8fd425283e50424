// The checks on the rows of a run together: how many, how new, and whether they look like those committed before.

import { formatAge } from "../base/clock.ts";
import { fail } from "../base/failure.ts";
import type { DataDefinition } from "../define/definition.ts";
import { eventColumn } from "../features/columns.ts";
import { binSql, type ColumnStatistics, type GroupStatistics } from "../features/statistics.ts";
import { type Query, sqlName, sqlText } from "../ports/query.ts";

export interface LastCommit {
  readonly rowsRead: number;
  readonly statistics: GroupStatistics;
}

/** Fewer rows differ from their like by chance alone. */
const judgedRows = 100;

/** Throws DATA_BATCH_REFUSED with every rule that the rows of `relation` break together. */
export async function checkBatch(
  query: Query,
  relation: string,
  definition: DataDefinition,
  batch: { readonly read: number; readonly atMs: number; readonly last: LastCommit | null },
): Promise<void> {
  const { checks } = definition;
  if (checks === undefined) return;
  const { read, atMs, last } = batch;
  const broken: string[] = [];
  if (checks.minRows !== null && read < checks.minRows)
    broken.push(`expected at least ${checks.minRows} rows, got ${read}`);
  if (checks.minShareOfLast !== null && last !== null && read < checks.minShareOfLast * last.rowsRead)
    broken.push(
      `expected at least ${Math.round(checks.minShareOfLast * 100)} % of the ${last.rowsRead} rows of the last run, got ${read}`,
    );
  if (checks.freshWithinMs !== null) {
    const [newest] = await query.rows<{ at: number | null }>(
      `SELECT epoch_ms(max(${eventColumn})) AS at FROM ${relation}`,
    );
    const ageMs = atMs - (newest?.at ?? 0);
    if (ageMs > checks.freshWithinMs)
      broken.push(`expected a row of the last ${formatAge(checks.freshWithinMs)}, got none for ${formatAge(ageMs)}`);
  }
  for (const { column, atMost } of checks.maxShift) {
    const before = last?.statistics.columns.find(({ name }) => name === column);
    const shift = before === undefined ? undefined : await shiftOf(query, relation, before);
    if (shift !== undefined && shift > atMost)
      broken.push(
        `${column}: expected a shift of at most ${atMost} from the values committed last, got ${shift.toFixed(2)}`,
      );
  }
  if (broken.length > 0)
    throw fail("DATA_BATCH_REFUSED", `The rows of this run break the batch's checks: ${broken.join("; ")}`);
}

/** The population stability index of a column against its last statistics; undefined where it cannot be told. */
async function shiftOf(query: Query, relation: string, before: ColumnStatistics): Promise<number | undefined> {
  const name = sqlName(before.name);
  let bin: string;
  let expected: number[];
  if (before.histogram !== null && before.min !== null && before.max !== null) {
    const [low, high] = [Number(before.min), Number(before.max)];
    if (!(high > low)) return undefined;
    bin = binSql(name, low, high, before.histogram.length);
    expected = [...before.histogram];
  } else if (before.top !== null && before.top.length > 0) {
    const values = before.top.map(({ value }) => sqlText(value));
    bin = `coalesce(list_position([${values.join(", ")}], CAST(${name} AS VARCHAR)), ${values.length + 1}) - 1`;
    expected = [...before.top.map(({ count }) => count), 0];
  } else return undefined;
  const actual = new Array<number>(expected.length).fill(0);
  for (const { slot, n } of await query.rows<{ slot: number; n: number }>(
    `SELECT ${bin} AS slot, count(*) AS n FROM ${relation} WHERE ${name} IS NOT NULL GROUP BY 1`,
  ))
    actual[slot] = n;
  return stabilityIndex(expected, actual);
}

/** Shares of nothing count as a tiny share, so that a new or vanished value weighs heavily but not infinitely. */
function stabilityIndex(expected: readonly number[], actual: readonly number[]): number | undefined {
  const [before, now] = [sum(expected), sum(actual)];
  if (before === 0 || now < judgedRows) return undefined;
  return sum(
    expected.map((count, index) => {
      const share = Math.max(count / before, 1e-4);
      const newShare = Math.max((actual[index] as number) / now, 1e-4);
      return (newShare - share) * Math.log(newShare / share);
    }),
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
