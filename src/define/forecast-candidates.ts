// Candidates that forecast a series from its own past; gradientBoosting() does too.

import { type Candidate, candidate } from "./candidate.ts";

/** Answers with what was a season ago. The yardstick of every other forecast. */
export function seasonalNaive(): Candidate {
  return candidate("seasonalNaive", "seasonalNaive()", {}, {});
}

/** Exponential smoothing (Hyndman's ETS): error, trend and season chosen by AICc for each series. */
export function ets(): Candidate {
  return candidate("ets", "ets()", {}, {});
}

/** Takes the season out by loess (MSTL), and forecasts what is left by exponential smoothing; for long or sharp seasons. */
export function mstl(): Candidate {
  return candidate("mstl", "mstl()", {}, {});
}
