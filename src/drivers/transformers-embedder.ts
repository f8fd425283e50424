// Embeds texts in the project's own process with models of the Hugging Face Hub, run by the optional package @huggingface/transformers.

import { join, resolve } from "node:path";
import { fail, messageOf } from "../base/failure.ts";
import type { EmbeddedAs, Embedder } from "../ports/embedder.ts";
import { isFolder, modelFolderMark } from "./model-folder.ts";
import { findPackage } from "./optional-package.ts";

export interface TransformersEmbedderOptions {
  /**
   * A model of the Hugging Face Hub with ONNX files, e.g. "Xenova/all-MiniLM-L6-v2", downloaded at its first use and kept
   * below `.pentad`; or a folder of the project laid out like one, e.g. "./models/minilm", which needs no network.
   */
  readonly model: string;
  /** How many numbers the model's vectors have, e.g. 384. */
  readonly dimensions: number;
  /** Which revision of a model of the Hub: a commit's hash pins it; "main" when left out. */
  readonly revision?: string;
  /** Which of the model's files: "fp32" (the default), "fp16", "q8" and so on. */
  readonly dtype?: string;
  /** How the vectors of a text's tokens become one: "mean" (the default), "cls" or "last_token", as its model wants it. */
  readonly pooling?: "mean" | "cls" | "last_token";
  /** Put before stored texts, for models that want it, e.g. "passage: ". */
  readonly documentPrefix?: string;
  /** Put before the words of a search, e.g. "query: ". */
  readonly queryPrefix?: string;
}

interface Tensor {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}
type Extract = (texts: readonly string[], options: object) => Promise<Tensor>;
interface Transformers {
  readonly env: { cacheDir: string };
  pipeline(task: "feature-extraction", model: string, options: object): Promise<Extract>;
}

const packageName = "@huggingface/transformers";
const batchSize = 32;
const tellEveryMs = 3_000;

/**
 * An embedder that runs a model of the Hugging Face Hub, or of a folder, in the project's own processes; vectors have length
 * 1. It needs the package @huggingface/transformers: `npm install @huggingface/transformers`.
 *
 * @example
 * const minilm = transformersEmbedder({ model: "Xenova/all-MiniLM-L6-v2", dimensions: 384 });
 * const meaning = embedding({ of: "title", with: minilm });
 */
export function transformersEmbedder(options: TransformersEmbedderOptions): Embedder {
  const { model, dimensions, revision = "main", dtype = "fp32", pooling = "mean" } = checkOptions(options);
  const { documentPrefix = "", queryPrefix = "" } = options;
  const folder = isFolder(model) ? resolve(model) : null;
  const mark = folder === null ? revision : modelFolderMark(model, folder);
  let opened: Promise<Extract> | undefined;

  /** The model is loaded once, and once more after it could not be. */
  function open(): Promise<Extract> {
    opened ??= openModel({ model, folder, revision, dtype }).catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  }

  return {
    dimensions,
    batchSize,
    version: [`${model}@${mark}`, dtype, pooling, documentPrefix, queryPrefix].join(" "),
    async embed(texts, as: EmbeddedAs) {
      const extract = await open();
      const prefix = as === "query" ? queryPrefix : documentPrefix;
      const { dims, data } = await extract(
        texts.map((text) => prefix + text),
        { pooling, normalize: true },
      );
      const width = dims.at(-1) ?? 0;
      if (width !== dimensions)
        throw fail(
          "FEATURES_EMBEDDING_FAILED",
          `Expected ${model} to give vectors of ${dimensions} numbers, got ${width}`,
          { hint: `Say dimensions: ${width}` },
        );
      return texts.map((_, index) => data.slice(index * width, (index + 1) * width));
    },
  };
}

interface ModelPlace {
  readonly model: string;
  readonly folder: string | null;
  readonly revision: string;
  readonly dtype: string;
}

async function openModel({ model, folder, revision, dtype }: ModelPlace): Promise<Extract> {
  const project = process.cwd();
  const address = findPackage(packageName, project);
  if (address === undefined)
    throw fail("RUNTIME_NOT_AVAILABLE", `Expected the package ${packageName} to run ${model}, got none`, {
      hint: `npm install ${packageName}`,
    });
  const loaded = (await import(address)) as Partial<Transformers> & { readonly default: Transformers };
  const { env, pipeline } = { ...loaded.default, ...loaded };
  env.cacheDir = join(project, ".pentad", "cache", "transformers");
  try {
    return await pipeline("feature-extraction", folder ?? model, {
      dtype,
      ...(folder === null ? { revision, progress_callback: tellProgress(model) } : { local_files_only: true }),
    });
  } catch (error) {
    const reason = messageOf(error);
    if (folder !== null)
      throw fail("FEATURES_EMBEDDING_FAILED", `Expected a model that loads in ${model}, got: ${reason}`, {
        hint: "Put there what the Hub has of the model: config.json, tokenizer.json, tokenizer_config.json and onnx/model.onnx",
      });
    // The network may be there the next time.
    throw fail("RUNS_STEP_THROWS", `Expected the model ${model} of the Hugging Face Hub, got: ${reason}`, {
      hint: "Check the model's name and the network; or download it into a folder and name that: ./models/NAME",
    });
  }
}

/** A large model takes minutes, in which whoever waits should see something; lines of the run's log. */
function tellProgress(model: string): (progress: { status?: string; progress?: number }) => void {
  let toldAt = performance.now();
  return ({ status, progress }) => {
    if (status !== "progress_total" && status !== "progress") return;
    if (performance.now() - toldAt < tellEveryMs) return;
    toldAt = performance.now();
    process.stderr.write(`downloading ${model}: ${Math.round(progress ?? 0)} %\n`);
  };
}

function checkOptions(options: TransformersEmbedderOptions): TransformersEmbedderOptions {
  const wrong = (field: string, expected: string, got: unknown) =>
    fail(
      "DEFINE_INVALID",
      `transformersEmbedder().${field}: expected ${expected}, got ${JSON.stringify(got) ?? "nothing"}`,
      {
        details: { field },
      },
    );
  const { model, dimensions, pooling, ...others } = options ?? {};
  if (typeof model !== "string" || model.trim() === "")
    throw wrong("model", 'a model of the Hugging Face Hub such as "Xenova/all-MiniLM-L6-v2", or a folder', model);
  if (!Number.isInteger(dimensions) || dimensions < 1)
    throw wrong("dimensions", "a whole number such as 384", dimensions);
  if (pooling !== undefined && !["mean", "cls", "last_token"].includes(pooling))
    throw wrong("pooling", '"mean", "cls" or "last_token"', pooling);
  const texts = ["revision", "dtype", "documentPrefix", "queryPrefix"];
  for (const [name, value] of Object.entries(others)) {
    if (!texts.includes(name)) throw wrong(name, `one of model, dimensions, pooling, ${texts.join(", ")}`, name);
    if (value !== undefined && typeof value !== "string") throw wrong(name, "a text", value);
  }
  return options;
}
