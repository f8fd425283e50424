// Order statistics of weighted numbers.

/**
 * The smallest value whose cumulated weight reaches `level` of the total; halfway to the next value when it is met exactly,
 * so that the unweighted median of an even count is the usual mean of the two middle values. NaN without weight.
 */
export function weightedQuantile(values: ArrayLike<number>, weights: ArrayLike<number>, level: number): number {
  const order = Array.from({ length: values.length }, (_, index) => index)
    .filter((index) => weights[index]! > 0)
    .sort((a, b) => values[a]! - values[b]!);
  let total = 0;
  for (const index of order) total += weights[index]!;
  const wanted = level * total;
  let sum = 0;
  for (let i = 0; i < order.length; i++) {
    sum += weights[order[i]!]!;
    if (sum > wanted * (1 + 1e-12)) return values[order[i]!]!;
    if (sum >= wanted * (1 - 1e-12)) {
      const value = values[order[i]!]!;
      return i + 1 < order.length ? value + (values[order[i + 1]!]! - value) / 2 : value;
    }
  }
  return order.length === 0 ? Number.NaN : values[order[order.length - 1]!]!;
}
