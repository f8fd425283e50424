// Step 2: one row a day, what a row must look like, and what is worked out from the days before it.

import { ahead, category, count, csv, defineData, last, mean, number } from "pentad";

export default defineData({
  source: csv("weather.csv"),
  schedule: "@hourly",
  eventTime: "date",
  features: {
    precipitation: number({ unit: "mm", min: 0, description: "Rain and melted snow of the day" }),
    temp_max: number({ unit: "°C", description: "Highest temperature of the day" }),
    temp_min: number({ unit: "°C", description: "Lowest temperature of the day" }),
    wind: number({ unit: "m/s", min: 0, description: "Average wind speed of the day" }),
    weather: category({ description: "What the day was mostly like" }),
  },
  windows: {
    wetDays: count({ where: "precipitation > 0", over: "7d", unit: "days", description: "Wet days of the last seven" }),
    meanRain: mean("precipitation", { over: "7d", unit: "mm", description: "Mean daily rain of the last seven days" }),
    rainDayBefore: last("precipitation", { over: "2d", unit: "mm", description: "Rain of the day before" }),
  },
  labels: {
    rainTomorrow: ahead("precipitation > 0", { by: "1d", description: "Any rain on the next day" }),
  },
});
