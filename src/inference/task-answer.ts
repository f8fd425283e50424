// Answers of models without a row's label: the steps of a forecast, whether a row is odd, which group it belongs to.

import { fail } from "../base/failure.ts";
import type { Value } from "../base/table.ts";
import type { PredictionDocument } from "../define/answer-documents.ts";
import type { Live } from "./live.ts";

type TaskAnswer = Pick<PredictionDocument, "prediction" | "forecast" | "score" | "flagFrom" | "distance">;
type Asked = Readonly<Record<string, Value>>;

/** Undefined for a model that answers for a label. Throws INFERENCE_INPUT_INVALID for a series that the model does not know. */
export function taskAnswer(live: Live, asked: Asked, row: number | null): TaskAnswer | undefined {
  const { model } = live;
  if (model.task === "forecast") return forecastAnswer(live, asked, row);
  if (model.task === "anomaly") {
    const score = model.predictRow(asked) as number;
    const flagFrom = model.flagFrom ?? 1;
    return { prediction: score >= flagFrom, score, flagFrom };
  }
  if (model.task !== "clustering") return undefined;
  return { prediction: model.predictRow(asked) as number, distance: model.distanceRow?.(asked) ?? 0 };
}

/** Every step of the series that the request names. */
function forecastAnswer(live: Live, names: Asked, row: number | null): TaskAnswer {
  const points = live.model.forecastRow?.(names);
  if (points === undefined || points.length === 0) throw unknownSeries(live, names, row);
  return {
    prediction: points[0]!.value,
    forecast: {
      coverage: live.version.evaluation.series?.coverage ?? 0.8,
      steps: points.map(({ time, value, lower, upper }) => ({ at: new Date(time).toISOString(), value, lower, upper })),
    },
  };
}

/** A forecast continues from the last value it was fitted to: newer ones count from its next training on. */
export function newerValues({ model, spine, version }: Live): string | null {
  const until = version.evaluation.parts?.test.to ?? null;
  if (model.task !== "forecast" || until === null || spine.eventToMs === null || spine.eventToMs <= Date.parse(until))
    return null;
  return `the forecast continues from ${day(Date.parse(until))}; values up to ${day(spine.eventToMs)} count from the next training on`;
}

function day(ms: number): string {
  const text = new Date(ms).toISOString();
  return text.endsWith("T00:00:00.000Z") ? text.slice(0, 10) : text.slice(0, 16).replace("T", " ");
}

/** What a request names a model's series or fills its features with. */
export function askedFor({ model, schema }: Live, isMade: (vector: string) => boolean): string[] {
  if (model.task === "forecast") return model.features.map(({ name }) => name);
  return schema.fields.flatMap(({ name, behind }) => (behind === undefined || isMade(behind) ? [name] : []));
}

/** The series that a request names, by column. */
export function seriesNames({ model }: Live, key: ReadonlyMap<string, Value>): Map<string, Value> {
  return new Map(model.features.map(({ name }) => [name, key.get(name) ?? null]));
}

function unknownSeries(live: Live, names: Asked, row: number | null) {
  const known = live.model.series ?? [];
  const fields = live.model.features.map(({ name }) => {
    const values = [...new Set(known.map((one) => one[name] as string))];
    const some = values.slice(0, 8).map((value) => JSON.stringify(value));
    const more = values.length > some.length ? ` and ${values.length - some.length} more` : "";
    const got = names[name] ?? null;
    return {
      field: name,
      expected: `a series that the model knows: ${some.join(", ")}${more}`,
      got: got === null ? "nothing" : `the text ${JSON.stringify(got)}`,
    };
  });
  const message = fields.map(({ field, expected, got }) => `${field}: expected ${expected}, got ${got}`).join("; ");
  return fail("INFERENCE_INPUT_INVALID", row === null ? message : `row ${row}: ${message}`, {
    details: { fields, ...(row === null ? {} : { row }) },
  });
}
