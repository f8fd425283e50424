// How a program calls an inference component: example inputs and snippets that work as they stand; pure.

import type { AppField, ComponentStatus } from "../../src/http/api.ts";

type Inputs = Readonly<Record<string, AppField["default"]>>;

/** The apps that ask an inference component. */
export function appsOf(components: readonly ComponentStatus[], inference: string): readonly ComponentStatus[] {
  return components.filter((component) => component.kind === "app" && component.dependsOn.includes(inference));
}

/** The typical value of every field that has one. */
export function exampleInputs(fields: readonly AppField[]): Inputs {
  return Object.fromEntries(
    fields.filter((field) => field.default !== null).map((field) => [field.name, field.default]),
  );
}

export function curlSnippet(origin: string, name: string, inputs: Inputs): string {
  // In single quotes a shell takes everything as it is but the quote itself.
  const body = JSON.stringify(inputs, null, 2).replaceAll("'", "'\\''");
  return `curl ${origin}/predict/${encodeURIComponent(name)} \\\n  -H 'content-type: application/json' \\\n  -d '${body}'`;
}

export function typescriptSnippet(origin: string, name: string, inputs: Inputs): string {
  const body = objectLiteral(inputs);
  return `const response = await fetch(${JSON.stringify(`${origin}/predict/${encodeURIComponent(name)}`)}, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(${body}),
});
const answer = await response.json();
if (!response.ok) throw new Error(\`\${answer.error.message}. \${answer.error.hint}\`);
console.log(answer.prediction, answer.probabilities);`;
}

function objectLiteral(inputs: Inputs): string {
  const lines = Object.entries(inputs).map(
    ([name, value]) =>
      `    ${/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)}: ${JSON.stringify(value)},`,
  );
  return lines.length === 0 ? "{}" : `{\n${lines.join("\n")}\n  }`;
}
