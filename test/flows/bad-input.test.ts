// Whatever is wrong with the input, a new project and a running one say so in a coded sentence, and nothing is half done.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import type { Failure } from "../../src/base/failure.ts";
import type { ErrorDocument, PredictionDocument, RunSummary } from "../../src/http/api.ts";
import { emptyFolder, pentad, pentadJson, type TestProject } from "../support/project.ts";

interface Row {
  readonly x: number;
  readonly word: string;
  readonly y: string;
}

/** Rows whose answer can be told from x most of the time; the same ones each time. */
const rows: readonly Row[] = Array.from({ length: 120 }, (_, index) => {
  const x = ((index * 37) % 120) / 10;
  return { x, word: ["oak", "elm", "ash"][index % 3] as string, y: x + ((index * 17) % 7) > 9 ? "yes" : "no" };
});

const table = (line: (row: Row, index: number) => string, header = "x,word,y") =>
  `${header}\n${rows.map(line).join("\n")}\n`;
const good = table(({ x, word, y }) => `${x},${word},${y}`);

interface BadFile {
  readonly name: string;
  readonly content: string | Buffer;
  /** What the run of its data component, or of the training behind it, fails with; null when the rows can be read. */
  readonly running: string | null;
  /** What `pentad new` refuses it with. */
  readonly fresh: string;
  readonly says: RegExp;
}

const wide = (cell: (index: number) => string) => Array.from({ length: 10_000 }, (_, index) => cell(index)).join(",");

const badFiles: readonly BadFile[] = [
  {
    name: "an empty file",
    content: "",
    running: "SOURCES_EMPTY",
    fresh: "SOURCES_EMPTY",
    says: /is empty \(0 bytes\)/,
  },
  {
    name: "a header without rows",
    content: "x,word,y\n",
    running: "SOURCES_EMPTY",
    fresh: "SOURCES_EMPTY",
    says: /has a header \(x, word, y\) but no rows/,
  },
  {
    name: "binary garbage",
    content: Buffer.concat([Buffer.from([0, 1, 2, 255]), randomBytes(50_000)]),
    running: "SOURCES_NOT_TABULAR",
    fresh: "SOURCES_NOT_TABULAR",
    says: /holds binary data, not text/,
  },
  {
    name: "a workbook",
    content: Buffer.concat([Buffer.from("PK\u0003\u0004"), randomBytes(4000)]),
    running: "SOURCES_NOT_TABULAR",
    fresh: "SOURCES_NOT_TABULAR",
    says: /looks like an Excel workbook/,
  },
  {
    name: "a gzip file that was cut off",
    content: gzipSync(good).subarray(0, 60),
    running: "SOURCES_NOT_TABULAR",
    fresh: "SOURCES_NOT_TABULAR",
    says: /is a damaged gzip file/,
  },
  {
    name: "a text in an encoding that cannot be told",
    content: shiftJis(),
    running: "SOURCES_ENCODING",
    fresh: "SOURCES_ENCODING",
    says: /is neither UTF-8 nor Windows-1252/,
  },
  {
    name: "a header that names a column twice",
    content: table(({ x, word, y }) => `${x},${word},${x},${y}`, "x,word,X,y"),
    running: "SOURCES_DUPLICATE_COLUMN",
    fresh: "SOURCES_DUPLICATE_COLUMN",
    says: /names columns twice: "x" and "X" \(columns 1, 3\)/,
  },
  {
    name: "10,000 columns",
    content: `${wide((index) => `c${index}`)}\n${wide(() => "1")}\n`,
    running: "SOURCES_TOO_WIDE",
    fresh: "SOURCES_TOO_WIDE",
    says: /has 10,000 columns; at most 2,000 can be read/,
  },
  {
    name: "a label that does not exist",
    content: table(({ x, word, y }) => `${x},${word},${y}`, "x,word,z"),
    running: "DATA_COLUMN_MISSING",
    fresh: "DATA_COLUMN_MISSING",
    says: /"y"/,
  },
  {
    name: "one row",
    content: "x,word,y\n1,oak,yes\n",
    running: "TRAINING_TOO_FEW_ROWS",
    fresh: "TRAINING_TOO_FEW_ROWS",
    says: /one row|got 1/,
  },
  {
    name: "one row per class",
    content: "x,word,y\n1,oak,yes\n2,elm,no\n",
    running: "TRAINING_TOO_FEW_ROWS",
    fresh: "TRAINING_TOO_FEW_ROWS",
    says: /at least \d+ .*got 2/,
  },
  {
    name: "a constant label",
    content: table(({ x, word }) => `${x},${word},yes`),
    running: "TRAINING_LABEL_CONSTANT",
    fresh: "TRAINING_LABEL_CONSTANT",
    says: /yes/,
  },
  {
    name: "a label that is missing everywhere",
    content: table(({ x, word }) => `${x},${word},`),
    running: "DATA_ALL_REJECTED",
    fresh: "TRAINING_LABEL_MISSING",
    says: /y/,
  },
];

/** Japanese in Shift_JIS: valid in neither UTF-8 nor, as words, in Windows-1252. */
function shiftJis(): Buffer {
  const tree = Buffer.from([0x96, 0xd8, 0x8d, 0x4c, 0x97, 0x74, 0x8e, 0xf7]);
  return Buffer.concat([
    Buffer.from("x,word,y\n"),
    ...rows.map(({ x, y }) => Buffer.concat([Buffer.from(`${x},`), tree, Buffer.from(`,${y}\n`)])),
  ]);
}

describe("bad input to a new project", () => {
  const place = emptyFolder("made");
  after(() => place.remove());

  for (const { name, content, fresh, says } of badFiles)
    it(`${name} is refused with ${fresh} before anything is written`, async () => {
      const parent = join(place.folder, "..");
      const file = join(parent, "trees.csv");
      await writeFile(file, content);
      const before = readdirSync(parent);
      const { code, document, stderr } = await pentadJson<ErrorDocument>(
        ...["new", place.folder, "--from", file, "--predict", "y"],
      );
      assert.equal(code, 1);
      assert.equal(document.error.code, fresh);
      assert.match(document.error.message, says);
      assert.notEqual(document.error.hint, "");
      assert.match(stderr, new RegExp(`^error: .* \\[${fresh}\\]$`, "m"));
      assert.deepEqual(readdirSync(parent), before);
    });
});

describe("bad input to a running project", () => {
  const project = emptyFolder("trees");
  let answered: PredictionDocument;
  let exported: number;
  before(async () => {
    const file = join(project.folder, "..", "trees.csv");
    await writeFile(file, good);
    const made = await pentad("new", project.folder, "--from", file, "--predict", "y");
    assert.equal(made.code, 0, made.stderr);
    const { code, document } = await pentadJson<{ failure: Failure | null }>(
      "run",
      "--all",
      "--project",
      project.folder,
    );
    assert.equal(code, 0, JSON.stringify(document.failure));
    answered = await ask(project);
    exported = await exportedRows(project);
    assert.equal(exported, rows.length);
  });
  after(() => project.remove());

  for (const { name, content, running, says } of badFiles.filter(
    ({ running }) => running?.startsWith("TRAINING_") !== true,
  ))
    it(`${name} fails the data run`, async () => {
      await project.write("data/trees.csv", content as string);
      await refused(project, running as string, says);
    });

  it("a file that is gone fails the data run", async () => {
    rmSync(join(project.folder, "data", "trees.csv"));
    await refused(project, "SOURCES_FILE_MISSING", /There is no file data\/trees\.csv/);
  });

  it("none of them cost a row or changed an answer", async () => {
    assert.equal(await exportedRows(project), exported);
    assert.deepEqual((await ask(project)).probabilities, answered.probabilities);
  });

  it("rows that are ragged go to quarantine one by one, and the others pass", async () => {
    await project.write(
      "data/trees.csv",
      table(({ x, word, y }, index) =>
        index === 3 ? `${x}` : index === 5 ? `${x},${word},${y},more` : `${x},${word},${y}`,
      ),
    );
    const { code, document } = await pentadJson<RunSummary>("run", "data/trees", "--project", project.folder);
    assert.equal(code, 0);
    assert.deepEqual(document.rows, { read: 120, accepted: 118, quarantined: 2 });
    const { document: quarantine } = await pentadJson<{ rows: { reason: string }[] }>(
      ...["quarantine", "show", "trees", "--project", project.folder],
    );
    assert.deepEqual(
      quarantine.rows.map((row) => row.reason),
      ["Line 5: expected 3 fields, got 1", "Line 7: expected 3 fields, got 4"],
    );
  });

  for (const { name, content, running, says } of badFiles.filter(
    ({ running }) => running?.startsWith("TRAINING_") === true,
  ))
    it(`${name} fails the training, and the model from before stays live`, async () => {
      await project.write("data/trees.csv", content as string);
      assert.equal((await pentad("run", "data/trees", "--project", project.folder)).code, 0);
      const { code, document } = await pentadJson<RunSummary>("run", "training/trees", "--project", project.folder);
      assert.equal(code, 1);
      assert.equal(document.failure?.code, running);
      assert.match(document.failure?.message ?? "", says);
      assert.equal((await ask(project)).model.id, answered.model.id);
    });
});

async function ask(project: TestProject): Promise<PredictionDocument> {
  const { code, document } = await pentadJson<PredictionDocument>(
    ...["predict", "trees", "--input", '{"x": 3.5, "word": "oak"}', "--project", project.folder],
  );
  assert.equal(code, 0);
  return document;
}

/** The run fails with one document that names the component. */
async function refused(project: TestProject, expected: string, says: RegExp) {
  const { code, document, stderr } = await pentadJson<RunSummary>("run", "data/trees", "--project", project.folder);
  assert.equal(code, 1, stderr);
  assert.equal(document.state, "failed");
  assert.deepEqual(document.rows, { read: 0, accepted: 0, quarantined: 0 });
  const { failure } = document;
  assert.equal(failure?.code, expected);
  assert.equal(failure?.component, "data/trees");
  assert.equal(failure?.run, document.run);
  assert.match(failure?.message ?? "", says);
  assert.notEqual(failure?.hint, "");
}

async function exportedRows(project: TestProject): Promise<number> {
  const out = join(project.folder, "..", "rows.csv");
  const { document } = await pentadJson<{ rows: number }>(
    ...["export", "features/trees", "--out", out, "--project", project.folder],
  );
  return document.rows;
}
