// A candidate that comes as a file of another library: read, and checked against the task, the classes and the features.

import { readFile } from "node:fs/promises";
import { resolve, sep } from "node:path";
import { fail } from "../base/failure.ts";
import type { JsonObject } from "../base/json.ts";
import { type Feature, wholeFeatures } from "../learn/feature.ts";
import { featuresOf } from "../learn/features.ts";
import { importLightgbm } from "../learn/imports/lightgbm.ts";
import { onnxArtifact } from "../learn/imports/onnx.ts";
import type { ImportOptions } from "../learn/imports/trees.ts";
import { importXgboost } from "../learn/imports/xgboost.ts";
import type { Artifact } from "../learn/model.ts";
import { openModel } from "../learn/open-model.ts";
import type { LabelledRows } from "./rows.ts";

/** `params.file` is relative to the project's folder, which is the step's current one. Throws MODELS_ARTIFACT_CORRUPT or DEFINE_INVALID. */
export async function importModel(
  { file, ...options }: JsonObject,
  { label, table }: LabelledRows,
  prepareOnnx?: () => Promise<void>,
): Promise<Artifact> {
  if (String(file).endsWith(".onnx")) {
    await prepareOnnx?.();
    return onnxArtifact(
      await readProjectFile(String(file)),
      onnxFeatures(String(file), options as ImportOptions, table),
      label,
    );
  }
  const text = Buffer.from(await readProjectFile(String(file))).toString("utf8");
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

/** All features of the training, or those that are named, in the file's order; categories with the texts of its codes. */
function onnxFeatures(
  file: string,
  { features, categories = {} }: ImportOptions,
  table: LabelledRows["table"],
): Feature[] {
  const own = wholeFeatures(featuresOf(table, { text: true }));
  const gone = (features ?? []).filter((name) => !own.some((one) => one.name === name));
  if (gone.length > 0)
    throw fail(
      "DEFINE_INVALID",
      `importedModel(${JSON.stringify(file)}): expected features of the training, got ${gone.slice(0, 5).join(", ")}`,
    );
  const wanted = features?.map((name) => own.find((one) => one.name === name) as Feature) ?? own;
  return wanted.map((feature) =>
    feature.type === "category"
      ? { ...feature, dictionary: categories[feature.name] ?? feature.dictionary ?? [] }
      : feature,
  );
}

async function readProjectFile(file: string): Promise<Uint8Array> {
  const folder = process.cwd();
  const path = resolve(folder, file);
  if (!path.startsWith(folder + sep))
    throw fail("DEFINE_INVALID", `importedModel(): expected a file in the project, got ${JSON.stringify(file)}`);
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    throw fail("DEFINE_INVALID", `importedModel(): expected a file in the project, got ${JSON.stringify(file)}`, {
      cause: error,
      hint: "Write its path from the project's folder, such as models/churn.txt",
    });
  }
}
