// Where a version came from and what came of it: source files → commits → training set → code → settings → model → answers.

import { isObject, type JsonObject } from "../base/json.ts";
import { usesOf } from "../catalog/lineage.ts";
import { getVersion } from "../models/registry.ts";
import type { Project } from "./open-project.ts";
import { aboutModel } from "./report/facts.ts";

export interface Lineage {
  readonly sources: readonly {
    readonly data: string;
    readonly source: string;
    readonly commit: number;
    readonly rows: number;
  }[];
  /** SHA-256 of the training set's file. */
  readonly trainingSet: string;
  /** The training's file, and the hash of that and of all that it imports; null for versions that did not keep it. */
  readonly code: { readonly file: string; readonly hash: string } | null;
  readonly params: JsonObject;
  /** The hash of the model's file. */
  readonly model: string;
  readonly predictions: { readonly logged: number; readonly batches: readonly string[] };
}

/** Throws MODELS_UNKNOWN. */
export async function lineageOf(
  { database }: Pick<Project, "database">,
  training: string,
  number: number,
): Promise<Lineage> {
  const version = await getVersion(database, training, number);
  const { code } = version.report;
  const logged = await database.get<{ n: number }>(
    "select count(*) as n from inference_predictions where training = ? and version = ?",
    [training, number],
  );
  return {
    sources: aboutModel(version.report).sources,
    trainingSet: version.trainingSet,
    code: isObject(code) ? (code as unknown as Lineage["code"]) : null,
    params: version.params,
    model: version.id,
    predictions: { logged: logged?.n ?? 0, batches: await usesOf(database, `model/${version.id}`) },
  };
}
