// A model's report: one page for people, whatever the version holds, with nothing of the data's own running in it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Evaluation } from "../../src/models/evaluation.ts";
import type { Version } from "../../src/models/registry.ts";
import { aboutModel } from "../../src/runtime/report/facts.ts";
import { modelReport } from "../../src/runtime/report/model-report.ts";
import { qualitySentences } from "../../src/runtime/report/words.ts";

const old: Evaluation = {
  rows: { train: 800, test: 200 },
  metrics: { rocAuc: 0.8, accuracy: 0.75 },
  interval: { low: 0.7, high: 0.9 },
  baseline: { name: "majority", value: 0.5 },
};

function versionOf(evaluation: Evaluation, report: object = {}): Version {
  return {
    training: "shop",
    version: 3,
    id: "abc",
    algorithm: "logistic",
    params: { l2: 1 },
    evaluation,
    gate: { passed: false, checks: [{ name: "atLeast", passed: false, message: "ROC AUC is 0.8; the goal is 0.9" }] },
    report: report as never,
    trainingSet: "set",
    commits: { customers: 4 },
    fingerprint: "code",
    bytes: 2000,
    run: "run_1",
    aliases: ["candidate"],
    atMs: Date.UTC(2026, 0, 2),
  };
}

const page = (version: Version) => modelReport({ version, about: aboutModel(version.report), moves: [] });

describe("a model's report", () => {
  it("is the same page for the same version", () => {
    assert.equal(page(versionOf(old)), page(versionOf(old)));
  });

  it("does without what an old version does not hold", () => {
    const text = page(versionOf(old));
    assert.match(text, /refused by its gate/);
    assert.match(text, /data\/customers, commit 4/);
    assert.doesNotMatch(text, /undefined|NaN|null/);
  });

  it("shows what the data and the user wrote, and runs none of it", () => {
    const evil = "</style><script>alert(1)</script>";
    const column = { name: evil, type: "category", unit: evil, description: evil };
    const text = page(
      versionOf(
        {
          ...old,
          confusion: {
            classes: ["no", evil],
            counts: [
              [5, 1],
              [2, 3],
            ],
          },
          slices: [{ feature: evil, value: evil, rows: 40, metrics: { rocAuc: 0.7 } }],
          importance: { method: "permutation", features: [{ feature: evil, value: 0.2 }] },
          dependence: [
            {
              feature: evil,
              type: "category",
              points: [
                [evil, 0.4, 3],
                ["b", 0.5, 4],
              ],
            },
          ],
          suspicions: [{ kind: "feature", message: evil }],
        },
        {
          label: column,
          features: [column],
          problem: { question: evil, audience: evil, task: "binary", success: { metric: "rocAuc", atLeast: 0.7 } },
          sources: [{ data: evil, source: evil, commit: 1, rows: 5 }],
          candidates: [{ algorithm: evil, params: { a: evil }, value: null, failure: evil }],
        },
      ),
    );
    assert.doesNotMatch(text, /<script/i);
    assert.equal(text.match(/<\/style>/g)?.length, 1);
    assert.ok(text.includes("&lt;script&gt;"));
  });

  it("says in plain words how good a model of numbers is", () => {
    const sentences = qualitySentences(
      {
        ...old,
        metrics: { rmse: 3, mae: 2.2, medianAbsoluteError: 1.5, r2: 0.84 },
        baselines: { median: { mae: 6.6 } },
        residuals: { quantiles: [-5, -1, 0, 1, 6], histogram: { from: -5, to: 6, counts: [1] }, points: [] },
      },
      aboutModel({
        label: { name: "price", type: "number", unit: "€", description: null },
        problem: { task: "regression" },
      } as never),
    );
    assert.equal(
      sentences[0],
      "Judged on 200 rows that it had not seen, it is off by 2.2 € on average; always answering the median would be off by 6.6 €.",
    );
    assert.ok(sentences.includes("It explains 84 % of why the rows differ (R²)."));
  });
});
