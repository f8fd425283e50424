// How much a training may spend on varying its candidates.

import { checkDuration, checkNumber, checkOptions, invalid } from "./check.ts";

/** How long candidates are varied before the best so far is taken; without a budget each is tried as it stands. */
export interface Budget {
  /** Wall time, e.g. "10m"; no new trial starts after it, and those that go on are cut, but for the very first. */
  readonly time?: string;
  /** Processor time of all trials together, e.g. "1h", which is what machines are paid by; no new trial starts once it is used up. */
  readonly cpu?: string;
  /** How many settings are tried in all. */
  readonly trials?: number;
}

export function checkBudget(budget: Budget | undefined): void {
  if (budget === undefined) return;
  checkOptions("budget", budget, ["time", "cpu", "trials"]);
  if (budget.time === undefined && budget.cpu === undefined && budget.trials === undefined)
    throw invalid("budget", "time, cpu or trials, so that it ends", budget);
  if (budget.cpu !== undefined) checkDuration("budget.cpu", budget.cpu);
  if (budget.time !== undefined) checkDuration("budget.time", budget.time);
  if (budget.trials !== undefined) {
    checkNumber("budget.trials", budget.trials, { min: 1, max: 10_000 });
    if (!Number.isInteger(budget.trials)) throw invalid("budget.trials", "a whole number", budget.trials);
  }
}
