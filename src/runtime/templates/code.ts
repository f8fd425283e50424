// Writes TypeScript values the way a formatter would leave them: two spaces, 120 columns, double quotes.

/** A text of code that is put in as it is. */
export interface Code {
  readonly code: string;
}

/** A call such as `number({ min: 0 })`; without options `number()`. */
export interface Call {
  readonly call: string;
  readonly options: CodeObject;
}

/** A comment line above a property. */
export interface Noted {
  readonly note: string;
  readonly value: CodeValue;
}

export type CodeValue = string | number | boolean | readonly CodeValue[] | Code | Call | Noted | CodeObject;
/** Undefined members are left out. */
export type CodeObject = ReadonlyMap<string, CodeValue | undefined>;

const width = 120;

export function code(text: string): Code {
  return { code: text };
}

export function call(name: string, options: Readonly<Record<string, CodeValue | undefined>> = {}): Call {
  return { call: name, options: object(options) };
}

export function object(members: Readonly<Record<string, CodeValue | undefined>>): CodeObject {
  return new Map(Object.entries(members));
}

/** The value as code, beginning in column `start` of a line that is indented by `indent`; `tail` columns follow it. */
export function write(value: CodeValue, indent: number, start: number, tail = 1): string {
  const flat = writeFlat(value);
  if (flat !== undefined && start + flat.length + tail <= width) return flat;
  if (value instanceof Map) return writeBroken(value, indent);
  if (isCall(value))
    return present(value.options).length === 0
      ? `${value.call}()`
      : `${value.call}(${writeBroken(value.options, indent)})`;
  if (Array.isArray(value)) {
    const inner = " ".repeat(indent + 2);
    return `[\n${value.map((one: CodeValue) => `${inner}${write(one, indent + 2, indent + 2)},\n`).join("")}${" ".repeat(indent)}]`;
  }
  return flat ?? "";
}

function writeBroken(members: CodeObject, indent: number): string {
  const inner = " ".repeat(indent + 2);
  const lines: string[] = [];
  for (const [name, given] of present(members)) {
    const value = isNoted(given) ? given.value : given;
    if (isNoted(given)) lines.push(...comment(given.note, indent + 2));
    const head = `${inner}${propertyName(name)}: `;
    // `problem: problem` is written short.
    if (isCode(value) && value.code === name) lines.push(`${inner}${name},`);
    else if (head.length > width && isCall(value) && present(value.options).length > 0)
      lines.push(head.trimEnd(), `${inner}  ${write(value, indent + 4, indent + 4)},`);
    else lines.push(`${head}${write(value, indent + 2, head.length)},`);
  }
  return lines.length === 0 ? "{}" : `{\n${lines.join("\n")}\n${" ".repeat(indent)}}`;
}

function writeFlat(value: CodeValue): string | undefined {
  if (typeof value === "string") return text(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (isCode(value)) return value.code;
  if (isNoted(value)) return undefined;
  if (isCall(value)) {
    if (present(value.options).length === 0) return `${value.call}()`;
    const inner = writeFlat(value.options);
    return inner === undefined ? undefined : `${value.call}(${inner})`;
  }
  if (value instanceof Map) {
    const members = present(value).map(([name, member]) => {
      const flat = writeFlat(member);
      return isCode(member) && member.code === name
        ? name
        : flat === undefined
          ? undefined
          : `${propertyName(name)}: ${flat}`;
    });
    if (members.includes(undefined)) return undefined;
    return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
  }
  const items = (value as readonly CodeValue[]).map(writeFlat);
  return items.includes(undefined) ? undefined : `[${items.join(", ")}]`;
}

function present(members: CodeObject): [string, CodeValue][] {
  return [...members].filter((member): member is [string, CodeValue] => member[1] !== undefined);
}

/** A string literal with the quotes that need fewer escapes; no line terminator survives in it. */
export function text(value: string): string {
  const json = JSON.stringify(value).replace(
    /[\u2028\u2029\u007f-\u009f\ufeff]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  const doubles = value.split('"').length - 1;
  const singles = value.split("'").length - 1;
  return doubles > singles ? `'${json.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'` : json;
}

export function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : text(name);
}

/** Comment lines, broken between words. */
export function comment(note: string, indent: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of oneLine(note).split(" ")) {
    if (line !== "" && indent + 3 + line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  if (line !== "") lines.push(line);
  return lines.map((one) => `${" ".repeat(indent)}// ${one}`);
}

/** A text that cannot end a comment's line: every control character and line terminator becomes a blank. */
export function oneLine(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: taking control characters out is the point
  return value.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g, " ").trim();
}

/** A name in a comment: in quotes, on one line, not too long. */
export function shown(name: string): string {
  const line = oneLine(name);
  return `"${line.length > 60 ? `${line.slice(0, 59)}…` : line}"`;
}

function isCode(value: CodeValue): value is Code {
  return typeof value === "object" && !Array.isArray(value) && !(value instanceof Map) && "code" in value;
}

function isCall(value: CodeValue): value is Call {
  return typeof value === "object" && !Array.isArray(value) && !(value instanceof Map) && "call" in value;
}

function isNoted(value: CodeValue): value is Noted {
  return typeof value === "object" && !Array.isArray(value) && !(value instanceof Map) && "note" in value;
}
