// The gate: the problem's success criteria, checked by machine on what was measured on held-out rows. Pure.

import { metrics } from "../define/metrics.ts";
import type { SliceGuard, Success } from "../define/success.ts";
import type { Champion, Evaluation } from "./evaluation.ts";

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

/**
 * Judges an evaluation against the problem's criteria, as they stood at training time or stand now. What is not defined or was not
 * measured never passes.
 */
export function judge(success: Success, evaluation: Evaluation): GateVerdict {
  const value = evaluation.metrics[success.metric] ?? null;
  const checks =
    value === null
      ? [undefinedMetric(success, evaluation)]
      : [
          ...goalCheck(success, evaluation, value),
          ...baselineCheck(success, evaluation, value),
          ...championCheck(success, evaluation.champion),
          ...(success.slices ?? []).map((guard) => sliceCheck(success, guard, evaluation)),
        ];
  checks.push(...limitChecks(success, evaluation));
  return { passed: checks.length > 0 && checks.every((check) => check.passed), checks };
}

function undefinedMetric({ metric }: Success, { rows }: Evaluation): GateCheck {
  return {
    name: "metric",
    passed: false,
    message: `${metrics[metric].title} is not defined on the ${count(rows.test, "held-out row")}: they may hold one class only`,
  };
}

function goalCheck({ metric, atLeast, atMost }: Success, evaluation: Evaluation, value: number): GateCheck[] {
  const { title, better } = metrics[metric];
  const goal = better === "higher" ? atLeast : atMost;
  if (goal === undefined) return [];
  const { low, high } = evaluation.intervals?.[metric] ?? evaluation.interval;
  const range = low === null ? "" : ` (95 % interval ${show(low)} to ${show(high)})`;
  return [
    {
      name: better === "higher" ? "atLeast" : "atMost",
      passed: better === "higher" ? value >= goal : value <= goal,
      message: `${title} is ${show(value)}${range} on ${count(evaluation.rows.test, "held-out row")}; the goal is ${better === "higher" ? "at least" : "at most"} ${show(goal)}`,
    },
  ];
}

function baselineCheck({ metric, beats }: Success, evaluation: Evaluation, value: number): GateCheck[] {
  if (beats === undefined) return [];
  const { title, better } = metrics[metric];
  // Versions from before all baselines were kept know the one that was named then, by the metric of then.
  const known = evaluation.baseline?.name === beats ? evaluation.baseline.value : null;
  const baseline = evaluation.baselines === undefined ? known : (evaluation.baselines[beats]?.[metric] ?? null);
  const ahead = baseline !== null && (better === "higher" ? value > baseline : value < baseline);
  // Drawn together on the same rows: a gain that chance explains is none. Versions from before it was measured go by the values.
  const gain = evaluation.gains?.[beats]?.[metric];
  const sure =
    gain === undefined ||
    (gain.low !== null && gain.high !== null && (better === "higher" ? gain.low > 0 : gain.high < 0));
  const passed = ahead && sure;
  const range =
    gain === undefined || gain.low === null
      ? ""
      : ` (95 % interval of the difference ${show(gain.low)} to ${show(gain.high)})`;
  const end = passed
    ? ""
    : baseline === null
      ? ", since it was not measured"
      : ahead
        ? `: on ${count(evaluation.rows.test, "row")} that may be chance`
        : ": the model is no better";
  return [
    {
      name: "beats",
      passed,
      message: `${title} is ${show(value)}, the ${beats} baseline reaches ${show(baseline)}${range}${end}`,
    },
  ];
}

/** Clearly worse than what is live is refused; as good within chance is enough only when something is new. */
function championCheck({ metric }: Success, champion: Champion | null | undefined): GateCheck[] {
  if (champion === null || champion === undefined) return [];
  const { title, better } = metrics[metric];
  const live = `version ${champion.version}, which was live`;
  const check = (passed: boolean, message: string) => [{ name: "live", passed, message }];
  if (champion.same) return check(true, `The model is that of version ${champion.version} again, which was live`);
  if (champion.incomparable !== null) return check(true, `Not compared with ${live}: ${champion.incomparable}`);
  const difference = champion.differences[metric];
  if (difference === undefined || difference.value === null || difference.low === null || difference.high === null)
    return check(true, `Not compared with ${live}: ${title} is not defined for both`);
  const sign = better === "higher" ? 1 : -1;
  const [worst, best] = sign > 0 ? [difference.low, difference.high] : [-difference.high, -difference.low];
  const by = `${title} differs by ${show(difference.value)} (95 % interval ${show(difference.low)} to ${show(difference.high)}) from ${live}, on the same ${count(champion.rows, "row")}`;
  if (best < 0) return check(false, `${by}: clearly worse`);
  if (worst > 0) return check(true, `${by}: clearly better`);
  if (champion.nothingNew)
    return check(false, `${by}: no clear difference, and neither the data nor the definition is new`);
  return check(true, `${by}: no clear difference`);
}

const fewestRows = 30;

function sliceCheck({ metric }: Success, guard: SliceGuard, evaluation: Evaluation): GateCheck {
  const { title, better } = metrics[metric];
  const name = `slices.${guard.by}`;
  const minRows = guard.minRows ?? fewestRows;
  const all = (evaluation.slices ?? []).filter(({ feature }) => feature === guard.by);
  if (all.length === 0)
    return {
      name,
      passed: false,
      message: `${title} within ${guard.by} was not measured: it is no category or yes/no feature of the model`,
    };
  const judged = all
    .flatMap(({ value, rows, metrics: values }) => {
      const reached = values[metric] ?? null;
      return reached === null || rows < minRows ? [] : [{ value, rows, reached }];
    })
    .sort((a, b) => (better === "higher" ? a.reached - b.reached : b.reached - a.reached));
  const worst = judged[0];
  if (worst === undefined)
    return {
      name,
      passed: true,
      message: `No value of ${guard.by} has ${count(minRows, "held-out row")} to be judged on`,
    };
  const best = judged.at(-1) ?? worst;
  const goal = better === "higher" ? guard.atLeast : guard.atMost;
  const missed = goal !== undefined && (better === "higher" ? worst.reached < goal : worst.reached > goal);
  const gap = Math.abs(best.reached - worst.reached);
  const apart = guard.maxGap !== undefined && gap > guard.maxGap;
  const goals = [
    ...(goal === undefined
      ? []
      : [`the goal is ${better === "higher" ? "at least" : "at most"} ${show(goal)} for each`]),
    ...(guard.maxGap === undefined
      ? []
      : [`the best and the worst may lie ${show(guard.maxGap)} apart and lie ${show(gap)}`]),
  ];
  return {
    name,
    passed: !missed && !apart,
    message: `${title} is worst where ${guard.by} is ${JSON.stringify(worst.value)}: ${show(worst.reached)} on ${count(worst.rows, "held-out row")}; ${goals.join(", ")}`,
  };
}

function limitChecks({ limits }: Success, { latency, sizeBytes }: Evaluation): GateCheck[] {
  const checks: GateCheck[] = [];
  if (limits?.latencyMs !== undefined) {
    const { latencyMs } = limits;
    checks.push({
      name: "latency",
      passed: latency !== undefined && latency.medianMs <= latencyMs,
      message:
        latency === undefined
          ? `The time for one row was not measured; the limit is ${show(latencyMs)} ms`
          : `One row takes ${show(latency.medianMs)} ms (median of ${count(latency.rows, "row")}); the limit is ${show(latencyMs)} ms`,
    });
  }
  if (limits?.sizeMb !== undefined) {
    const { sizeMb } = limits;
    const size = sizeBytes === undefined ? null : sizeBytes / 1e6;
    checks.push({
      name: "size",
      passed: size !== null && size <= sizeMb,
      message: `The model takes ${show(size)} MB; the limit is ${show(sizeMb)} MB`,
    });
  }
  return checks;
}

function count(rows: number, noun: string): string {
  return `${rows.toLocaleString("en")} ${noun}${rows === 1 ? "" : "s"}`;
}

/** Four significant digits. */
export function show(value: number | null): string {
  return value === null ? "nothing" : String(Number(value.toPrecision(4)));
}
