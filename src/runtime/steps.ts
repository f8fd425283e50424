// What a step process can do: entry names to functions. It runs the user's code; the product's own process never does.

import { availableParallelism } from "node:os";
import type { Json, JsonObject } from "../base/json.ts";
import type { ReadParts } from "../data/gather-rows.ts";
import { type JoinInput, joinPartitions, type PartitionInput, readPartition } from "../data/partition.ts";
import { type ReadInput, readSource } from "../data/read.ts";
import type { DataComponent } from "../define/data.ts";
import type { DataDefinition } from "../define/definition.ts";
import { type BatchInput, scoreBatch } from "../inference/batch.ts";
import type { StepContext, StepHandlers } from "../ports/compute.ts";
import type { Query } from "../ports/query.ts";
import type { FinalInput } from "../training/fit-final.ts";
import { fitOnTask, type TaskTools, tryOnTask } from "../training/on-task.ts";
import { makeTrainingSet, type SetInput } from "../training/training-set.ts";
import type { TrialInput } from "../training/trial.ts";
import { boostingThreads } from "./boosting-threads.ts";
import { openQuery, openSmoothing } from "./drivers.ts";
import { loadComponents } from "./load-components.ts";
import { loadConfig } from "./load-config.ts";
import { indexRows } from "./search-build.ts";
import { loadEmbedders } from "./serving/embedder-code.ts";
import { serveEmbedder } from "./serving/embedder-serving.ts";
import { loadOnDemandOf } from "./serving/on-demand-code.ts";
import { serveOnDemand } from "./serving/on-demand-serving.ts";
import { outsideModels } from "./serving/outside-models.ts";
import { serveModel } from "./serving/outside-serving.ts";
import { serveTransform } from "./serving/transform-serving.ts";
import { importUserFile } from "./user-modules.ts";

export const stepHandlers: StepHandlers = {
  "project/load": async (_input, { task }) =>
    asJson({
      components: await loadComponents(task.projectFolder),
      config: await loadConfig(task.projectFolder),
    }),
  "features/on-demand": serveOnDemand,
  "features/embed": serveEmbedder,
  "features/index": (input, context) => withQuery(context, (query) => indexRows(input, query, context)),
  "inference/model": serveModel,
  "data/transform": serveTransform,
  "data/read": (input, context) =>
    withQuery(context, async (query) =>
      readSource(ofProject<ReadInput>(input, context), await readParts(input, query, context)),
    ),
  "data/partition": (input, context) =>
    withQuery(context, async (query) =>
      readPartition(ofProject<PartitionInput>(input, context), await readParts(input, query, context)),
    ),
  "data/join": (input, context) =>
    withQuery(context, (query) => joinPartitions(input as unknown as JoinInput, { query, progress: context.progress })),
  "training/set": (input, context) =>
    withQuery(context, async (query) => {
      const set = input as unknown as SetInput;
      return makeTrainingSet(set, query, await loadOnDemandOf(context.task.projectFolder, set.training));
    }),
  "training/candidate": (input, context) =>
    withQuery(context, (query) =>
      tryOnTask(input as unknown as TrialInput, taskTools(query, context, input.atOnce as number)),
    ),
  "training/final": (input, context) =>
    withQuery(context, (query) => fitOnTask(input as unknown as FinalInput, taskTools(query, context, 1))),
  "inference/batch": (input, context) =>
    withQuery(context, async (query) => {
      const batch = input as unknown as BatchInput;
      const { projectFolder } = context.task;
      const code = await loadOnDemandOf(projectFolder, batch.training);
      return scoreBatch(batch, query, { code, prepare: outsideModels(projectFolder).prepare });
    }),
};

function taskTools(query: Query, context: StepContext, atOnce: number): TaskTools {
  return { query, progress: context.progress, smoothing: openSmoothing, fitting: fitting(context, atOnce) };
}

function ofProject<Input>(input: JsonObject, { task }: StepContext): Input {
  return { ...input, projectFolder: task.projectFolder, secrets: task.environment } as Input;
}

/** What reads rows is the user's: the source, the transform and the embedders of the component's file. */
async function readParts(input: JsonObject, query: Query, context: StepContext): Promise<ReadParts> {
  const component = (await importUserFile(context.task.projectFolder, input.file as string)).default as DataComponent;
  const { source, transform } = component.options;
  const embedders = await loadEmbedders(context.task.projectFolder, input.definition as unknown as DataDefinition);
  return { source, transform, embedders, query, signal: context.signal, progress: context.progress };
}

/** An engine of the step's own; what it takes beside its tables, Node and the step's code need as much again. */
async function withQuery<Result>({ task }: StepContext, work: (query: Query) => Promise<Result>): Promise<Json> {
  const query = await openQuery({
    memoryMb: Math.max(64, Math.floor(task.limits.memoryMb * 0.42)),
    temporaryFolder: task.input.temporaryFolder as string,
    threads: 2,
  });
  try {
    return asJson(await work(query));
  } finally {
    await query.close();
  }
}

/** Boosting takes the step's share of the processors, and stops when the step is asked to. */
function fitting({ signal, task }: StepContext, atOnce: number) {
  return {
    signal,
    outside: outsideModels(task.projectFolder),
    threads: boostingThreads(Math.max(1, Math.floor(availableParallelism() / atOnce))),
  };
}

function asJson(value: unknown): Json {
  return value as Json;
}
