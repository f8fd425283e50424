// The whole product under kill -9 at random moments, while rows keep coming: nothing lost, doubled, half done or stuck.
//
// npm run torture -- --minutes 30 [--seed 1]

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, globSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import type { ComponentStatus, PredictionDocument, StatusDocument } from "../../src/http/api.ts";
import { copyExample, pentadJson, repository, type TestProject } from "../support/project.ts";

export interface TortureOptions {
  readonly seconds: number;
  readonly seed: number;
  readonly log: (line: string) => void;
  /** Fill the project's disk now and then; needs the right to mount. */
  readonly fillDisk?: boolean;
  /** Let the server's writes fail with EIO now and then; needs Linux and a C compiler. */
  readonly failWrites?: boolean;
}

export interface TortureResult {
  readonly kills: Readonly<Record<Kill, number>>;
  /** Writes and flushes of the server that failed with EIO. */
  readonly failedWrites: number;
  readonly checks: number;
  readonly runs: number;
  readonly interrupted: number;
  readonly versions: number;
  readonly rows: number;
  readonly slowestRecoveryMs: number;
}

type Kill = "server" | "group" | "step" | "disk" | "writes";

/** What a run may fail with here, since it was done to it. */
const expected = /RUNTIME_INTERRUPTED|RUNS_STEP_KILLED|RUNTIME_DISK_FULL|CATALOG_IO|RUNTIME_IO|MODELS_GATE_REFUSED/;
const cities = ["seattle", "tacoma", "olympia"];

/** Throws at the first thing that is wrong, with what was seen. */
export async function torture({ seconds, seed, log, ...options }: TortureOptions): Promise<TortureResult> {
  const random = seeded(seed);
  const project = copyExample("rain");
  const unmount = options.fillDisk === true ? await mountSmallDisk(project.folder) : undefined;
  const writes = options.failWrites === true ? await failingWrites(project.folder) : undefined;
  const kills: Record<Kill, number> = { server: 0, group: 0, step: 0, disk: 0, writes: 0 };
  let checks = 0;
  let slowestRecoveryMs = 0;
  let server: Server | undefined;
  try {
    const rows = await prepare(project);
    server = await start(project.folder, writes?.environment);
    await settled(server, project);
    const endAt = performance.now() + seconds * 1000;
    while (performance.now() < endAt) {
      const until = performance.now() + 300 + random() * 2_500;
      while (performance.now() < until) {
        if (random() < 0.6) rows.append(1 + Math.floor(random() * 12));
        await pause(100 + random() * 200);
      }
      const kill = pick(random, unmount !== undefined, writes !== undefined);
      kills[kill]++;
      log(`${((endAt - performance.now()) / 1000).toFixed(0)} s left: ${kill}`);
      if (kill === "step") killStep(server.child.pid as number, random);
      else if (kill === "disk") await fillDiskFor(project.folder, 500 + random() * 1_500);
      else if (kill === "writes") await writes?.failFor(500 + random() * 2_000);
      else {
        await killServer(server.child, kill === "group");
        if (random() < 0.3) rows.append(1);
        const startedAt = performance.now();
        server = await start(project.folder, writes?.environment);
        slowestRecoveryMs = Math.max(slowestRecoveryMs, performance.now() - startedAt);
      }
      if (random() < 0.2) {
        await check(server, project, rows.lines());
        checks++;
        log(`check ${checks} is good`);
      }
    }
    await check(server, project, rows.lines());
    checks++;
    const ledger = new DatabaseSync(join(project.folder, ".pentad/catalog.sqlite"), { readOnly: true });
    const count = (sql: string) => (ledger.prepare(sql).get() as { n: number }).n;
    const result = {
      kills,
      failedWrites: writes?.failed() ?? 0,
      checks,
      runs: count("select count(*) as n from runs"),
      interrupted: count("select count(*) as n from runs where failure like '%RUNTIME_INTERRUPTED%'"),
      versions: count("select count(*) as n from models_versions"),
      rows: rows.lines().length,
      slowestRecoveryMs: Math.round(slowestRecoveryMs),
    };
    ledger.close();
    return result;
  } finally {
    if (server !== undefined) await killServer(server.child, true);
    await unmount?.();
    project.remove();
  }
}

function pick(random: () => number, fillDisk: boolean, failWrites: boolean): Kill {
  const at = random();
  if (fillDisk && at < 0.1) return "disk";
  if (failWrites && at > 0.85) return "writes";
  return at < 0.4 ? "server" : at < 0.7 ? "group" : "step";
}

/** The example with a key, so that there is an online side, and with a training that is quick and often due. */
async function prepare(project: TestProject) {
  const [header = "", ...lines] = (await project.read("weather.csv")).trim().split("\n");
  const keyed = lines.slice(-420).map((line, index) => `${line},${cities[index % 3]}`);
  const path = join(project.folder, "weather.csv");
  writeFileSync(path, `${header},city\n${keyed.join("\n")}\n`);
  await project.edit("data/weather.ts", 'eventTime: "date"', 'key: "city",\n  eventTime: "date"');
  await project.edit(
    "training.ts",
    "[logistic(), gradientBoosting()]",
    "[logistic(), gradientBoosting({ trees: 20 })]",
  );
  await project.edit("training.ts", 'when: { every: "1d", newRows: 30 }', "when: { newRows: 40 }");
  await project.edit("problem.ts", 'atLeast: 0.7, beats: "majority"', "atLeast: 0.3");
  await project.edit("data/weather.ts", 'by: "1d"', 'by: "3d"');
  const template = keyed.map((line) => line.split(",").slice(1, -1).join(","));
  const all = [...keyed];
  let day = Date.parse("2016-01-01T00:00Z");
  return {
    lines: () => all as readonly string[],
    append(count: number) {
      for (let index = 0; index < count; index++) {
        const date = new Date(day).toISOString().slice(0, 10);
        const line = `${date},${template[all.length % template.length]},${cities[all.length % 3]}`;
        all.push(line);
        // One write a line: a reader never sees half of one, as from a program that logs.
        appendFileSync(path, `${line}\n`);
        day += 86_400_000;
      }
    },
  };
}

interface Server {
  readonly child: ChildProcess;
  readonly url: string;
}

async function start(folder: string, environment: Record<string, string> = {}): Promise<Server> {
  const child = spawn(
    process.execPath,
    [join(repository, "bin/pentad.mjs"), "start", "--project", folder, "--port", "0"],
    {
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
      env: { ...process.env, ...environment },
    },
  );
  process.once("exit", () => child.kill("SIGKILL"));
  process.setMaxListeners(0);
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-4_000);
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const found = /^ready (\S+)$/m.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once("exit", (code, signal) => reject(new Error(`the server ended with ${code ?? signal}:\n${said}`)));
  });
  return { child, url };
}

/** `everything` takes the steps' processes with it, as a machine does that loses its power. */
async function killServer(child: ChildProcess, everything: boolean): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const pids = everything ? descendants(child.pid as number) : [];
  for (const pid of [child.pid as number, ...pids]) kill(pid);
  await ended;
}

function killStep(server: number, random: () => number): void {
  const steps = descendants(server);
  const chosen = steps[Math.floor(random() * steps.length)];
  if (chosen !== undefined) kill(chosen);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself meanwhile.
  }
}

function descendants(pid: number): number[] {
  let children: number[];
  try {
    children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
  return children.flatMap((child) => [child, ...descendants(child)]);
}

/** A model that is no better than the live one is refused, as it should be. */
function isQuiet({ state, failure, waitingFor }: ComponentStatus): boolean {
  return (
    state !== "running" &&
    (failure === null || failure.code === "MODELS_GATE_REFUSED") &&
    !/its turn|interrupted/.test(waitingFor ?? "")
  );
}

/** Nothing runs, waits or is due, and the newest rows are in: the status document says so for a while. */
async function settled(server: Server, project: TestProject): Promise<void> {
  const giveUpAt = performance.now() + 120_000;
  let quiet = 0;
  let status: StatusDocument | undefined;
  while (quiet < 8) {
    if (performance.now() > giveUpAt)
      assert.fail(
        `it did not settle: ${JSON.stringify(status?.components.map(({ id, state, failure, waitingFor }) => ({ id, state, failure, waitingFor })))}`,
      );
    const response = await fetch(`${server.url}/api/status`);
    status = (await response.json()) as StatusDocument;
    const wrong = status.components.find(({ failure }) => failure !== null && !expected.test(failure.code));
    if (wrong !== undefined) assert.fail(`${wrong.id} failed: ${JSON.stringify(wrong.failure)}`);
    const open = withLedger(project.folder, (ledger) =>
      ledger.prepare("select run from runs where state in ('requested', 'running')").all(),
    );
    quiet = open.length === 0 && status.components.every(isQuiet) ? quiet + 1 : 0;
    await pause(300);
  }
}

function withLedger<Result>(folder: string, work: (ledger: DatabaseSync) => Result): Result {
  const ledger = new DatabaseSync(join(folder, ".pentad/catalog.sqlite"), { readOnly: true, timeout: 5_000 });
  try {
    return work(ledger);
  } finally {
    ledger.close();
  }
}

async function check(server: Server, project: TestProject, lines: readonly string[]): Promise<void> {
  await settled(server, project);
  await checkRows(project, lines);
  await checkOnline(server, lines);
  withLedger(project.folder, (ledger) => {
    checkModels(project.folder, ledger);
    checkHistory(ledger);
  });
  const left = readdirSync(join(project.folder, ".pentad/tmp")).filter((name) => name.startsWith("run_"));
  assert.deepEqual(left, [], "folders of runs that have ended are gone");
}

async function checkRows(project: TestProject, lines: readonly string[]): Promise<void> {
  const out = join(project.folder, "out.csv");
  const { code, stderr } = await pentadJson("export", "features/weather", "--out", out, "--project", project.folder);
  assert.equal(code, 0, stderr);
  const [header = "", ...exported] = readFileSync(out, "utf8").trim().split("\n");
  rmSync(out);
  const names = header.split(",");
  const [date, city] = [names.indexOf("date"), names.indexOf("city")];
  const keyOf = (cells: readonly string[]) => `${cells[city]} ${cells[date]?.slice(0, 10)}`;
  const stored = exported.map((line) => keyOf(line.split(","))).sort();
  const source = lines
    .map((line) => line.split(","))
    .map((cells) => `${cells.at(-1)} ${cells[0]}`)
    .sort();
  assert.deepEqual(stored, source, "every row of the source is stored, and each once");
}

/** What is answered for a city rests on the newest row that the offline side has of it. */
async function checkOnline(server: Server, lines: readonly string[]): Promise<void> {
  for (const city of cities) {
    const newest = lines.findLast((line) => line.endsWith(`,${city}`))?.split(",") ?? [];
    const response = await fetch(`${server.url}/predict/rain`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ city }),
    });
    const answer = (await response.json()) as PredictionDocument;
    assert.equal(response.status, 200, JSON.stringify(answer));
    assert.deepEqual(
      [answer.features.precipitation, answer.features.temp_max, answer.features.weather],
      [Number(newest[1]), Number(newest[2]), newest[5]],
      `online and offline say the same of ${city}`,
    );
  }
}

/** Every version is whole, its run ended well, and every run that ended well left one. */
function checkModels(folder: string, ledger: DatabaseSync): void {
  const versions = ledger.prepare("select version, id, run from models_versions order by version").all() as {
    version: number;
    id: string;
    run: string;
  }[];
  assert.deepEqual(
    versions.map(({ version }) => version),
    versions.map((_, index) => index + 1),
  );
  const files = globSync("**/*.model", { cwd: join(folder, ".pentad/models") });
  for (const { id } of versions)
    assert.ok(
      files.some((file) => file.includes(id.slice(2, 20)) || file.includes(id)),
      `the file of ${id} is there`,
    );
  const ended = ledger
    .prepare(
      "select run from runs where component = 'training/rain' and (state = 'done' or failure like '%MODELS_GATE_REFUSED%')",
    )
    .all() as { run: string }[];
  assert.deepEqual(versions.map(({ run }) => run).sort(), ended.map(({ run }) => run).sort());
}

function checkHistory(ledger: DatabaseSync): void {
  const integrity = ledger.prepare("pragma integrity_check").get() as { integrity_check: string };
  assert.equal(integrity.integrity_check, "ok");
  const events = ledger.prepare("select sequence, run, component, event from runs_events order by sequence").all() as {
    sequence: number;
    run: string;
    component: string;
    event: string;
  }[];
  assert.deepEqual(
    events.map(({ sequence }) => sequence),
    events.map((_, index) => index + 1),
    "the record has no gap",
  );
  const running = new Map<string, string>();
  const seen = new Map<string, string[]>();
  for (const { run, component, event } of events) {
    if (run === "") continue;
    seen.set(run, [...(seen.get(run) ?? []), event]);
    if (event === "run.started") {
      assert.equal(running.has(component), false, `${component} runs once at a time`);
      running.set(component, run);
    } else if (running.get(component) === run) running.delete(component);
  }
  for (const [run, own] of seen) {
    assert.equal(own[0], "run.requested", run);
    assert.ok(
      own.length === 3 && own[1] === "run.started" && /^run\.(?:done|failed|cancelled)$/.test(own[2] ?? ""),
      `${run}: ${own.join(", ")}`,
    );
  }
  const failures = ledger.prepare("select component, failure from runs where failure is not null").all() as {
    component: string;
    failure: string;
  }[];
  for (const { component, failure } of failures) assert.match(failure, expected, component);
  const steps = ledger.prepare("select count(*) as n from runs_steps where state = 'running'").get() as { n: number };
  assert.equal(steps.n, 0, "no step is left running");
}

/** A disk of its own for the project's state, so that it can be full. Undefined without the right to mount. */
async function mountSmallDisk(folder: string): Promise<(() => Promise<unknown>) | undefined> {
  const state = join(folder, ".pentad");
  await run("mkdir", state);
  return (await run("mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", state)) === 0
    ? () => run("umount", "-l", state)
    : undefined;
}

async function fillDiskFor(folder: string, ms: number): Promise<void> {
  const filler = join(folder, ".pentad", "filler");
  await run("sh", "-c", `cat /dev/zero > '${filler}' 2>/dev/null`);
  await pause(ms);
  if (existsSync(filler)) rmSync(filler);
}

/** The server's writes below `.pentad` fail like those to a broken disk, one in four, for a while at a time. */
async function failingWrites(folder: string) {
  const place = join(folder, "..");
  const [library, trigger, count] = ["io-errors.so", "fail", "failed"].map((name) => join(place, name)) as [
    string,
    string,
    string,
  ];
  const source = join(import.meta.dirname, "io-errors.c");
  if ((await run("cc", "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl")) !== 0) return undefined;
  return {
    environment: {
      LD_PRELOAD: library,
      PENTAD_TEST_IO_FOLDER: join(folder, ".pentad"),
      PENTAD_TEST_IO_TRIGGER: trigger,
      PENTAD_TEST_IO_COUNT: count,
    },
    async failFor(ms: number) {
      writeFileSync(trigger, "");
      await pause(ms);
      rmSync(trigger);
    },
    failed: () => (existsSync(count) ? readFileSync(count, "utf8").split("\n").length - 1 : 0),
  };
}

function run(program: string, ...args: readonly string[]): Promise<number | null> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: "ignore" });
    child.once("error", () => resolve(null));
    child.once("close", resolve);
  });
}

function seeded(seed: number): () => number {
  let count = 0;
  return () => createHash("sha256").update(`${seed} ${count++}`).digest().readUInt32LE(0) / 2 ** 32;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "30" },
      seed: { type: "string", default: String(Date.now() % 100_000) },
    },
  });
  const seed = Number(values.seed);
  console.log(`torture: ${values.minutes} minutes, seed ${seed}`);
  const result = await torture({
    seconds: Number(values.minutes) * 60,
    seed,
    fillDisk: true,
    failWrites: true,
    log: (line) => console.error(line),
  });
  console.log(JSON.stringify(result));
}
