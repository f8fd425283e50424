// Step 5: the page where people ask.

import { defineApp } from "pentad";
import inference from "./inference.ts";

export default defineApp({
  inference,
  title: "Unemployment by industry",
  intro: "Choose an industry to see the months ahead, with the range that they are likely to fall into.",
});
