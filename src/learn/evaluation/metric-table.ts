// Every metric: its task, direction and scale, and when it is not defined.

import type { PredictorTask } from "../model.ts";

export type MetricName =
  | "rocAuc"
  | "prAuc"
  | "accuracy"
  | "balancedAccuracy"
  | "f1"
  | "precision"
  | "recall"
  | "logLoss"
  | "brier"
  | "rmse"
  | "mae"
  | "medianAbsoluteError"
  | "r2"
  | "mape"
  | "mase"
  | "smape"
  | "intervalCoverage"
  | "flaggedShare"
  | "silhouette";

export interface Metric {
  readonly name: MetricName;
  readonly title: string;
  readonly tasks: readonly PredictorTask[];
  readonly better: "higher" | "lower";
  /** Lowest and highest possible value; null where there is no bound. `label` means the label's own unit. */
  readonly scale: { readonly min: number | null; readonly max: number | null; readonly unit: "none" | "label" };
  /** When the value is NaN, and what it means in odd cases. */
  readonly note: string;
}

const classes: readonly PredictorTask[] = ["binary", "multiclass"];
const numbers: readonly PredictorTask[] = ["regression"];
const series: readonly PredictorTask[] = ["forecast"];
const share = { min: 0, max: 1, unit: "none" } as const;
const loss = { min: 0, max: null, unit: "none" } as const;
const error = { min: 0, max: null, unit: "label" } as const;

/** Every metric by name. */
export const metrics: Readonly<Record<MetricName, Metric>> = {
  rocAuc: {
    name: "rocAuc",
    title: "Area under the ROC curve",
    tasks: classes,
    better: "higher",
    scale: share,
    note: "NaN when only one class occurs. Multiclass: the mean of one-versus-rest over the classes that occur",
  },
  prAuc: {
    name: "prAuc",
    title: "Average precision (area under the precision-recall curve)",
    tasks: classes,
    better: "higher",
    scale: share,
    note: "NaN when only one class occurs. Multiclass: the mean of one-versus-rest over the classes that occur",
  },
  accuracy: {
    name: "accuracy",
    title: "Accuracy",
    tasks: classes,
    better: "higher",
    scale: share,
    note: "NaN without rows",
  },
  balancedAccuracy: {
    name: "balancedAccuracy",
    title: "Balanced accuracy (mean recall)",
    tasks: classes,
    better: "higher",
    scale: share,
    note: "The mean of the recall over the classes that occur; NaN without rows",
  },
  f1: {
    name: "f1",
    title: "F1",
    tasks: classes,
    better: "higher",
    scale: share,
    note: "Binary: of the positive class. Multiclass: the mean over classes that occur or are predicted. 0 when nothing is right; NaN without rows",
  },
  precision: {
    name: "precision",
    title: "Precision",
    tasks: classes,
    better: "higher",
    scale: share,
    note: "Binary: of the positive class. Multiclass: the mean over classes that occur or are predicted. 0 when the class is never predicted; NaN without rows",
  },
  recall: {
    name: "recall",
    title: "Recall",
    tasks: classes,
    better: "higher",
    scale: share,
    note: "Binary: of the positive class, 0 when it never occurs. Multiclass: the mean over classes that occur or are predicted. NaN without rows",
  },
  logLoss: {
    name: "logLoss",
    title: "Log loss",
    tasks: classes,
    better: "lower",
    scale: loss,
    note: "Natural logarithm; probabilities are kept away from 0 by 1e-15, so a certain mistake costs 34.5. NaN without rows",
  },
  brier: {
    name: "brier",
    title: "Brier score",
    tasks: classes,
    better: "lower",
    scale: { min: 0, max: 2, unit: "none" },
    note: "Binary: the mean squared error of the positive class's probability (0 to 1). Multiclass: summed over classes (0 to 2). NaN without rows",
  },
  rmse: {
    name: "rmse",
    title: "Root mean squared error",
    tasks: [...numbers, ...series],
    better: "lower",
    scale: error,
    note: "NaN without rows",
  },
  mae: {
    name: "mae",
    title: "Mean absolute error",
    tasks: [...numbers, ...series],
    better: "lower",
    scale: error,
    note: "NaN without rows",
  },
  medianAbsoluteError: {
    name: "medianAbsoluteError",
    title: "Median absolute error",
    tasks: numbers,
    better: "lower",
    scale: error,
    note: "NaN without rows",
  },
  r2: {
    name: "r2",
    title: "R² (share of the variance explained)",
    tasks: numbers,
    better: "higher",
    scale: { min: null, max: 1, unit: "none" },
    note: "0 for always guessing the mean of these rows, negative when worse; NaN when all labels are equal",
  },
  mape: {
    name: "mape",
    title: "Mean absolute percentage error",
    tasks: numbers,
    better: "lower",
    scale: loss,
    note: "A share, not per cent (0.1 is 10 %); rows whose label is 0 are left out, NaN when none is left",
  },
  mase: {
    name: "mase",
    title: "Mean absolute scaled error",
    tasks: series,
    better: "lower",
    scale: loss,
    note: "The error in units of the seasonal naive forecast's mean error within the training part of the same series (Hyndman & Koehler 2006): below 1 is better than it. NaN for series that only repeat themselves",
  },
  smape: {
    name: "smape",
    title: "Symmetric mean absolute percentage error",
    tasks: series,
    better: "lower",
    scale: { min: 0, max: 2, unit: "none" },
    note: "Twice the error over the sum of both absolute values: a share, not per cent (0.1 is 10 %); 0 where both are 0",
  },
  intervalCoverage: {
    name: "intervalCoverage",
    title: "Share of the true values within the forecast's interval",
    tasks: series,
    better: "higher",
    scale: share,
    note: "To be compared with the coverage that the problem asks for; NaN without rows",
  },
  flaggedShare: {
    name: "flaggedShare",
    title: "Share of the held-out rows that it flags",
    tasks: ["anomaly"],
    better: "lower",
    scale: share,
    note: "How many alarms to expect of rows like these; to be compared with the contamination that was asked for",
  },
  silhouette: {
    name: "silhouette",
    title: "Silhouette",
    tasks: ["clustering"],
    better: "higher",
    scale: { min: -1, max: 1, unit: "none" },
    note: "How much nearer rows are to their own group than to the next one (Rousseeuw 1987), on 2,000 rows at most; 0 is no difference, NaN with one group",
  },
};
