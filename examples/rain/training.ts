// Step 3: what the model learns from, how it is judged, and when it is trained again.

import { defineTraining, gradientBoosting, logistic } from "pentad";
import weather from "./data/weather.ts";
import problem from "./problem.ts";

export default defineTraining({
  problem,
  label: weather.labels.rainTomorrow,
  features: [weather.all()],
  split: { by: "time", test: 0.2 },
  candidates: [logistic(), gradientBoosting()],
  when: { every: "1d", newRows: 30 },
});
