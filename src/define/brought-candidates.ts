// Candidates that are brought along: models that another library trained.

import { isObject, type JsonObject } from "../base/json.ts";
import type { Candidate } from "./candidate.ts";
import { checkOptions, checkText, checkTexts, invalid } from "./check.ts";

export interface ImportedOptions {
  /** Names of the features in the file's order, when the file holds other ones. */
  readonly features?: readonly string[];
  /** The texts that the codes 0, 1, … of a category feature stand for, when the file does not say. */
  readonly categories?: Readonly<Record<string, readonly string[]>>;
}

/**
 * A model that LightGBM (`save_model`, text) or XGBoost (`save_model("….json")`) trained, as a file in the project: judged on the
 * same held-out rows as the others, gated and served like them. It must not have been trained on the held-out rows.
 *
 * @example
 * importedModel("models/churn.txt")
 */
export function importedModel(file: string, options: ImportedOptions = {}): Candidate {
  checkText("importedModel()", file);
  checkOptions("importedModel()", options, ["features", "categories"]);
  if (options.features !== undefined) checkTexts("importedModel().features", options.features);
  if (options.categories !== undefined) {
    if (!isObject(options.categories))
      throw invalid("importedModel().categories", 'texts such as { city: ["Oslo", "Rome"] }', options.categories);
    for (const [name, texts] of Object.entries(options.categories))
      checkTexts(`importedModel().categories.${name}`, texts);
  }
  return { algorithm: "imported", params: { file, ...options } as JsonObject };
}
