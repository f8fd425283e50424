// How stored features are asked for, as an operation of the OpenAPI document.

import { errorResponses } from "./openapi-errors.ts";

type Schema = Record<string, unknown>;

export function onlineFeaturesOperation(): Schema {
  const value = { type: ["string", "number", "boolean", "array", "null"], items: { type: "number" } };
  const group = {
    type: "object",
    required: ["status"],
    properties: {
      status: { type: "string", enum: ["present", "expired", "absent"] },
      at: { type: "string", format: "date-time", description: "The event time of the row" },
      ageSeconds: { type: "integer" },
    },
  };
  const features = { type: "array", items: { type: "string" } };
  const row = {
    type: "object",
    required: ["values", "groups"],
    properties: {
      values: { type: "array", items: value, description: "In the order of the features" },
      groups: { type: "object", additionalProperties: group },
    },
  };
  const request = {
    type: "object",
    required: ["features"],
    properties: {
      features: { ...features, minItems: 1, description: "GROUP.COLUMN, or GROUP for all of its features" },
      keys: {
        type: "array",
        items: { type: "object", additionalProperties: { type: ["string", "number", "boolean"] } },
        description: "One object of key columns per row; left out for groups without a key",
      },
      defaults: {
        type: "object",
        additionalProperties: value,
        description: "By GROUP.COLUMN: the value in place of none",
      },
    },
  };
  const answer = {
    type: "object",
    required: ["features", "rows"],
    properties: { features, rows: { type: "array", items: row, description: "In the order of the keys" } },
  };
  return {
    operationId: "onlineFeatures",
    summary: "Gives the newest stored values of features, for many keys and groups at once",
    tags: ["features"],
    requestBody: { required: true, content: { "application/json": { schema: request } } },
    responses: {
      200: { description: "The values", content: { "application/json": { schema: answer } } },
      ...errorResponses({ 400: "The request cannot be read, or a key is missing", 404: "There is no such feature" }),
    },
  };
}
