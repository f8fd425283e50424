// Stored features of entities as a request asks for them: the newest values of every key, how old they are, and what is missing.

import { fail } from "../base/failure.ts";
import { isObject } from "../base/json.ts";
import type { Value } from "../base/table.ts";
import { nearest } from "../define/check.ts";
import type { DataDefinition } from "../define/definition.ts";
import { groupColumns } from "../features/columns.ts";
import { openColumnReader } from "../features/online/newest-rows.ts";
import type { Project } from "./open-project.ts";

/** `expired`: the row is older than its group's time to live, and its values do not count. */
export type OnlineStatus = "present" | "expired" | "absent";

export interface OnlineFeaturesDocument {
  /** `GROUP.COLUMN`, in the order of the values. */
  readonly features: readonly string[];
  /** In the order of the keys. */
  readonly rows: readonly {
    readonly values: readonly Value[];
    /** By group: what became of its row for this key, and when that happened. */
    readonly groups: Readonly<
      Record<string, { readonly status: OnlineStatus; readonly at?: string; readonly ageSeconds?: number }>
    >;
  }[];
}

export interface OnlineFeatures {
  /** Throws HTTP_BODY_INVALID, FEATURES_UNKNOWN. */
  read(body: unknown): Promise<OnlineFeaturesDocument>;
}

interface Part {
  readonly definition: DataDefinition;
  /** Places of its columns among the request's features. */
  readonly places: readonly number[];
  readonly find: ReturnType<typeof openColumnReader>;
}

interface Plan {
  readonly features: readonly string[];
  readonly parts: readonly Part[];
}

/** How long what is declared may be remembered; changes of this process are seen at once. */
const rememberMs = 1000;
const mostPlans = 200;
const mostValues = 1_000_000;

export function openOnlineFeatures(project: Project): OnlineFeatures {
  let groups: ReadonlyMap<string, DataDefinition> = new Map();
  let lookedUpMs = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> = Promise.resolve();
  /** By the names asked for, in one text; they hold as long as the definitions do. */
  let plans = new Map<string, Plan>();
  project.onChange(() => {
    lookedUpMs = Number.NEGATIVE_INFINITY;
  });

  async function lookUp(): Promise<void> {
    lookedUpMs = performance.now();
    const definitions = (await project.components.list()).flatMap(({ definition }) =>
      definition?.kind === "data" ? [definition] : [],
    );
    if (definitions.length !== groups.size || definitions.some((one) => groups.get(one.name) !== one)) {
      groups = new Map(definitions.map((one) => [one.name, one]));
      plans = new Map();
    }
  }

  return {
    async read(body) {
      const { features, keys, defaults } = readRequest(body);
      if (performance.now() - lookedUpMs > rememberMs)
        looking = lookUp().catch((error: unknown) => {
          lookedUpMs = Number.NEGATIVE_INFINITY;
          throw error;
        });
      await looking;
      const named = features.join("\n");
      let plan = plans.get(named);
      if (plan === undefined) {
        plan = planRequest(project, groups, features);
        if (plans.size < mostPlans) plans.set(named, plan);
      }
      return answer(plan, keys, defaults, Date.now());
    },
  };
}

function answer(
  { features, parts }: Plan,
  keys: readonly Readonly<Record<string, unknown>>[],
  defaults: Readonly<Record<string, Value>>,
  nowMs: number,
): OnlineFeaturesDocument {
  if (keys.length * features.length > mostValues)
    throw fail(
      "HTTP_BODY_INVALID",
      `Expected to be asked for at most ${mostValues.toLocaleString("en")} values, got ${keys.length} keys × ${features.length} features`,
    );
  const instead = features.map((name) => defaults[name] ?? null);
  const rows = keys.map((key, row) => {
    const values = [...instead];
    const groups: Record<string, { status: OnlineStatus; at?: string; ageSeconds?: number }> = {};
    for (const { definition, places, find } of parts) {
      const found = find(definition.key.map((column) => keyText(key[column], column, definition, row)));
      if (found === undefined) {
        groups[definition.name] = { status: "absent" };
        continue;
      }
      const ageMs = nowMs - found.eventMs;
      const expired = ageMs > (definition.ttlMs ?? Number.POSITIVE_INFINITY);
      groups[definition.name] = {
        status: expired ? "expired" : "present",
        at: new Date(found.eventMs).toISOString(),
        ageSeconds: Math.round(ageMs / 1000),
      };
      if (expired) continue;
      for (let at = 0; at < places.length; at++) {
        const value = found.values[at] ?? null;
        if (value !== null) values[places[at] as number] = value;
      }
    }
    return { values, groups };
  });
  return { features, rows };
}

/** Keys are texts as they stand in the source; a number stands there as JSON writes it. */
function keyText(value: unknown, column: string, { name }: DataDefinition, row: number): string {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return String(value).trim();
  throw fail(
    "HTTP_BODY_INVALID",
    `Expected keys[${row}] to hold ${JSON.stringify(column)}, the key of data/${name}, got ${value === undefined ? "nothing" : JSON.stringify(value)?.slice(0, 60)}`,
  );
}

function planRequest(project: Project, groups: ReadonlyMap<string, DataDefinition>, asked: readonly string[]): Plan {
  const features: string[] = [];
  const columns = new Map<string, { name: string; place: number }[]>();
  for (const text of asked) {
    const dot = text.indexOf(".");
    const [group, column] = dot < 0 ? [text, undefined] : [text.slice(0, dot), text.slice(dot + 1)];
    const definition = groups.get(group);
    if (definition === undefined) throw unknown("a data component", group, [...groups.keys()]);
    const own = groupColumns(definition).flatMap(({ name, role }) => (role === "label" ? [] : [name]));
    if (column !== undefined && !own.includes(column)) throw unknown(`a feature of data/${group}`, column, own);
    const chosen = columns.get(group) ?? [];
    for (const name of column === undefined ? own : [column]) {
      chosen.push({ name, place: features.length });
      features.push(`${group}.${name}`);
    }
    columns.set(group, chosen);
  }
  const parts = [...columns].map(([group, chosen]) => ({
    definition: groups.get(group) as DataDefinition,
    places: chosen.map(({ place }) => place),
    find: openColumnReader(
      project.online,
      group,
      chosen.map(({ name }) => name),
    ),
  }));
  return { features, parts };
}

function unknown(what: string, name: string, known: readonly string[]) {
  const near = nearest(name, known);
  return fail("FEATURES_UNKNOWN", `Expected ${what}, got ${JSON.stringify(name)}`, {
    hint: near === undefined ? `There are ${known.slice(0, 20).join(", ") || "none"}` : `Did you mean ${near}?`,
  });
}

function readRequest(body: unknown): {
  features: readonly string[];
  keys: readonly Readonly<Record<string, unknown>>[];
  defaults: Readonly<Record<string, Value>>;
} {
  const { features, keys = [{}], defaults = {} } = isObject(body) ? body : {};
  if (!Array.isArray(features) || features.length === 0 || !features.every((one) => typeof one === "string"))
    throw fail(
      "HTTP_BODY_INVALID",
      'Expected {"features": ["GROUP.COLUMN", "GROUP"], "keys": [{"COLUMN": value}]}, got something else',
    );
  if (!Array.isArray(keys) || !keys.every(isObject))
    throw fail("HTTP_BODY_INVALID", 'Expected "keys" to be a list of objects, got something else');
  if (!isObject(defaults))
    throw fail("HTTP_BODY_INVALID", 'Expected "defaults" to be an object of feature → value, got something else');
  return { features, keys, defaults: defaults as Readonly<Record<string, Value>> };
}
