// Step 1: what is predicted, for whom, and how good it must be before anyone sees it.

import { defineProblem } from "pentad";

export default defineProblem({
  question: "Will it rain in Seattle tomorrow?",
  audience: "Anyone in Seattle who wonders whether to take an umbrella",
  predict: "rainTomorrow",
  task: "binary",
  success: { metric: "rocAuc", atLeast: 0.7, beats: "majority" },
});
