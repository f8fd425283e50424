// Small feature groups made of commits, as files and as plain rows: what the join and its oracle are both given.

import { join } from "node:path";
import { type DataComponent, defineData } from "../../src/define/data.ts";
import type { DataDefinition } from "../../src/define/definition.ts";
import { describe } from "../../src/define/describe.ts";
import { category, number } from "../../src/define/feature.ts";
import { ahead } from "../../src/define/label.ts";
import { count, distinct, last, max, mean, min, quantile, std, sum } from "../../src/define/window.ts";
import type { PinnedGroup } from "../../src/features/training-set.ts";
import { type Query, sqlName, sqlText } from "../../src/ports/query.ts";
import type { Source } from "../../src/ports/source.ts";

/** One version of a row. Times are whole minutes. */
export interface Version {
  readonly key: readonly string[];
  readonly event: number;
  readonly created: number;
  readonly ordinal: number;
  readonly commit: number;
  readonly values: Readonly<Record<string, number | string | null>>;
}

export interface RawRow {
  readonly key: readonly string[];
  readonly event: number;
  readonly values: Readonly<Record<string, number | string | null>>;
}

/** The first commit is history: known when it happened. Later ones are known from their commit on. */
export interface RawCommit {
  readonly at: number;
  readonly rows: readonly RawRow[];
}

export const minute = 60_000;
const nowhere = { kind: "none", description: "nothing" } as unknown as Source;
const source = { ...nowhere, open: () => Promise.reject(new Error("never read")) } as Source;

export interface WorldOptions {
  readonly prefix?: string;
  readonly ttl?: string;
  readonly windows?: boolean;
  readonly label?: boolean;
  /** Nothing is read when it is left out. */
  readonly from?: Source;
}

export function defineGroup(name: string, key: readonly string[], options: WorldOptions = {}): DataDefinition {
  return describe(groupComponent(name, key, options), () => name) as DataDefinition;
}

export function groupComponent(name: string, key: readonly string[], options: WorldOptions = {}): DataComponent {
  const { prefix = "", ttl, windows = true, label = false, from = source } = options;
  const over = { over: "4m" };
  const x = `${prefix}x`;
  const made = {
    [`${prefix}n`]: count({ ...over, where: `${x} > 1` }),
    [`${prefix}sum`]: sum(x, over),
    [`${prefix}mean`]: mean(x, over),
    [`${prefix}min`]: min(x, over),
    [`${prefix}max`]: max(x, { over: "2m" }),
    [`${prefix}std`]: std(x, over),
    [`${prefix}last`]: last(x, over),
    [`${prefix}distinct`]: distinct(x, { ...over, where: `${x} != 3` }),
    [`${prefix}tsum`]: sum(x, { over: "3m", tumbling: true }),
    [`${prefix}tn`]: count({ over: "2m", tumbling: true }),
    [`${prefix}tlast`]: last(x, { over: "3m", tumbling: true }),
    [`${prefix}q`]: quantile(x, { level: 0.5, over: "3m" }),
  };
  return defineData({
    source: from,
    name,
    key,
    eventTime: "t",
    features: {
      [x]: number({ optional: true }),
      [`${prefix}c`]: category({ optional: true }),
      ...(label ? { code: number({ optional: true }) } : {}),
    },
    windows: (windows ? made : {}) as never,
    labels: (label ? { y: number({ optional: true }), next: ahead("x", { by: "2m" }) } : {}) as never,
    ...(ttl === undefined ? {} : { ttl }),
  }) as unknown as DataComponent;
}

/** Numbers equal rows apart in the source's order and gives every version its times. */
export function versionsOf(commits: readonly RawCommit[]): Version[] {
  return commits.flatMap(({ at, rows }, index) => {
    const seen = new Map<string, number>();
    return rows.map(({ key, event, values }) => {
      const moment = JSON.stringify([key, event]);
      const ordinal = (seen.get(moment) ?? 0) + 1;
      seen.set(moment, ordinal);
      const created = index === 0 ? event : Math.max(at, event);
      return { key, event, created, ordinal, commit: index + 1, values };
    });
  });
}

const start = Date.UTC(2024, 1, 28, 23, 55);
/** Minute 0 in milliseconds since 1970. */
export const originMs = start;
const stamp = (minutes: number) => new Date(start + minutes * minute).toISOString().replace("Z", "");

/** Writes each commit as one sorted file and pins them all. */
export async function pinGroup(
  query: Query,
  folder: string,
  definition: DataDefinition,
  versions: readonly Version[],
): Promise<PinnedGroup> {
  const columns = [...definition.features, ...definition.labels.flatMap(({ column }) => column ?? [])];
  const paths: string[] = [];
  for (const commit of new Set(versions.map((version) => version.commit))) {
    const rows = versions.filter((version) => version.commit === commit);
    const values = rows.map(({ key, event, ordinal, created, values: given }) => {
      const cells = columns.map(({ name, type }) => literal(given[name] ?? null, type === "number"));
      const times = [`TIMESTAMP '${stamp(event)}'`, `CAST(${ordinal} AS BIGINT)`, `TIMESTAMP '${stamp(created)}'`];
      return `(${[...key.map(sqlText), ...times, `CAST(${commit} AS BIGINT)`, ...cells].join(", ")})`;
    });
    const names = [
      ...definition.key.map((key) => `_key_${key}`),
      ...["_event", "_ordinal", "_created", "_commit"],
      ...columns.map(({ name }) => name),
    ].map(sqlName);
    const order = [...definition.key.map((key) => sqlName(`_key_${key}`)), "_event", "_ordinal"].join(", ");
    const path = join(folder, `${definition.name}-${commit}.parquet`);
    await query.run(
      `COPY (SELECT * FROM (VALUES ${values.join(", ")}) v(${names.join(", ")}) ORDER BY ${order}) TO ${sqlText(path)} (FORMAT parquet, COMPRESSION zstd)`,
    );
    paths.push(path);
  }
  const identities = versions.map(identityOf);
  return {
    definition,
    files: {
      paths,
      revised: new Set(identities).size < identities.length,
      repeated: versions.some(({ ordinal }) => ordinal > 1),
    },
    late: versions.some(({ created, event }) => created > event),
  };
}

export function identityOf({ key, event, ordinal }: Version): string {
  return JSON.stringify([key, event, ordinal]);
}

function literal(value: number | string | null, numeric: boolean): string {
  const type = numeric ? "DOUBLE" : "VARCHAR";
  return value === null ? `CAST(NULL AS ${type})` : `CAST(${sqlText(String(value))} AS ${type})`;
}

export function minutesOf(iso: string): number {
  return (Date.parse(iso) - start) / minute;
}
