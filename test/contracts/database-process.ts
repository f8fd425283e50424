// The other process of the database contract: counts, holds the lock or creates, as its arguments say.

import { sqliteDatabase } from "../../src/drivers/sqlite-database.ts";

const [, , what, path = "", amount = "0"] = process.argv;
const database = await sqliteDatabase({ path, timeoutMs: 30_000 });

if (what === "count")
  for (let i = 0; i < Number(amount); i++)
    await database.transaction(async (tx) => {
      const { value } = (await tx.get<{ value: number }>("select value from counter")) as { value: number };
      await tx.run("update counter set value = ?", [value + 1]);
    });

if (what === "hold")
  await database.transaction(async (tx) => {
    await tx.run("insert into t values (1)");
    process.send?.("holding");
    await new Promise((resolve) => setTimeout(resolve, Number(amount)));
  });

if (what === "create") {
  await database.execute("create table if not exists t (a integer)");
  for (let i = 0; i < Number(amount); i++) await database.run("insert into t values (?)", [i]);
}

await database.close();
process.disconnect?.();
