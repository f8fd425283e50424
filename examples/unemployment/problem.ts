// Step 1: what is predicted, for whom, and how good it must be before anyone sees it.

import { defineProblem } from "pentad";

export default defineProblem({
  question: "How many people of each industry will be without work in each of the next six months?",
  audience: "Whoever plans training places and advice for people without work",
  predict: "count",
  task: "forecast",
  horizon: 6,
  season: 12,
  success: { metric: "mase", atMost: 2, beats: "seasonalNaive" },
});
