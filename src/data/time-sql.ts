// SQL for the time that a text means: the profile reads it as the data component will.

import { sqlText } from "../ports/query.ts";

/** To the minute with an offset: ISO 8601, which the engine only reads with seconds. */
const toTheMinute = "^(\\d{4}-\\d\\d-\\d\\d)[T ](\\d\\d:\\d\\d)\\s*(Z|[+-]\\d\\d(?::?\\d\\d)?)$";

/** ISO 8601 with or without an offset (UTC when without), the named strptime format, or seconds or milliseconds since 1970. */
export function timeSql(raw: string, format: string | undefined): string {
  const text = `trim(${raw})`;
  if (format === "epochSeconds") return `make_timestamp(CAST(TRY_CAST(${text} AS DOUBLE) * 1000000 AS BIGINT))`;
  if (format === "epochMilliseconds") return `make_timestamp(CAST(TRY_CAST(${text} AS DOUBLE) * 1000 AS BIGINT))`;
  if (format !== undefined) return `CAST(try_strptime(${text}, ${sqlText(format)}) AS TIMESTAMP)`;
  const withSeconds = `regexp_replace(upper(${text}), ${sqlText(toTheMinute)}, '\\1 \\2:00\\3')`;
  const moment = `COALESCE(TRY_CAST(${text} AS TIMESTAMPTZ), TRY_CAST(${withSeconds} AS TIMESTAMPTZ))`;
  // "infinity" is a time to the engine, and to nobody else.
  return `nullif(nullif(CAST(${moment} AS TIMESTAMP), TIMESTAMP 'infinity'), TIMESTAMP '-infinity')`;
}
