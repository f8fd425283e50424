// Which class is the answer: the likeliest one; of two, the positive one from the version's threshold on.

/** The place of the class. `threshold` counts for two classes only. */
export function decideClass(probabilities: readonly number[], threshold: number): number {
  if (probabilities.length === 2) return (probabilities[1] as number) >= threshold ? 1 : 0;
  let best = 0;
  for (let index = 1; index < probabilities.length; index++)
    if ((probabilities[index] as number) > (probabilities[best] as number)) best = index;
  return best;
}

/** Where nothing else was chosen, both classes count alike. */
export const evenThreshold = 0.5;
