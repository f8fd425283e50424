// Candidates that weigh and add features up: linear models, naive Bayes and small neural networks.

import { type Candidate, type ClassOptions, candidate, penalty, whole } from "./candidate.ts";

export interface LogisticOptions extends ClassOptions {
  /** Strength of the L2 penalty on standardised coefficients; 1 when left out. */
  readonly l2?: number;
}

export interface RidgeOptions {
  /** Strength of the L2 penalty on standardised coefficients; 1 when left out. */
  readonly l2?: number;
}

export interface LassoOptions {
  /** Strength of the L1 penalty, on a label scaled to variance 1; 0.01 when left out. */
  readonly penalty?: number;
}

export interface ElasticNetOptions extends LassoOptions {
  /** The share of the penalty that is L1: 1 is the lasso, 0 is ridge; 0.5 when left out. */
  readonly l1Share?: number;
}

export interface NaiveBayesOptions extends ClassOptions {
  /** Rows added to each category of each class; 1 when left out. */
  readonly smoothing?: number;
}

export interface NeuralNetworkOptions extends ClassOptions {
  /** Units of the first and the second hidden layer; 32 and 16 when left out. */
  readonly hidden?: number;
  readonly hidden2?: number;
  /** The most passes over the rows; it stops earlier when rows kept aside no longer gain. */
  readonly epochs?: number;
  readonly learningRate?: number;
  readonly l2?: number;
}

/** Logistic regression (softmax for several classes), with scaling and one-hot encoding built in; reads texts word by word. */
export function logistic(options: LogisticOptions = {}): Candidate {
  return candidate("logistic", "logistic()", options, { l2: penalty });
}

/** Ridge regression, with scaling and one-hot encoding built in; reads texts word by word. */
export function ridge(options: RidgeOptions = {}): Candidate {
  return candidate("ridge", "ridge()", options, { l2: penalty });
}

/** Linear regression that leaves out the features it does not need. */
export function lasso(options: LassoOptions = {}): Candidate {
  const { algorithm, params } = candidate("elasticNet", "lasso()", options, { penalty });
  return { algorithm, params: { ...params, l1Share: 1 } };
}

/** Linear regression between ridge and lasso. */
export function elasticNet(options: ElasticNetOptions = {}): Candidate {
  return candidate("elasticNet", "elasticNet()", options, { penalty, l1Share: { min: 0, max: 1 } });
}

/** Naive Bayes: each feature speaks for itself; instant, and good with very few rows. */
export function naiveBayes(options: NaiveBayesOptions = {}): Candidate {
  return candidate("naiveBayes", "naiveBayes()", options, { smoothing: { min: 1e-9, max: 1e9 } });
}

/** A small neural network of one or two hidden layers. */
export function neuralNetwork(options: NeuralNetworkOptions = {}): Candidate {
  return candidate("neuralNetwork", "neuralNetwork()", options, {
    hidden: whole(1, 4096),
    hidden2: whole(0, 4096),
    epochs: whole(1, 100_000),
    learningRate: { min: 1e-7, max: 1 },
    l2: { min: 0, max: 10 },
  });
}
