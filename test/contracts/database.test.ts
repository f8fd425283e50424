// What every database driver must do: commit or roll back whole, never interleave, and share one file among processes.

import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { isFailure } from "../../src/base/failure.ts";
import { sqliteDatabase } from "../../src/drivers/sqlite-database.ts";
import type { Database } from "../../src/ports/database.ts";

interface Driver {
  readonly name: string;
  /** Opens the database of that name; the same name opens the same one. */
  open(name: string, options?: { timeoutMs?: number }): Promise<Database>;
}

const folder = mkdtempSync(join(tmpdir(), "pentad database "));
after(() => rmSync(folder, { recursive: true, force: true }));
const fileOf = (name: string) => join(folder, "a new folder", `${name}.sqlite`);

const drivers: readonly Driver[] = [
  { name: "sqlite", open: (name, options = {}) => sqliteDatabase({ path: fileOf(name), ...options }) },
];

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs `test/contracts/database-process.ts` in a process of its own and gives its messages. */
function otherProcess(...values: string[]) {
  const child = fork(join(import.meta.dirname, "database-process.ts"), values, {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const messages: unknown[] = [];
  child.on("message", (message) => messages.push(message));
  const ended = new Promise<unknown[]>((resolve, reject) =>
    child.on("exit", (code) =>
      code === 0 ? resolve(messages) : reject(new Error(`the other process ended with ${code}`)),
    ),
  );
  const first = new Promise<unknown>((resolve) => child.once("message", resolve));
  return { child, ended, first };
}

for (const driver of drivers)
  describe(`the ${driver.name} database`, () => {
    let database: Database;
    before(async () => {
      database = await driver.open("main");
      await database.execute(
        "create table notes (id integer primary key, text text not null, bytes blob, size double precision)",
      );
    });
    after(() => database.close());

    test("a row comes back with the values that went in, as a plain object", async () => {
      const bytes = Uint8Array.from([0, 255, 7]);
      const insert = "insert into notes (id, text, bytes, size) values (?, ?, ?, ?)";
      assert.deepEqual(await database.run(insert, [1, "Zürich ☔ 'quoted'", bytes, 0.1]), { changes: 1 });
      assert.deepEqual(await database.get("select id, text, bytes, size from notes where id = ?", [1]), {
        id: 1,
        text: "Zürich ☔ 'quoted'",
        bytes,
        size: 0.1,
      });
      assert.equal(await database.get("select id from notes where id = ?", [99]), undefined);
      assert.deepEqual(await database.all("select id from notes where id > ?", [99]), []);
    });

    test("of many transactions that wait together each is whole or gone, and told only once it is on the disk", async () => {
      const other = await driver.open("together at once");
      const reader = await driver.open("together at once");
      await other.execute("create table steps (step integer primary key, part integer not null)");
      const seen: string[] = [];
      const work = Array.from({ length: 300 }, (_, step) =>
        other
          .transaction(async (tx) => {
            await tx.run("insert into steps (step, part) values (?, 1)", [step * 2]);
            if (step % 7 === 0) throw new Error(`step ${step} is not to be`);
            await Promise.resolve();
            await tx.run("insert into steps (step, part) values (?, 2)", [step * 2 + 1]);
          })
          .then(
            async () => {
              const kept = await reader.get<{ n: number }>("select count(*) as n from steps where step in (?, ?)", [
                step * 2,
                step * 2 + 1,
              ]);
              if (kept?.n !== 2) seen.push(`step ${step} was told before it was kept`);
            },
            (error: Error) => {
              if (step % 7 !== 0 || error.message !== `step ${step} is not to be`) seen.push(String(error));
            },
          ),
      );
      const single = Array.from({ length: 100 }, (_, index) =>
        other.run("insert into steps (step, part) values (?, 3)", [10_000 + index]),
      );
      await Promise.all([...work, ...single]);
      assert.deepEqual(seen, []);
      const kept = await other.all<{ step: number }>("select step from steps where step < 10000 order by step");
      const whole = Array.from({ length: 300 }, (_, step) => step).filter((step) => step % 7 !== 0);
      assert.deepEqual(
        kept.map(({ step }) => step),
        whole.flatMap((step) => [step * 2, step * 2 + 1]),
      );
      assert.equal((await other.all("select 1 from steps where step >= 10000")).length, 100);
      await reader.close();
      await other.close();
    });

    test("insert … returning gives the rows that it wrote", async () => {
      const rows = await database.all<{ id: number }>(
        "insert into notes (id, text) values (?, 'a'), (?, 'b') returning id",
        [20, 21],
      );
      assert.deepEqual(rows, [{ id: 20 }, { id: 21 }]);
    });

    test("changes counts the rows that a statement touched", async () => {
      await database.run("insert into notes (id, text) values (30, 'x'), (31, 'x'), (32, 'x')");
      assert.deepEqual(await database.run("update notes set text = 'y' where id >= 30 and id < 33"), { changes: 3 });
      assert.deepEqual(await database.run("delete from notes where id = 9999"), { changes: 0 });
    });

    test("a transaction that throws leaves nothing behind, and its error arrives as it is", async () => {
      const mistake = new Error("on purpose");
      await assert.rejects(
        database.transaction(async (tx) => {
          await tx.run("insert into notes (id, text) values (40, 'lost')");
          throw mistake;
        }),
        (error) => error === mistake,
      );
      assert.equal(await database.get("select id from notes where id = 40"), undefined);
      await database.run("insert into notes (id, text) values (41, 'kept')");
    });

    test("a statement that fails inside a transaction rolls the whole of it back", async () => {
      await assert.rejects(
        database.transaction(async (tx) => {
          await tx.run("insert into notes (id, text) values (45, 'lost')");
          await tx.run("insert into notes (id, text) values (45, 'twice')");
        }),
      );
      assert.equal(await database.get("select id from notes where id = 45"), undefined);
    });

    test("transactions that start together never interleave", async () => {
      const order: string[] = [];
      const one = (name: string) =>
        database.transaction(async (tx) => {
          order.push(`${name} begins`);
          await tx.run("insert into notes (text) values (?)", [name]);
          await pause(5);
          order.push(`${name} ends`);
        });
      await Promise.all([one("a"), one("b"), one("c")]);
      assert.deepEqual(order, ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
    });

    test("a statement outside never lands inside a transaction that is rolled back", async () => {
      const lost = database.transaction(async (tx) => {
        await tx.run("insert into notes (id, text) values (50, 'inside')");
        await pause(10);
        throw new Error("on purpose");
      });
      const kept = database.run("insert into notes (id, text) values (51, 'outside')");
      await assert.rejects(lost);
      await kept;
      assert.deepEqual(await database.all("select id from notes where id in (50, 51)"), [{ id: 51 }]);
    });

    test("a query outside sees the last committed state at once, not what an open transaction has written", async () => {
      const transaction = database.transaction(async (tx) => {
        await tx.run("insert into notes (id, text) values (60, 'soon')");
        assert.deepEqual(await tx.get("select id from notes where id = 60"), { id: 60 });
        assert.equal(await database.get("select id from notes where id = 60"), undefined);
      });
      await transaction;
      assert.deepEqual(await database.get("select id from notes where id = 60"), { id: 60 });
    });

    test("a mistake that would wait forever is refused: writing on the database inside its own transaction", async () => {
      await assert.rejects(
        database.transaction(async () => {
          await database.run("insert into notes (text) values ('deadlock')");
        }),
        (error) => isFailure(error, "INTERNAL") && /wait forever/.test(error.message),
      );
      await assert.rejects(
        database.transaction(() => database.transaction(async () => 1)),
        /wait forever/,
      );
    });

    test("a statement kept beyond its transaction is refused", async () => {
      const kept = await database.transaction(async (tx) => tx);
      await assert.rejects(kept.run("insert into notes (text) values ('late')"), /after the transaction had ended/);
    });

    test("foreign keys are enforced", async () => {
      await database.execute(
        "create table parents (id integer primary key); create table children (parent integer references parents (id))",
      );
      await assert.rejects(database.run("insert into children (parent) values (7)"));
    });

    test("two processes count in one file, and no increment is lost", async () => {
      const shared = await driver.open("shared");
      await shared.execute("create table counter (value integer not null); insert into counter values (0)");
      const others = [otherProcess("count", fileOf("shared"), "150"), otherProcess("count", fileOf("shared"), "150")];
      const here = async () => {
        for (let i = 0; i < 100; i++)
          await shared.transaction(async (tx) => {
            const { value } = (await tx.get<{ value: number }>("select value from counter")) as { value: number };
            await tx.run("update counter set value = ?", [value + 1]);
          });
      };
      await Promise.all([here(), ...others.map((other) => other.ended)]);
      assert.deepEqual(await shared.get("select value from counter"), { value: 400 });
      await shared.close();
    });

    test("another process's lock is waited for without stopping the event loop, then reported as CATALOG_LOCKED", async () => {
      const locked = await driver.open("locked", { timeoutMs: 300 });
      await locked.execute("create table t (a integer)");
      const other = otherProcess("hold", fileOf("locked"), "900");
      await other.first;
      let longestPause = 0;
      let last = performance.now();
      const ticks = setInterval(() => {
        longestPause = Math.max(longestPause, performance.now() - last);
        last = performance.now();
      }, 2);
      await assert.rejects(
        locked.run("insert into t values (1)"),
        (error) => isFailure(error, "CATALOG_LOCKED") && error.message.includes("locked.sqlite"),
      );
      clearInterval(ticks);
      assert.ok(longestPause < 150, `the event loop stood still for ${longestPause.toFixed(0)} ms`);
      assert.deepEqual(await locked.all("select a from t"), [], "readers do not wait for a writer");
      await other.ended;
      await locked.run("insert into t values (2)");
      await locked.close();
    });

    test("a process that is killed inside its transaction leaves neither its rows nor its lock", async () => {
      const shared = await driver.open("killed");
      await shared.execute("create table t (a integer)");
      const other = otherProcess("hold", fileOf("killed"), "60000");
      await other.first;
      other.child.kill("SIGKILL");
      await other.ended.catch(() => undefined);
      await shared.run("insert into t values (2)");
      assert.deepEqual(await shared.all("select a from t"), [{ a: 2 }]);
      await shared.close();
    });

    test("four processes that create the same database at once all succeed", async () => {
      const others = [1, 2, 3, 4].map(() => otherProcess("create", fileOf("together"), "20"));
      await Promise.all(others.map((other) => other.ended));
      const shared = await driver.open("together");
      assert.deepEqual(await shared.get("select count(*) as n from t"), { n: 80 });
      await shared.close();
    });

    test("close waits for what was begun, and refuses what comes later", async () => {
      const closing = await driver.open("closing");
      await closing.execute("create table t (a integer)");
      const begun = closing.transaction(async (tx) => {
        await pause(10);
        await tx.run("insert into t values (1)");
      });
      await closing.close();
      await begun;
      await assert.rejects(closing.get("select 1 as one"), /closed/);
      await assert.rejects(closing.run("delete from t"), /closed/);
      await closing.close();
      const again = await driver.open("closing");
      assert.deepEqual(await again.all("select a from t"), [{ a: 1 }]);
      await again.close();
    });
  });

describe("a SQLite file that is not as it should be", () => {
  const refuses = (path: string, code: Parameters<typeof isFailure>[1], options: { readOnly?: boolean } = {}) =>
    assert.rejects(
      sqliteDatabase({ path, ...options }),
      (error) => isFailure(error, code) && error.message.includes(path),
    );

  test("a file of something else is CATALOG_CORRUPT and stays untouched", async () => {
    const path = join(folder, "text.sqlite");
    writeFileSync(path, "station,rain\nseattle,1\n".repeat(1_000));
    const size = statSync(path).size;
    await refuses(path, "CATALOG_CORRUPT");
    assert.equal(statSync(path).size, size);
  });

  test("a truncated file is CATALOG_CORRUPT, at the latest when the missing page is read", async () => {
    const path = fileOf("truncated");
    const whole = await sqliteDatabase({ path });
    await whole.execute("create table t (a text)");
    await whole.transaction(async (tx) => {
      for (let i = 0; i < 400; i++) await tx.run("insert into t values (?)", ["x".repeat(500)]);
    });
    await whole.close();
    truncateSync(path, 16_384);
    await assert.rejects(
      async () => {
        const database = await sqliteDatabase({ path });
        await database.all("select a from t").finally(() => database.close());
      },
      (error) => isFailure(error, "CATALOG_CORRUPT"),
    );
  });

  test("a folder in the file's place, and a file in the folder's place, are CATALOG_READ_ONLY", async () => {
    await refuses(folder, "CATALOG_READ_ONLY");
    writeFileSync(join(folder, "occupied"), "");
    await refuses(join(folder, "occupied", "catalog.sqlite"), "CATALOG_READ_ONLY");
  });

  test("readOnly reads, refuses to write with CATALOG_READ_ONLY, and does not create a file", async () => {
    const path = fileOf("read-only");
    await refuses(path, "CATALOG_READ_ONLY", { readOnly: true });
    const writable = await sqliteDatabase({ path });
    await writable.execute("create table t (a integer); insert into t values (1)");
    const reading = await sqliteDatabase({ path, readOnly: true });
    assert.deepEqual(await reading.all("select a from t"), [{ a: 1 }]);
    await assert.rejects(reading.run("insert into t values (2)"), (error) => isFailure(error, "CATALOG_READ_ONLY"));
    await reading.close();
    await writable.close();
  });

  test("a file without write permission is CATALOG_READ_ONLY", {
    skip: process.getuid?.() === 0 && "root may write everywhere",
  }, async () => {
    const path = fileOf("no-permission");
    await (await sqliteDatabase({ path })).close();
    chmodSync(path, 0o444);
    await refuses(path, "CATALOG_READ_ONLY");
  });

  test("a full disk is RUNTIME_DISK_FULL, and what was committed before stays", async () => {
    const path = fileOf("full");
    const database = await sqliteDatabase({ path });
    await database.execute("create table t (a text); pragma max_page_count = 20");
    await database.run("insert into t values ('kept')");
    await assert.rejects(
      database.transaction(async (tx) => {
        for (let i = 0; i < 1_000; i++) await tx.run("insert into t values (?)", ["x".repeat(1_000)]);
      }),
      (error) => isFailure(error, "RUNTIME_DISK_FULL"),
    );
    assert.deepEqual(await database.all("select a from t"), [{ a: "kept" }]);
    await database.run("insert into t values ('small')");
    await database.close();
  });
});
