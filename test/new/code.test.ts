// The code writer: whatever stands in a file's header, what is written means the same and stays on its line.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import vm from "node:vm";
import fc from "fast-check";
import {
  type CodeValue,
  call,
  code,
  comment,
  object,
  propertyName,
  shown,
  text,
  write,
} from "../../src/runtime/templates/code.ts";
import { namesFor, spoken } from "../../src/runtime/templates/words.ts";

const lineTerminators = /[\n\r\u2028\u2029]/;

describe("texts", () => {
  test("mean themselves again, on one line", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (value) => {
        const written = text(value);
        assert.doesNotMatch(written, lineTerminators);
        assert.equal(vm.runInNewContext(written), value);
      }),
    );
    for (const value of ['say "hi"', "it's", `both " and '`, `$\{x}`, "\\", "\u2028", "\u0000", "</script>", "*/"])
      assert.equal(vm.runInNewContext(text(value)), value);
  });

  test("take the quotes that need fewer escapes", () => {
    assert.deepEqual(
      [text("a"), text('say "hi"'), text("it's"), text(`'"`)],
      ['"a"', `'say "hi"'`, `"it's"`, `"'\\""`],
    );
  });

  test("name properties", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 40 }), (name) => {
        fc.pre(name !== "__proto__");
        assert.deepEqual(Object.keys(vm.runInNewContext(`({ ${propertyName(name)}: 1 })`) as object), [name]);
      }),
    );
  });
});

test("comments never end early, and break between words", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 400 }), (note) => {
      for (const line of comment(note, 2)) {
        assert.match(line, /^ {2}\/\/ /);
        assert.doesNotMatch(line, lineTerminators);
      }
      assert.doesNotMatch(shown(note), lineTerminators);
    }),
  );
  const lines = comment("word ".repeat(60).trim(), 2);
  assert.deepEqual([lines.length, lines.every((line) => line.length <= 120)], [3, true]);
});

test("values are written flat while they fit and broken when they do not", () => {
  const flat = (value: CodeValue) => write(value, 0, 0);
  assert.equal(flat(call("number")), "number()");
  assert.equal(flat(call("number", { min: 0, unit: undefined, optional: true })), "number({ min: 0, optional: true })");
  assert.equal(flat(object({ problem: code("problem"), list: ["a", 1] })), '{ problem, list: ["a", 1] }');
  assert.equal(flat(new Map()), "{}");
  const long = Array.from({ length: 20 }, (_, index) => `value ${index}`);
  assert.equal(
    flat(call("category", { values: long })),
    `category({\n  values: [\n${long.map((one) => `    "${one}",\n`).join("")}  ],\n})`,
  );
  assert.equal(flat(object({ a: { note: "Why.", value: 1 } })), "{\n  // Why.\n  a: 1,\n}");
});

test("names of projects, files and variables are safe", () => {
  assert.deepEqual(namesFor("Über Test", "Ünï data (v2).csv.gz"), {
    name: "uber-test",
    title: "Über Test",
    stem: "uni-data-v2",
    variable: "uniDataV2",
  });
  assert.deepEqual(
    ["2024.csv", "class.csv", "problem.csv", "日本.csv", "a/b.json"].map((file) => namesFor("x", file).variable),
    ["data2024", "classData", "problemData", "table", "aB"],
  );
  assert.deepEqual(["rainTomorrow", "life_expect", "IMDB Rating", "a\nb"].map(spoken), [
    "rain tomorrow",
    "life expect",
    "IMDB Rating",
    "a b",
  ]);
});
