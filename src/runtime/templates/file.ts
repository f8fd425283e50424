// One file of a new project: its sentence, its imports, and what it defines.

import { type CodeValue, call, comment, text, write } from "./code.ts";

export function file(
  purpose: string,
  words: readonly string[],
  imports: readonly string[],
  definer: string,
  options: Readonly<Record<string, CodeValue | undefined>>,
): string {
  const body = write(call(definer, options), 0, "export default ".length);
  return `${comment(purpose, 0).join("\n")}\n\n${[importLine(words), ...imports].join("\n")}\n\nexport default ${body};\n`;
}

function importLine(words: readonly string[]): string {
  const names = [...new Set(words)].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  const line = `import { ${names.join(", ")} } from "pentad";`;
  return line.length <= 120 ? line : `import {\n${names.map((name) => `  ${name},\n`).join("")}} from "pentad";`;
}

/** `.name`, or `["odd name"]`. */
export function member(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `.${name}` : `[${text(name)}]`;
}
