// What a model may be asked to do, and the metrics and baselines that it may be judged by.

/** Tasks that learn an answer from a label, row by row. */
export type LabelTask = "binary" | "multiclass" | "regression";

/** `forecast` continues the label's own past; `anomaly` and `clustering` look at rows without a label. */
export type Task = LabelTask | "forecast" | "anomaly" | "clustering";

/** Tasks without a label. */
export type UnlabelledTask = "anomaly" | "clustering";

export function isLabelTask(task: Task): task is LabelTask {
  return task === "binary" || task === "multiclass" || task === "regression";
}

/** The metrics that a problem may be judged by, with their tasks and direction. */
export const metrics = {
  rocAuc: { tasks: ["binary"], better: "higher", title: "ROC AUC" },
  prAuc: { tasks: ["binary"], better: "higher", title: "PR AUC" },
  accuracy: { tasks: ["binary", "multiclass"], better: "higher", title: "accuracy" },
  balancedAccuracy: { tasks: ["binary", "multiclass"], better: "higher", title: "balanced accuracy" },
  f1: { tasks: ["binary", "multiclass"], better: "higher", title: "F1" },
  logLoss: { tasks: ["binary", "multiclass"], better: "lower", title: "log loss" },
  brier: { tasks: ["binary"], better: "lower", title: "Brier score" },
  rmse: { tasks: ["regression", "forecast"], better: "lower", title: "RMSE" },
  mae: { tasks: ["regression", "forecast"], better: "lower", title: "mean absolute error" },
  medianAbsoluteError: { tasks: ["regression"], better: "lower", title: "median absolute error" },
  r2: { tasks: ["regression"], better: "higher", title: "R²" },
  mase: { tasks: ["forecast"], better: "lower", title: "MASE" },
  smape: { tasks: ["forecast"], better: "lower", title: "sMAPE" },
  intervalCoverage: { tasks: ["forecast"], better: "higher", title: "interval coverage" },
  flaggedShare: { tasks: ["anomaly"], better: "lower", title: "share of rows flagged" },
  silhouette: { tasks: ["clustering"], better: "higher", title: "silhouette" },
} as const satisfies Record<string, { tasks: readonly Task[]; better: "higher" | "lower"; title: string }>;

export type MetricName = keyof typeof metrics;

/** What a model must beat on the same held-out rows: always the most frequent class, the class shares, the mean, the median, what was a season ago. */
export const baselines = {
  majority: ["binary", "multiclass"],
  prior: ["binary", "multiclass"],
  mean: ["regression"],
  median: ["regression"],
  seasonalNaive: ["forecast"],
} as const satisfies Record<string, readonly Task[]>;

export type BaselineName = keyof typeof baselines;

// Spelt out per task, so that a compiler's message names the metrics instead of this type.
type MetricsBetter<Better> = {
  [T in Task]: {
    [M in MetricName]: (typeof metrics)[M] extends { tasks: readonly (infer Fitting)[]; better: Better }
      ? T extends Fitting
        ? M
        : never
      : never;
  }[MetricName];
};
export type Higher = MetricsBetter<"higher">;
export type Lower = MetricsBetter<"lower">;
export type Baselines = {
  [T in Task]: { [B in BaselineName]: T extends (typeof baselines)[B][number] ? B : never }[BaselineName];
};
