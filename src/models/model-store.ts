// The files of models: taken in under the hash of their content, and checked against it whenever they are read.

import { readFile } from "node:fs/promises";
import { fail } from "../base/failure.ts";
import type { Artifact, Predictor } from "../learn/model.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import { decodeModel, modelId } from "./model-file.ts";

/** The blob that holds a model's file. */
export function modelBlob(id: string): string {
  return `${id.slice(0, 2)}/${id}.model`;
}

/**
 * Takes a finished file into the registry under the hash of its content. One that is there already stays as it is. Throws
 * MODELS_ARTIFACT_CORRUPT when the file is not what its id says.
 */
export async function keepModelFile(blobs: BlobStore, path: string, id: string): Promise<void> {
  decodeModel(await readFile(path), id);
  const known = await blobs.find(modelBlob(id));
  // Damaged since, it is put right; whole, nobody touches it.
  if (known !== undefined && modelId(known) === id) return;
  await blobs.adopt(path, modelBlob(id));
}

/** Loads a version's model, checked against its hash. */
export async function loadModel(blobs: BlobStore, id: string): Promise<Predictor> {
  // A product whose models nobody asks need not hold the learners in memory.
  const { openServed } = await import("./served-model.ts");
  return openServed(await loadArtifact(blobs, id));
}

/** The same at rest. */
export async function loadArtifact(blobs: BlobStore, id: string): Promise<Artifact> {
  return decodeModel(await loadModelFile(blobs, id), id);
}

/** The bytes of a model's file. */
export async function loadModelFile(blobs: BlobStore, id: string): Promise<Uint8Array> {
  const bytes = await blobs.find(modelBlob(id));
  if (bytes === undefined) throw fail("MODELS_ARTIFACT_CORRUPT", `Expected the file of model ${id}, got nothing`);
  return bytes;
}
