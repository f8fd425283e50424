// The ledger's own file truncated, locked or from a newer version: told with its name, changed in nothing, and well again afterwards.

import assert from "node:assert/strict";
import { copyFileSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, beforeEach, describe, it } from "node:test";
import type { StatusDocument } from "../../src/http/api.ts";
import { pentadJson } from "../support/project.ts";
import { type SmallProject, smallProject } from "../support/small-project.ts";

describe("the ledger's file", () => {
  let project: SmallProject;
  let file: string;
  let sound: string;
  const command = <Document>(...args: string[]) => pentadJson<Document>(...args, "--project", project.folder);
  const status = () => command<StatusDocument & { error?: { code: string; message: string; hint: string } }>("status");

  before(async () => {
    project = smallProject();
    project.data("a");
    assert.equal((await command("tick")).code, 0);
    file = join(project.folder, ".pentad", "catalog.sqlite");
    project.catalog((database) => database.exec("pragma wal_checkpoint(truncate)"));
    sound = join(project.folder, "sound.sqlite");
    copyFileSync(file, sound);
  });
  after(() => project.remove());
  beforeEach(() => copyFileSync(sound, file));

  async function refused(code: string, hint: RegExp): Promise<void> {
    const before = readFileSync(file);
    const answer = await status();
    assert.equal(answer.code, 1);
    assert.equal(answer.document.error?.code, code, answer.stderr);
    assert.match(answer.document.error?.message ?? "", /catalog\.sqlite|runs/);
    assert.match(answer.document.error?.hint ?? "", hint);
    assert.deepEqual(readFileSync(file), before, "nothing was changed");
  }

  it("truncated is named as damaged", async () => {
    truncateSync(file, 20_000);
    await refused("CATALOG_CORRUPT", /backup/i);
  });

  it("written by a newer version is left alone", async () => {
    project.catalog((database) => {
      database.exec("update catalog_rooms set version = 999 where room = 'runs'; pragma wal_checkpoint(truncate)");
    });
    await refused("CATALOG_NEWER", /upgrade/i);
  });

  it("locked by another program for good can be read, is told of by what must write, and works once it is free", async () => {
    project.write("rows.csv", "id,size\na,1\nb,2\nc,3\nd,4\n");
    const other = new DatabaseSync(file);
    other.exec("begin immediate");
    assert.equal((await status()).document.components[0]?.id, "data/a");
    const { code, stderr, document } = await command<{ error?: { code: string; message: string } }>("run", "data/a");
    assert.equal(code, 1);
    assert.match(JSON.stringify(document) + stderr, /CATALOG_LOCKED/);
    assert.match(JSON.stringify(document) + stderr, /catalog\.sqlite is locked by another process/);
    other.exec("rollback");
    other.close();
    const { document: run } = await command<{ state: string; rows: { read: number } }>("run", "data/a");
    assert.deepEqual([run.state, run.rows.read], ["done", 4]);
  });

  it("that is put back has lost nothing", async () => {
    project.write("rows.csv", "id,size\na,1\nb,2\nc,3\nd,4\n");
    assert.equal((await command("tick")).code, 0);
    assert.equal((await status()).document.components[0]?.state, "ok");
  });
});
