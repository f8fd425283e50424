// Step 3: from both groups, joined as they were known each week.

import { defineTraining, logistic } from "pentad";
import profiles from "./data/profiles.ts";
import visits from "./data/visits.ts";
import problem from "./problem.ts";

export default defineTraining({
  problem,
  label: visits.labels.left,
  features: [visits.all(), profiles.all()],
  split: { by: "time", test: 0.25 },
  candidates: [logistic()],
});
