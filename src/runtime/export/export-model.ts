// A model as a file to take elsewhere: our own format, or ONNX for any other runtime.

import { toOnnx } from "../../learn/onnx/onnx.ts";
import { loadArtifact, loadModelFile } from "../../models/model-store.ts";
import { partsOf } from "../../models/served-model.ts";
import type { BlobStore } from "../../ports/blob-store.ts";

export type ModelFormat = "onnx" | "pentad";

/** Throws MODELS_ARTIFACT_CORRUPT, or RUNTIME_NOT_AVAILABLE for a model without an ONNX form. */
export async function exportModel(models: BlobStore, id: string, format: ModelFormat): Promise<Uint8Array> {
  if (format === "pentad") return loadModelFile(models, id);
  const { model, calibration } = partsOf(await loadArtifact(models, id));
  return toOnnx(model, calibration);
}
