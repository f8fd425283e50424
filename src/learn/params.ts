// Checking the parameters of a candidate: a wrong one is named, with what was expected.

import { fail } from "../base/failure.ts";

/** Reads numbers of a spec: `number("trees", 100, 1, 1000)` is the given value, or the usual one, within [min, max]. */
export function paramReader<P extends object>(params: P) {
  return (name: keyof P & string, usual: number, min: number, max: number, whole = false): number => {
    const value = params[name] ?? usual;
    if (typeof value !== "number" || !(value >= min && value <= max) || (whole && !Number.isInteger(value)))
      throw fail(
        "DEFINE_INVALID",
        `${name}: expected a ${whole ? "whole " : ""}number from ${min} to ${max}, got ${JSON.stringify(value)}`,
      );
    return value;
  };
}
