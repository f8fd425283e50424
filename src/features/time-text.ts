// Reads a time the way a feature's source writes it, so that a row as it stands there is a valid request.

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** What a strptime letter matches, and what it says. */
const letters: Readonly<Record<string, readonly [pattern: string, part: string]>> = {
  Y: ["(\\d{4})", "year"],
  y: ["(\\d{2})", "shortYear"],
  m: ["(\\d{1,2})", "month"],
  b: ["([A-Za-z]{3})", "monthName"],
  B: ["([A-Za-z]{3,9})", "monthName"],
  d: ["(\\d{1,2})", "day"],
  H: ["(\\d{1,2})", "hour"],
  I: ["(\\d{1,2})", "hour"],
  M: ["(\\d{1,2})", "minute"],
  S: ["(\\d{1,2})", "second"],
  f: ["(\\d{1,9})", "fraction"],
  p: ["([AaPp][Mm])", "half"],
  a: ["[A-Za-z]{3}", ""],
  A: ["[A-Za-z]{6,9}", ""],
};

/**
 * The time as ISO 8601, in UTC when the text names no offset; undefined when the value is no time. `format` is that of
 * `time({ format })`; ISO 8601 is understood besides it.
 */
export function readTime(value: unknown, format: string | null): string | undefined {
  if (format === "epochSeconds" || format === "epochMilliseconds") {
    const since = typeof value === "string" && /^\d+(?:\.\d+)?$/.test(value.trim()) ? Number(value) : value;
    if (typeof since === "number") return isoOf(format === "epochSeconds" ? since * 1000 : since);
  }
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  return (format === null ? undefined : readFormat(text, format)) ?? readIso(text);
}

function readIso(text: string): string | undefined {
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)\s*(Z|[+-]\d\d:?\d\d|[+-]\d\d)?)?$/i.exec(
    text,
  );
  if (match === null) return undefined;
  const [, date, clock, offset = "Z"] = match;
  // Without a clock the day itself is the text.
  const iso = clock === undefined ? (date as string) : `${date}T${clock}${whole(offset)}`;
  return exists(date as string) && !Number.isNaN(Date.parse(iso)) ? iso : undefined;
}

/** `+02` and `+0200` as `+02:00`. */
function whole(offset: string): string {
  const match = /^([+-]\d\d):?(\d\d)?$/.exec(offset);
  return match === null ? "Z" : `${match[1]}:${match[2] ?? "00"}`;
}

/** JavaScript takes the 30th of February for the first of March. */
function exists(date: string): boolean {
  const [year, month, day] = date.split("-").map(Number) as [number, number, number];
  const found = new Date(Date.UTC(year, month - 1, day));
  return found.getUTCMonth() === month - 1 && found.getUTCDate() === day;
}

function readFormat(text: string, format: string): string | undefined {
  const parts: string[] = [];
  let known = true;
  const pattern = format.replace(/%-?(.)|[.*+?^${}()|[\]\\/]/g, (token, letter: string | undefined) => {
    if (letter === undefined) return `\\${token}`;
    const entry = letters[letter];
    known &&= entry !== undefined;
    if (entry?.[1] !== "") parts.push(entry?.[1] ?? "");
    return entry?.[0] ?? "";
  });
  const match = known ? new RegExp(`^${pattern}$`).exec(text) : null;
  if (match === null) return undefined;
  const found = new Map(parts.map((part, index) => [part, match[index + 1] as string]));
  const number = (part: string, otherwise: number) => (found.has(part) ? Number(found.get(part)) : otherwise);
  const short = number("shortYear", 70);
  const year = number("year", short < 69 ? 2000 + short : 1900 + short);
  const monthName = found.get("monthName")?.slice(0, 3).toLowerCase();
  const month = monthName === undefined ? number("month", 1) : months.indexOf(monthName) + 1;
  const half = found.get("half")?.toLowerCase();
  const clock = number("hour", 0);
  const hour = half === undefined ? clock : (clock % 12) + (half === "pm" ? 12 : 0);
  const [day, minute, second] = [number("day", 1), number("minute", 0), number("second", 0)];
  if (!exists(`${year}-${month}-${day}`) || hour > 23 || minute > 59 || second > 59) return undefined;
  const ms = Math.floor(Number(`0.${found.get("fraction") ?? "0"}`) * 1000);
  return isoOf(Date.UTC(year, month - 1, day, hour, minute, second, ms));
}

function isoOf(ms: number): string | undefined {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** The last evening of 2024 as the format writes it, for people; undefined for a format whose letters are not known. */
export function exampleTime(format: string): string | undefined {
  const examples: Readonly<Record<string, string>> = {
    Y: "2024",
    y: "24",
    m: "12",
    b: "Dec",
    B: "December",
    d: "31",
    H: "23",
    I: "11",
    M: "59",
    S: "00",
    f: "000",
    p: "PM",
    a: "Tue",
    A: "Tuesday",
  };
  if (format === "epochSeconds") return "1735689540";
  if (format === "epochMilliseconds") return "1735689540000";
  const text = format.replace(/%-?(.)/g, (_, letter: string) => examples[letter] ?? "\u0000");
  return text.includes("\u0000") ? undefined : text;
}
