// The rejected rows of a feature group's commits, and what became of them: open, asked to be replayed, replayed, discarded.

import type { Database, Statements } from "../ports/database.ts";

export type QuarantineState = "open" | "requested" | "replayed" | "discarded" | "superseded";

/** The rows that one commit rejected. */
export interface Rejected {
  readonly sequence: number;
  /** The blob with a JSON line per row. */
  readonly file: string;
  /** Without those that went a way of their own. */
  readonly rows: number;
  readonly atMs: number;
  readonly state: QuarantineState;
  /** By line of the file, from 1: rows that went another way than the commit's others. */
  readonly lines: ReadonlyMap<number, QuarantineState>;
  /** Why they were discarded, or the run that read them again. */
  readonly note: string | null;
}

/** Some of the rows that a commit rejected, by their lines, or all of them. */
export type RejectedPart = number | { readonly sequence: number; readonly lines: readonly number[] };

/** What became of one row. */
export function stateOfLine({ state, lines }: Rejected, line: number): QuarantineState {
  return state === "superseded" ? state : (lines.get(line) ?? state);
}

export function isWaiting(state: QuarantineState): boolean {
  return state === "open" || state === "requested";
}

/** What a commit rejected is superseded when a later one read everything anew: then its own rejected rows count. */
export async function listRejected(database: Statements, group: string): Promise<Rejected[]> {
  const rows = await database.all<{
    sequence: number;
    mode: string;
    source_position: string | null;
    quarantine_file: string | null;
    rows_quarantined: number;
    at: number;
    state: QuarantineState | null;
    note: string | null;
  }>(
    `select c.sequence, c.mode, c.source_position, c.quarantine_file, c.rows_quarantined, c.at, q.state, q.note
     from features_commits c left join features_quarantine q on q.group_name = c.group_name and q.sequence = c.sequence
     where c.group_name = ? order by c.sequence`,
    [group],
  );
  const own = await database.all<{ sequence: number; line: number; state: QuarantineState }>(
    "select sequence, line, state from features_quarantine_lines where group_name = ?",
    [group],
  );
  const anew =
    rows.findLast((row) => row.mode === "replace" || (row.mode === "append" && row.source_position === null))
      ?.sequence ?? 0;
  return rows.flatMap(({ sequence, quarantine_file: file, rows_quarantined, at, state, note }) => {
    if (file === null) return [];
    const lines = new Map(own.filter((one) => one.sequence === sequence).map((one) => [one.line, one.state]));
    const all = state ?? (sequence < anew ? "superseded" : "open");
    const away = [...lines.values()].filter((one) => isWaiting(one) !== isWaiting(all)).length;
    return [{ sequence, file, rows: rows_quarantined - away, atMs: at, state: all, lines, note }];
  });
}

/** The rows that still wait for somebody: open, or asked to be replayed by the next run. */
export async function listOpen(database: Statements, group: string): Promise<Rejected[]> {
  return (await listRejected(database, group)).filter(({ state, rows }) => isWaiting(state) && rows > 0);
}

/** Writes down what becomes of rejected rows. They stay on record in any case. */
export async function settleRejected(
  tx: Statements,
  group: string,
  parts: readonly RejectedPart[],
  what: { readonly state: "requested" | "replayed" | "discarded"; readonly note: string | null },
  atMs: number,
): Promise<void> {
  for (const part of parts) {
    if (typeof part !== "number") {
      for (const line of part.lines)
        await tx.run(
          `insert into features_quarantine_lines (group_name, sequence, line, state, note, at) values (?, ?, ?, ?, ?, ?)
           on conflict (group_name, sequence, line) do update set state = excluded.state, note = excluded.note, at = excluded.at`,
          [group, part.sequence, line, what.state, what.note, atMs],
        );
      continue;
    }
    await tx.run(
      "delete from features_quarantine_lines where group_name = ? and sequence = ? and state = 'requested'",
      [group, part],
    );
    await tx.run(
      `insert into features_quarantine (group_name, sequence, state, note, at) values (?, ?, ?, ?, ?)
       on conflict (group_name, sequence) do update set state = excluded.state, note = excluded.note, at = excluded.at`,
      [group, part, what.state, what.note, atMs],
    );
  }
}

/** How many rejected rows of each group wait for somebody. */
export async function countOpen(database: Database, groups: readonly string[]): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const group of groups)
    counts.set(
      group,
      (await listOpen(database, group)).reduce((sum, { rows }) => sum + rows, 0),
    );
  return counts;
}

/** What the next run was asked to read again. */
export function requestedParts(rejected: readonly Rejected[]): RejectedPart[] {
  return rejected.flatMap((one): RejectedPart[] => {
    if (one.state === "requested") return [one.sequence];
    const lines = [...one.lines].flatMap(([line, state]) => (state === "requested" ? [line] : []));
    return one.state === "superseded" || lines.length === 0 ? [] : [{ sequence: one.sequence, lines }];
  });
}

/** What became of rows that are gone themselves. */
export async function dropLines(
  tx: Statements,
  group: string,
  sequence: number,
  lines: readonly number[],
): Promise<void> {
  for (const line of lines)
    await tx.run("delete from features_quarantine_lines where group_name = ? and sequence = ? and line = ?", [
      group,
      sequence,
      line,
    ]);
}
