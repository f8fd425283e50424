// A goal for the gate that is honest and within reach: better than the baseline, below what a quick model surely reaches. Pure.

import { type BaselineName, type MetricName, metrics } from "../define/metrics.ts";
import type { Success } from "../define/success.ts";
import type { Interval } from "../learn/evaluation/bootstrap.ts";

/**
 * Half way between the baseline and the worse end of the quick model's interval, rounded towards the baseline. Without
 * a gain that is sure, beating the baseline is the whole goal.
 */
export function suggestSuccess(
  metric: MetricName,
  interval: Interval,
  baseline: { readonly name: BaselineName; readonly value: number },
): Success {
  const beats = baseline.name;
  const higher = metrics[metric].better === "higher";
  const sure = higher ? interval.low : interval.high;
  const gain = higher ? sure - baseline.value : baseline.value - sure;
  if (!(gain > 0)) return { metric, beats };
  const half = (baseline.value + sure) / 2;
  const goal = higher ? roundedDown(half, baseline.value) : roundedUp(half, baseline.value);
  if (goal === undefined) return { metric, beats };
  return higher ? { metric, atLeast: goal, beats } : { metric, atMost: goal, beats };
}

/** As few digits as still lie beyond the baseline. */
function roundedDown(value: number, above: number): number | undefined {
  for (let digits = 2; digits <= 4; digits++) {
    const rounded = Math.floor(value * 10 ** digits) / 10 ** digits;
    if (rounded > above) return rounded;
  }
  return undefined;
}

/** Two digits, or as many more as still lie below a bound. */
export function roundedUp(value: number, below = Number.POSITIVE_INFINITY): number | undefined {
  for (let digits = 2; digits <= 5; digits++) {
    const unit = 10 ** (Math.floor(Math.log10(Math.abs(value))) - digits + 1);
    const rounded = Number((Math.ceil(value / unit) * unit).toPrecision(digits));
    if (rounded < below) return rounded;
  }
  return undefined;
}
