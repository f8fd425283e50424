// What a model's report is made of: its version as the registry keeps it, and the moves of its aliases.

import { isObject } from "../../base/json.ts";
import type { Task } from "../../define/metrics.ts";
import type { Success } from "../../define/success.ts";
import { type AliasMove, listMoves } from "../../models/aliases.ts";
import { getVersion, type Version } from "../../models/registry.ts";
import type { Database } from "../../ports/database.ts";

export interface ReportFacts {
  readonly version: Version;
  readonly about: AboutModel;
  /** Of this version, the newest first. */
  readonly moves: readonly AliasMove[];
}

/** What the training run wrote down beside the evaluation; versions from before there was such a thing lack some of it. */
export interface AboutModel {
  readonly problem: {
    readonly question: string;
    readonly audience: string | null;
    readonly task: Task;
    readonly success: Success;
  } | null;
  readonly label: NamedColumn | null;
  readonly features: readonly NamedColumn[];
  /** What says how much each row counts; null when all count the same. */
  readonly weight: { readonly data: string; readonly name: string } | null;
  readonly sources: readonly {
    readonly data: string;
    readonly source: string;
    readonly commit: number;
    readonly rows: number;
  }[];
  readonly candidates: readonly {
    readonly algorithm: string;
    readonly params?: Readonly<Record<string, unknown>>;
    readonly value: number | null;
    readonly folds?: readonly (number | null)[];
    readonly resource?: number;
    readonly failure: string | null;
  }[];
  /** Why a search under a budget ended. */
  readonly ended: string | null;
  readonly seed: number | null;
}

export interface NamedColumn {
  readonly name: string;
  readonly type: string;
  readonly unit: string | null;
  readonly description: string | null;
}

/** Throws MODELS_UNKNOWN. */
export async function readReportFacts(database: Database, training: string, version: number): Promise<ReportFacts> {
  const found = await getVersion(database, training, version);
  const moves = (await listMoves(database, training)).filter((move) => move.version === version);
  return { version: found, about: aboutModel(found.report), moves };
}

/** What is there, with nothing for what is not. */
export function aboutModel(report: Version["report"]): AboutModel {
  const list = <Item>(value: unknown) => (Array.isArray(value) ? (value as readonly Item[]) : []);
  return {
    problem: isObject(report.problem) ? (report.problem as never) : null,
    label: isObject(report.label) ? (report.label as never) : null,
    features: list(report.features),
    weight: isObject(report.weight) ? (report.weight as never) : null,
    sources: list(report.sources),
    candidates: list(report.candidates),
    ended: typeof report.ended === "string" ? report.ended : null,
    seed: typeof report.seed === "number" ? report.seed : null,
  };
}
