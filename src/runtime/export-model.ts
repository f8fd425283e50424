// A model as a file to take elsewhere: our own format, or ONNX for any other runtime.

import { toOnnx } from "../learn/onnx.ts";
import { loadArtifact, loadModelFile } from "../models/model-store.ts";
import { partsOf } from "../models/served-model.ts";
import type { BlobStore } from "../ports/blob-store.ts";

export type ModelFormat = "onnx" | "pentad";

export interface ExportedModel {
  readonly bytes: Uint8Array;
  /** What the file leaves out; null when it is the whole model. */
  readonly note: string | null;
}

/** Throws MODELS_ARTIFACT_CORRUPT, or RUNTIME_NOT_AVAILABLE for a model without an ONNX form. */
export async function exportModel(models: BlobStore, id: string, format: ModelFormat): Promise<ExportedModel> {
  if (format === "pentad") return { bytes: await loadModelFile(models, id), note: null };
  const { model, calibration } = partsOf(await loadArtifact(models, id));
  return {
    bytes: toOnnx(model),
    note:
      calibration === null
        ? null
        : "The file holds the model before its probabilities are calibrated; its order of rows is the same, its probabilities are not",
  };
}
