// Compiles the AssemblyScript kernels to WebAssembly and writes each as a committed TypeScript module that holds it as base64.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const folder = fileURLToPath(new URL("../src/learn/kernels/", import.meta.url));

/** The modules: what each is compiled from (names without .as.ts), and what it needs beyond the usual flags. */
export const kernels = {
  boosting: {
    sources: ["boosting-gradients", "boosting-histograms", "boosting-search", "boosting-rows"],
    // Shared memory, so that worker threads can grow the same tree.
    flags: ["--sharedMemory", "--initialMemory", "1", "--maximumMemory", "65536", "--enable", "threads"],
  },
  linear: { sources: ["linear"], flags: [] },
  vectors: { sources: ["vectors"], flags: [] },
  trees: { sources: ["trees"], flags: [] },
} as const;

export type Kernel = keyof typeof kernels;

/** The module's text for one kernel, compiled now. */
export function compileKernel(name: Kernel): string {
  const { sources, flags: ownFlags } = kernels[name];
  const files = sources.map((source) => join(folder, `${source}.as.ts`));
  const work = mkdtempSync(join(tmpdir(), "kernels-"));
  try {
    const out = join(work, "kernel.wasm");
    const compiler = createRequire(import.meta.url).resolve("assemblyscript/bin/asc.js");
    const flags = [
      "-O3",
      "--noAssert",
      "--runtime",
      "stub",
      "--importMemory",
      "--enable",
      "simd",
      "--enable",
      "bulk-memory",
    ];
    execFileSync(process.execPath, [compiler, ...files, "-o", out, ...flags, ...ownFlags], {
      stdio: ["ignore", "inherit", "inherit"],
    });
    const lines =
      readFileSync(out)
        .toString("base64")
        .match(/.{1,120}/g) ?? [];
    return [
      `// GENERATED from ${sources.map((source) => `${source}.as.ts`).join(", ")} by \`node scripts/build-kernels.ts\`; do not edit: change the source and run the script.`,
      "",
      `export const ${name}Wasm =`,
      `${lines.map((line) => `  "${line}"`).join(" +\n")};`,
      "",
    ].join("\n");
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Where the module of a kernel is committed. */
export function kernelModule(name: Kernel): string {
  return join(folder, `${name}.wasm.ts`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const name of Object.keys(kernels) as Kernel[]) writeFileSync(kernelModule(name), compileKernel(name));
}
