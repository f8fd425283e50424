// Step 2: who the customers are, read by a function of this project.

import { category, defineData, number, rows } from "pentad";
import { readProfiles } from "../lib/profiles.ts";

export default defineData({
  source: rows(() => readProfiles("profiles.json"), { description: "the customers' profiles" }),
  key: "customer",
  eventTime: "since",
  features: { age: number({ min: 0, max: 130 }), region: category() },
  limits: { time: "30s" },
});
