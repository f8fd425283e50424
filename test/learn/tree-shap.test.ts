// TreeSHAP against Shapley's definition: every subset of features, by brute force.

import assert from "node:assert/strict";
import { test } from "node:test";
import { valueAt } from "../../src/base/table.ts";
import { encodeTable } from "../../src/learn/features.ts";
import { fit } from "../../src/learn/fit.ts";
import { openModel } from "../../src/learn/open-model.ts";
import { childOf, readTrees, type Trees } from "../../src/learn/trees/artifact.ts";
import { sample } from "./data.ts";

/** The tree's answer when only the features in `known` (a bit set) may be looked at: elsewhere both ways, by cover. */
function conditional(trees: Trees, node: number, row: Float64Array, known: number): number {
  const feature = trees.feature[node]!;
  if (feature === -1) return trees.value[node]!;
  if ((known >> feature) & 1) return conditional(trees, childOf(trees, node, row[feature]!), row, known);
  const left = trees.left[node]!;
  const share = trees.cover[left]! / trees.cover[node]!;
  return share * conditional(trees, left, row, known) + (1 - share) * conditional(trees, left + 1, row, known);
}

const factorial = (k: number): number => (k <= 1 ? 1 : k * factorial(k - 1));
const bits = (set: number): number => set.toString(2).replaceAll("0", "").length;

/** What each subset of features is worth. */
function worths(trees: Trees, row: Float64Array, output: number): Float64Array {
  return Float64Array.from({ length: 1 << trees.featureCount }, (_, known) => {
    let sum = 0;
    for (let t = output; t + 1 < trees.treeStart.length; t += trees.outputs)
      sum += conditional(trees, trees.treeStart[t]!, row, known);
    return sum;
  });
}

/** What i and j add together beyond what each adds alone, over all orders of the others. */
function interaction(worth: Float64Array, n: number, i: number, j: number): number {
  let sum = 0;
  for (let set = 0; set < 1 << n; set++) {
    if (((set >> i) | (set >> j)) & 1) continue;
    const weight = (factorial(bits(set)) * factorial(n - bits(set) - 2)) / factorial(n - 1);
    const both = worth[set | (1 << i) | (1 << j)]! - worth[set | (1 << i)]! - worth[set | (1 << j)]! + worth[set]!;
    sum += weight * both;
  }
  return sum;
}

function shapley(trees: Trees, row: Float64Array, output: number): Float64Array {
  const n = trees.featureCount;
  const worth = worths(trees, row, output);
  const result = new Float64Array(n);
  for (let f = 0; f < n; f++)
    for (let set = 0; set < 1 << n; set++) {
      if ((set >> f) & 1) continue;
      const weight = (factorial(bits(set)) * factorial(n - bits(set) - 1)) / factorial(n);
      result[f]! += weight * (worth[set | (1 << f)]! - worth[set]!);
    }
  return result;
}

const hardRows: Record<string, number | string | boolean | null>[] = [
  { n0: 0.2, n1: -1, n2: 0.5, city: "Chur", weekend: true },
  { n0: -2, n1: 2, n2: null, city: null, weekend: false },
  { n0: 1, n1: 0, n2: -1, city: "nowhere", weekend: null },
  {},
];

for (const task of ["binary", "multiclass", "regression"] as const)
  test(`explanations of a ${task} model are the Shapley values by definition`, async () => {
    const { table, ...labels } = sample(300, 3, 50);
    const weights = Float64Array.from({ length: 300 }, (_, row) => 0.5 + (row % 4));
    const artifact = await fit(
      { algorithm: "gradientBoosting", params: { trees: 12, leaves: 12 } },
      table,
      labels[task],
      { seed: 1, weights },
    );
    const model = openModel(artifact);
    const trees = readTrees(artifact, model.features, artifact.arrays.base!.length);
    assert.ok(trees.isCategory.includes(1), "some split is on a category");
    for (const row of hardRows) {
      const encoded = Float64Array.from(model.features, ({ name, dictionary }, f) => {
        const value = row[name];
        if (dictionary === undefined) return value === undefined || value === null ? Number.NaN : Number(value);
        const code = dictionary.indexOf(String(value));
        const bin = code < 0 ? -1 : trees.binOfCode[f]![code]!;
        return bin < 0 ? Number.NaN : bin;
      });
      const outputs = task === "multiclass" ? [0, 1, 2] : [0];
      for (const output of outputs) {
        const { contributions, base } = model.explainRow(
          row,
          task === "multiclass" ? { class: model.classes[output]! } : {},
        );
        const expected = shapley(trees, encoded, output);
        let margin = base;
        for (const [f, { name }] of model.features.entries()) {
          const { contribution } = contributions.find(({ feature }) => feature === name)!;
          margin += contribution;
          assert.ok(
            Math.abs(contribution - expected[f]!) < 1e-10,
            `${name}: ${contribution} instead of ${expected[f]}`,
          );
        }
        let whole = trees.base[output]!;
        for (let t = output; t + 1 < trees.treeStart.length; t += trees.outputs)
          whole += conditional(trees, trees.treeStart[t]!, encoded, 31);
        assert.ok(Math.abs(margin - whole) < 1e-10, "base and contributions add up to the margin");
      }
    }
  });

test("the two classes of a binary model explain each other with the opposite sign", async () => {
  const { table, binary } = sample(200, 3, 51);
  const model = openModel(
    await fit({ algorithm: "gradientBoosting", params: { trees: 5 } }, table, binary, { seed: 1 }),
  );
  const yes = model.explainRow(hardRows[0]!, { class: "yes" });
  const no = model.explainRow(hardRows[0]!, { class: "no" });
  assert.deepEqual(model.explainRow(hardRows[0]!), yes);
  assert.ok(Math.abs(yes.base + no.base) < 1e-12);
  for (const [i, { contribution }] of yes.contributions.entries())
    assert.ok(Math.abs(contribution + no.contributions[i]!.contribution) < 1e-12);
});

for (const task of ["binary", "multiclass", "regression"] as const)
  test(`interactions of a ${task} model are those by definition, and sum with the base to the margin`, async () => {
    const { table, ...labels } = sample(300, 3, 50);
    const params = { trees: 12, leaves: 12 };
    const artifact = await fit({ algorithm: "gradientBoosting", params }, table, labels[task], { seed: 1 });
    const model = openModel(artifact);
    const trees = readTrees(artifact, model.features, artifact.arrays.base!.length);
    const F = trees.featureCount;
    const columns = encodeTable(model.features, table);
    for (const at of [0, 1, 2]) {
      const row = Object.fromEntries([...table.columns].map(([name, column]) => [name, valueAt(column, at)]));
      const explained = model.explainRow(row);
      const output = trees.outputs === 1 ? 0 : model.classes.indexOf(explained.class!);
      const values = Float64Array.from(columns, (column, f) => {
        const code = column[at]!;
        const bin = trees.binOfCode[f]?.[code] ?? (trees.binOfCode[f] === undefined ? code : Number.NaN);
        return trees.binOfCode[f] !== undefined && bin < 0 ? Number.NaN : bin;
      });
      const worth = worths(trees, values, output);
      const pairs = model.explainInteractions!(row);
      const found = new Map(pairs.map(({ features, contribution }) => [features.join(" "), contribution]));
      for (let i = 0; i < F; i++)
        for (let j = i + 1; j < F; j++) {
          const name = `${model.features[i]!.name} ${model.features[j]!.name}`;
          assert.ok(Math.abs((found.get(name) ?? 0) - interaction(worth, F, i, j)) < 1e-9, name);
        }
      const sum = (list: readonly { contribution: number }[]): number =>
        list.reduce((total, { contribution }) => total + contribution, 0);
      assert.ok(Math.abs(sum(pairs) - sum(explained.contributions)) < 1e-9);
      assert.ok(
        pairs.some(({ features, contribution }) => features[0] !== features[1] && Math.abs(contribution) > 1e-3),
      );
    }
    if (task === "binary") {
      const [yes, no] = ["yes", "no"].map((name) => model.explainInteractions!({ n0: 1 }, { class: name }));
      assert.equal(yes![0]!.contribution, -no![0]!.contribution);
    }
  });
