// Step 1: which customers leave.

import { defineProblem } from "pentad";

export default defineProblem({
  question: "Will this customer leave within a month?",
  predict: "left",
  task: "binary",
  success: { metric: "rocAuc", atLeast: 0.6, beats: "majority" },
});
