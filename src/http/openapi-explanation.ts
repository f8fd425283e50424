// The reasons of an answer as the OpenAPI document describes them.

export function explanationSchema(): Record<string, unknown> {
  const number = { type: "number" };
  const term = { type: "object", properties: { term: { type: "string" }, contribution: number } };
  const contribution = {
    type: "object",
    properties: {
      feature: { type: "string" },
      value: { type: ["string", "number", "boolean", "null"] },
      contribution: number,
      terms: { type: "array", items: term, description: "Of a text: its known words and pairs of words" },
    },
  };
  return {
    type: "object",
    properties: {
      base: { type: "number" },
      unit: { type: "string", enum: ["margin", "value"] },
      class: { type: ["string", "null"] },
      contributions: { type: "array", items: contribution },
      interactions: {
        type: ["array", "null"],
        items: {
          type: "object",
          properties: {
            features: { type: "array", items: { type: "string" }, minItems: 2, maxItems: 2 },
            contribution: number,
          },
        },
      },
    },
  };
}
