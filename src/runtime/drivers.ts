// The only driver table: which driver stands behind each port. Each is loaded on first use.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ArrowColumn, ArrowFile } from "../drivers/arrow-file.ts";
import type { TypeCheckOptions, TypeMistake } from "../drivers/typescript-check.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { Compute, ComputeServing, StepHandlers } from "../ports/compute.ts";
import type { Database } from "../ports/database.ts";
import type { OnlineStore } from "../ports/online-store.ts";
import type { OpenOnnx } from "../ports/onnx.ts";
import type { Query, QueryOptions } from "../ports/query.ts";
import type { Smooth } from "../ports/smoothing.ts";

export async function openDatabase(stateFolder: string): Promise<Database> {
  const { sqliteDatabase } = await import("../drivers/sqlite-database.ts");
  return sqliteDatabase({ path: join(stateFolder, "catalog.sqlite") });
}

export async function openBlobs(stateFolder: string, space: "offline" | "models"): Promise<BlobStore> {
  const { filesystemBlobs } = await import("../drivers/filesystem-blobs.ts");
  return filesystemBlobs({ folder: join(stateFolder, space) });
}

export async function openOnline(stateFolder: string): Promise<OnlineStore> {
  const { lmdbOnline } = await import("../drivers/lmdb-online.ts");
  return lmdbOnline({ folder: join(stateFolder, "online") });
}

export async function openQuery(options: QueryOptions): Promise<Query> {
  const { duckdbQuery } = await import("../drivers/duckdb-query.ts");
  return duckdbQuery(options);
}

/** Throws RUNTIME_NOT_AVAILABLE where the optional package is missing. */
export async function openOnnx(projectFolder: string): Promise<OpenOnnx> {
  const { onnxruntimeSessions } = await import("../drivers/onnxruntime-session.ts");
  return onnxruntimeSessions(projectFolder);
}

export async function openSmoothing(): Promise<Smooth> {
  const { augursSmoothing } = await import("../drivers/augurs-smoothing.ts");
  return augursSmoothing();
}

export async function openArrowFile(path: string, columns: readonly ArrowColumn[]): Promise<ArrowFile> {
  const { arrowFile } = await import("../drivers/arrow-file.ts");
  return arrowFile(path, columns);
}

export type DetectedSource = Awaited<ReturnType<typeof detectSource>>;

/** The source that reads a file or a web address, found by looking at its content. */
export async function detectSource(
  location: string,
  place: { projectFolder: string; temporaryFolder: string; signal: AbortSignal },
) {
  const { detectSource: detect } = await import("../sources/detect.ts");
  return detect(location, place);
}

export async function openCompute(stateFolder: string): Promise<Compute & ComputeServing> {
  const { processCompute } = await import("../drivers/process-compute.ts");
  const hostModule = fileURLToPath(
    new URL(import.meta.url.endsWith(".ts") ? "./step-main.ts" : "./step-main.js", import.meta.url),
  );
  return processCompute({ hostModule, temporaryFolder: join(stateFolder, "tmp") });
}

/** In a step process: answers the tasks that the other side sends. */
export async function serveStepProcess(handlers: StepHandlers): Promise<void> {
  const { serveSteps } = await import("../drivers/process-host.ts");
  serveSteps(handlers);
}

export async function checkTypes(options: TypeCheckOptions): Promise<TypeMistake[]> {
  const { typeCheck } = await import("../drivers/typescript-check.ts");
  return typeCheck(options);
}
