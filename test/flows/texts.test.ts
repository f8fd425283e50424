// A product that reads texts: what it learns of them is told by name, in answers, in the report, and in what it exports.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Failure } from "../../src/base/failure.ts";
import { emptyFolder, pentad, pentadJson, type TestProject } from "../support/project.ts";

const files: Record<string, string> = {
  "problem.ts": `import { defineProblem } from "pentad";
export default defineProblem({
  question: "Is the message a complaint?", predict: "complaint", task: "binary", success: { metric: "rocAuc", atLeast: 0.9, beats: "majority" },
});
`,
  "data/messages.ts": `import { boolean, category, csv, defineData, text } from "pentad";
export default defineData({
  source: csv("messages.csv"), key: "id",
  features: { message: text({ optional: true }), channel: category() }, labels: { complaint: boolean() },
});
`,
  "training.ts": `import { auto, defineTraining } from "pentad";
import messages from "./data/messages.ts";
import problem from "./problem.ts";
export default defineTraining({ problem, label: messages.labels.complaint, features: [messages.all()], candidates: [auto()] });
`,
  "inference.ts": `import { defineInference } from "pentad";
import training from "./training.ts";
export default defineInference({ training, explain: true });
`,
};

function messages(): string {
  let seed = 11;
  const pick = <T>(list: readonly T[]): T => {
    seed = (seed * 48_271) % 2_147_483_647;
    return list[seed % list.length]!;
  };
  const rows = Array.from({ length: 300 }, (_, id) => {
    const isComplaint = pick([true, false]);
    const told = isComplaint
      ? pick(["I want a refund", "refund me", "where is the refund", "it is not working", "my Gerät is broken"])
      : pick(["works great", "thanks a lot", "it is working", "schönes Gerät"]);
    return `m${id},"${pick(["Hello", "Hi there", "Dear team"])}, ${told}, ${pick(["order", "parcel", "bill"])} ${id}",${pick(["mail", "chat"])},${isComplaint}`;
  });
  return `id,message,channel,complaint\n${rows.join("\n")}\n`;
}

interface Told {
  readonly prediction: boolean;
  readonly explanation: {
    readonly contributions: readonly { feature: string; terms?: readonly { term: string; contribution: number }[] }[];
  };
}

describe("texts", () => {
  let project: TestProject;
  before(async () => {
    project = emptyFolder("post");
    mkdirSync(join(project.folder, "data"), { recursive: true });
    for (const [file, text] of Object.entries(files)) await project.write(file, text);
    await project.write("messages.csv", messages());
    const { document } = await pentadJson<{ failure: Failure | null }>("run", "--all", "--project", project.folder);
    assert.equal(document.failure, null);
  });
  after(() => project.remove());

  const input = JSON.stringify({ message: "Hello, I want a REFUND: it is not working", channel: "mail" });

  it("decide for a model that reads them, which names their words in each answer", async () => {
    const { document } = await pentadJson<Told>("predict", "post", "--input", input, "--project", project.folder);
    assert.equal(document.prediction, true);
    const { terms = [] } = document.explanation.contributions.find(({ feature }) => feature === "message")!;
    assert.ok(terms.length <= 10);
    const refund = terms.find(({ term }) => term === "refund");
    assert.ok((refund?.contribution ?? 0) > 0.3, JSON.stringify(terms));
    assert.ok(terms.some(({ term }) => term === "not working"));
    const { stdout } = await pentad("predict", "post", "--input", input, "--project", project.folder);
    assert.match(stdout, /message = Hello.*\n {6}\+[\d.]+ {2}“/);
  });

  it("stand in the report with the words that matter", async () => {
    await pentad(
      "models",
      "report",
      "post",
      "1",
      "--out",
      join(project.folder, "report.html"),
      "--project",
      project.folder,
    );
    const report = await project.read("report.html");
    assert.match(report, /Which words matter/);
    assert.match(
      report,
      /Words of message that speak for true[\s\S]*“refund”[\s\S]*Words of message that speak against true/,
    );
    assert.match(report, /Words of message that speak against true[\s\S]*“(great|thanks)/);
  });

  it("are exported to ONNX", async () => {
    const out = join(project.folder, "model.onnx");
    const { code, stderr } = await pentad("models", "export", "post", "1", "--out", out, "--project", project.folder);
    assert.equal(code, 0, stderr);
    const bytes = readFileSync(out).toString("latin1");
    for (const part of ["texts", "Tokenizer", "TfIdfVectorizer", "refund"]) assert.ok(bytes.includes(part), part);
  });
});
