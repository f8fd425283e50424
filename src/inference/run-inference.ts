// Step 4's runs as a recipe: make sure that the live model answers, and score every entity when a batch is declared.

import type { JsonObject } from "../base/json.ts";
import type { Value } from "../base/table.ts";
import { recordLineage } from "../catalog/lineage.ts";
import type { PredictionDocument } from "../define/answer-documents.ts";
import type { InferenceDefinition, TrainingDefinition } from "../define/definition.ts";
import { groupFiles } from "../features/group-files.ts";
import type { OnDemandCompute } from "../features/on-demand.ts";
import type { PinnedGroup } from "../features/training-set.ts";
import { modelBlob } from "../models/model-store.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { Database } from "../ports/database.ts";
import type { OnlineStore } from "../ports/online-store.ts";
import type { Work } from "../runs/work.ts";
import { answer } from "./answer.ts";
import type { ApartModels } from "./apart.ts";
import type { BatchOutput } from "./batch.ts";
import { recordBatch } from "./batches.ts";
import { evenThreshold } from "./decide-class.ts";
import type { TextEmbedder } from "./embed-inputs.ts";
import { type Live, type LiveSource, typicalRequest } from "./live.ts";

export interface InferenceParts {
  readonly database: Database;
  readonly offline: BlobStore;
  readonly models: BlobStore;
  readonly online: OnlineStore;
  readonly live: LiveSource;
  readonly embedders: TextEmbedder;
  readonly onDemand: OnDemandCompute;
  readonly apart: ApartModels;
}

export async function runInference(
  inference: InferenceDefinition,
  training: TrainingDefinition,
  parts: InferenceParts,
  work: Work,
): Promise<void> {
  parts.live.invalidate();
  const live = await parts.live.get(inference, training);
  const reply = await typicalAnswer(live, parts);
  const typical = `version ${live.version.version} answers: ${shown(reply.prediction)} for a typical row`;
  if (inference.batchSchedule === null) {
    await work.commit(async () => undefined, { detail: typical });
    return;
  }
  work.detail("scoring the newest row of every entity");
  const batch = await scoreInProcess(live, parts, work);
  const file = `predictions/${inference.name}/${work.run}.parquet`;
  await parts.offline.adopt(batch.path, file);
  await work.commit(
    async (tx, atMs) => {
      await recordBatch(
        tx,
        { inference: inference.name, run: work.run, version: live.version.version, file, rows: batch.rows },
        atMs,
      );
      await recordLineage(tx, file, [`model/${live.version.id}`], work.run, atMs);
    },
    { detail: `${typical}; ${batch.rows.toLocaleString("en")} ${batch.rows === 1 ? "row" : "rows"} of answers kept` },
  );
}

async function typicalAnswer(live: Live, parts: InferenceParts): Promise<PredictionDocument> {
  const input = typicalRequest(live);
  const options = { explain: false };
  return (await answer(live, parts, [{ input, options }]))[0] as PredictionDocument;
}

async function scoreInProcess(live: Live, parts: InferenceParts, work: Work): Promise<BatchOutput> {
  const groups: Record<string, PinnedGroup> = {};
  for (const commit of [live.spine, ...live.groups.map((group) => group.commit)]) {
    const files = await groupFiles(parts.database, parts.offline, commit.group, commit.sequence);
    groups[commit.group] = { definition: commit.definition, files, late: files.late };
  }
  const { id, version, evaluation } = live.version;
  return (await work.step("batch", "inference/batch", {
    training: live.training,
    groups,
    model: {
      id,
      version,
      path: await parts.models.localPath(modelBlob(id)),
      threshold: evaluation.threshold?.value ?? evenThreshold,
    },
    atMs: Date.now(),
    temporaryFolder: work.folder,
  } as unknown as JsonObject)) as unknown as BatchOutput;
}

/** A number as a person would say it. */
function shown(value: Value): string {
  return typeof value === "number" ? String(Number(value.toPrecision(4))) : String(value);
}
