// A forecast as a model among others: its features are the columns that name a series, its answer is the next value.

import { corrupt } from "../artifact.ts";
import type { Row } from "../features.ts";
import type { Artifact, ForecastPoint, Predictor } from "../model.ts";
import { openForecast } from "./model.ts";

/** The key of a series made of its columns' values; one column stands for itself. */
export function seriesKey(values: readonly string[]): string {
  return values.length <= 1 ? (values[0] ?? "") : JSON.stringify(values);
}

function namesOf(key: string, columns: readonly string[]): Record<string, string> {
  const values = columns.length <= 1 ? [key] : parsed(key);
  if (values.length < columns.length) throw corrupt(`Expected a key of ${columns.length} values, got ${key}`);
  return Object.fromEntries(columns.map((name, index) => [name, values[index] as string]));
}

function parsed(key: string): string[] {
  let values: unknown;
  try {
    values = JSON.parse(key);
  } catch {
    values = null;
  }
  if (!Array.isArray(values) || !values.every((value) => typeof value === "string"))
    throw corrupt(`Expected a key of several values, got ${key}`);
  return values;
}

/** Throws MODELS_ARTIFACT_CORRUPT for anything that is not a sound forecast. */
export function openForecastPredictor(artifact: Artifact): Predictor {
  const forecaster = openForecast(artifact);
  const { keyColumns } = forecaster;
  if (keyColumns.length === 0 && forecaster.keys.length > 1) throw corrupt("Expected columns that name the series");
  let points: Map<string, ForecastPoint[]> | undefined;
  const pointsOf = (row: Row): readonly ForecastPoint[] | undefined => {
    points ??= Map.groupBy(forecaster.forecast(), ({ key }) => key);
    const values = Array.isArray(row)
      ? row
      : keyColumns.map((name) => (row as Readonly<Record<string, unknown>>)[name]);
    return points.get(seriesKey(values.map((value) => String(value ?? ""))));
  };
  const series = forecaster.keys.map((key) => namesOf(key, keyColumns));
  return {
    task: "forecast",
    classes: [],
    features: keyColumns.map((name) => ({ name, type: "text" })),
    series,
    predict(table) {
      const values = new Float64Array(table.rowCount);
      for (let row = 0; row < table.rowCount; row++) {
        const key = keyColumns.map((name) => {
          const column = table.columns.get(name);
          if (column === undefined || column.type === "vector") return null;
          return column.type === "category"
            ? (column.dictionary[column.codes[row]!] ?? null)
            : (column.values[row] ?? null);
        });
        values[row] = pointsOf(key)?.[0]?.value ?? Number.NaN;
      }
      return { values };
    },
    predictRow: (row) => pointsOf(row)?.[0]?.value ?? Number.NaN,
    forecastRow: pointsOf,
    explainRow: (row) => ({ base: pointsOf(row)?.[0]?.value ?? 0, contributions: [] }),
    importance: () => [],
  };
}
