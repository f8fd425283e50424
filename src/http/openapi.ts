// The OpenAPI 3.1 document of a project: one predict operation per inference, typed by its feature schema.

import type { DataDefinition } from "../define/definition.ts";
import type { FeatureField } from "../features/fields.ts";
import { type Live, typicalRequest } from "../inference/live.ts";
import { errorResponses } from "./openapi-errors.ts";
import { explanationSchema } from "./openapi-explanation.ts";
import { onlineFeaturesOperation } from "./openapi-features.ts";
import { ingestOperation } from "./openapi-ingest.ts";
import { searchOperation } from "./openapi-search.ts";

type Schema = Record<string, unknown>;

export interface OpenApiOptions {
  readonly project: string;
  readonly version: string;
  /** Every inference that has a live model. */
  readonly live: readonly Live[];
  /** Every data component that rows are posted to. */
  readonly posted: readonly DataDefinition[];
}

export function openApi({ project, version, live, posted }: OpenApiOptions): Schema {
  const schemas: Schema = { Error: errorSchema(), Explanation: explanationSchema() };
  const paths: Schema = {};
  for (const one of live) {
    const { name } = one.inference;
    schemas[`${name}Input`] = inputSchema(one);
    schemas[`${name}Answer`] = answerSchema(one);
    paths[`/predict/${name}`] = { post: predictOperation(one) };
  }
  for (const definition of posted) paths[`/ingest/${definition.name}`] = { post: ingestOperation(definition) };
  return {
    openapi: "3.1.0",
    info: {
      title: project,
      version,
      description: "Ask the models of this project. Errors carry a code, a message and a hint.",
    },
    servers: [{ url: "/" }],
    paths: { ...paths, ...fixedPaths() },
    components: { schemas },
  };
}

function predictOperation(live: Live): Schema {
  const { name } = live.inference;
  const reference = (what: string) => ({ $ref: `#/components/schemas/${name}${what}` });
  const oneOrMany = (what: string) => ({ oneOf: [reference(what), { type: "array", items: reference(what) }] });
  return {
    operationId: `predict_${name.replaceAll("-", "_")}`,
    summary: `${summaryOf(live)}; an array of inputs gives an array of answers`,
    tags: ["predict"],
    parameters: [
      {
        name: "explain",
        in: "query",
        required: false,
        schema: { oneOf: [{ type: "boolean" }, { const: "interactions" }] },
        description:
          "Give the reasons with each answer; of one row of a model of trees also how features work together",
      },
    ],
    requestBody: {
      required: true,
      content: { "application/json": { schema: oneOrMany("Input"), example: exampleOf(live) } },
    },
    responses: {
      200: { description: "The answer", content: { "application/json": { schema: oneOrMany("Answer") } } },
      ...errorResponses({ 400: "The input does not fit", 503: "No model is live yet" }),
    },
  };
}

/** A vector that is made of texts is easier told by these. */
function exampleOf(live: Live): Schema {
  const request: Schema = { ...typicalRequest(live) };
  for (const { name, of, behind, values } of live.schema.fields) {
    if (of !== undefined) delete request[name];
    if (behind !== undefined) request[name] = values?.[0] ?? `a ${name}`;
  }
  return request;
}

function inputSchema(live: Live): Schema {
  const properties: Schema = {};
  for (const field of live.schema.fields) properties[field.name] = fieldSchema(field);
  const stored = live.groups.some((group) => group.stored);
  if (live.model.task === "forecast") return seriesSchema(live);
  for (const key of live.schema.key)
    properties[key] ??= {
      type: ["string", "number"],
      description: "Names the stored entity; what the request leaves out comes from its newest row",
    };
  return {
    type: "object",
    properties,
    required: live.schema.fields
      .filter((field) => field.required && field.of === undefined && (field.request || !stored))
      .map(({ name }) => name),
  };
}

function summaryOf({ model, label }: Live): string {
  if (model.task === "anomaly") return "Says whether a row is odd";
  if (model.task === "clustering") return "Says which group a row belongs to";
  return `${model.task === "forecast" ? "Forecasts" : "Predicts"} ${label?.name ?? "the label"}`;
}

function seriesSchema({ model }: Live): Schema {
  const names = model.features.map(({ name }) => name);
  return {
    type: "object",
    properties: Object.fromEntries(
      names.map((name) => [name, { type: ["string", "number"], description: "Names the series" }]),
    ),
    required: names,
  };
}

function fieldSchema(field: FeatureField): Schema {
  const type = {
    number: "number",
    boolean: "boolean",
    category: "string",
    text: "string",
    time: "string",
    vector: "array",
  }[field.type];
  const description = [
    field.description,
    field.unit === null ? null : `in ${field.unit}`,
    field.behind === undefined ? null : `becomes ${field.behind}`,
    field.of === undefined ? null : `left out, it is made of ${field.of.join(" and ")}`,
  ]
    .filter((part) => part !== null)
    .join(", ");
  return {
    type: field.required ? type : [type, "null"],
    ...(field.type === "time" ? { format: "date-time" } : {}),
    ...(field.type === "vector"
      ? { items: { type: "number" }, minItems: field.dimensions, maxItems: field.dimensions }
      : {}),
    ...(field.min === null ? {} : { minimum: field.min }),
    ...(field.max === null ? {} : { maximum: field.max }),
    ...(field.values === null ? {} : { enum: field.required ? field.values : [...field.values, null] }),
    ...(description === "" ? {} : { description }),
  };
}

function answerSchema(live: Live): Schema {
  const { classes, task } = live.model;
  const labelled = { number: { type: "number" }, boolean: { type: "boolean" } }[live.label?.type as string];
  const prediction =
    task === "regression" || task === "forecast"
      ? { type: "number" }
      : task === "anomaly"
        ? { type: "boolean" }
        : task === "clustering"
          ? { type: "integer", minimum: 1 }
          : (labelled ?? { type: "string", enum: classes });
  const age = { type: "integer", minimum: 0 };
  return {
    type: "object",
    required: ["prediction", "model", "features", "at", "staleness", "id"],
    properties: {
      prediction: {
        ...prediction,
        ...(live.label?.unit === undefined ? {} : { description: `in ${live.label.unit}` }),
      },
      ...taskProperties(task),
      ...(classes.length === 0
        ? {}
        : {
            probabilities: {
              type: "object",
              properties: Object.fromEntries(classes.map((name) => [name, { type: "number", minimum: 0, maximum: 1 }])),
            },
          }),
      explanation: { $ref: "#/components/schemas/Explanation" },
      model: {
        type: "object",
        properties: { name: { type: "string" }, version: { type: "integer" }, id: { type: "string" }, ageSeconds: age },
      },
      features: { type: "object", additionalProperties: { type: ["string", "number", "boolean", "null"] } },
      at: { type: "string", format: "date-time" },
      staleness: {
        type: "object",
        properties: {
          dataSeconds: { type: ["integer", "null"] },
          modelSeconds: age,
          message: { type: ["string", "null"] },
        },
      },
      id: { type: "string" },
    },
  };
}

function taskProperties(task: Live["model"]["task"]): Schema {
  const number = { type: "number" };
  const share = { type: "number", minimum: 0, maximum: 1 };
  if (task === "anomaly") return { score: share, flagFrom: share };
  if (task === "clustering") return { distance: { type: "number", minimum: 0 } };
  if (task !== "forecast") return {};
  const step = {
    type: "object",
    properties: { at: { type: "string", format: "date-time" }, value: number, lower: number, upper: number },
  };
  return { forecast: { type: "object", properties: { coverage: share, steps: { type: "array", items: step } } } };
}

function errorSchema(): Schema {
  const text = { type: "string" };
  return {
    type: "object",
    required: ["error"],
    properties: {
      error: {
        type: "object",
        required: ["code", "message", "hint"],
        properties: { code: text, message: text, hint: text, component: text, run: text, details: { type: "object" } },
      },
    },
  };
}

function fixedPaths(): Schema {
  const get = (operationId: string, summary: string, tag: string, failures: Readonly<Record<number, string>> = {}) => ({
    get: {
      operationId,
      summary,
      tags: [tag],
      responses: {
        200: { description: "Done", content: { "application/json": { schema: { type: "object" } } } },
        ...errorResponses(failures),
      },
    },
  });
  return {
    "/feedback/{prediction}": {
      post: {
        operationId: "feedback",
        summary: "Says whether an answer was right, or what really happened",
        tags: ["predict"],
        parameters: [{ name: "prediction", in: "path", required: true, schema: { type: "string" } }],
        requestBody: {
          required: true,
          content: {
            "application/json": {
              schema: {
                type: "object",
                properties: { correct: { type: "boolean" }, actual: {} },
                anyOf: [{ required: ["correct"] }, { required: ["actual"] }],
              },
            },
          },
        },
        responses: {
          200: { description: "Recorded", content: { "application/json": { schema: { type: "object" } } } },
          ...errorResponses({ 400: "The feedback cannot be read", 404: "There is no such prediction" }),
        },
      },
    },
    "/api/features/online": { post: onlineFeaturesOperation() },
    "/api/features/{name}/search": { post: searchOperation() },
    "/api/status": get("status", "The state of every component", "project"),
    "/healthz": get("health", "Whether the process lives", "health"),
    "/readyz": get("readiness", "Whether every online inference has a live model", "health", { 503: "Not yet" }),
  };
}
