// Damaged and hostile artifacts: always an error, never a crash, an endless loop or a prediction.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isFailure } from "../../src/base/failure.ts";
import { fitBaseline } from "../../src/learn/baselines.ts";
import { type CandidateSpec, fit } from "../../src/learn/fit.ts";
import type { Artifact, ArtifactArray } from "../../src/learn/model.ts";
import { openModel } from "../../src/learn/open-model.ts";
import { random } from "../../src/learn/random.ts";
import { sample } from "./data.ts";

const specs: readonly CandidateSpec[] = [
  { algorithm: "gradientBoosting", params: { trees: 4, leaves: 6 } },
  { algorithm: "logistic" },
];

const isCorrupt = (error: unknown): boolean => isFailure(error, "MODELS_ARTIFACT_CORRUPT");

function changed(
  artifact: Artifact,
  name: string,
  change: (array: ArtifactArray) => ArtifactArray | undefined,
): Artifact {
  const array = change(artifact.arrays[name]!.slice());
  const { [name]: _gone, ...others } = artifact.arrays;
  return { ...artifact, arrays: array === undefined ? others : { ...others, [name]: array } };
}

test("an artifact survives JSON and a copy of its arrays with the same predictions", async () => {
  const { table, multiclass } = sample(100, 3, 60);
  for (const spec of specs) {
    const artifact = await fit(spec, table, multiclass, { seed: 1 });
    const copy: Artifact = {
      format: artifact.format,
      meta: JSON.parse(JSON.stringify(artifact.meta)) as Artifact["meta"],
      arrays: Object.fromEntries(Object.entries(artifact.arrays).map(([name, array]) => [name, array.slice()])),
    };
    assert.deepEqual(openModel(copy).predict(table), openModel(artifact).predict(table));
  }
});

test("unknown formats and things that are no artifact are refused", () => {
  for (const wrong of [
    null,
    1,
    {},
    { format: "toString", meta: {}, arrays: {} },
    { format: "pentad.trees/9", meta: {}, arrays: {} },
  ])
    assert.throws(() => openModel(wrong as unknown as Artifact), isCorrupt);
});

test("every array that is missing, shortened, lengthened or of another type is refused", async () => {
  const { table, multiclass } = sample(100, 3, 61);
  for (const spec of specs) {
    const artifact = await fit(spec, table, multiclass, { seed: 1 });
    for (const name of Object.keys(artifact.arrays)) {
      const label = `${spec.algorithm}.${name}`;
      assert.throws(() => openModel(changed(artifact, name, () => undefined)), isCorrupt, `${label} missing`);
      assert.throws(
        () => openModel(changed(artifact, name, () => new Uint16Array(3))),
        isCorrupt,
        `${label} of another type`,
      );
      if (artifact.arrays[name]!.length > 0)
        assert.throws(
          () => openModel(changed(artifact, name, (array) => array.slice(1))),
          isCorrupt,
          `${label} shortened`,
        );
    }
  }
});

test("numbers that are not finite are refused wherever they stand", async () => {
  const { table, regression } = sample(100, 3, 62);
  for (const spec of [{ algorithm: "ridge" }, specs[0]!] as const) {
    const artifact = await fit(spec, table, regression, { seed: 1 });
    for (const [name, array] of Object.entries(artifact.arrays)) {
      if (!(array instanceof Float64Array) || array.length === 0) continue;
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY])
        assert.throws(
          () => openModel(changed(artifact, name, (copy) => copy.fill(value, array.length - 1))),
          isCorrupt,
          `${spec.algorithm}.${name} ${value}`,
        );
    }
  }
});

test("meta that contradicts the arrays is refused", async () => {
  const { table, binary } = sample(100, 3, 63);
  for (const spec of specs) {
    const artifact = await fit(spec, table, binary, { seed: 1 });
    for (const meta of [
      { task: "regression" },
      { classes: ["a"] },
      { classes: ["a", "a"] },
      { classes: 2 },
      { link: "identity" },
      { link: "constructor" },
      { features: [] },
      { features: [{ name: "n0", type: "number" }] },
      { features: [{ name: 1, type: "number" }] },
    ])
      assert.throws(
        () => openModel({ ...artifact, meta: { ...artifact.meta, ...meta } }),
        isCorrupt,
        `${spec.algorithm} ${JSON.stringify(meta)}`,
      );
  }
  const baseline = fitBaseline("prior", binary);
  assert.throws(() => openModel({ ...baseline, arrays: { answer: Float64Array.of(2, -1) } }), isCorrupt);
  assert.throws(() => openModel({ ...baseline, arrays: { answer: Float64Array.of(1) } }), isCorrupt);
});

test("random damage to a tree ensemble either predicts or is refused, and always ends", async () => {
  const { table, binary } = sample(200, 3, 64);
  const artifact = await fit(specs[0]!, table, binary, { seed: 1 });
  const source = random(65);
  const names = Object.keys(artifact.arrays);
  let refused = 0;
  for (let round = 0; round < 400; round++) {
    const damaged = changed(artifact, names[source.below(names.length)]!, (array) => {
      if (array.length > 0)
        array[source.below(array.length)] = [-1, 0, 1, 2, 7, 255, 65_535, 2 ** 31 - 1, -(2 ** 31), 1e300][
          source.below(10)
        ]!;
      return array;
    });
    try {
      const model = openModel(damaged);
      const prediction = model.predict(table) as { probabilities: Float64Array };
      assert.ok(prediction.probabilities.every((p) => p >= 0 && p <= 1));
      model.explainRow({ n0: 1, city: "Zug" });
    } catch (error) {
      if (!isCorrupt(error)) throw error;
      refused++;
    }
  }
  assert.ok(refused > 50, `${refused} of 400 refused`);
});

test("a tree too deep to explain is refused, and a deep one that is allowed can be explained", async () => {
  const chain = (depth: number): Artifact => {
    const nodes = 2 * depth + 1;
    const feature = new Int32Array(nodes).fill(-1);
    // Node 0 splits, then every second node: each time the left of two siblings.
    for (let level = 0; level < depth; level++) feature[level === 0 ? 0 : 2 * level - 1] = 0;
    return {
      format: "pentad.trees/1",
      meta: { task: "regression", classes: [], features: [{ name: "x", type: "number" }], link: "identity" },
      arrays: {
        base: Float64Array.of(0),
        treeStart: Int32Array.of(0, nodes),
        feature,
        value: new Float64Array(nodes).fill(1),
        missingLeft: new Uint8Array(nodes),
        cover: new Float64Array(nodes).fill(1),
        gain: new Float64Array(nodes),
        sets: new Uint32Array(0),
        binStart: Int32Array.of(0, 0),
        binOfCode: new Int16Array(0),
      },
    };
  };
  assert.throws(() => openModel(chain(1001)), isCorrupt);
  const model = openModel(chain(900));
  assert.equal(model.predictRow({ x: 0 }), 1);
  assert.equal(model.explainRow({ x: 0 }).contributions.length, 1);
});
