// What an algorithm is called among people.

const titles: Readonly<Record<string, string>> = {
  ridge: "ridge regression",
  logistic: "logistic regression",
  custom: "a model of one's own",
  imported: "an imported model",
  kMeans: "k-means",
  ets: "exponential smoothing",
  mstl: "MSTL",
};

/** `gradientBoosting` is "gradient boosting". */
export function algorithmWords(algorithm: string): string {
  return (
    titles[algorithm] ?? algorithm.replace(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`)
  );
}
