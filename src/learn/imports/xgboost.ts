// Imports an XGBoost model, as `save_model("….json")` writes it, with the same decisions for every input.

import { fail, type PentadError } from "../../base/failure.ts";
import { isObject } from "../../base/json.ts";
import type { Link } from "../link.ts";
import type { Artifact } from "../model.ts";
import { type ImportedNode, type ImportedTree, type ImportOptions, importTrees, unreadable } from "./trees.ts";

const library = "XGBoost";
const bad = (message: string): PentadError => unreadable(library, message);

const linkOfObjective: Readonly<Record<string, Link>> = {
  "binary:logistic": "logit",
  "multi:softprob": "softmax",
  "multi:softmax": "softmax",
  "count:poisson": "exp",
  "reg:gamma": "exp",
  "reg:tweedie": "exp",
  "reg:squarederror": "identity",
  "reg:squaredlogerror": "identity",
  "reg:absoluteerror": "identity",
  "reg:pseudohubererror": "identity",
  "reg:quantileerror": "identity",
  "binary:logitraw": "identity",
  "rank:pairwise": "identity",
  "rank:ndcg": "identity",
  "rank:map": "identity",
};

/**
 * Reads gbtree and dart models for classes, numbers and ranks. A category that is not in the feature's dictionary counts as missing
 * here. Throws MODELS_ARTIFACT_CORRUPT for a file that is no such model, and for what has no counterpart here: linear boosters,
 * survival objectives, several targets or quantiles in one model.
 */
export function importXgboost(text: string, options: ImportOptions = {}): Artifact {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    throw bad("Expected an XGBoost model as JSON, got something else");
  }
  const learner = part(file, "learner");
  const params = part(learner, "learner_model_param");
  const objective = String(part(learner, "objective").name);
  const link = Object.hasOwn(linkOfObjective, objective) ? linkOfObjective[objective]! : undefined;
  if (link === undefined)
    throw bad(`Expected an objective that has a counterpart here, got ${JSON.stringify(objective.slice(0, 80))}`);
  let booster = part(learner, "gradient_booster");
  let weights: Float64Array | undefined;
  if (booster.name === "dart") {
    weights = numbers(booster, "weight_drop");
    booster = part(booster, "gbtree");
  } else if (booster.name !== "gbtree") throw bad(`Expected trees, got the booster ${JSON.stringify(booster.name)}`);
  const model = part(booster, "model");
  const count = Number(params.num_feature);
  if (!(Number.isInteger(count) && count >= 1 && count <= 65_535)) throw bad("Expected a number of features");
  if (Number(params.num_target ?? 1) > 1) throw bad("Expected one target, got several");
  const outputs = link === "softmax" ? Number(params.num_class) : 1;
  if (!(Number.isInteger(outputs) && outputs >= 1 && outputs <= 10_000)) throw bad("Expected a number of classes");
  const listed = Array.isArray(learner.feature_names) ? learner.feature_names.map(String) : [];
  const names = listed.length > 0 ? listed : Array.from({ length: count }, (_, f) => `f${f}`);
  if (names.length !== count) throw bad(`Expected ${count} feature names, got ${names.length}`);
  const kinds = Array.isArray(learner.feature_types) ? learner.feature_types : [];
  const categoryCounts = names.map((_, f): number | undefined => (kinds[f] === "c" ? 1 : undefined));
  if (!Array.isArray(model.trees)) throw bad("Expected a list of trees");
  const trees = model.trees.map((tree: unknown, t) => treeOf(tree, t, weights?.[t] ?? 1, categoryCounts));
  const categoryTexts = textsOf(model.cats, options.features ?? names, options);
  for (const [f, texts] of categoryTexts.entries())
    if (texts !== undefined && categoryCounts[f] !== undefined)
      categoryCounts[f] = Math.max(categoryCounts[f], texts.length);
  return importTrees(
    {
      library,
      objective,
      names,
      categoryCounts,
      categoryTexts,
      link,
      base: baseOf(params.base_score, link, outputs),
      trees: sideBySide(trees, numbers(model, "tree_info"), outputs),
    },
    options,
  );
}

/** Files may hold several trees of one class in a row; here those of one iteration stand side by side. */
function sideBySide(trees: readonly ImportedTree[], groups: Float64Array, outputs: number): ImportedTree[] {
  if (groups.length !== trees.length) throw bad(`Expected the classes of ${trees.length} trees, got ${groups.length}`);
  const own: ImportedTree[][] = Array.from({ length: outputs }, () => []);
  for (const [t, tree] of trees.entries()) {
    const group = own[groups[t]!];
    if (group === undefined) throw bad(`Expected the class of tree ${t}, got ${groups[t]}`);
    group.push(tree);
  }
  const most = own.reduce((longest, group) => Math.max(longest, group.length), 0);
  const nothing: ImportedTree = [{ value: 0, cover: 1 }];
  return Array.from({ length: most * outputs }, (_, i) => own[i % outputs]![Math.floor(i / outputs)] ?? nothing);
}

/** The base score stands on the scale of the answers, as a number or a list of them in a text. */
function baseOf(score: unknown, link: Link, outputs: number): Float64Array {
  const listed = String(score)
    .replace(/^\[|\]$/g, "")
    .split(",")
    .map(Number);
  if ((listed.length !== 1 && listed.length !== outputs) || !listed.every(Number.isFinite))
    throw bad(`Expected a base score, got ${JSON.stringify(score)}`);
  return Float64Array.from({ length: outputs }, (_, k) => {
    const own = listed[listed.length === 1 ? 0 : k]!;
    const margin = link === "logit" ? Math.log(own / (1 - own)) : link === "exp" ? Math.log(own) : own;
    if (!Number.isFinite(margin)) throw bad(`Expected a base score within its range, got ${own}`);
    return margin;
  });
}

function treeOf(tree: unknown, t: number, weight: number, categoryCounts: (number | undefined)[]): ImportedTree {
  const fault = (what: string): PentadError => bad(`${what} in tree ${t}`);
  if (!isObject(tree)) throw fault("Expected a tree");
  const left = numbers(tree, "left_children");
  const N = left.length;
  const column = (name: string): Float64Array => {
    const values = numbers(tree, name);
    if (values.length !== N) throw fault(`Expected ${N} numbers of ${name}, got ${values.length}`);
    return values;
  };
  if (Number(part(tree, "tree_param").size_leaf_vector ?? 1) > 1)
    throw fault("Expected one number per leaf, got several");
  const right = column("right_children");
  const feature = column("split_indices");
  const condition = column("split_conditions");
  const defaultLeft = column("default_left");
  const gain = column("loss_changes");
  const cover = column("sum_hessian");
  const kind = tree.split_type === undefined ? new Float64Array(N) : column("split_type");
  const sets = kind.includes(1) ? setsOf(tree, N, fault) : [];
  return Array.from({ length: N }, (_, i): ImportedNode => {
    if (left[i] === -1) return { value: weight * condition[i]!, cover: Math.max(0, cover[i]!) };
    const f = feature[i]!;
    const shared = {
      feature: f,
      left: left[i]!,
      right: right[i]!,
      missingLeft: defaultLeft[i] !== 0,
      gain: Math.max(0, gain[i]!),
    };
    if (kind[i] !== 1) {
      if (categoryCounts[f] !== undefined) throw fault(`Expected categories at node ${i}, got a number`);
      return { ...shared, threshold: greatestLeft(condition[i]!) };
    }
    const set = sets[i];
    if (set === undefined) throw fault(`Expected the categories of node ${i}`);
    if (!(f in categoryCounts)) throw fault(`Expected a known feature at node ${i}`);
    // Files list the categories that go right; older ones do not mark category features otherwise.
    for (const code of set) categoryCounts[f] = Math.max(categoryCounts[f] ?? 1, code + 1);
    return { ...shared, goesLeft: (code) => !set.has(code) };
  });
}

function setsOf(
  tree: Readonly<Record<string, unknown>>,
  N: number,
  fault: (what: string) => PentadError,
): Set<number>[] {
  const [nodes, starts, sizes, codes] = [
    "categories_nodes",
    "categories_segments",
    "categories_sizes",
    "categories",
  ].map((name) => numbers(tree, name)) as [Float64Array, Float64Array, Float64Array, Float64Array];
  const sets: Set<number>[] = [];
  for (const [i, node] of nodes.entries()) {
    const [start, size] = [starts[i]!, sizes[i]!];
    if (!(node >= 0 && node < N && start >= 0 && size >= 0 && start + size <= codes.length))
      throw fault(`Expected the categories of node ${node}`);
    const own = codes.subarray(start, start + size);
    if (own.some((code) => !(Number.isInteger(code) && code >= 0 && code < 2 ** 24)))
      throw fault(`Expected whole numbers as categories of node ${node}`);
    sets[node] = new Set(own);
  }
  return sets;
}

/**
 * XGBoost rounds an input to 32 bits and sends it left when it is below the condition; here it goes left up to a threshold of
 * 64 bits. The greatest number that still rounds to below the condition is half the way to it, or just short of that.
 */
function greatestLeft(condition: number): number {
  const bound = Math.fround(condition);
  if (!Number.isFinite(bound)) throw bad(`Expected a finite condition, got ${condition}`);
  const bits = new DataView(new ArrayBuffer(8));
  const below = (): number => {
    if (bound === 0) return -(2 ** -149);
    bits.setFloat32(0, bound);
    bits.setInt32(0, bits.getInt32(0) + (bound > 0 ? -1 : 1));
    return bits.getFloat32(0);
  };
  const half = (bound + below()) / 2;
  if (Math.fround(half) < bound) return half;
  if (half === 0) return -Number.MIN_VALUE;
  bits.setFloat64(0, half);
  bits.setBigInt64(0, bits.getBigInt64(0) + (half > 0 ? -1n : 1n));
  return bits.getFloat64(0);
}

/** The texts of categories that came from a data frame: bytes of UTF-8 and where each text starts. */
function textsOf(cats: unknown, names: readonly string[], options: ImportOptions): (readonly string[] | undefined)[] {
  const count = names.length;
  const texts = new Array<readonly string[] | undefined>(count).fill(undefined);
  if (!isObject(cats) || !Array.isArray(cats.enc)) return texts;
  for (const [f, one] of cats.enc.slice(0, count).entries()) {
    if (!isObject(one) || !Array.isArray(one.values) || one.values.length === 0) continue;
    if (!Array.isArray(one.offsets)) {
      texts[f] = one.values.map(String);
      continue;
    }
    const bytes = Uint8Array.from(numbers(one, "values"));
    if (options.categories?.[names[f]!] !== undefined) continue;
    // XGBoost 3.2 counts characters where it should count bytes, and so cuts texts in its files.
    if (bytes.some((byte) => byte > 127))
      throw fail(
        "DEFINE_INVALID",
        `categories: expected the texts of ${JSON.stringify(names[f])}, which XGBoost cuts in its files when they are not ASCII`,
        { hint: "Give them in the order of the data frame's categories" },
      );
    const offsets = numbers(one, "offsets");
    texts[f] = Array.from({ length: Math.max(0, offsets.length - 1) }, (_, i) =>
      new TextDecoder().decode(bytes.subarray(offsets[i], offsets[i + 1])),
    );
  }
  return texts;
}

function part(from: unknown, name: string): Readonly<Record<string, unknown>> {
  const found = isObject(from) ? (from as Readonly<Record<string, unknown>>)[name] : undefined;
  if (!isObject(found)) throw bad(`Expected ${name} in the model`);
  return found as Readonly<Record<string, unknown>>;
}

function numbers(from: Readonly<Record<string, unknown>>, name: string): Float64Array {
  const list = from[name];
  if (!Array.isArray(list)) throw bad(`Expected a list of numbers of ${name}`);
  return Float64Array.from(list, (value: unknown) => {
    const number = typeof value === "boolean" ? Number(value) : value;
    if (typeof number !== "number" || !Number.isFinite(number)) throw bad(`Expected numbers of ${name}`);
    return number;
  });
}
