// Finds the records of a delimited text in its UTF-8 bytes: where each ends, how many fields it has, what is wrong with it.

/** One ASCII character each. An `escape` equal to `quote` means that a quote inside quotes is doubled. */
export interface Dialect {
  readonly delimiter: string;
  readonly quote: string;
  readonly escape: string;
}

export interface ScannedRecord {
  /** Where the record's text ends, before its line end. */
  end: number;
  /** Where the next record begins. */
  next: number;
  fields: number;
  /** The last field is empty, as after a trailing delimiter. */
  lastEmpty: boolean;
  /** In words; null when the record is well-formed. `end` and `next` are then those of the record's first line. */
  problem: string | null;
}

const newline = 10;
const carriageReturn = 13;

/** A scanner of one dialect. It reuses one result object: read it before the next call. */
export function recordScanner(dialect: Dialect) {
  const delimiter = dialect.delimiter.charCodeAt(0);
  const quote = dialect.quote.charCodeAt(0);
  const escapes = dialect.escape.charCodeAt(0);
  const doubled = quote === escapes;
  const record: ScannedRecord = { end: 0, next: 0, fields: 0, lastEmpty: false, problem: null };

  /**
   * The record that begins at `from`, or null when the bytes end before the record does. `final` says that no more bytes
   * follow; `limit` is the longest record that is accepted.
   */
  return function scan(
    bytes: Uint8Array,
    from: number,
    final: boolean,
    limit = Number.POSITIVE_INFINITY,
  ): ScannedRecord | null {
    const length = bytes.length;
    let at = from;
    record.fields = 1;
    record.problem = null;
    for (;;) {
      // At the start of a field.
      const start = at;
      if (at < length && bytes[at] === quote) {
        at++;
        for (;;) {
          while (at < length && bytes[at] !== quote && bytes[at] !== escapes) at++;
          if (at - from > limit) return broken(bytes, from, "a quote is opened and not closed");
          if (at >= length) return final ? broken(bytes, from, "a quote is opened and not closed") : null;
          if (at + 1 >= length && !final) return null;
          if (doubled ? bytes[at + 1] === quote : bytes[at] === escapes) {
            at += 2;
            continue;
          }
          at++;
          break;
        }
        const after = bytes[at];
        if (at < length && after !== delimiter && after !== newline && after !== carriageReturn)
          return broken(
            bytes,
            from,
            `a closing quote is followed by ${JSON.stringify(String.fromCharCode(after as number))}`,
          );
      } else {
        while (at < length && bytes[at] !== delimiter && bytes[at] !== newline && bytes[at] !== carriageReturn) at++;
      }
      if (at >= length && !final) return at - from > limit ? broken(bytes, from, "the line is too long") : null;
      if (at < length && bytes[at] === delimiter) {
        record.fields++;
        at++;
        continue;
      }
      if (at - from > limit) return broken(bytes, from, "the line is too long");
      record.lastEmpty = at === start;
      record.end = at;
      return lineEnd(bytes, at, final);
    }
  };

  function broken(bytes: Uint8Array, from: number, problem: string): ScannedRecord | null {
    let at = from;
    while (at < bytes.length && bytes[at] !== newline && bytes[at] !== carriageReturn) at++;
    record.problem = problem;
    record.end = at;
    return lineEnd(bytes, at, true);
  }

  function lineEnd(bytes: Uint8Array, at: number, final: boolean): ScannedRecord | null {
    if (bytes[at] === carriageReturn) {
      if (at + 1 >= bytes.length && !final) return null;
      record.next = bytes[at + 1] === newline ? at + 2 : at + 1;
    } else record.next = Math.min(at + 1, bytes.length);
    return record;
  }
}

/** The texts of a well-formed record's fields. */
export function fieldTexts(text: string, { delimiter, quote, escape: escapes }: Dialect): string[] {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    if (text[at] === quote) {
      let value = "";
      at++;
      while (at < text.length) {
        if (text[at] === escapes && (escapes !== quote || text[at + 1] === quote)) {
          value += text[at + 1] ?? "";
          at += 2;
        } else if (text[at] === quote) break;
        else value += text[at++];
      }
      at++;
      fields.push(value);
    } else {
      const end = text.indexOf(delimiter, at);
      fields.push(text.slice(at, end === -1 ? text.length : end));
      at = end === -1 ? text.length : end;
    }
    if (at >= text.length) return fields;
    at++;
  }
}

/** The well-formed records of a text's beginning, up to `limit`; what is broken or cut off is left out. */
export function headRecords(text: string, dialect: Dialect, limit: number, whole: boolean): string[][] {
  const bytes = Buffer.from(text);
  const scan = recordScanner(dialect);
  const records: string[][] = [];
  for (let at = 0; at < bytes.length && records.length < limit; ) {
    const record = scan(bytes, at, whole, 2_000_000);
    if (record === null) break;
    if (record.problem === null) records.push(fieldTexts(bytes.toString("utf8", at, record.end), dialect));
    at = record.next;
  }
  return records;
}

/** How many records of a text's beginning are not well-formed. */
export function countBroken(text: string, dialect: Dialect): number {
  const bytes = Buffer.from(text);
  const scan = recordScanner(dialect);
  let broken = 0;
  for (let at = 0; at < bytes.length; ) {
    const record = scan(bytes, at, false, 2_000_000);
    // A quote that is still open where the text is cut off counts too.
    if (record === null) return broken + (text.slice(-1) === "\n" ? 1 : 0);
    if (record.problem !== null) broken++;
    at = record.next;
  }
  return broken;
}
