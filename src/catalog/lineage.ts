// Lineage: which output was made from which inputs, written in the transaction that makes the output visible.

import type { Database, RoomMigrations, Statements } from "../ports/database.ts";

export const lineageMigrations: RoomMigrations = {
  room: "lineage",
  statements: [
    `create table lineage_edges (
      output text not null,
      input text not null,
      run text,
      at integer not null,
      primary key (output, input)
    );
    create index lineage_edges_input on lineage_edges (input)`,
  ],
};

/** Things are named `features/weather@3`, `training-set/HASH`, `model/ID`, `file/NAME`. */
export async function recordLineage(
  tx: Statements,
  output: string,
  inputs: readonly string[],
  run: string,
  atMs: number,
): Promise<void> {
  for (const input of inputs)
    await tx.run(
      "insert into lineage_edges (output, input, run, at) values (?, ?, ?, ?) on conflict (output, input) do nothing",
      [output, input, run, atMs],
    );
}

/** What was made from exactly this. */
export async function usesOf(database: Pick<Statements, "all">, input: string): Promise<string[]> {
  const rows = await database.all<{ output: string }>(
    "select output from lineage_edges where input = ? order by output",
    [input],
  );
  return rows.map(({ output }) => output);
}

/** Every input that begins with `input` and from which something was made whose name begins with `output`. */
export async function listUses(database: Database, input: string, output: string): Promise<string[]> {
  const rows = await database.all<{ input: string }>(
    "select distinct input from lineage_edges where input >= ? and input < ? and output >= ? and output < ? order by input",
    [input, after(input), output, after(output)],
  );
  return rows.map((row) => row.input);
}

/** The first text after all that begin with `prefix`. */
function after(prefix: string): string {
  return `${prefix.slice(0, -1)}${String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)}`;
}

/** Everything that `output` was made from, directly or through others, nearest first. */
export async function ancestorsOf(database: Database, output: string): Promise<string[]> {
  const found = new Set<string>();
  let frontier = [output];
  while (frontier.length > 0) {
    const next: string[] = [];
    for (const thing of frontier) {
      for (const { input } of await database.all<{ input: string }>(
        "select input from lineage_edges where output = ? order by input",
        [thing],
      )) {
        if (found.has(input)) continue;
        found.add(input);
        next.push(input);
      }
    }
    frontier = next;
  }
  return [...found];
}
