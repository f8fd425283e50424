// Small checks for what users write: every mistake names the field, what was expected and what it got.

import { parseDurationMs } from "../base/clock.ts";
import { fail, type PentadError } from "../base/failure.ts";
import { isObject } from "../base/json.ts";

export function invalid(field: string, expected: string, got: unknown, hint?: string): PentadError {
  return fail("DEFINE_INVALID", `${field}: expected ${expected}, got ${show(got)}`, {
    ...(hint === undefined ? {} : { hint }),
    details: { field, expected, got: show(got) },
  });
}

export function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "function") return "a function";
  if (isObject(value) && typeof value.kind === "string") return `a ${value.kind} component`;
  if (isObject(value) && typeof value.feature === "string") return `the feature ${value.feature}`;
  if (isObject(value) && typeof value.label === "string") return `the label ${value.label}`;
  // Components refer to themselves through their features, which JSON cannot say.
  const text =
    JSON.stringify(value, (_, one) => (isObject(one) && one.kind === "data" ? "data" : one)) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** Options must be an object and hold known names only; a near miss is suggested. */
export function checkOptions(where: string, options: unknown, known: readonly string[]): void {
  if (!isObject(options)) throw invalid(where, "an object of options", options);
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    throw invalid(`${where}.${name}`, `one of ${known.join(", ")}`, name, near && `Did you mean "${near}"?`);
  }
}

export function checkText(field: string, value: unknown): void {
  if (typeof value !== "string" || value.trim() === "") throw invalid(field, "a text", value);
}

export function checkNumber(field: string, value: unknown, options: { min?: number; max?: number } = {}): void {
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = options;
  if (typeof value === "number" && value >= min && value <= max) return;
  const range = Number.isFinite(min) ? ` from ${min}${Number.isFinite(max) ? ` to ${max}` : ""}` : "";
  throw invalid(field, `a number${range}`, value);
}

export function checkDuration(field: string, value: unknown): void {
  const ms = typeof value === "string" ? parseDurationMs(value) : undefined;
  if (ms === undefined || ms <= 0) throw invalid(field, 'a duration such as "15m", "12h" or "7d"', value);
}

export function checkOneOf(field: string, value: unknown, allowed: readonly string[]): void {
  if (typeof value === "string" && allowed.includes(value)) return;
  const near = typeof value === "string" ? nearest(value, allowed) : undefined;
  throw invalid(
    field,
    `one of ${allowed.map((one) => `"${one}"`).join(", ")}`,
    value,
    near && `Did you mean "${near}"?`,
  );
}

export function checkTexts(field: string, value: unknown): void {
  if (!Array.isArray(value) || value.length === 0 || value.some((one) => typeof one !== "string"))
    throw invalid(field, "a list of texts", value);
}

/** The known name that was probably meant, if any is close. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[j] as number) + 1, (current[j - 1] as number) + 1));
    }
    previous = current;
  }
  return previous[b.length] as number;
}
