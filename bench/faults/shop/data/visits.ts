// Step 2: what each customer did in each week, from the shop's web address.

import { boolean, category, csv, defineData, mean, number } from "pentad";

export default defineData({
  source: csv("http://127.0.0.1:4999/visits.csv"),
  schedule: "@daily",
  key: "customer",
  eventTime: "week",
  features: {
    visits: number({ min: 0 }),
    spent: number({ unit: "EUR", min: 0 }),
    plan: category(),
  },
  windows: { meanVisits: mean("visits", { over: "28d" }) },
  labels: { left: boolean({ optional: true }) },
  limits: { time: "30s" },
});
