// The rejected rows of a feature group's commits, and what became of them: open, asked to be replayed, replayed, discarded.

import type { Database, Statements } from "../ports/database.ts";

export type QuarantineState = "open" | "requested" | "replayed" | "discarded" | "superseded";

/** The rows that one commit rejected. */
export interface Rejected {
  readonly sequence: number;
  /** The blob with a JSON line per row. */
  readonly file: string;
  readonly rows: number;
  readonly atMs: number;
  readonly state: QuarantineState;
  /** Why they were discarded, or the run that read them again. */
  readonly note: string | null;
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
  const anew =
    rows.findLast((row) => row.mode === "replace" || (row.mode === "append" && row.source_position === null))
      ?.sequence ?? 0;
  return rows.flatMap(({ sequence, quarantine_file: file, rows_quarantined, at, state, note }) =>
    file === null
      ? []
      : [
          {
            sequence,
            file,
            rows: rows_quarantined,
            atMs: at,
            state: state ?? (sequence < anew ? "superseded" : "open"),
            note,
          },
        ],
  );
}

/** The rows that still wait for somebody: open, or asked to be replayed by the next run. */
export async function listOpen(database: Statements, group: string): Promise<Rejected[]> {
  return (await listRejected(database, group)).filter(({ state }) => state === "open" || state === "requested");
}

/** Writes down what becomes of the rows that these commits rejected. They stay on record in any case. */
export async function settleRejected(
  tx: Statements,
  group: string,
  sequences: readonly number[],
  what: { readonly state: "requested" | "replayed" | "discarded"; readonly note: string | null },
  atMs: number,
): Promise<void> {
  for (const sequence of sequences)
    await tx.run(
      `insert into features_quarantine (group_name, sequence, state, note, at) values (?, ?, ?, ?, ?)
       on conflict (group_name, sequence) do update set state = excluded.state, note = excluded.note, at = excluded.at`,
      [group, sequence, what.state, what.note, atMs],
    );
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
