// Step 2: one row a month and industry, and what a row must look like.

import { csv, defineData, number } from "pentad";

export default defineData({
  source: csv("unemployment.csv"),
  schedule: "@daily",
  key: "industry",
  eventTime: { column: "month", format: "%Y-%m" },
  features: {
    rate: number({ unit: "%", min: 0, max: 100, description: "Share of the industry's workers without work" }),
  },
  labels: {
    count: number({ unit: "thousand", min: 0, description: "People without work, in thousands" }),
  },
});
