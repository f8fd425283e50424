// The ready embedder: its options, what its vectors depend on, and what it says where the package or the model is missing.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after, describe, it } from "node:test";
import { type TransformersEmbedderOptions, transformersEmbedder } from "../../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "pentad-test-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const isInstalled = (() => {
  try {
    createRequire(import.meta.url).resolve("@huggingface/transformers");
    return true;
  } catch {
    return false;
  }
})();

describe("an embedder of the Hub's models", () => {
  const versionOf = (options: object) =>
    transformersEmbedder({ model: "Xenova/all-MiniLM-L6-v2", dimensions: 384, ...options }).version;

  it("depends on the model, its revision and how it is run, and on nothing else", () => {
    const changes = [
      {},
      { revision: "abc" },
      { dtype: "q8" },
      { pooling: "cls" },
      { queryPrefix: "q: " },
      { documentPrefix: "d: " },
    ];
    assert.equal(new Set(changes.map(versionOf)).size, changes.length);
    assert.equal(versionOf({ revision: "main" }), versionOf({}));
    assert.match(versionOf({}) ?? "", /^Xenova\/all-MiniLM-L6-v2@main fp32 mean/);
  });

  it("says what is wrong with its options", () => {
    for (const [options, message] of [
      [
        {},
        'transformersEmbedder().model: expected a model of the Hugging Face Hub such as "Xenova/all-MiniLM-L6-v2", or a folder, got nothing',
      ],
      [{ model: "a/b" }, "transformersEmbedder().dimensions: expected a whole number such as 384, got nothing"],
      [
        { model: "a/b", dimensions: 3, pooling: "max" },
        'transformersEmbedder().pooling: expected "mean", "cls" or "last_token", got "max"',
      ],
      [{ model: "a/b", dimensions: 3, dtype: 8 }, "transformersEmbedder().dtype: expected a text, got 8"],
      [
        { model: "a/b", dimensions: 3, device: "gpu" },
        'transformersEmbedder().device: expected one of model, dimensions, pooling, revision, dtype, documentPrefix, queryPrefix, got "device"',
      ],
    ] as const)
      assert.throws(() => transformersEmbedder(options as unknown as TransformersEmbedderOptions), {
        code: "DEFINE_INVALID",
        message,
      });
  });

  it("says which package to install, when it is first asked", {
    skip: isInstalled && "the package is installed",
  }, async () => {
    const embedder = transformersEmbedder({ model: "Xenova/all-MiniLM-L6-v2", dimensions: 384 });
    await assert.rejects(async () => embedder.embed(["a"], "query"), {
      code: "RUNTIME_NOT_AVAILABLE",
      message: "Expected the package @huggingface/transformers to run Xenova/all-MiniLM-L6-v2, got none",
      hint: "npm install @huggingface/transformers",
    });
  });
});

describe("an embedder of a folder's model", () => {
  const model = `./${relative(process.cwd(), join(folder, "minilm"))}`;
  const version = () => transformersEmbedder({ model, dimensions: 3 }).version;

  it("is refused where no model is, and says where it was looked for", () => {
    assert.throws(version, {
      code: "DEFINE_INVALID",
      hint: `Put the model there, relative to the project: ${join(folder, "minilm")}`,
    });
  });

  it("depends on every file of it, wherever a large one differs", () => {
    mkdirSync(join(folder, "minilm", "onnx"), { recursive: true });
    writeFileSync(join(folder, "minilm", "config.json"), "{}");
    const weights = new Uint8Array(3_000_000).fill(1);
    const seen = new Set<string | undefined>();
    const write = (file: string, content: string | Uint8Array) => {
      writeFileSync(join(folder, "minilm", file), content);
      const now = version();
      assert.equal(now, version());
      assert.ok(!seen.has(now), file);
      seen.add(now);
    };
    write("onnx/model.onnx", weights);
    write(
      "onnx/model.onnx",
      weights.map((byte, at) => byte + (at % 5)),
    );
    write("tokenizer.json", "{}");
    write("tokenizer.json", "[]");
    write("empty.txt", "");
    write("onnx/model.onnx", weights.subarray(1));
  });
});
