// The gate: the problem's success criteria, checked by machine on held-out rows. Pure.

import { metrics, type Success } from "../define/problem.ts";

/** How one model did on the held-out rows. Values are in the metric's own scale; null when it is not defined there. */
export interface Evaluation {
  readonly rows: { readonly train: number; readonly test: number };
  readonly metrics: Readonly<Record<string, number | null>>;
  /** The 95 % bootstrap interval of the problem's metric. */
  readonly interval: { readonly low: number | null; readonly high: number | null };
  /** The problem's metric of the baseline on the same rows. */
  readonly baseline: { readonly name: string; readonly value: number | null } | null;
}

export interface GateCheck {
  readonly name: string;
  readonly passed: boolean;
  /** A sentence for people. */
  readonly message: string;
}

export interface GateVerdict {
  readonly passed: boolean;
  readonly checks: readonly GateCheck[];
}

/** Judges an evaluation against the problem's criteria. A metric that is not defined on the held-out rows never passes. */
export function judge(success: Success, evaluation: Evaluation): GateVerdict {
  const { metric, atLeast, atMost, beats } = success;
  const { title, better } = metrics[metric];
  const value = evaluation.metrics[metric] ?? null;
  const rows = `${evaluation.rows.test.toLocaleString("en")} held-out rows`;
  const checks: GateCheck[] = [];
  if (value === null)
    checks.push({
      name: "metric",
      passed: false,
      message: `${title} is not defined on the ${rows}: they may hold one class only`,
    });
  const goal = better === "higher" ? atLeast : atMost;
  if (value !== null && goal !== undefined) {
    const passed = better === "higher" ? value >= goal : value <= goal;
    const range =
      evaluation.interval.low === null
        ? ""
        : ` (95 % interval ${show(evaluation.interval.low)} to ${show(evaluation.interval.high)})`;
    checks.push({
      name: better === "higher" ? "atLeast" : "atMost",
      passed,
      message: `${title} is ${show(value)}${range} on ${rows}; the goal is ${better === "higher" ? "at least" : "at most"} ${show(goal)}`,
    });
  }
  if (value !== null && beats !== undefined) {
    const baseline = evaluation.baseline?.value ?? null;
    const passed = baseline !== null && (better === "higher" ? value > baseline : value < baseline);
    checks.push({
      name: "beats",
      passed,
      message: `${title} is ${show(value)}, the ${beats} baseline reaches ${show(baseline)}${passed ? "" : ": the model is no better"}`,
    });
  }
  return { passed: checks.length > 0 && checks.every((check) => check.passed), checks };
}

/** Four significant digits. */
export function show(value: number | null): string {
  return value === null ? "nothing" : String(Number(value.toPrecision(4)));
}
