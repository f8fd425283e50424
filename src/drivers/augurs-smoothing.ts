// Exponential smoothing by the augurs library, as WebAssembly: error and trend chosen by AICc (ETS), a season taken out by loess (MSTL).

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { fail } from "../base/failure.ts";
import type { Smooth } from "../ports/smoothing.ts";

interface Fitted {
  fit(values: Float64Array): void;
  predict(
    horizon: number,
    level: number,
  ): { point: number[]; intervals?: { lower: number[]; upper: number[] } | undefined };
  free(): void;
}

interface Library {
  default(options: { module_or_path: Uint8Array }): Promise<unknown>;
  readonly AutoETS: new (season: number, spec: string) => Fitted;
  readonly MSTL: { ets(periods: number[]): Fitted };
}

/** Loads the library: nobody who does not forecast waits for it. Throws RUNTIME_NOT_AVAILABLE when it is not installed. */
export async function augursSmoothing(): Promise<Smooth> {
  const [ets, mstl] = await Promise.all([load("ets"), load("mstl")]);
  return (values, { horizon, season, coverage }) => {
    // A season must have been seen twice; the library's own seasonal smoothing is not finished, so loess takes it out.
    const seasonal = season > 1 && values.length >= 2 * season + 1;
    const model = seasonal ? mstl.MSTL.ets([season]) : new ets.AutoETS(1, "ZZN");
    try {
      model.fit(values);
      const { point, intervals } = model.predict(horizon, coverage);
      const path = { value: point, lower: intervals?.lower ?? point, upper: intervals?.upper ?? point };
      return [...path.value, ...path.lower, ...path.upper].every(Number.isFinite) ? path : undefined;
    } catch {
      // Too few or too even values: the library finds no model, and says so by throwing a text.
      return undefined;
    } finally {
      model.free();
    }
  };
}

async function load(part: "ets" | "mstl"): Promise<Library> {
  const name = `@bsull/augurs/${part}`;
  try {
    const library = (await import(name)) as Library;
    const module = fileURLToPath(import.meta.resolve(name)).replace(/\.js$/, "_bg.wasm");
    await library.default({ module_or_path: await readFile(module) });
    return library;
  } catch (error) {
    throw fail(
      "RUNTIME_NOT_AVAILABLE",
      `Expected the package @bsull/augurs for ets() and mstl(), got none that loads`,
      {
        cause: error,
        hint: "npm install @bsull/augurs, or use seasonalNaive() and gradientBoosting()",
      },
    );
  }
}
