// Faults of the machine: disks, clocks, the catalog's file, processes that are killed.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, rename, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Fault, Place } from "./fault.ts";
import { pause } from "./judge.ts";

const catalog = (place: Place) => join(place.folder, ".pentad/catalog.sqlite");

/** Something is wrong with the catalog's file, found by a command with no server running; the file must stay as it is. */
function catalogFile(
  name: string,
  spoil: (path: string, place: Place) => Promise<unknown>,
  expected: { code: string | readonly string[]; message: RegExp; hint: RegExp },
  options: Partial<Fault> = {},
): Fault {
  const hashes = new Map<string, string>();
  const hash = async (place: Place) =>
    createHash("sha256")
      .update(await readFile(catalog(place)))
      .digest("hex");
  return {
    name,
    kind: "stores",
    project: "rain",
    async inject(place) {
      await place.stop();
      await spoil(catalog(place), place);
      hashes.set(place.folder, await hash(place));
    },
    act: { command: ["status"] },
    serving: "not asked",
    expected: { component: null, ...expected },
    also: async (place) => ((await hash(place)) === hashes.get(place.folder) ? null : "the file was changed"),
    ...options,
  };
}

const catalogs: readonly Fault[] = [
  catalogFile(
    "the catalog was cut off",
    (path) => truncate(path, 20_000),
    { code: "CATALOG_CORRUPT", message: /catalog\.sqlite/, hint: /backup/ },
    { quick: true },
  ),
  catalogFile("the catalog became something else", (path) => writeFile(path, "Dear diary, ".repeat(900)), {
    code: "CATALOG_CORRUPT",
    message: /catalog\.sqlite/,
    hint: /backup/,
  }),
  catalogFile(
    "the catalog was written by a newer version",
    async (path) => {
      const database = new DatabaseSync(path);
      database.exec("update catalog_rooms set version = 999 where room = 'runs'; pragma wal_checkpoint(truncate)");
      database.close();
    },
    { code: "CATALOG_NEWER", message: /catalog|runs/, hint: /[Uu]pgrade/ },
  ),
  catalogFile(
    "the catalog became a folder",
    async (path) => {
      await rename(path, `${path}.was`);
      await rename(join(path, "../tmp"), path);
    },
    { code: ["CATALOG_READ_ONLY", "CATALOG_CORRUPT"], message: /catalog\.sqlite/, hint: /catalog\.sqlite/ },
    {
      also: async () => null,
      inject: async (place) => {
        await place.stop();
        await rename(catalog(place), `${catalog(place)}.was`);
        await rename(join(place.folder, ".pentad/tmp"), catalog(place));
      },
    },
  ),
  {
    name: "the catalog's disk is read-only",
    kind: "stores",
    project: "rain",
    async inject(place) {
      await place.stop();
      await mount("--bind", join(place.folder, ".pentad"), join(place.folder, ".pentad"));
      place.after(() => unmount(join(place.folder, ".pentad")));
      await mount("-o", "remount,bind,ro", join(place.folder, ".pentad"));
    },
    act: { command: ["status"] },
    serving: "not asked",
    expected: {
      component: null,
      code: ["CATALOG_READ_ONLY", "RUNTIME_NOT_WRITABLE"],
      message: /\.pentad/,
      hint: /writable|permission/,
    },
  },
  {
    name: "another process holds the catalog's lock for good",
    kind: "stores",
    project: "rain",
    async inject(place) {
      const database = new DatabaseSync(catalog(place));
      database.exec("pragma busy_timeout = 5000; begin immediate");
      place.after(() => database.close());
    },
    act: { command: ["run", "data/weather"] },
    expected: { component: null, code: "CATALOG_LOCKED", message: /catalog\.sqlite/, hint: /process/ },
  },
  {
    name: "another process holds the catalog's lock for three seconds",
    kind: "stores",
    project: "rain",
    async inject(place) {
      const database = new DatabaseSync(catalog(place));
      database.exec("pragma busy_timeout = 5000; begin immediate");
      setTimeout(() => database.close(), 3_000);
    },
    act: { run: "data/weather" },
    expected: { component: null, code: "none", message: /./, hint: /./ },
  },
];

const disks: readonly Fault[] = [
  {
    name: "the disk is nearly full, so that no file of a run fits",
    kind: "machine",
    project: "rain",
    async inject(place) {
      const state = join(place.folder, ".pentad/tmp");
      await place.stop();
      await mount("-t", "tmpfs", "-o", "size=12k", "tmpfs", state);
      place.after(() => unmount(state));
      await place.start();
      const lines = (await place.read("weather.csv")).trim().split("\n");
      await place.write(
        "weather.csv",
        lines.map((line, at) => (at === 0 ? line : `${line.slice(0, 10)},7,${line.split(",").slice(2)}`)).join("\n"),
      );
    },
    act: { run: "data/weather" },
    serving: "not asked",
    expected: { component: "data/weather", code: "RUNTIME_DISK_FULL", message: /disk|space/i, hint: /space/ },
  },
  {
    name: "the disk is full altogether",
    kind: "machine",
    project: "rain",
    async inject(place) {
      await place.stop();
      const state = join(place.folder, ".pentad");
      const aside = `${state}.was`;
      await rename(state, aside);
      await run("mkdir", state);
      await mount("-t", "tmpfs", "-o", "size=6m", "tmpfs", state);
      place.after(() => unmount(state));
      await run("cp", "-a", `${aside}/.`, state);
      await place.start();
      await run("sh", "-c", `cat /dev/zero > ${JSON.stringify(join(state, "filler"))} || true`);
    },
    act: { command: ["run", "data/weather"] },
    serving: "not asked",
    expected: { component: null, code: "RUNTIME_DISK_FULL", message: /disk|space/i, hint: /space/ },
    async also(place) {
      const answered = await place.ask();
      if (answered.status !== 200)
        return `a full disk stopped the answers: ${answered.status} ${JSON.stringify(answered.body)}`;
      await run("rm", join(place.folder, ".pentad/filler"));
      const again = await place.pentad("run", "data/weather");
      return again.code === 0 ? null : `it does not go on when there is room again: ${JSON.stringify(again.document)}`;
    },
  },
];

/** Moves the clock of everything that is started with it; the offset is read again at each look. */
const movedClock = `data:text/javascript,${encodeURIComponent(
  "const real = Date.now; const by = Number(process.env.CLOCK_BY); Date.now = () => real() + by; const D = Date; globalThis.Date = class extends D { constructor(...a) { a.length ? super(...a) : super(real() + by); } };",
)}`;

const clocks: readonly Fault[] = [-3_600_000, -40 * 86_400_000, 3_600_000 * 5].map((by) => ({
  name: `the clock is set ${by < 0 ? "back" : "ahead"} by ${Math.abs(by) >= 86_400_000 ? `${Math.abs(by) / 86_400_000} days` : `${Math.abs(by) / 3_600_000} hours`}`,
  kind: "machine",
  project: "rain",
  async inject(place) {
    await place.stop();
    await place.start({ NODE_OPTIONS: `--import=${movedClock}`, CLOCK_BY: String(by) });
    await pause(1_500);
  },
  act: "settle",
  serving: "not asked",
  expected: { component: null, code: "none", message: /./, hint: /./ },
  async also(place) {
    const before = await place.runs();
    const scheduled = before.filter(({ reason, component }) => reason === "schedule" && component === "data/weather");
    if (by < 0 && scheduled.length > 0) return `a moment ran again: ${JSON.stringify(scheduled)}`;
    if (by > 0 && scheduled.length !== 1)
      return `five hours that were missed gave ${scheduled.length} runs instead of one`;
    const { body } = await place.post("/api/run/data/weather", {});
    for (let i = 0; i < 100; i++) {
      const run = await place.run((body as { run: string }).run);
      if (run.state === "done") return null;
      if (run.state === "failed") return JSON.stringify(run.failure);
      await pause(100);
    }
    return "a run asked for with that clock did not end";
  },
}));

const kills: readonly Fault[] = [
  {
    name: "the serving process is killed with -9 in the middle of a run",
    kind: "machine",
    project: "rain",
    async inject(place) {
      await place.edit(
        "data/weather.ts",
        "  schedule:",
        '  transform(row) {\n    if (row.date === "2012-01-02") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_500);\n    return row;\n  },\n  schedule:',
      );
      for (let i = 0; i < 200; i++) {
        if ((await place.status()).components.some(({ id, state }) => id === "data/weather" && state === "running"))
          break;
        await pause(50);
      }
      await place.stop("SIGKILL");
      await place.start();
    },
    act: "settle",
    serving: "not asked",
    expected: { component: null, code: "none", message: /./, hint: /./ },
    async also(place) {
      const runs = (await place.runs()).filter(({ component }) => component === "data/weather");
      const [again, lost] = runs;
      return again?.state === "done" &&
        lost?.failure?.code === "RUNTIME_INTERRUPTED" &&
        lost.failure.component === "data/weather"
        ? null
        : JSON.stringify(runs.slice(0, 3));
    },
  },
  {
    name: "two processes want to serve one project",
    kind: "machine",
    project: "rain",
    inject: async () => undefined,
    act: { command: ["dev", "--port", "0"] },
    expected: { component: null, code: "RUNTIME_PROJECT_BUSY", message: /process \d+/, hint: /http:/ },
  },
  {
    name: "the state folder is a file",
    kind: "machine",
    project: "rain",
    async inject(place) {
      await place.stop();
      await rename(join(place.folder, ".pentad"), join(place.folder, ".pentad.was"));
      await writeFile(join(place.folder, ".pentad"), "");
    },
    act: { command: ["status"] },
    serving: "not asked",
    expected: { component: null, code: ["RUNTIME_NOT_WRITABLE"], message: /\.pentad/, hint: /./ },
  },
  {
    name: "the settings file does not load",
    kind: "machine",
    project: "rain",
    inject: (place) =>
      place.write(
        "pentad.config.ts",
        'import { defineConfig } from "pentad";\nexport default defineConfig({ alerts: { webhook: "ftp://nowhere" } });\n',
      ),
    act: { command: ["status"] },
    expected: {
      component: null,
      code: "DEFINE_INVALID",
      message: /alerts\.webhook.*ftp/,
      hint: /./,
      at: { file: "pentad.config.ts", text: "ftp:" },
    },
  },
];

function run(program: string, ...args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (chunk) => {
      said += chunk;
    });
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`${program} ${args.join(" ")}: ${said}`)),
    );
  });
}
const mount = (...args: readonly string[]) => run("mount", ...args);
const unmount = (folder: string) => run("umount", "-l", folder);

export const machineFaults: readonly Fault[] = [...catalogs, ...disks, ...clocks, ...kills];
