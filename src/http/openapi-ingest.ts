// How rows are posted, as an operation of the OpenAPI document: one per data component that takes them.

import type { DataDefinition, FeatureDefinition } from "../define/definition.ts";
import { storedColumns } from "../features/columns.ts";
import { errorResponses } from "./openapi-errors.ts";

type Schema = Record<string, unknown>;

export function ingestOperation(definition: DataDefinition): Schema {
  const row = rowSchema(definition);
  const count = { type: ["integer", "null"], minimum: 0 };
  const rejected = {
    type: "object",
    required: ["row", "reason", "values"],
    properties: {
      row: { type: "integer", minimum: 1, description: "The row's number in the post" },
      reason: { type: "string" },
      values: { type: "object", additionalProperties: { type: ["string", "null"] } },
    },
  };
  const answer = {
    type: "object",
    required: ["data", "state", "rows", "rejected", "online"],
    properties: {
      data: { type: "string" },
      state: { type: "string", enum: ["done", "accepted"] },
      rows: {
        type: "object",
        required: ["read", "accepted", "quarantined"],
        properties: { read: { type: "integer", minimum: 1 }, accepted: count, quarantined: count },
      },
      rejected: { type: "array", items: rejected, description: "The first rejected rows" },
      online: { type: "boolean", description: "Whether the accepted rows are readable online by now" },
    },
  };
  const content = { "application/json": { schema: answer } };
  return {
    operationId: `ingest_${definition.name.replaceAll("-", "_")}`,
    summary: `Posts one row or a list of rows to data/${definition.name}`,
    tags: ["ingest"],
    parameters: [
      {
        name: "Idempotency-Key",
        in: "header",
        required: false,
        schema: { type: "string", minLength: 1, maxLength: 255 },
        description: "The same key gets the same answer for a day, and adds nothing",
      },
    ],
    requestBody: {
      required: true,
      content: { "application/json": { schema: { oneOf: [row, { type: "array", minItems: 1, items: row }] } } },
    },
    responses: {
      200: { description: "Judged, kept, and readable online", content },
      202: { description: "Kept; a run judges the rows", content },
      ...errorResponses({
        400: "The body is no row and no list of rows",
        413: "The body is too large",
        503: "More rows are posted than can be taken; Retry-After says when to try again",
      }),
    },
  };
}

/** What a row may hold under the source's names; a transform may read others, and a row that lacks one is told of it. */
function rowSchema(definition: DataDefinition): Schema {
  const properties: Schema = {};
  for (const key of definition.key) properties[key] = { type: ["string", "number"] };
  if (definition.eventTime !== null)
    properties[definition.eventTime.column] = { type: ["string", "number"], description: "When it happened" };
  for (const feature of storedColumns(definition))
    if (feature.of === undefined) properties[feature.from] ??= cellSchema(feature);
  return { type: "object", properties };
}

function cellSchema({ type, unit, description, optional }: FeatureDefinition): Schema {
  const types = {
    number: "number",
    boolean: "boolean",
    category: "string",
    text: "string",
    time: "string",
    vector: "array",
  };
  const words = [description, unit === undefined ? undefined : `in ${unit}`].filter((one) => one !== undefined);
  return {
    type: optional === true ? [types[type], "null"] : types[type],
    ...(words.length === 0 ? {} : { description: words.join(", ") }),
  };
}
