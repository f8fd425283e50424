// The package's door: every word that a user's five files are written with.

// The project

export { type Config, type ConfigOptions, defineConfig } from "./define/config.ts";

// Step 1, problem

export { defineProblem, type ProblemComponent, type ProblemOptions } from "./define/problem.ts";

// Step 2, data

export { type DataComponent, defineData } from "./define/data.ts";
export type { DataOptions, EventTime, RawRow } from "./define/data-options.ts";
export { type Embedding, type EmbeddingOptions, embedding } from "./define/embedding.ts";
export { boolean, category, type Feature, number, text, time, vector } from "./define/feature.ts";
export { ahead } from "./define/label.ts";
export { type OnDemand, type OnDemandOptions, onDemand } from "./define/on-demand.ts";
export type { ScheduleOptions } from "./define/schedule.ts";
export { count, distinct, last, max, mean, min, quantile, std, sum, type Window } from "./define/window.ts";
export { type TransformersEmbedderOptions, transformersEmbedder } from "./drivers/transformers-embedder.ts";
export type { EmbeddedAs, Embedder } from "./ports/embedder.ts";
export type { Source } from "./ports/source.ts";
export { csv } from "./sources/csv.ts";
export { json } from "./sources/json.ts";
export { parquet } from "./sources/parquet.ts";
export { push } from "./sources/push.ts";
export { rows } from "./sources/rows.ts";

// Step 3, training

export { importedModel } from "./define/brought-candidates.ts";
export { auto, type Candidate } from "./define/candidate.ts";
export { type CustomArtefact, type CustomFit, type CustomRow, customModel } from "./define/custom-model.ts";
export { kMeans, nearestNeighbours } from "./define/distance-candidates.ts";
export { ets, mstl, seasonalNaive } from "./define/forecast-candidates.ts";
export { elasticNet, lasso, logistic, naiveBayes, neuralNetwork, ridge } from "./define/linear-candidates.ts";
export { defineTraining, type TrainingComponent, type TrainingOptions } from "./define/training.ts";
export { extraTrees, gradientBoosting, isolationForest, randomForest } from "./define/tree-candidates.ts";

// Step 4, inference

export {
  defineInference,
  type InferenceComponent,
  type InferenceOptions,
  type InputOf,
  type OutputOf,
} from "./define/inference.ts";

// Step 5, app

export { type AppComponent, type AppOptions, defineApp } from "./define/app.ts";
