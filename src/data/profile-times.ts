// How the times of a column are written: formats that fit some of its texts, then the one that fits all of them.

import { type Query, sqlName } from "../ports/query.ts";
import { timeSql } from "./time-sql.ts";

/** A way to write times, in the words of `time({ format })`; `iso` needs none. */
export interface TimeFormat {
  /** strptime letters; undefined for ISO 8601. */
  readonly format: string | undefined;
  /** It names a day of the month. */
  readonly daily: boolean;
}

const day = "(?:0?[1-9]|[12]\\d|3[01])";
const month = "(?:0?[1-9]|1[0-2])";
const name = "[A-Za-z]{3}";
const longName = "[A-Za-z]{4,9}";
const year = "(?:1[4-9]|20|21)\\d\\d";

/** Dates: strptime letters, the shape of the text, whether a day is named. */
const dateShapes: readonly (readonly [string, string, boolean])[] = [
  ["%d/%m/%Y", `${day}/${month}/${year}`, true],
  ["%m/%d/%Y", `${month}/${day}/${year}`, true],
  ["%d.%m.%Y", `${day}\\.${month}\\.${year}`, true],
  ["%d-%m-%Y", `${day}-${month}-${year}`, true],
  ["%m-%d-%Y", `${month}-${day}-${year}`, true],
  ["%d/%m/%y", `${day}/${month}/\\d\\d`, true],
  ["%m/%d/%y", `${month}/${day}/\\d\\d`, true],
  ["%d.%m.%y", `${day}\\.${month}\\.\\d\\d`, true],
  ["%Y.%m.%d", `${year}\\.${month}\\.${day}`, true],
  ["%Y-%m-%d", `${year}-${month}-${day}`, true],
  ["%Y/%m/%d", `${year}/${month}/${day}`, true],
  ["%Y%m%d", `${year}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\\d|3[01])`, true],
  ["%b %d %Y", `${name} ${day} ${year}`, true],
  ["%b %d, %Y", `${name} ${day}, ${year}`, true],
  ["%B %d %Y", `${longName} ${day} ${year}`, true],
  ["%B %d, %Y", `${longName} ${day}, ${year}`, true],
  ["%d %b %Y", `${day} ${name} ${year}`, true],
  ["%d %B %Y", `${day} ${longName} ${year}`, true],
  ["%d-%b-%Y", `${day}-${name}-${year}`, true],
  ["%d-%b-%y", `${day}-${name}-\\d\\d`, true],
  ["%a %b %d %Y", `${name} ${name} ${day} ${year}`, true],
  ["%a, %d %b %Y", `${name}, ${day} ${name} ${year}`, true],
  ["%Y-%m", `${year}-${month}`, false],
  ["%b %Y", `${name} ${year}`, false],
  ["%B %Y", `${longName} ${year}`, false],
];

const clockShapes: readonly (readonly [string, string])[] = [
  ["", ""],
  [" %H:%M", " \\d{1,2}:\\d\\d"],
  [" %H:%M:%S", " \\d{1,2}:\\d\\d:\\d\\d"],
  [" %H:%M:%S.%f", " \\d{1,2}:\\d\\d:\\d\\d\\.\\d+"],
  [" %I:%M %p", " \\d{1,2}:\\d\\d [AaPp][Mm]"],
  [" %I:%M:%S %p", " \\d{1,2}:\\d\\d:\\d\\d [AaPp][Mm]"],
  ["T%H:%M:%S", "T\\d\\d:\\d\\d:\\d\\d"],
  [" %H:%M:%S GMT", " \\d\\d:\\d\\d:\\d\\d GMT"],
];

/** Formats that fit at least one of a column's texts, ISO first. Pure. */
export function possibleFormats(texts: readonly string[]): TimeFormat[] {
  const found: TimeFormat[] = [];
  if (texts.some((text) => /^\d{4}[-/ ]\d{1,2}[-/ ]\d{1,2}(?:$|[T ]\d{1,2}:\d\d)/.test(text)))
    found.push({ format: undefined, daily: true });
  for (const [date, shape, daily] of dateShapes) {
    for (const [clock, clockShape] of daily ? clockShapes : clockShapes.slice(0, 1)) {
      const pattern = new RegExp(`^${shape}${clockShape}$`);
      if (texts.some((text) => pattern.test(text))) found.push({ format: `${date}${clock}`, daily });
    }
  }
  return found;
}

export interface TimeFit extends TimeFormat {
  /** Rows whose text the format reads. */
  readonly rows: number;
  /** Milliseconds since 1970 UTC. */
  readonly minMs: number;
  readonly maxMs: number;
  /** Another format reads as many rows: day and month cannot be told apart. */
  readonly ambiguous: boolean;
}

/** The format that reads the most rows of a column of texts; of equals the first. Undefined when none reads any. */
export async function fittingFormat(
  query: Query,
  cells: string,
  column: string,
  formats: readonly TimeFormat[],
): Promise<TimeFit | undefined> {
  if (formats.length === 0) return undefined;
  const moments = formats.map(({ format }, index) => `${timeSql(sqlName(column), format)} AS t${index}`);
  const facts = formats.map(
    (_, index) =>
      `count(t${index}) AS n${index}, epoch_ms(min(t${index})) AS a${index}, epoch_ms(max(t${index})) AS z${index}`,
  );
  const [row] = await query.rows<Record<string, number | null>>(
    `SELECT ${facts.join(", ")} FROM (SELECT ${moments.join(", ")} FROM ${cells})`,
  );
  const fits = formats.map((format, index) => ({
    ...format,
    rows: row?.[`n${index}`] ?? 0,
    minMs: row?.[`a${index}`] ?? 0,
    maxMs: row?.[`z${index}`] ?? 0,
  }));
  const best = fits.reduce((a, b) => (b.rows > a.rows ? b : a));
  if (best.rows === 0) return undefined;
  const rival = fits.find((fit) => fit !== best && fit.rows === best.rows);
  return { ...best, ambiguous: rival !== undefined && (await differ(query, cells, column, best, rival)) };
}

/** Two formats may read every text and still mean other moments: 1/2/2020. */
async function differ(query: Query, cells: string, column: string, a: TimeFormat, b: TimeFormat): Promise<boolean> {
  const [first, second] = [a, b].map(({ format }) => timeSql(sqlName(column), format));
  const [row] = await query.rows<{ n: number }>(`SELECT count(*) AS n FROM ${cells} WHERE ${first} <> ${second}`);
  return (row?.n ?? 0) > 0;
}
