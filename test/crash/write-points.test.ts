// A writer is killed at every place at which it writes: commits are whole or not there, and the same again goes on.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { listCommits } from "../../src/features/commits.ts";
import { groupFiles } from "../../src/features/group-files.ts";
import { catchUpOnline, findOnlineRow } from "../../src/features/online/newest-rows.ts";
import { sqlText } from "../../src/ports/query.ts";
import { definitionOf, type Group, openGroup } from "../data/group.ts";
import { definitionSource, prepare, scenarios } from "./write-scenarios.ts";

const definition = definitionOf(definitionSource);
const keys = ["ann", "bob", "cid", "dot", "eve"];

let folder: string;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "pentad-test-"));
  const group = await openGroup(join(folder, "base"));
  await prepare(group);
  await close(group);
});
after(() => rmSync(folder, { recursive: true, force: true }));

async function close({ parts }: Group): Promise<void> {
  await parts.online.close();
  await parts.database.close();
}

/** A copy of the prepared group in which the scenario is carried out, up to a write point or to its end. */
async function carryOut(scenario: string, dieAt?: number): Promise<{ place: string; points: string[] }> {
  const place = mkdtempSync(join(folder, `${scenario}-`));
  cpSync(join(folder, "base"), place, { recursive: true });
  const script = join(import.meta.dirname, "write-points-worker.ts");
  const child = spawn(process.execPath, [script, place, scenario, ...(dieAt === undefined ? [] : [String(dieAt)])], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [said, complaints] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaints += text;
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.once("close", (...end) => resolve(end as [number | null, string | null])),
  );
  if (dieAt === undefined) assert.equal(code, 0, complaints);
  else assert.equal(signal, "SIGKILL", `it did not reach point ${dieAt}: ${complaints}`);
  return { place, points: said === "" ? [] : (JSON.parse(said) as string[]) };
}

interface State {
  readonly commits: readonly string[];
  readonly rows: readonly unknown[];
  readonly online: Readonly<Record<string, unknown>>;
}

/** What a start after a crash finds: the commits, the group's rows, and the newest row of every key. */
async function look(group: Group): Promise<State> {
  const { database, offline, online } = group.parts;
  await catchUpOnline(database, offline, online, "g");
  const commits = await listCommits(database, "g");
  assert.deepEqual(
    commits.map(({ sequence }) => sequence),
    commits.map((_, index) => index + 1),
  );
  assert.equal(online.appliedSequence("g"), commits.length);
  await groupFiles(database, offline, "g");
  const rows = (await group.rows(definition)) as Record<string, unknown>[];
  const plain = rows.map(({ _commit, _created, ...rest }) => rest);
  assert.equal(commits.at(-1)?.rows.total, rows.length);
  assert.equal(commits.at(-1)?.statistics.rows, rows.length);
  const newest: Record<string, unknown> = {};
  for (const key of keys) {
    const row = plain.findLast((one) => one._key_key === key);
    const stored = findOnlineRow(online, "g", [key]);
    newest[key] = stored?.values ?? null;
    const { value, kind, total, n } = row ?? {};
    assert.deepEqual(
      newest[key],
      row === undefined ? null : { value, kind, total, n },
      `${key}: offline and online differ`,
    );
  }
  return { commits: commits.map(({ mode, rows: { total } }) => `${mode} ${total}`), rows: plain, online: newest };
}

async function lookAt(place: string): Promise<State> {
  const group = await openGroup(place);
  try {
    return await look(group);
  } finally {
    await close(group);
  }
}

/** Every file of the offline store as text. */
async function everything(group: Group): Promise<string> {
  const { offline } = group.parts;
  let texts = "";
  for (const name of await offline.list("g/")) {
    const path = await offline.localPath(name);
    if (name.endsWith(".parquet"))
      texts += JSON.stringify(
        await group.withQuery((query) => query.rows(`SELECT * FROM read_parquet(${sqlText(path)})`)),
      );
    else texts += (name.endsWith(".gz") ? gunzipSync(readFileSync(path)) : readFileSync(path)).toString();
  }
  return texts;
}

describe("a writer that is killed at every place at which it writes", { timeout: 600_000 }, () => {
  for (const scenario of Object.keys(scenarios))
    it(`leaves the group whole and goes on: ${scenario}`, async () => {
      const begin = await lookAt(join(folder, "base"));
      const { place: whole, points } = await carryOut(scenario);
      const end = await lookAt(whole);
      assert.notDeepEqual(end, begin);
      assert.ok(points.length > 10, points.join("\n"));
      // The moment of truth: before the transaction's end nothing has happened, after it everything has.
      const first = points.indexOf("sqlite commit", points.indexOf("sqlite insert into features_commits"));
      assert.ok(first > 0 && points.includes("online put"), points.join("\n"));
      const waiting = points.keys();
      const outcomes = new Set<string>();
      const killOne = async () => {
        for (const dieAt of waiting) {
          const { place } = await carryOut(scenario, dieAt);
          const group = await openGroup(place);
          try {
            const found = await look(group);
            const at = `killed before ${dieAt}: ${points[dieAt]}`;
            const isOld = found.commits.length === begin.commits.length;
            assert.deepEqual(found, isOld ? begin : end, at);
            assert.equal(isOld, dieAt <= first, at);
            outcomes.add(isOld ? "old" : "new");
            await scenarios[scenario]?.(group);
            const again = await look(group);
            assert.deepEqual([again.rows, again.online], [end.rows, end.online], at);
            if (scenario === "purge") assert.ok(!(await everything(group)).includes("ann"), at);
          } finally {
            await close(group);
            rmSync(place, { recursive: true, force: true });
          }
        }
      };
      await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, killOne));
      assert.deepEqual([...outcomes].sort(), ["new", "old"]);
    });
});
