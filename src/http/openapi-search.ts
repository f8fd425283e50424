// The OpenAPI description of a search in a feature group.

/** `POST /api/features/NAME/search`. */
export function searchOperation() {
  const text = (description: string) => ({ type: "string", description });
  const error = (description: string) => ({
    description,
    content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
  });
  const properties = {
    text: text("Words to look for in the group's texts"),
    like: text("Words whose meaning is looked for, by the group's embedding"),
    near: { type: "array", items: { type: "number" }, description: "A vector whose nearest are looked for" },
    column: text("The vector's or embedding's column, when the group has several"),
    top: { type: "integer", minimum: 1, maximum: 1000, default: 10 },
    where: text('Only rows for which this holds, e.g. "price < 10"'),
    exact: { type: "boolean", description: "Compare every vector" },
  };
  const row = { type: "object", properties: { score: { type: "number" }, row: { type: "object" } } };
  return {
    operationId: "searchFeatures",
    summary: "Finds rows by words, by meaning or nearness to a vector, or by both",
    tags: ["features"],
    parameters: [{ name: "name", in: "path", required: true, schema: { type: "string" } }],
    requestBody: { required: true, content: { "application/json": { schema: { type: "object", properties } } } },
    responses: {
      200: {
        description: "The best rows first",
        content: {
          "application/json": { schema: { type: "object", properties: { rows: { type: "array", items: row } } } },
        },
      },
      400: error("The search cannot be read"),
      404: error("There is no such feature group"),
    },
  };
}
