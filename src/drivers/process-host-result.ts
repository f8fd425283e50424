// Checks that what a step returned can be stored: plain JSON, small enough, every refusal with the value's path.

import { fail, type PentadError } from "../base/failure.ts";
import type { Json } from "../base/json.ts";

const deepest = 500;

/** The step's result as JSON text; fails with RUNS_RESULT_UNSTORABLE. A step that returns nothing returned null. */
export function resultText(result: unknown, maxBytes: number): string {
  const value = result === undefined ? null : result;
  checkValue(value, "result", { remaining: maxBytes, maxBytes, above: [] });
  const text = JSON.stringify(value as Json);
  if (text.length > maxBytes) throw tooLarge(maxBytes);
  return text;
}

interface Progress {
  /** A lower bound of the text's length is counted on the way, so that an enormous result is never made into a text. */
  remaining: number;
  readonly maxBytes: number;
  readonly above: object[];
}

function checkValue(value: unknown, path: string, progress: Progress): void {
  progress.remaining -= typeof value === "string" ? value.length + 2 : 2;
  if (progress.remaining < 0) throw tooLarge(progress.maxBytes);
  if (value === null || typeof value === "boolean" || typeof value === "string") return;
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw unstorable(path, String(value), "Return null for a value that is not known");
    return;
  }
  if (typeof value !== "object") throw unstorable(path, kindOf(value));
  if (progress.above.includes(value)) throw unstorable(path, "an object that contains itself");
  if (progress.above.length >= deepest) throw unstorable(path, `something nested deeper than ${deepest} levels`);
  progress.above.push(value);
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      if (value[i] === undefined)
        throw unstorable(`${path}[${i}]`, "undefined", "Return null for a value that is not known");
      checkValue(value[i], `${path}[${i}]`, progress);
    }
  } else {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) throw unstorable(path, kindOf(value));
    for (const [name, member] of Object.entries(value)) {
      progress.remaining -= name.length + 3;
      if (member !== undefined) checkValue(member, memberPath(path, name), progress);
    }
  }
  progress.above.pop();
}

function memberPath(path: string, name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`;
}

function kindOf(value: unknown): string {
  if (typeof value === "bigint") return `the BigInt ${String(value).slice(0, 40)}`;
  if (typeof value === "function") return value.name === "" ? "a function" : `the function ${value.name}`;
  if (typeof value === "symbol") return "a symbol";
  const name = (value as object).constructor?.name;
  return name === undefined ? "an object of an unknown class" : `${/^[AEIOU]/.test(name) ? "an" : "a"} ${name}`;
}

function unstorable(path: string, got: string, hint?: string): PentadError {
  return fail("RUNS_RESULT_UNSTORABLE", `Expected the step to return plain JSON, got ${got} at ${path}`, {
    ...(hint === undefined ? {} : { hint }),
    details: { path, got },
  });
}

function tooLarge(maxBytes: number): PentadError {
  const limit = maxBytes >= 1_048_576 ? `${Math.round(maxBytes / 1_048_576)} MB` : `${maxBytes} bytes`;
  return fail("RUNS_RESULT_UNSTORABLE", `Expected the step to return at most ${limit} of JSON, got more`, {
    hint: "Write bulk data to a file and return its path",
    details: { maxBytes },
  });
}
