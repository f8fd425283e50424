// Step 5: the page where people ask.

import { defineApp } from "pentad";
import inference from "./inference.ts";

export default defineApp({
  inference,
  title: "Seattle rain",
  intro: "Tell it about today, and it says how likely rain is tomorrow.",
  feedback: true,
});
