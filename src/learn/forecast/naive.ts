// The seasonal naive forecast: what was a season ago, with an interval that grows by the seasons since then.

/** Root mean square of the changes over one season; 0 when there are none. */
export function naiveSpread(values: Float64Array, season: number): number {
  let sum = 0;
  let count = 0;
  for (let i = season; i < values.length; i++) {
    const change = values[i]! - values[i - season]!;
    if (Number.isNaN(change)) continue;
    sum += change * change;
    count++;
  }
  return count > 0 ? Math.sqrt(sum / count) : 0;
}

/** The value of the same season, from as many seasons ago as it takes to find one; the mean of all when there is none. */
export function naiveValue(history: Float64Array, season: number, ahead: number): number {
  for (let at = history.length - 1 + ahead - season * Math.ceil(ahead / season); at >= 0; at -= season)
    if (!Number.isNaN(history[at]!)) return history[at]!;
  const present = history.filter((value) => !Number.isNaN(value));
  return present.reduce((sum, value) => sum + value / present.length, 0);
}

/** How many standard deviations around the mean hold a share of a normal distribution. */
export function normalWidth(coverage: number): number {
  let low = 0;
  let high = 10;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (normalShare(middle) < coverage) low = middle;
    else high = middle;
  }
  return low;
}

/** The share of a normal distribution within ±x standard deviations: erf(x / √2), error below 2e-7 (Abramowitz & Stegun 7.1.26). */
function normalShare(x: number): number {
  const z = x / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * z);
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return 1 - series * Math.exp(-z * z);
}
