// Exports: the same rows in every format, whole or not at all, never over what is there, with a description that fits.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pentad, pentadJson } from "../support/project.ts";
import { smallProject } from "../support/small-project.ts";

interface Done {
  readonly rows: number;
  readonly bytes: number;
  readonly croissant: string;
  readonly error: { readonly code: string; readonly hint: string };
}

describe("an export", () => {
  const project = smallProject();
  const out = join(project.folder, "out");
  before(async () => {
    project.write(
      "rows.csv",
      'id,at,"a ""b""",kind\nk1,2024-03-31T02:30:00+02:00,1.5,x\nk2,2024-04-01,,y\nk3,2024-04-02,2,\n',
    );
    project.write(
      "data/odd.ts",
      `import { category, csv, defineData, number } from "pentad";
export default defineData({
  description: "Odd rows", license: "CC0-1.0",
  source: csv("rows.csv"), key: "id", eventTime: "at",
  features: { 'a "b"': number({ optional: true, unit: "kg" }), kind: category({ optional: true }) },
});
`,
    );
    assert.equal((await pentad("run", "data/odd", "--project", project.folder)).code, 0);
    mkdirSync(out);
  });
  after(() => project.remove());

  const run = async (...args: readonly string[]) => {
    const { code, document } = await pentadJson<Done>("export", ...args, "--project", project.folder);
    return { code, document };
  };

  it("has every format by its file's ending, and a description with the file's hash", async () => {
    for (const [name, encoding] of [
      ["odd.csv", "text/csv"],
      ["odd.parquet", "application/x-parquet"],
      ["odd.arrow", "application/vnd.apache.arrow.file"],
    ] as const) {
      const file = join(out, name);
      const { code, document } = await run("features/odd", "--out", file);
      assert.deepEqual([code, document.rows, document.croissant], [0, 3, `${file}.croissant.json`]);
      const bytes = readFileSync(file);
      const metadata = JSON.parse(readFileSync(document.croissant, "utf8"));
      assert.deepEqual([metadata.license, metadata.description], ["CC0-1.0", "Odd rows"]);
      const [object] = metadata.distribution;
      assert.deepEqual(
        [object.contentUrl, object.encodingFormat, object.contentSize, object.sha256],
        [name, encoding, `${bytes.length} B`, createHash("sha256").update(bytes).digest("hex")],
      );
      assert.deepEqual(
        metadata.recordSet[0].field.map((field: Record<string, unknown>) => [
          field.name,
          field.dataType,
          field.description,
        ]),
        [
          ["id", "sc:Text", "Names the entity (key)"],
          ["at", "sc:DateTime", "When the row's values held, in UTC (event time)"],
          ['a "b"', "sc:Float", 'a "b", in kg (feature)'],
          ["kind", "sc:Text", "kind (feature)"],
        ],
      );
    }
    assert.equal(
      readFileSync(join(out, "odd.csv"), "utf8"),
      'id,at,"a ""b""",kind\nk1,2024-03-31 00:30:00,1.5,x\nk2,2024-04-01 00:00:00,,y\nk3,2024-04-02 00:00:00,2.0,\n',
    );
  });

  it("in Arrow is a file of that format, the same bytes for the same rows", async () => {
    const bytes = readFileSync(join(out, "odd.arrow"));
    assert.equal(bytes.subarray(0, 6).toString(), "ARROW1");
    assert.equal(bytes.subarray(-6).toString(), "ARROW1");
    const footer = bytes.readInt32LE(bytes.length - 10);
    assert.ok(footer > 0 && footer < bytes.length - 24);
    assert.equal((await run("features/odd", "--as", "arrow", "--out", join(out, "again"))).code, 0);
    assert.deepEqual(readFileSync(join(out, "again")), bytes);
  });

  it("replaces a file but no folder, and leaves nothing behind when it fails", async () => {
    const file = join(out, "there.csv");
    writeFileSync(file, "of the day before");
    assert.equal((await run("features/odd", "--out", file)).code, 0);
    const refused = await run("features/odd", "--out", out);
    assert.deepEqual([refused.code, refused.document.error.code], [1, "RUNTIME_TARGET_EXISTS"]);
    assert.match(readFileSync(file, "utf8"), /^id,at/);
    assert.equal((await run("features/nothing", "--out", join(out, "none.csv"))).code, 1);
    assert.deepEqual(
      readdirSync(out).filter((name) => name.startsWith(".") || name.startsWith("none")),
      [],
    );
    assert.deepEqual(
      readdirSync(join(project.folder, ".pentad", "tmp")).filter((name) => name.startsWith("export")),
      [],
    );
  });
});
