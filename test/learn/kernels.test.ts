// The committed kernels are what their source compiles to.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { compileKernel, type Kernel, kernelModule, kernels } from "../../scripts/build-kernels.ts";

for (const name of Object.keys(kernels) as Kernel[])
  test(`${name}.wasm.ts is what its sources compile to`, (context) => {
    try {
      import.meta.resolve("assemblyscript/bin/asc.js");
    } catch {
      context.skip("assemblyscript is not installed");
      return;
    }
    assert.equal(readFileSync(kernelModule(name), "utf8"), compileKernel(name));
  });
