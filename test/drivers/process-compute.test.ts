// The process driver: whatever a user's step does, one outcome comes back that names the step and the line, and nothing stays.

import assert from "node:assert/strict";
import { fork } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { getPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import type { Failure } from "../../src/base/failure.ts";
import type { JsonObject } from "../../src/base/json.ts";
import { processCompute } from "../../src/drivers/process-compute.ts";
import type { ComputeEvents, ComputeLimits, ComputeOutcome } from "../../src/ports/compute.ts";

const root = mkdtempSync(join(tmpdir(), "pentad compute "));
const project = join(root, "mon projet (été)");
mkdirSync(join(project, "data"), { recursive: true });
const temporaryFolder = join(root, "steps");
const hostModule = join(import.meta.dirname, "process-compute-host.ts");
const compute = processCompute({ hostModule, temporaryFolder });
after(async () => {
  await compute.close();
  assert.deepEqual(readdirSync(temporaryFolder), [], "every attempt's folder is removed");
  rmSync(root, { recursive: true, force: true });
});

const linux = { skip: process.platform !== "linux" && "needs /proc" };
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
let files = 0;

interface StepOptions {
  readonly limits?: Partial<ComputeLimits>;
  readonly environment?: Record<string, string>;
  readonly input?: JsonObject;
  readonly events?: ComputeEvents;
  readonly signal?: AbortSignal;
  readonly projectFolder?: string;
}

function taskFor(file: string, options: StepOptions = {}) {
  return {
    entry: "call",
    input: { file, ...options.input },
    component: "data/weather",
    run: "run_1",
    step: "read",
    attempt: 2,
    projectFolder: options.projectFolder ?? project,
    limits: { timeMs: 20_000, memoryMb: 512, ...options.limits },
    environment: options.environment ?? {},
  };
}

/** Runs a user's file whose default export is the step; the code's first line is line 1. */
async function step(code: string, options: StepOptions = {}): Promise<ComputeOutcome & { file: string }> {
  const file = `data/weather ${++files}.ts`;
  writeFileSync(join(project, file), code);
  return { ...(await compute.run(taskFor(file, options), options.events, options.signal)), file };
}

function failureOf(outcome: ComputeOutcome): Failure {
  assert.ok(!outcome.ok, `expected a failure, got ${JSON.stringify(outcome)}`);
  assert.equal(outcome.failure.component, "data/weather");
  assert.equal(outcome.failure.run, "run_1");
  assert.equal(outcome.failure.step, "read");
  assert.equal(outcome.failure.attempt, 2);
  return outcome.failure;
}

/** Processes of this machine whose command line holds the text. */
function processesWith(text: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        return line.includes(text) && !line.includes("sh -c") ? [`${pid} ${line}`] : [];
      } catch {
        return [];
      }
    });
}

/** One that has ended stays in the table until its parent asks; some machines' first process does so every two seconds only. */
function runs(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}

async function gone(text: string, withinMs = 2_000): Promise<void> {
  const until = performance.now() + withinMs;
  while (processesWith(text).length > 0 && performance.now() < until) await pause(25);
  assert.deepEqual(processesWith(text), []);
}

describe("a step that does its work", () => {
  test("gets its input, the project as its folder, and its result and usage come back", async () => {
    const outcome = await step(
      `export default async (input: { n: number }) => {
         let sum = 0;
         for (let i = 0; i < 3e7; i++) sum += i;
         return { doubled: input.n * 2, folder: process.cwd(), text: "Zürich ☔", nothing: undefined, sum };
       };`,
      { input: { n: 21 } },
    );
    assert.ok(outcome.ok, JSON.stringify(outcome));
    assert.deepEqual(outcome.output, { doubled: 42, folder: project, text: "Zürich ☔", sum: 449999985000000 });
    assert.ok(outcome.usage.cpuMs > 5 && outcome.usage.cpuMs < 5_000, `cpu ${outcome.usage.cpuMs} ms`);
    assert.ok(outcome.usage.wallMs > 5 && outcome.usage.peakMemoryMb > 30 && outcome.usage.peakMemoryMb < 512);
  });

  test("returning nothing is null", async () => {
    const outcome = await step("export default async () => {};");
    assert.deepEqual(outcome.ok && outcome.output, null);
  });

  test("sees only the variables it was given besides PATH and the like, and a temporary folder of its own", async () => {
    process.env.PENTAD_TEST_SECRET = "not for steps";
    const outcome = await step(
      `import { getPriority, tmpdir } from "node:os"; import { writeFileSync } from "node:fs";
       export default async () => { writeFileSync(tmpdir() + "/scratch", "x"); return { names: Object.keys(process.env).sort(), token: process.env.TOKEN, folder: tmpdir() }; };`,
      { environment: { TOKEN: "abc" } },
    );
    delete process.env.PENTAD_TEST_SECRET;
    assert.ok(outcome.ok);
    const { names, token, folder } = outcome.output as { names: string[]; token: string; folder: string };
    const allowed = [
      "HOME",
      "LANG",
      "LC_ALL",
      "LC_CTYPE",
      "LOGNAME",
      "PATH",
      "PENTAD_ATTEMPT",
      "SHELL",
      "TMPDIR",
      "TOKEN",
      "TZ",
      "USER",
    ];
    assert.deepEqual(
      names.filter((name) => !allowed.includes(name)),
      [],
    );
    assert.equal(token, "abc");
    assert.ok(folder.startsWith(temporaryFolder));
    assert.ok(!existsSync(folder), "the folder is gone when the outcome is there");
  });

  test("two steps never share a process, so nothing that one leaves in memory meets the other", async () => {
    const code =
      "export default async () => { const g = globalThis as { seen?: number }; g.seen = (g.seen ?? 0) + 1; return [g.seen, process.pid]; };";
    const [first, second] = [await step(code), await step(code)];
    assert.ok(first.ok && second.ok);
    assert.equal((first.output as number[])[0], 1);
    assert.equal((second.output as number[])[0], 1);
    assert.notEqual((first.output as number[])[1], (second.output as number[])[1]);
  });

  test("comes after the server for the processor, in its own process and in those that it starts", linux, async () => {
    const outcome = await step(
      `import { execFileSync } from "node:child_process"; import { getPriority } from "node:os";
       export default async () => [getPriority(), Number(execFileSync("nice", { encoding: "utf8" }))];`,
    );
    const own = getPriority();
    assert.deepEqual(outcome.ok && outcome.output, [own + 5, own + 5]);
  });

  test("timers and connections that it leaves open do not keep it alive", async () => {
    const outcome = await step(
      `import { createServer } from "node:net"; export default async () => { createServer().listen(0); setInterval(() => {}, 10); return 1; };`,
    );
    assert.ok(outcome.ok);
    assert.ok(outcome.usage.wallMs < 5_000);
  });

  test("says its progress, at most every 100 ms however often it speaks", async () => {
    const seen: JsonObject[] = [];
    const outcome = await step(
      `export default async (_: unknown, { progress }: { progress(p: object): void }) => {
         for (let i = 0; i <= 30_000; i++) { progress({ rows: i }); if (i % 1000 === 0) await new Promise((r) => setTimeout(r, 10)); }
       };`,
      { events: { onProgress: (progress) => seen.push(progress) } },
    );
    assert.ok(outcome.ok);
    assert.deepEqual(seen[0], { rows: 0 });
    assert.ok(seen.length >= 2 && seen.length <= 40, `${seen.length} messages`);
  });

  test("twelve at once all come back", async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, (_, n) => step("export default async (i: { n: number }) => i.n;", { input: { n } })),
    );
    assert.deepEqual(
      outcomes.map((outcome) => outcome.ok && outcome.output),
      Array.from({ length: 12 }, (_, n) => n),
    );
  });
});

describe("what a step prints", () => {
  const printed = async (code: string) => {
    const lines: [string, string][] = [];
    const outcome = await step(code, { events: { onOutput: (line, stream) => lines.push([stream, line]) } });
    return { lines, outcome };
  };

  test("comes line by line with its stream, to the last word without a line end", async () => {
    const { lines } = await printed(
      `export default async () => { console.log("eins\\nzwei ü"); console.error("drei"); process.stdout.write("vier"); };`,
    );
    assert.deepEqual(
      lines.filter(([stream]) => stream === "stdout").map(([, line]) => line),
      ["eins", "zwei ü", "vier"],
    );
    assert.deepEqual(
      lines.filter(([stream]) => stream === "stderr").map(([, line]) => line),
      ["drei"],
    );
  });

  test("is kept when the step fails", async () => {
    const { lines, outcome } = await printed(
      `export default async () => { console.log("before"); throw new Error("x"); };`,
    );
    assert.ok(!outcome.ok);
    assert.deepEqual(lines, [["stdout", "before"]]);
  });

  test("a gigabyte costs us neither memory nor time, and 10,000 lines are kept with a note", async () => {
    let longestPause = 0;
    let last = performance.now();
    const ticks = setInterval(() => {
      longestPause = Math.max(longestPause, performance.now() - last);
      last = performance.now();
    }, 5);
    const before = process.memoryUsage.rss();
    const { lines, outcome } = await printed(
      `const line = "x".repeat(1023) + "\\n"; const block = line.repeat(1024); export default async () => { for (let i = 0; i < 1024; i++) process.stdout.write(block); };`,
    );
    clearInterval(ticks);
    assert.ok(outcome.ok, JSON.stringify(outcome));
    assert.equal(lines.length, 10_001);
    assert.equal(lines.at(-1)?.[1], "… 1038576 more lines left out");
    assert.ok((process.memoryUsage.rss() - before) / 1e6 < 200);
    assert.ok(longestPause < 250, `our event loop stood still for ${longestPause.toFixed(0)} ms`);
    assert.ok(outcome.usage.peakMemoryMb < 300, "the step itself does not hoard what it prints");
  });

  test("one endless line is cut at 4 KB, never through a character", async () => {
    const { lines } = await printed(
      `export default async () => { for (let i = 0; i < 200; i++) process.stdout.write("é☔".repeat(20_000)); };`,
    );
    assert.equal(lines.length, 1);
    const [, line = ""] = lines[0] ?? [];
    assert.match(line, /^(?:é☔)+é? … \(\d+ more bytes left out\)$/);
    assert.ok(Buffer.byteLength(line) < 4_200);
  });
});

describe("a step that throws", () => {
  test("names the error, its cause, and the line of the user's file", async () => {
    const outcome = await step(`interface Row { rain: number }
const rows: Row[] = [];
export default async function read() {
  try { JSON.parse("{"); } catch (cause) {
    throw new TypeError("the station's answer is not JSON", { cause });
  }
}`);
    const failure = failureOf(outcome);
    assert.equal(failure.code, "RUNS_STEP_THROWS");
    assert.equal(failure.message, "TypeError: the station's answer is not JSON");
    assert.match(failure.cause ?? "", /^SyntaxError: Expected property name/);
    assert.deepEqual(failure.location, { file: outcome.file, line: 5, column: 11 });
    assert.equal(failure.hint, "Correct the named line");
    assert.ok(Math.abs(Date.parse(failure.at) - Date.now()) < 10_000);
  });

  const places: readonly [string, string, number][] = [
    ["in the file's own body, while it is loaded", "const a = 1;\nthrow new Error('at load');", 2],
    ["after an await", "export default async () => {\n  await 1;\n  throw new Error('x');\n};", 3],
    ["synchronously", "export default () => {\n  throw new Error('x');\n};", 2],
    [
      "in a timer that nobody awaits",
      "export default async () => {\n  setTimeout(() => {\n    throw new Error('x');\n  }, 5);\n  await new Promise((r) => setTimeout(r, 3000));\n};",
      3,
    ],
    [
      "in a promise that nobody awaits",
      "export default async () => {\n  void (async () => {\n    await 1; throw new Error('x');\n  })();\n  await new Promise((r) => setTimeout(r, 3000));\n};",
      3,
    ],
    [
      "in an event handler",
      `import { EventEmitter } from "node:events";\nexport default async () => {\n  new EventEmitter().emit("error", new Error("x"));\n};`,
      3,
    ],
    [
      "in a callback of Node's own",
      `import { readFileSync } from "node:fs";\nexport default async () => {\n  readFileSync("does-not-exist.csv");\n};`,
      3,
    ],
    ["by recursion without an end", "export default function f(): unknown {\n  return [f()];\n}", 2],
    [
      "inside a callback of a built-in",
      "export default async () => [3, 1].map((n) => {\n  throw new RangeError('x' + n);\n});",
      2,
    ],
  ];
  for (const [where, code, line] of places)
    test(`${where}: line ${line}`, async () => {
      const outcome = await step(code);
      const failure = failureOf(outcome);
      assert.equal(failure.code, "RUNS_STEP_THROWS", failure.message);
      assert.equal(failure.location?.file, outcome.file, failure.message);
      assert.equal(failure.location?.line, line);
    });

  test("an error of a library called by the project points to the project's call", async () => {
    mkdirSync(join(project, "node_modules", "lib"), { recursive: true });
    writeFileSync(
      join(project, "node_modules", "lib", "index.js"),
      "exports.parse = () => { throw new Error('inside the library'); };",
    );
    const outcome = await step(`import lib from "lib";\nexport default async () => {\n  lib.parse();\n};`);
    assert.deepEqual(failureOf(outcome).location, { file: outcome.file, line: 3, column: 7 });
  });

  test("a mistake in the TypeScript syntax names its line and column", async () => {
    const outcome = await step("const a: number = 1;\nconst b = = 2;\n");
    assert.deepEqual(failureOf(outcome).location, { file: outcome.file, line: 2, column: 11 });
  });

  test("what is thrown need not be an error", async () => {
    const messages: string[] = [];
    for (const thrown of [
      "'just a text'",
      "{ status: 503, why: 'busy' }",
      "null",
      "undefined",
      "42",
      "Symbol('s')",
      "new Proxy({}, { get() { throw 1; }, getPrototypeOf() { throw 2; } })",
    ]) {
      const failure = failureOf(await step(`export default async () => { throw ${thrown}; };`));
      assert.equal(failure.code, "RUNS_STEP_THROWS");
      messages.push(failure.message);
    }
    assert.equal(messages[0], "just a text");
    assert.equal(messages[1], "Something that is not an error was thrown: { status: 503, why: 'busy' }");
    for (const [index, text] of [
      [2, "null"],
      [3, "undefined"],
      [4, "42"],
      [5, "Symbol(s)"],
    ] as const)
      assert.ok(messages[index]?.endsWith(text), String(messages[index]));
  });

  test("an AggregateError tells its first errors, a chain of causes all of them, a circle of causes ends", async () => {
    const aggregate = failureOf(
      await step(
        "export default async () => { await Promise.any([Promise.reject(new Error('a')), Promise.reject(new Error('b'))]); };",
      ),
    );
    assert.equal(aggregate.cause, "a; because: b");
    const chain = failureOf(
      await step(
        "export default async () => { throw new Error('1', { cause: new Error('2', { cause: 'three' }) }); };",
      ),
    );
    assert.equal(chain.cause, "2; because: three");
    const circle = failureOf(
      await step("export default async () => { const e = new Error('round'); e.cause = e; throw e; };"),
    );
    assert.equal(circle.cause, null);
  });

  test("an error of Pentad's own keeps its code, hint and details, and points to the user's line", async () => {
    const failureFile = new URL("../../src/base/failure.ts", import.meta.url).href;
    const outcome = await step(`import { fail } from ${JSON.stringify(failureFile)};
export default async () => {
  throw fail("SOURCES_EMPTY", "Expected rows, got none", { hint: "Look at the file" });
};`);
    const failure = failureOf(outcome);
    assert.equal(failure.code, "SOURCES_EMPTY");
    assert.equal(failure.hint, "Look at the file");
    assert.deepEqual(failure.location, { file: outcome.file, line: 3, column: 9 });
  });

  test("an error that only pretends to have a code of ours is an ordinary one", async () => {
    const failure = failureOf(
      await step(
        "export default async () => { throw Object.assign(new Error('x'), { name: 'PentadError', code: 'toString' }); };",
      ),
    );
    assert.equal(failure.code, "RUNS_STEP_THROWS");
  });

  test("a full disk is RUNTIME_DISK_FULL, whoever met it", async () => {
    const failure = failureOf(
      await step(
        "export default async () => { throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }); };",
      ),
    );
    assert.equal(failure.code, "RUNTIME_DISK_FULL");
  });

  test("a project reached through a symbolic link still has its lines named", async () => {
    const link = join(root, "link");
    symlinkSync(project, link);
    const outcome = await step("\nexport default async () => { throw new Error('x'); };", { projectFolder: link });
    assert.deepEqual(failureOf(outcome).location, { file: outcome.file, line: 2, column: 36 });
  });
});

describe("a step that does not end", () => {
  const loops: readonly [string, string, number][] = [
    ["an endless loop", "export default async () => {\n  let i = 0;\n  while (true)\n    i++;\n};", 3],
    ["an endless loop while the file is loaded", "let i = 0;\nfor (;;) {\n  i++;\n}", 2],
    ["an endless loop of awaits", "export default async () => {\n  for (;;)\n    await null;\n};", 2],
    [
      "an endless loop that yields to timers",
      "export default async () => {\n  for (;;) {\n    for (let i = 0; i < 1e5; i++);\n    await new Promise((r) => setImmediate(r));\n  }\n};",
      3,
    ],
    ["a regular expression that explodes", "export default async () =>\n  /^(a+)+$/.test('a'.repeat(60) + 'b');", 2],
    [
      "a loop in a function called from elsewhere",
      `import { deep } from "./deep.ts";\nexport default async () => deep();`,
      -1,
    ],
  ];
  writeFileSync(
    join(project, "data", "deep.ts"),
    "export function deep() {\n  let n = 0;\n  do {\n    n = (n + 1) % 7;\n  } while (n >= 0);\n}",
  );
  for (const [what, code, line] of loops)
    test(`${what} is RUNS_STEP_TIMEOUT with the line where it was`, async () => {
      const outcome = await step(code, { limits: { timeMs: 1_000 } });
      const failure = failureOf(outcome);
      assert.equal(failure.code, "RUNS_STEP_TIMEOUT");
      assert.match(failure.message, /^The step read took longer than its limit of 1 s: it was still running/);
      if (line < 0) assert.equal(failure.location?.file, "data/deep.ts");
      else assert.equal(failure.location?.file, outcome.file);
      const [from, to] = line < 0 ? [3, 5] : [line, line + 2];
      assert.ok(
        (failure.location?.line ?? 0) >= from && (failure.location?.line ?? 0) <= to,
        `line ${failure.location?.line}`,
      );
      assert.ok(outcome.usage.wallMs < 5_000 && outcome.usage.cpuMs > 100);
    });

  test("a promise that nothing can settle any more is noticed at once, not at the limit", async () => {
    const outcome = await step("export default async () => { await new Promise(() => {}); };", {
      limits: { timeMs: 60_000 },
    });
    const failure = failureOf(outcome);
    assert.equal(failure.code, "RUNS_STEP_TIMEOUT");
    assert.match(failure.message, /waits for something that can never come/);
    assert.ok(outcome.usage.wallMs < 4_000);
  });

  test("waiting for an answer that never comes says what is still open", async () => {
    const failure = failureOf(
      await step(
        `import { createServer, connect } from "node:net";
export default async () => {
  const server = createServer(() => {}).listen(0, "127.0.0.1");
  await new Promise((r) => server.once("listening", r));
  const socket = connect((server.address() as { port: number }).port, "127.0.0.1");
  await new Promise((r) => socket.once("data", r));
};`,
        { limits: { timeMs: 2_000 } },
      ),
    );
    assert.equal(failure.code, "RUNS_STEP_TIMEOUT");
    assert.match(failure.message, /it waits for something that never came \(.*a network connection.*\)/);
  });

  test("waiting for another process without yielding names the line of the call", linux, async () => {
    const failure = failureOf(
      await step(
        `import { execSync } from "node:child_process";
export default async () => {
  execSync("sleep 4711.7");
};`,
        { limits: { timeMs: 700 } },
      ),
    );
    assert.equal(failure.code, "RUNS_STEP_TIMEOUT");
    assert.equal(failure.location?.line, 3);
    await gone("sleep 4711.7");
  });

  test("waiting for a worker thread that loops says so", async () => {
    const failure = failureOf(
      await step(
        `import { Worker } from "node:worker_threads";
export default async () => { await new Promise((r) => new Worker("for (;;);", { eval: true }).once("exit", r)); };`,
        { limits: { timeMs: 700 } },
      ),
    );
    assert.equal(failure.code, "RUNS_STEP_TIMEOUT");
    assert.match(failure.message, /waits for something that never came \(.*a worker thread.*\)/);
  });

  test("catching everything, and leaving handlers in our way, does not help", async () => {
    const failure = failureOf(
      await step(
        `process.on("SIGTERM", () => {}); process.on("uncaughtException", () => {}); process.removeAllListeners("message");
export default async () => { for (;;) { try { throw 1; } catch { /* and on it goes */ } } };`,
        { limits: { timeMs: 500 } },
      ),
    );
    assert.equal(failure.code, "RUNS_STEP_TIMEOUT");
    assert.equal(failure.location?.line, 2);
  });
});

describe("a step that takes too much processor time", () => {
  test("is RUNS_STEP_CPU with the line, long before its wall time is over", async () => {
    const outcome = await step("export default async () => {\n  let i = 0;\n  while (true)\n    i++;\n};", {
      limits: { cpuMs: 700 },
    });
    const failure = failureOf(outcome);
    assert.equal(failure.code, "RUNS_STEP_CPU", failure.message);
    assert.equal(failure.message, "The step read used more processor time than its limit of 700 ms");
    assert.equal(failure.location?.file, outcome.file);
    assert.ok([3, 4].includes(failure.location?.line ?? 0), `line ${failure.location?.line}`);
    assert.ok(outcome.usage.cpuMs >= 700 && outcome.usage.cpuMs < 4_000, `${outcome.usage.cpuMs} ms`);
  });

  test("in threads of its own counts too", async () => {
    const outcome = await step(
      `import { Worker } from "node:worker_threads";
export default async () => { await new Promise((r) => new Worker("for (;;);", { eval: true }).once("exit", r)); };`,
      { limits: { cpuMs: 700 } },
    );
    assert.equal(failureOf(outcome).code, "RUNS_STEP_CPU");
  });

  test("in the processes that it starts counts as its own", linux, async () => {
    const outcome = await step(
      `import { spawn } from "node:child_process";
export default async () => { spawn("sh", ["-c", "while :; do :; done # 4711.8"]); await new Promise((r) => setTimeout(r, 15_000)); };`,
      { limits: { cpuMs: 900 } },
    );
    const failure = failureOf(outcome);
    assert.equal(failure.code, "RUNS_STEP_CPU", failure.message);
    assert.match(failure.message, /together with the processes it started$/);
    await gone("4711.8");
  });

  test("while it waits uses none, however long that takes", async () => {
    const outcome = await step(
      "export default async () => { await new Promise((r) => setTimeout(r, 1_500)); return 1; };",
      {
        limits: { cpuMs: 1_000 },
      },
    );
    assert.ok(outcome.ok, JSON.stringify(outcome));
  });
});

describe("a step that takes too much memory", () => {
  const leaks: readonly [string, string, number, number][] = [
    [
      "in a loop",
      "export default async () => {\n  const keep: unknown[] = [];\n  for (;;)\n    keep.push(new Array(1000).fill(keep.length));\n};",
      3,
      4,
    ],
    [
      "in buffers, bit by bit",
      "export default async () => {\n  const keep: unknown[] = [];\n  for (;;) {\n    keep.push(Buffer.alloc(500_000, 1));\n    await new Promise((r) => setTimeout(r, 1));\n  }\n};",
      3,
      5,
    ],
    [
      "in small objects",
      "export default async () => {\n  const keep: unknown[] = [];\n  for (let i = 0; ; i++)\n    keep.push({ i, text: 'row ' + i, more: [i, i] });\n};",
      3,
      4,
    ],
  ];
  for (const [how, code, from, to] of leaks)
    test(`${how} is RUNS_STEP_MEMORY with the line`, async () => {
      const outcome = await step(code, { limits: { memoryMb: 256 } });
      const failure = failureOf(outcome);
      assert.equal(failure.code, "RUNS_STEP_MEMORY", failure.message);
      assert.match(failure.message, /^The step read used more memory than its limit of 256 MB: it reached \d+ MB/);
      assert.equal(failure.location?.file, outcome.file);
      assert.ok(
        (failure.location?.line ?? 0) >= from && (failure.location?.line ?? 0) <= to,
        `line ${failure.location?.line}`,
      );
      assert.ok(outcome.usage.peakMemoryMb < 600, `${outcome.usage.peakMemoryMb} MB`);
    });

  test("in one native call is ended too, without a line", async () => {
    const outcome = await step("export default async () => { Buffer.alloc(2_000_000_000).fill(1); };", {
      limits: { memoryMb: 256 },
    });
    assert.equal(failureOf(outcome).code, "RUNS_STEP_MEMORY");
    assert.ok(outcome.usage.peakMemoryMb < 1_600, `${outcome.usage.peakMemoryMb} MB`);
  });

  test("in the processes that it starts counts as its own", linux, async () => {
    const outcome = await step(
      `import { execFileSync } from "node:child_process";
export default async () => { execFileSync(process.execPath, ["-e", "const keep = []; setInterval(() => keep.push(Buffer.alloc(2e7, 1)), 20)"], { stdio: "ignore" }); };`,
      { limits: { memoryMb: 300 } },
    );
    const failure = failureOf(outcome);
    assert.equal(failure.code, "RUNS_STEP_MEMORY", failure.message);
    assert.match(failure.message, /together with the processes it started/);
  });

  test("outside its own code names no function of Node", async () => {
    const outcome = await step(
      `import { PassThrough } from "node:stream";
export default async () => {
  const keep = new PassThrough({ highWaterMark: 2 ** 40 });
  const more = Buffer.prototype.fill.bind(Buffer.alloc(1));
  const grow: () => void = Array.prototype.forEach.bind([0], () => { for (;;) keep.write(Buffer.from("x".repeat(100_000))); });
  setTimeout(grow, 1);
  await new Promise((r) => setTimeout(r, 20_000, more));
};`,
      { limits: { memoryMb: 256 } },
    );
    const failure = failureOf(outcome);
    assert.equal(failure.code, "RUNS_STEP_MEMORY", failure.message);
    assert.match(failure.message, /^The step read used more memory than its limit of 256 MB: it reached \d+ MB$/);
    assert.equal(failure.location?.line, 5);
  });

  test("of which most is garbage is left alone", async () => {
    const outcome = await step(
      `export default async () => {
         const live = new Array(5_000_000).fill(1); let n = 0;
         for (let i = 0; i < 700; i++) n += Array.from({ length: 20_000 }, (_, j) => ({ a: j, b: i })).length;
         return n + live.length;
       };`,
      { limits: { memoryMb: 256 } },
    );
    assert.ok(outcome.ok, JSON.stringify(outcome));
    assert.equal(outcome.output, 19_000_000);
  });

  test("a buffer that cannot be had at all is RUNS_STEP_MEMORY with its line", async () => {
    const outcome = await step(
      "export default async () => {\n  const all = [];\n  for (;;) all.push(new ArrayBuffer(2 ** 42));\n};",
    );
    const failure = failureOf(outcome);
    assert.equal(failure.code, "RUNS_STEP_MEMORY", failure.message);
    assert.equal(failure.location?.line, 3);
  });
});

describe("a step that ends its process", () => {
  const ways: readonly [string, string][] = [
    ["process.exit(3)", "process.exit(3)"],
    ["process.exit(0)", "process.exit(0)"],
    ["process.abort()", "process.abort()"],
    ["process.kill(its own pid, SIGKILL)", 'process.kill(process.pid, "SIGKILL")'],
    ["process.kill(its own pid, SIGTERM)", "process.kill(-process.pid)"],
  ];
  for (const [name, code] of ways)
    test(`with ${code} is RUNS_STEP_EXITED with the line`, async () => {
      const outcome = await step(
        `export default async () => {\n  await 1;\n  ${code};\n  await new Promise((r) => setTimeout(r, 5000));\n};`,
      );
      const failure = failureOf(outcome);
      assert.equal(failure.code, "RUNS_STEP_EXITED");
      assert.equal(failure.message, `The step read ended its own process with ${name}`);
      assert.equal(failure.location?.file, outcome.file);
      assert.equal(failure.location?.line, 3);
    });

  test("from outside is RUNS_STEP_KILLED with the signal", async () => {
    const running = step(
      "export default async () => { console.log(process.pid); await new Promise((r) => setTimeout(r, 20_000)); };",
      {
        events: { onOutput: (line) => process.kill(Number(line), "SIGKILL") },
      },
    );
    const failure = failureOf(await running);
    assert.equal(failure.code, "RUNS_STEP_KILLED");
    assert.equal(failure.message, "The step read was ended from outside with SIGKILL");
  });

  test("by disconnecting from its parent gets it nowhere", async () => {
    const outcome = await step(
      "export default async () => { process.disconnect?.(); process.send?.({ type: 'result', output: 'forged' }); return 'real'; };",
    );
    assert.deepEqual(outcome.ok && outcome.output, "real");
  });

  test("after writing nonsense into our pipes is found out all the same", async () => {
    const lines = [
      "xx",
      "null",
      "[]",
      '{"type":"verdict"}',
      '{"type":"result","output":1}',
      '{"type":"thrown","usage":{}}',
      '{"type":"crossed","limit":"time"}',
    ];
    const outcome = await step(`import { writeSync } from "node:fs";
export default async () => { for (const pipe of [4, 5]) writeSync(pipe, ${JSON.stringify(`${lines.join("\n")}\n`)}); throw new Error("real"); };`);
    assert.equal(failureOf(outcome).message, "real");
  });

  test("by setting exitCode still gives its result", async () => {
    const outcome = await step("export default async () => { process.exitCode = 9; return 1; };");
    assert.ok(outcome.ok);
  });
});

describe("a result that cannot be stored", () => {
  const results: readonly [string, string][] = [
    ["{ model: { predict: () => 1 } }", "got the function predict at result.model.predict"],
    ["[1, 2n]", "got the BigInt 2 at result[1]"],
    ["{ 'a b': [Symbol('x')] }", 'got a symbol at result["a b"][0]'],
    ["{ loss: NaN }", "got NaN at result.loss"],
    ["[Infinity]", "got Infinity at result[0]"],
    ["new Map([[1, 2]])", "got a Map at result"],
    ["{ at: new Date(0) }", "got a Date at result.at"],
    ["[undefined]", "got undefined at result[0]"],
    ["{ rows: new Float64Array(3) }", "got a Float64Array at result.rows"],
    [
      "(() => { const a: any = { b: {} }; a.b.c = a; return a; })()",
      "got an object that contains itself at result.b.c",
    ],
    [
      "(() => { let a: any = 1; for (let i = 0; i < 100_000; i++) a = [a]; return a; })()",
      "got something nested deeper than 500 levels",
    ],
  ];
  test("is RUNS_RESULT_UNSTORABLE and names the value's path", async () => {
    for (const [code, says] of results) {
      const failure = failureOf(await step(`export default async () => (${code});`));
      assert.equal(failure.code, "RUNS_RESULT_UNSTORABLE", code);
      assert.ok(failure.message.includes(`Expected the step to return plain JSON, ${says}`), failure.message);
    }
  });

  test("a result that is too large is refused, also when it could not even be made into a text", async () => {
    for (const code of ["'x'.repeat(5_000_000)", "Array(3e6).fill(7)", "Array(2000).fill('y'.repeat(400_000))"]) {
      const failure = failureOf(await step(`export default async () => (${code});`, { limits: { memoryMb: 1_024 } }));
      assert.equal(failure.code, "RUNS_RESULT_UNSTORABLE");
      assert.equal(failure.message, "Expected the step to return at most 4 MB of JSON, got more");
      assert.equal(failure.hint, "Write bulk data to a file and return its path");
    }
  });

  test("a shared object that is no circle is fine, and a result just below the bound arrives", async () => {
    const outcome = await step(
      "export default async () => { const a = { x: 1 }; return { a, b: a, text: 'é'.repeat(1_000_000) }; };",
    );
    assert.ok(outcome.ok);
    assert.deepEqual((outcome.output as JsonObject).b, { x: 1 });
  });
});

describe("cancelling", () => {
  for (const [how, code] of [
    [
      "that waits",
      "export default async () => { console.log('up'); await new Promise((r) => setTimeout(r, 60_000)); };",
    ],
    ["that loops", "export default async () => { console.log('up'); for (;;); };"],
    [
      "that ignores every signal",
      "process.on('SIGTERM', () => {}); process.on('SIGINT', () => {});\nexport default async () => { console.log('up'); await new Promise((r) => setTimeout(r, 60_000)); };",
    ],
  ] as const)
    test(`a step ${how} is RUNS_CANCELLED within two seconds`, async () => {
      const controller = new AbortController();
      let abortedAt = 0;
      const outcome = await step(code, {
        signal: controller.signal,
        events: {
          onOutput: () => {
            abortedAt = performance.now();
            controller.abort();
          },
        },
      });
      assert.equal(failureOf(outcome).code, "RUNS_CANCELLED");
      assert.ok(performance.now() - abortedAt < 2_000);
    });

  test("the step hears of it first and may tidy up", async () => {
    const controller = new AbortController();
    const lines: string[] = [];
    await step(
      `export default async (_: unknown, { signal }: { signal: AbortSignal }) => {
         console.log("up");
         await new Promise((r) => { const t = setTimeout(r, 60_000); signal.addEventListener("abort", () => { console.log("tidied"); clearTimeout(t); r(0); }); });
       };`,
      {
        signal: controller.signal,
        events: {
          onOutput: (line) => {
            lines.push(line);
            controller.abort();
          },
        },
      },
    );
    assert.deepEqual(lines, ["up", "tidied"]);
  });

  test("before the start, nothing starts", async () => {
    const outcome = await step("export default async () => 1;", { signal: AbortSignal.abort() });
    assert.equal(failureOf(outcome).code, "RUNS_CANCELLED");
    assert.equal(outcome.usage.wallMs, 0);
  });
});

describe("no process stays", () => {
  const spawnSleepers = (seconds: string) => `import { spawn } from "node:child_process";
spawn("sleep", ["${seconds}"], { stdio: "ignore" });
spawn("sleep", ["${seconds}"], { stdio: "ignore", detached: true }).unref();
`;

  test("what a step started ends with it, also what left its group", linux, async () => {
    const outcome = await step(`${spawnSleepers("4711.1")}export default async () => 1;`);
    assert.ok(outcome.ok);
    await gone("sleep 4711.1");
    assert.ok(!(await step(`${spawnSleepers("4711.2")}export default async () => { throw 1; };`)).ok);
    await gone("sleep 4711.2");
    assert.ok(!(await step(`${spawnSleepers("4711.3")}process.kill(process.pid, "SIGKILL");`)).ok);
    await gone("sleep 4711.3");
  });

  test("a child that holds the output open does not hold up the outcome", linux, async () => {
    const outcome = await step(`import { spawn } from "node:child_process";
spawn("sleep", ["4711.4"], { stdio: "inherit", detached: true }).unref();
export default async () => 1;`);
    assert.ok(outcome.ok);
    assert.ok(outcome.usage.wallMs < 3_000, `${outcome.usage.wallMs} ms`);
    await gone("sleep 4711.4");
  });

  test("a fork bomb is RUNS_STEP_PROCESSES, and over at once", linux, async () => {
    const outcome = await step(
      `import { spawn } from "node:child_process";
export default async () => { for (let i = 0; i < 40; i++) { for (let j = 0; j < 5; j++) spawn("sleep", ["4711.5"], { stdio: "ignore" }); await new Promise((r) => setTimeout(r, 25)); } await new Promise((r) => setTimeout(r, 20_000)); };`,
    );
    const failure = failureOf(outcome);
    assert.equal(failure.code, "RUNS_STEP_PROCESSES");
    assert.match(failure.message, /started too many processes: \d+ at once/);
    await gone("sleep 4711.5");
  });

  test("a bomb that doubles is over at once too, to its last process", linux, async () => {
    // Ends by itself at 1,023 processes, lest a mistake here take the machine down.
    writeFileSync(
      join(project, "bomb.sh"),
      'if [ "$1" -gt 0 ]; then sh "$0" $(($1-1)) & sh "$0" $(($1-1)) & wait; fi\nsleep 20\n',
    );
    const outcome = await step(
      `import { spawn } from "node:child_process";
export default async () => { spawn("sh", ["bomb.sh", "9"], { stdio: "ignore", detached: true }); await new Promise((r) => setTimeout(r, 20_000)); };`,
    );
    assert.equal(failureOf(outcome).code, "RUNS_STEP_PROCESSES");
    assert.ok(outcome.usage.wallMs < 8_000, `${outcome.usage.wallMs} ms`);
    await gone("bomb.sh", 5_000);
  });

  test("close ends running and warm processes, and says so", async () => {
    const own = processCompute({ hostModule, temporaryFolder: join(root, "own") });
    own.warm(2, project);
    writeFileSync(
      join(project, "waits.ts"),
      "export default async () => { console.log('up'); await new Promise((r) => setTimeout(r, 60_000)); };",
    );
    let closing: Promise<void> | undefined;
    const outcome = await own.run(taskFor("waits.ts"), {
      onOutput: () => {
        closing ??= own.close();
      },
    });
    assert.equal(failureOf(outcome).code, "RUNTIME_INTERRUPTED");
    await closing;
    assert.deepEqual(readdirSync(join(root, "own")), []);
    assert.equal(failureOf(await own.run(taskFor("waits.ts"))).code, "RUNTIME_INTERRUPTED");
  });

  for (const [how, end] of [
    ["is killed with SIGKILL", (pid: number) => process.kill(pid, "SIGKILL")],
    ["gets a Ctrl-C", (pid: number) => process.kill(pid, "SIGINT")],
    ["calls process.exit()", (pid: number) => process.kill(pid, "SIGUSR2")],
  ] as const)
    test(`when the parent ${how}, its steps end within two seconds, even those stuck in a loop`, linux, async () => {
      const folder = join(root, `parent ${how}`);
      const parent = fork(join(import.meta.dirname, "process-compute-parent.ts"), [project, folder], {
        stdio: ["ignore", "ignore", "inherit", "ipc"],
      });
      writeFileSync(
        join(project, "stuck.ts"),
        `${spawnSleepers("4711.6")}export default async () => { console.log(process.pid); for (;;); };`,
      );
      const pids = await new Promise<number[]>((resolve) =>
        parent.once("message", (message) => resolve(message as number[])),
      );
      assert.equal(pids.length, 2);
      end(parent.pid as number);
      const until = performance.now() + 2_000;
      while (pids.some(runs) && performance.now() < until) await pause(20);
      assert.deepEqual(pids.filter(runs), []);
      await gone("sleep 4711.6");
      await gone(folder);
      // The next one to use the folder clears away what the dead one left.
      await processCompute({ hostModule, temporaryFolder: folder }).close();
      await pause(50);
      assert.deepEqual(existsSync(folder) ? readdirSync(folder) : [], []);
    });
});

describe("a process that cannot start", () => {
  const broken = async (hostCode: string | undefined) => {
    const path = join(root, "broken-host.ts");
    rmSync(path, { force: true });
    if (hostCode !== undefined) writeFileSync(path, hostCode);
    const own = processCompute({ hostModule: path, temporaryFolder: join(root, "broken") });
    const outcome = await own.run(taskFor("waits.ts"));
    await own.close();
    return failureOf(outcome);
  };

  test("is INTERNAL with the cause, when the host is missing or throws", async () => {
    const missing = await broken(undefined);
    assert.equal(missing.code, "INTERNAL");
    assert.match(missing.cause ?? "", /Cannot find module/);
    assert.match((await broken("throw new Error('the host is broken');")).cause ?? "", /the host is broken/);
  });

  test("is RUNTIME_NO_PROJECT when the folder does not exist", async () => {
    const outcome = await compute.run(taskFor("waits.ts", { projectFolder: join(root, "nowhere") }));
    assert.equal(failureOf(outcome).code, "RUNTIME_NO_PROJECT");
  });

  test("an entry that the host does not know is INTERNAL and lists those it knows", async () => {
    const outcome = await compute.run({ ...taskFor("waits.ts"), entry: "toString" });
    const failure = failureOf(outcome);
    assert.equal(failure.code, "INTERNAL");
    assert.match(failure.message, /\(call, echo\), got "toString"/);
  });
});
