// The command line used wrongly: one sentence, a hint, the right exit code, and one JSON document with --json.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { commands } from "../../src/cli/command-table.ts";
import type { ErrorDocument } from "../../src/http/api.ts";
import { copyExample, pentad, pentadJson, type TestProject } from "../support/project.ts";

describe("a command line that is wrong", () => {
  let project: TestProject;
  before(() => {
    project = copyExample("rain");
    writeFileSync(join(project.folder, "..", "no-project"), "");
  });
  after(() => project.remove());

  const here = () => ["--project", project.folder];
  const cases: [args: string[], exit: number, code: string, says: RegExp][] = [
    [["stat"], 2, "CLI_USAGE", /^Expected a command, got "stat"$/],
    [["new"], 2, "CLI_USAGE", /^Expected one folder to make, got none$/],
    [["new", "x", "--from"], 2, "CLI_USAGE", /^--from: expected FILE\|URL, got nothing$/],
    [["new", "x", "--from", "--predict", "y"], 2, "CLI_USAGE", /^--from: expected FILE\|URL, got nothing$/],
    [["new", "x", "--frm", "a.csv"], 2, "CLI_USAGE", /got --frm$/],
    [["new", "x", "--yes=1"], 2, "CLI_USAGE", /^--yes: expected no value, got one$/],
    [["new", "x", "-f"], 2, "CLI_USAGE", /^Expected an option of `pentad new`, got -f$/],
    [["dev", "--port", "abc"], 2, "CLI_USAGE", /^--port: expected a whole number from 0 to 65535, got "abc"$/],
    [["dev", "--port", "-1"], 2, "CLI_USAGE", /^--port: expected PORT, got -1$/],
    [["dev", "somewhere"], 2, "CLI_USAGE", /^Expected no operands, got somewhere$/],
    [["run"], 2, "CLI_USAGE", /got neither$/],
    [["run", "data/wether"], 1, "RUNTIME_COMPONENT_UNKNOWN", /got "data\/wether"$/],
    [["status", "--project", "/nowhere"], 1, "RUNTIME_NO_PROJECT", /got no such folder$/],
    [["predict", "rain", "--input", "{"], 2, "CLI_USAGE", /^--input: expected JSON/],
    [["predict", "snow", "--input", "{}"], 1, "INFERENCE_UNKNOWN", /got "snow"$/],
    [["models", "shwo"], 2, "CLI_USAGE", /got "shwo"$/],
    [["models", "list", "snow"], 1, "RUNTIME_COMPONENT_UNKNOWN", /got "snow"$/],
    [["models", "list", "rain", "1", "2"], 2, "CLI_USAGE", /got 1 2$/],
    [["models", "show", "snow", "1"], 1, "RUNTIME_COMPONENT_UNKNOWN", /got "snow"$/],
    [["logs", "data/wether"], 1, "RUNTIME_COMPONENT_UNKNOWN", /got "data\/wether"$/],
    [["logs", "run_none"], 1, "RUNS_UNKNOWN", /got "run_none"$/],
    [["quarantine", "show", "snow"], 1, "FEATURES_UNKNOWN", /got "snow"$/],
    [["export", "weather", "--out", "x.csv"], 2, "CLI_USAGE", /got weather$/],
    [
      ["export", "features/weather", "--as", "xml", "--out", "x"],
      2,
      "CLI_USAGE",
      /^--as: expected csv, parquet or arrow/,
    ],
    [["restore"], 1, "RUNTIME_NOT_AVAILABLE", /^`pentad restore` is not available yet$/],
  ];
  before(async () => {
    // The components are known once the files were loaded.
    assert.equal((await pentad("status", ...here())).code, 0);
  });
  for (const [args, exit, code, says] of cases)
    it(`pentad ${args.join(" ")} ends with ${exit} and ${code}`, async () => {
      const found = await pentadJson<ErrorDocument>(...args, ...(args.includes("--project") ? [] : here()));
      assert.equal(found.code, exit, found.stderr);
      assert.equal(found.document.error.code, code);
      assert.match(found.document.error.message, says);
      assert.notEqual(found.document.error.hint, "");
      assert.match(found.stderr, /^error: /m);
    });

  it("has help for every command", async () => {
    for (const { name, options } of commands) {
      const { code, stdout, stderr } = await pentad(name, "--help");
      assert.equal(code, 0, name);
      assert.equal(stderr, "");
      for (const option of [...Object.keys(options), "project", "json"])
        assert.match(stdout, new RegExp(`--${option}\\b`));
    }
  });
});
