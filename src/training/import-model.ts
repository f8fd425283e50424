// A candidate that comes as a file of another library: read, and checked against the task, the classes and the features.

import { readFile } from "node:fs/promises";
import { resolve, sep } from "node:path";
import { fail } from "../base/failure.ts";
import type { JsonObject } from "../base/json.ts";
import { importLightgbm } from "../learn/import-lightgbm.ts";
import type { ImportOptions } from "../learn/import-trees.ts";
import { importXgboost } from "../learn/import-xgboost.ts";
import { type Artifact, openModel } from "../learn/model.ts";
import type { LabelledRows } from "./rows.ts";

/** `params.file` is relative to the project's folder, which is the step's current one. Throws MODELS_ARTIFACT_CORRUPT or DEFINE_INVALID. */
export async function importModel({ file, ...options }: JsonObject, { label, table }: LabelledRows): Promise<Artifact> {
  const text = await readProjectFile(String(file));
  const read = text.trimStart().startsWith("{") ? importXgboost : importLightgbm;
  const given = options as ImportOptions;
  const model = openModel(read(text, given));
  if (model.task !== label.task)
    throw fail(
      "DEFINE_INVALID",
      `importedModel(${JSON.stringify(file)}): expected a model for a ${label.task} task, got one for ${model.task}`,
    );
  const gone = model.features.filter(({ name }) => !table.columns.has(name)).map(({ name }) => name);
  if (gone.length > 0)
    throw fail(
      "DEFINE_INVALID",
      `importedModel(${JSON.stringify(file)}): expected features of the training, got ${gone.slice(0, 5).join(", ")}`,
      { hint: 'Give their names in the file\'s order: importedModel(file, { features: ["…"] })' },
    );
  // The file knows classes by number alone; they are those of the label, in its order.
  return read(text, label.task === "regression" ? given : { ...given, classes: label.classes });
}

async function readProjectFile(file: string): Promise<string> {
  const folder = process.cwd();
  const path = resolve(folder, file);
  if (!path.startsWith(folder + sep))
    throw fail("DEFINE_INVALID", `importedModel(): expected a file in the project, got ${JSON.stringify(file)}`);
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw fail("DEFINE_INVALID", `importedModel(): expected a file in the project, got ${JSON.stringify(file)}`, {
      cause: error,
      hint: "Write its path from the project's folder, such as models/churn.txt",
    });
  }
}
