// Holds a served project against real clients and validators in Python; says clearly what was skipped and why.

import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const python = process.env.PENTAD_CONFORMANCE_PYTHON ?? "python3";

interface Check {
  readonly script: string;
  /** The module that it needs, and the package that brings it. */
  readonly module: string;
  readonly package: string;
}

const checks: readonly Check[] = [
  { script: "inference_protocol.py", module: "tritonclient.http", package: "tritonclient[http]" },
  { script: "openapi.py", module: "openapi_spec_validator", package: "openapi-spec-validator" },
  { script: "exports.py", module: "pyarrow, mlcroissant", package: "pyarrow mlcroissant" },
  { script: "feature_files.py", module: "pyarrow, pandas", package: "pyarrow pandas" },
];

const folder = mkdtempSync(join(tmpdir(), "pentad-conformance-"));
const project = join(folder, "rain");
cpSync(join(root, "examples", "rain"), project, { recursive: true, filter: (path) => !path.includes(".pentad") });
const server = spawn(process.execPath, [join(root, "bin", "pentad.mjs"), "dev", "--project", project, "--port", "0"], {
  stdio: ["ignore", "pipe", "inherit"],
});
const ended = new Promise((finish) => server.once("close", finish));
// These need no server, and say themselves when they are skipped.
const alone = ["onnx.ts", "embeddings.ts"].map((script) =>
  spawnSync(process.execPath, [join(import.meta.dirname, script)], { stdio: "inherit" }),
);
let passed = 0;
let failed = 0;
let skipped = 0;
try {
  const url = await new Promise<string>((ready, reject) => {
    server.stdout.setEncoding("utf8").on("data", (text: string) => {
      const match = /^ready http:\/\/(\S+)$/m.exec(text);
      if (match !== null) ready(match[1] as string);
    });
    server.once("close", () => reject(new Error("the project did not come up")));
  });
  for (const check of checks) {
    if (spawnSync(python, ["-c", `import ${check.module}`]).status !== 0) {
      console.log(`${check.script}: skipped, ${python} has no ${check.module} (pip install "${check.package}")`);
      skipped++;
      continue;
    }
    const { status } = spawnSync(python, [join(import.meta.dirname, check.script), url, project], { stdio: "inherit" });
    if (status === 0) passed++;
    else failed++;
  }
} finally {
  server.kill("SIGINT");
  await ended;
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 || alone.some(({ status }) => status !== 0) ? 1 : 0;
