// Rejected rows as people handle them: shown with an id, by the command and on the page; read again or discarded, some or all.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { DataDocument, QuarantineDocument } from "../../src/http/api.ts";
import { pentad, pentadJson, serve } from "../support/project.ts";
import { type SmallProject, smallProject } from "../support/small-project.ts";

/** A feed: it gives what stands in rows.json after those that it gave before. */
const feed = (min: number) => `import { defineData, number, rows } from "pentad";
import { readFileSync } from "node:fs";
export default defineData({
  source: rows(({ position }) => {
    const all = JSON.parse(readFileSync("rows.json", "utf8"));
    return { rows: all.slice(Number(position ?? 0)), position: String(all.length) };
  }),
  key: "id",
  quarantineBudget: 0.9,
  features: { size: number({ min: ${min}, max: 100 }) },
});
`;

describe("rows in quarantine", () => {
  let project: SmallProject;
  before(async () => {
    project = smallProject();
    project.write("data/things.ts", feed(0));
    const rows = [1, -5, 500, -6, "big", 2].map((size, index) => ({ id: `t${index + 1}`, size }));
    project.write("rows.json", JSON.stringify(rows));
    assert.equal((await pentad("run", "data/things", ...at())).code, 0);
  });
  after(() => project.remove());
  const at = () => ["--project", project.folder];
  const ids = async () => {
    const { document } = await pentadJson<QuarantineDocument>("quarantine", "show", "things", ...at());
    return document.rows.map(({ id, values }) => `${id} ${values?.id}`);
  };

  it("have an id, their reason and what they hold, by the command and over HTTP", async () => {
    const { stdout } = await pentad("quarantine", "show", "things", ...at());
    assert.equal(
      stdout.trim(),
      [
        "ID   ROW  REASON",
        '1:1  2    size: expected at least 0, got "-5"',
        '1:2  3    size: expected at most 100, got "500"',
        '1:3  4    size: expected at least 0, got "-6"',
        '1:4  5    size: expected a number, got "big"',
      ].join("\n"),
    );
    const server = await serve(project.folder, "start");
    try {
      const { status, body } = await server.get("/api/data/things/quarantine?limit=1");
      const { total, rows } = body as QuarantineDocument;
      assert.deepEqual([status, total, rows.length, rows[0]?.values], [200, 4, 1, { id: "t2", size: "-5" }]);
      assert.equal((await server.get("/api/data/nothing/quarantine")).status, 404);
      const { files, history } = (await server.get("/api/data/things")).body as DataDocument;
      assert.deepEqual(
        history.map(({ commit, kind, rows }) => [commit, kind, rows.written, rows.total]),
        [[1, "replace", 2, 2]],
      );
      assert.ok(files.length === 1 && existsSync(join(project.folder, ".pentad/offline", files[0] as string)));
    } finally {
      await server.stop();
    }
  });

  it("are discarded by row and read again by rule, while the others wait on", async () => {
    const discarded = await pentad(
      "quarantine",
      "discard",
      "things",
      "--row",
      "1:2,1:4",
      "--reason",
      "typing errors",
      ...at(),
    );
    assert.equal(discarded.stdout.trim(), "2 rows of data/things discarded; they stay on record");
    assert.deepEqual(await ids(), ["1:1 t2", "1:3 t4"]);
    project.write("data/things.ts", feed(-5));
    const replayed = await pentad("quarantine", "replay", "things", "--rule", 'got "-5"', ...at());
    assert.equal(replayed.stdout.trim(), "1 row of data/things read again, 1 row in quarantine now");
    assert.deepEqual(await ids(), ["1:3 t4"]);
  });

  it("that nobody knows are named", async () => {
    const { code, stderr } = await pentad("quarantine", "discard", "things", "--row", "7:1", "--reason", "x", ...at());
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^error: Expected the id of a row in quarantine, such as 1:3, got "7:1" \[FEATURES_ROW_UNKNOWN\]/,
    );
  });
});
