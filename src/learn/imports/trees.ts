// What the importers of other libraries' trees share: options, checks of what a file says, and the way into an artifact.

import { fail, type PentadError } from "../../base/failure.ts";
import type { Feature } from "../features.ts";
import type { Link } from "../link.ts";
import type { Artifact, Label } from "../model.ts";
import { openModel } from "../open-model.ts";
import { type SourceLeaf, type SourceSplit, type SourceTree, treesArtifact } from "../trees/artifact.ts";

export interface ImportOptions {
  /** Names of the features in the file's order, when the file's own are not wanted. */
  readonly features?: readonly string[];
  /** Names of the classes in the order of the file's numbers. Default "0", "1", … */
  readonly classes?: readonly string[];
  /** Per category feature: the texts that its codes 0, 1, … stand for. Default: what the file keeps, else the codes themselves. */
  readonly categories?: Readonly<Record<string, readonly string[]>>;
}

/** A split on a category as files have it: which codes go left. Other nodes are as in `SourceTree`, children by number. */
export type ImportedNode = SourceLeaf | (Omit<SourceSplit, "bins"> & { readonly goesLeft?: (code: number) => boolean });

export type ImportedTree = readonly ImportedNode[];

export interface ImportedModel {
  readonly library: string;
  readonly objective: string;
  readonly names: readonly string[];
  /** Per feature: how many categories it has; undefined for numbers. */
  readonly categoryCounts: readonly (number | undefined)[];
  /** Per feature: the file's own texts of its categories. */
  readonly categoryTexts: readonly (readonly string[] | undefined)[];
  readonly link: Link;
  readonly base: Float64Array;
  /** In the order of iterations, one per output side by side. */
  readonly trees: readonly ImportedTree[];
}

const mostCategories = 100_000;
/** Tables of codes and splits beyond this are no model that anybody trained. */
const mostMemberships = 50_000_000;

export function unreadable(library: string, message: string): PentadError {
  return fail("MODELS_ARTIFACT_CORRUPT", message, { hint: `Save the model with ${library} again` });
}

export function importTrees(model: ImportedModel, options: ImportOptions): Artifact {
  const { library, names, link, base, trees } = model;
  const bad = (message: string): PentadError => unreadable(library, message);
  const own = options.features ?? names;
  if (own.length !== names.length)
    throw fail("DEFINE_INVALID", `features: expected ${names.length} names, got ${own.length}`);
  if (new Set(own).size !== own.length) throw bad("Expected distinct feature names");
  for (const [t, tree] of trees.entries()) checkTree(tree, names.length, (what) => bad(`${what} in tree ${t}`));
  const features = own.map((name, f): Feature => {
    const count = model.categoryCounts[f];
    if (count === undefined) return { name, type: "number" };
    const given = options.categories?.[name] ?? model.categoryTexts[f];
    const dictionary = given ?? Array.from({ length: count }, (_, code) => String(code));
    if (dictionary.length > mostCategories || count > mostCategories)
      throw bad(`Expected at most ${mostCategories} categories of ${JSON.stringify(name)}`);
    if (dictionary.length < count)
      throw fail(
        "DEFINE_INVALID",
        `categories: expected at least ${count} texts for ${JSON.stringify(name)}, got ${dictionary.length}`,
      );
    if (new Set(dictionary).size !== dictionary.length)
      throw fail("DEFINE_INVALID", `categories: expected distinct texts for ${JSON.stringify(name)}`);
    return { name, type: "category", dictionary };
  });
  for (const name of Object.keys(options.categories ?? {}))
    if (!features.some((feature) => feature.name === name && feature.type === "category"))
      throw fail("DEFINE_INVALID", `categories: expected the name of a category feature, got ${JSON.stringify(name)}`);
  const binOfCode = features.map((feature, f) => binsOf(feature, f, trees, bad));
  const artifact = treesArtifact(
    trees.map((tree) => sourceOf(tree, binOfCode)),
    {
      features,
      label: labelOf(link, base.length, options.classes),
      link,
      base,
      binOfCode,
      meta: { algorithm: "imported", library, objective: model.objective },
    },
  );
  // Everything else that a file may claim is checked where any artifact is: when it is opened.
  openModel(artifact);
  return artifact;
}

function labelOf(link: Link, outputs: number, classes: readonly string[] | undefined): Label {
  if (link !== "logit" && link !== "softmax") {
    if (classes !== undefined) throw fail("DEFINE_INVALID", "classes: expected none for a model of numbers, got some");
    return { task: "regression", values: new Float64Array(0) };
  }
  const count = link === "logit" ? 2 : outputs;
  const own = classes ?? Array.from({ length: count }, (_, code) => String(code));
  if (own.length !== count || new Set(own).size !== count)
    throw fail("DEFINE_INVALID", `classes: expected ${count} distinct names, got ${own.length}`);
  return { task: link === "logit" ? "binary" : "multiclass", codes: new Int32Array(0), classes: own };
}

/** Every node but the root is the child of one node, and reached from the root. */
function checkTree(tree: ImportedTree, featureCount: number, bad: (what: string) => PentadError): void {
  const seen = new Uint8Array(tree.length);
  const queue = [0];
  for (const index of queue) {
    const node = tree[index];
    if (node === undefined) throw bad(`Expected a node ${index}`);
    if (seen[index] === 1) throw bad(`Expected node ${index} to have one parent`);
    seen[index] = 1;
    if ("cover" in node) {
      if (!Number.isFinite(node.value) || !(node.cover >= 0)) throw bad(`Expected sound numbers at leaf ${index}`);
      continue;
    }
    if (!(node.feature >= 0 && node.feature < featureCount)) throw bad(`Expected a known feature at node ${index}`);
    if (node.goesLeft === undefined && !Number.isFinite(node.threshold))
      throw bad(`Expected a finite threshold at node ${index}`);
    queue.push(node.left, node.right);
  }
}

/** Codes that go the same way at every split share a bin. */
function binsOf(
  { name, dictionary }: Feature,
  feature: number,
  trees: readonly ImportedTree[],
  bad: (what: string) => PentadError,
): Int16Array | undefined {
  if (dictionary === undefined) return undefined;
  const splits = trees.flatMap((tree) =>
    tree.flatMap((node) => ("cover" in node || node.feature !== feature ? [] : [node])),
  );
  if (splits.length * dictionary.length > mostMemberships)
    throw bad(`Expected fewer splits and categories of ${JSON.stringify(name)}`);
  const binOfCode = new Int16Array(dictionary.length);
  let bins = 1;
  for (const { goesLeft } of splits) {
    const next = new Map<number, number>();
    for (let code = 0; code < binOfCode.length; code++) {
      const place = binOfCode[code]! * 2 + (goesLeft!(code) ? 1 : 0);
      if (!next.has(place)) next.set(place, next.size);
      binOfCode[code] = next.get(place)!;
    }
    bins = next.size;
    if (bins > 256)
      throw bad(
        `Expected at most 256 groups of categories of ${JSON.stringify(name)} that the trees tell apart, got more`,
      );
  }
  return binOfCode;
}

function sourceOf(tree: ImportedTree, binOfCode: readonly (Int16Array | undefined)[]): SourceTree {
  return {
    nodeAt(index) {
      const node = tree[index]!;
      if ("cover" in node || node.goesLeft === undefined) return node;
      const bins = new Uint8Array(256);
      for (const [code, bin] of binOfCode[node.feature]!.entries()) if (node.goesLeft(code)) bins[bin] = 1;
      const { goesLeft: _, ...split } = node;
      return { ...split, bins };
    },
  };
}
