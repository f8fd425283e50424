// Imports a LightGBM model, as `save_model` writes it (text), with the same answers to the last digits.

import type { PentadError } from "../../base/failure.ts";
import type { Link } from "../link.ts";
import type { Artifact } from "../model.ts";
import { type ImportedNode, type ImportedTree, type ImportOptions, importTrees, unreadable } from "./trees.ts";

const library = "LightGBM";
const bad = (message: string): PentadError => unreadable(library, message);

const identities = ["regression", "regression_l1", "huber", "fair", "quantile", "mape", "lambdarank", "rank_xendcg"];
const exponentials = ["poisson", "gamma", "tweedie"];

/**
 * Reads gbdt, dart, goss and rf models for classes, numbers and ranks. Categories keep pandas' texts where the file has them.
 * Infinite inputs count as missing here. Throws MODELS_ARTIFACT_CORRUPT for a file that is no such model, and for what has no
 * counterpart here: linear trees, one-vs-all classes, user-defined objectives, zeros as missing values.
 */
export function importLightgbm(text: string, options: ImportOptions = {}): Artifact {
  const [head, ...blocks] = text.split(/^Tree=/m);
  if (head === undefined || !/^tree\s*$/m.test(head.slice(0, 20)))
    throw bad("Expected a LightGBM text model, got something else");
  const facts = pairsOf(head);
  const names = (facts.get("feature_names") ?? "").split(" ");
  const count = Number(facts.get("max_feature_idx")) + 1;
  if (!(count >= 1 && names.length === count)) throw bad(`Expected ${count} feature names, got ${names.length}`);
  const infos = (facts.get("feature_infos") ?? "").split(" ");
  if (infos.length !== count) throw bad(`Expected ${count} feature_infos, got ${infos.length}`);
  const outputs = Number(facts.get("num_tree_per_iteration") ?? 1);
  if (!(Number.isInteger(outputs) && outputs >= 1 && outputs <= 10_000 && blocks.length % outputs === 0))
    throw bad(`Expected a multiple of ${facts.get("num_tree_per_iteration")} trees, got ${blocks.length}`);
  const { link, factor, objective } = linkOf(facts.get("objective") ?? "", outputs);
  // A forest answers with the mean of its trees, all others with their sum.
  const scale = /^average_output\s*$/m.test(head) ? factor / Math.max(1, blocks.length / outputs) : factor;
  const last = blocks.at(-1) ?? "";
  if (blocks.length > 0 && !/^end of trees\s*$/m.test(last))
    throw bad("Expected the end of the trees, got a file cut short");
  const categoryCounts: (number | undefined)[] = infos.map((info) => {
    if (info === "none" || info.startsWith("[")) return undefined;
    const codes = info.split(":").map(Number);
    if (!codes.every(Number.isInteger))
      throw bad(`Expected the categories of a feature, got ${JSON.stringify(info.slice(0, 40))}`);
    return codes.reduce((most, code) => Math.max(most, code + 1), 1);
  });
  const trees = blocks.map((block, t) => treeOf(block, t, scale, categoryCounts));
  return importTrees(
    {
      library,
      objective,
      names,
      categoryCounts,
      categoryTexts: textsOf(text, infos),
      link,
      base: new Float64Array(outputs),
      trees,
    },
    options,
  );
}

function linkOf(line: string, outputs: number): { link: Link; factor: number; objective: string } {
  const [objective = "", ...settings] = line.split(" ");
  const setting = (name: string): number | undefined => {
    const found = settings.find((one) => one.startsWith(`${name}:`));
    return found === undefined ? undefined : Number(found.slice(name.length + 1));
  };
  if (objective === "binary" && outputs === 1) {
    const factor = setting("sigmoid") ?? 1;
    if (!(factor > 0 && factor < 1e6)) throw bad(`Expected a positive sigmoid, got ${factor}`);
    return { link: "logit", factor, objective };
  }
  if (objective === "multiclass" && outputs >= 2) return { link: "softmax", factor: 1, objective };
  if (outputs === 1 && identities.includes(objective) && !settings.includes("sqrt"))
    return { link: "identity", factor: 1, objective };
  if (outputs === 1 && exponentials.includes(objective)) return { link: "exp", factor: 1, objective };
  throw bad(`Expected an objective that has a counterpart here, got ${JSON.stringify(line.slice(0, 80))}`);
}

function pairsOf(text: string): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const line of text.split("\n")) {
    const at = line.indexOf("=");
    if (at > 0) pairs.set(line.slice(0, at), line.slice(at + 1).trimEnd());
  }
  return pairs;
}

function treeOf(
  block: string,
  t: number,
  scale: number,
  categoryCounts: readonly (number | undefined)[],
): ImportedTree {
  const facts = pairsOf(block.split(/^end of trees/m)[0]!);
  const fault = (what: string): PentadError => bad(`${what} in tree ${t}`);
  const numbers = (name: string, length: number): Float64Array => {
    const words = (facts.get(name) ?? "").split(" ").filter((word) => word !== "");
    if (words.length !== length) throw fault(`Expected ${length} numbers of ${name}, got ${words.length}`);
    // A threshold may be infinite: then only missing values go right.
    const values = Float64Array.from(words, (word) => (word === "inf" ? Number.MAX_VALUE : Number(word)));
    if (values.some(Number.isNaN)) throw fault(`Expected numbers of ${name}`);
    return values;
  };
  if ((facts.get("is_linear") ?? "0") !== "0") throw fault("Expected constant leaves, got linear ones");
  const leaves = Number(facts.get("num_leaves"));
  if (!(Number.isInteger(leaves) && leaves >= 1 && leaves <= 1e7)) throw fault("Expected a number of leaves");
  const splits = leaves - 1;
  const values = numbers("leaf_value", leaves);
  const covers =
    facts.get("leaf_count") === undefined || leaves === 1
      ? new Float64Array(leaves).fill(1)
      : numbers("leaf_count", leaves);
  const feature = numbers("split_feature", splits);
  const threshold = numbers("threshold", splits);
  const decision = numbers("decision_type", splits);
  const left = numbers("left_child", splits);
  const right = numbers("right_child", splits);
  const gain = numbers("split_gain", splits);
  const sets = Number(facts.get("num_cat") ?? 0);
  if (!(Number.isInteger(sets) && sets >= 0 && sets <= splits)) throw fault("Expected a number of category splits");
  const bounds = sets > 0 ? numbers("cat_boundaries", sets + 1) : new Float64Array(1);
  const words = sets > 0 ? Uint32Array.from(numbers("cat_threshold", bounds[sets]!)) : new Uint32Array(0);
  // Leaves are numbered after the splits; files count them -1, -2, …
  const number = (child: number): number => {
    if (!Number.isInteger(child) || child >= splits || ~child >= leaves) throw fault(`Expected a child, got ${child}`);
    return child >= 0 ? child : splits + ~child;
  };
  const nodes: ImportedNode[] = [];
  for (let i = 0; i < splits; i++) {
    const shared = {
      feature: feature[i]!,
      left: number(left[i]!),
      right: number(right[i]!),
      gain: Math.max(0, gain[i]!),
    };
    const kind = decision[i]!;
    if ((kind & 1) === 1) {
      if (categoryCounts[feature[i]!] === undefined) throw fault(`Expected a category feature at node ${i}`);
      const from = bounds[threshold[i]!];
      const to = bounds[threshold[i]! + 1];
      if (from === undefined || to === undefined || !(to >= from && to <= words.length))
        throw fault(`Expected a set of categories at node ${i}`);
      const goesLeft = (code: number): boolean => {
        const word = from + (code >> 5);
        return word < to && ((words[word]! >>> (code & 31)) & 1) === 1;
      };
      nodes.push({ ...shared, missingLeft: false, goesLeft });
      continue;
    }
    if (categoryCounts[feature[i]!] !== undefined) throw fault(`Expected a number at node ${i}, got a category`);
    const isDefaultLeft = (kind & 2) !== 0;
    const missing = (kind >> 2) & 3;
    const zeroLeft = threshold[i]! >= 0;
    if (missing === 1 && zeroLeft !== isDefaultLeft)
      throw fault("Expected zeros to be numbers, got a split that takes them for missing");
    // Without missing values in training, LightGBM takes a missing value for 0.
    nodes.push({ ...shared, missingLeft: missing === 0 ? zeroLeft : isDefaultLeft, threshold: threshold[i]! });
  }
  for (let i = 0; i < leaves; i++) nodes.push({ value: scale * values[i]!, cover: Math.max(0, covers[i]!) });
  return nodes;
}

/** The texts that pandas had for the categories: one list per category feature, at the end of the file. */
function textsOf(text: string, infos: readonly string[]): (readonly string[] | undefined)[] {
  const none = infos.map(() => undefined);
  const line = /^pandas_categorical:(.*)$/m.exec(text.slice(-10_000_000))?.[1];
  if (line === undefined || line.trim() === "null") return none;
  let lists: unknown;
  try {
    lists = JSON.parse(line);
  } catch {
    throw bad("Expected pandas_categorical to be JSON");
  }
  const places = [...infos.keys()].filter((f) => infos[f] !== "none" && !infos[f]!.startsWith("["));
  // Columns that LightGBM dropped leave it open which list belongs to which feature.
  if (!Array.isArray(lists) || lists.length !== places.length) return none;
  const texts: (readonly string[] | undefined)[] = none;
  for (const [i, place] of places.entries()) {
    const list: unknown = lists[i];
    if (Array.isArray(list)) texts[place] = list.map(String);
  }
  return texts;
}
