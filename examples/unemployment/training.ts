// Step 3: what is tried, and how it is judged: from past months, each time knowing only what was known by then.

import { defineTraining, ets, gradientBoosting, mstl, seasonalNaive } from "pentad";
import unemployment from "./data/unemployment.ts";
import problem from "./problem.ts";

export default defineTraining({
  problem,
  label: unemployment.labels.count,
  candidates: [seasonalNaive(), ets(), mstl(), gradientBoosting()],
});
