// The error responses of an operation in the OpenAPI document.

export function errorResponses(descriptions: Readonly<Record<number, string>>): Record<string, unknown> {
  const content = { "application/json": { schema: { $ref: "#/components/schemas/Error" } } };
  return Object.fromEntries(
    Object.entries(descriptions).map(([status, description]) => [status, { description, content }]),
  );
}
