// Aliases: which version is live, a candidate or a shadow, and every move of them with who, when and why.

import { fail } from "../base/failure.ts";
import type { Database, Statements } from "../ports/database.ts";
import type { GateVerdict } from "./gate.ts";

export type Alias = "live" | "candidate" | "shadow";

export interface Move {
  readonly reason: string;
  readonly who: string;
  /** Promote a version that its gate refused; the reason is kept. */
  readonly override?: boolean;
}

/** Points an alias at a version. `live` is refused for a version that did not pass its gate, unless overridden with a reason. */
export async function moveAlias(
  tx: Statements,
  training: string,
  alias: Alias,
  version: number,
  move: Move,
  atMs: number,
): Promise<void> {
  const row = await tx.get<{ gate: string }>("select gate from models_versions where training = ? and version = ?", [
    training,
    version,
  ]);
  if (row === undefined) throw fail("MODELS_UNKNOWN", `Expected a version of training/${training}, got ${version}`);
  const gate = JSON.parse(row.gate) as GateVerdict;
  if (move.reason.trim() === "")
    throw fail("MODELS_REASON_MISSING", `Expected why version ${version} should be ${alias}, got nothing`);
  if (alias === "live" && !gate.passed && move.override !== true)
    throw fail(
      "MODELS_GATE_REFUSED",
      `Version ${version} of training/${training} did not pass its gate: ${failedChecks(gate)}`,
    );
  if (alias === "shadow" && (await isAlias(tx, training, "live", version)))
    throw fail(
      "MODELS_SHADOW_LIVE",
      `Version ${version} of training/${training} is live, so it cannot be its own shadow`,
    );
  const before = await tx.get<{ version: number }>(
    "select version from models_aliases where training = ? and alias = ?",
    [training, alias],
  );
  await tx.run(
    "insert into models_aliases (training, alias, version, at) values (?, ?, ?, ?) on conflict (training, alias) do update set version = excluded.version, at = excluded.at",
    [training, alias, version, atMs],
  );
  // What was overridden stays on record beside why.
  const over = alias === "live" && !gate.passed ? ` (over its gate: ${failedChecks(gate)})` : "";
  await tx.run(
    "insert into models_moves (training, alias, version, before, reason, who, at) values (?, ?, ?, ?, ?, ?, ?)",
    [training, alias, version, before?.version ?? null, move.reason + over, move.who, atMs],
  );
  if (alias === "live") await dropAlias(tx, training, "shadow", version);
}

async function isAlias(tx: Statements, training: string, alias: Alias, version: number): Promise<boolean> {
  const found = await tx.get("select 1 from models_aliases where training = ? and alias = ? and version = ?", [
    training,
    alias,
    version,
  ]);
  return found !== undefined;
}

/** Takes an alias away, if it points at that version. */
export async function dropAlias(tx: Statements, training: string, alias: Alias, version: number): Promise<void> {
  await tx.run("delete from models_aliases where training = ? and alias = ? and version = ?", [
    training,
    alias,
    version,
  ]);
}

export function failedChecks(gate: GateVerdict): string {
  return gate.checks
    .filter((check) => !check.passed)
    .map((check) => check.message)
    .join("; ");
}

export interface AliasMove {
  readonly alias: Alias;
  readonly version: number;
  readonly before: number | null;
  readonly reason: string;
  readonly who: string;
  readonly at: number;
}

/** Every move of a training's aliases, newest first. */
export async function listMoves(database: Database, training: string): Promise<AliasMove[]> {
  return database.all<AliasMove>(
    "select alias, version, before, reason, who, at from models_moves where training = ? order by at desc",
    [training],
  );
}
