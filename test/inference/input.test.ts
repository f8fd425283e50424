// The check of a request against the feature schema, value by value.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFailure } from "../../src/base/failure.ts";
import type { FeatureField } from "../../src/features/fields.ts";
import { checkComplete, checkInput, type FieldProblem, type InputSchema } from "../../src/inference/input.ts";

function field(name: string, type: FeatureField["type"], rest: Partial<FeatureField> = {}): FeatureField {
  return { name, type, unit: null, description: null, required: true, min: null, max: null, values: null, ...rest };
}

const schema: InputSchema = {
  fields: [
    field("size", "number", { unit: "cm", min: 0, max: 100 }),
    field("colour", "category", { values: ["red", "blue"] }),
    field("grade", "category", { values: ["1", "2"] }),
    field("maker", "category"),
    field("new", "boolean"),
    field("sold", "time", { required: false }),
    field("paid", "time", { required: false, format: "%d.%m.%Y" }),
    field("seen", "time", { required: false, format: "epochSeconds" }),
    field("note", "text", { required: false }),
  ],
  key: ["id"],
  ignored: new Set(["price", "row"]),
};

function problems(input: unknown): FieldProblem[] {
  try {
    checkInput(schema, input);
  } catch (error) {
    assert.ok(isFailure(error, "INFERENCE_INPUT_INVALID"));
    return error.details?.fields as FieldProblem[];
  }
  return [];
}

describe("checkInput", () => {
  it("takes what fits, and turns known categories into their text", () => {
    const { given, key } = checkInput(schema, {
      size: 5,
      colour: "red",
      grade: 2,
      maker: "Acme",
      new: false,
      sold: "2024-02-29",
      note: null,
      id: 7,
      price: 3,
    });
    assert.deepEqual(Object.fromEntries(given), {
      size: 5,
      colour: "red",
      grade: "2",
      maker: "Acme",
      new: false,
      sold: "2024-02-29",
      note: null,
    });
    assert.deepEqual([...key], [["id", "7"]]);
  });

  it("takes a row as it stands in its source: times in its format, booleans in its words, numbers as categories", () => {
    const { given } = checkInput(schema, {
      maker: 5,
      new: "Yes",
      sold: "2024-02-29 13:05",
      paid: "01.02.2024",
      seen: 1_700_000_000,
    });
    assert.deepEqual(Object.fromEntries(given), {
      maker: "5",
      new: true,
      sold: "2024-02-29T13:05Z",
      paid: "2024-02-01T00:00:00.000Z",
      seen: "2023-11-14T22:13:20.000Z",
    });
    assert.equal(checkInput(schema, { new: 0 }).given.get("new"), false);
    assert.equal(checkInput(schema, { paid: "2024-02-01" }).given.get("paid"), "2024-02-01");
  });

  it("takes a nested row as its source has it, and columns by the names that they have there", () => {
    const nested: InputSchema = {
      fields: [
        field("body.size.width", "number"),
        field("tags", "category", { values: ['["a","b"]'] }),
        field("constructor_", "category", { from: "constructor" }),
      ],
      key: [],
      ignored: new Set(["body.note", "constructor"]),
    };
    const row = JSON.parse('{"body": {"size": {"width": 2}, "note": "x"}, "tags": ["a", "b"], "constructor": "p"}');
    assert.deepEqual(Object.fromEntries(checkInput(nested, row).given), {
      "body.size.width": 2,
      tags: '["a","b"]',
      constructor_: "p",
    });
    assert.throws(
      () => checkInput(nested, { body: { size: { width: "wide" } } }),
      (error) =>
        isFailure(error, "INFERENCE_INPUT_INVALID") && error.message.startsWith("body.size.width: expected a number"),
    );
    assert.throws(() => checkInput(nested, { body: { depth: 1 } }), /body\.depth: expected one of the inputs/);
  });

  it("has no key when the request names none", () => {
    assert.equal(checkInput(schema, { size: 5 }).key.size, 0);
    assert.equal(checkInput(schema, { id: null, size: 5 }).key.size, 0);
  });

  const wrong: [unknown, string, string, string][] = [
    [{ size: "5" }, "size", "a number in cm from 0 to 100", 'the text "5"'],
    [{ size: 101 }, "size", "a number in cm from 0 to 100", "the number 101"],
    [{ size: null }, "size", "a number in cm from 0 to 100", "null"],
    [{ size: Number.NaN }, "size", "a number in cm from 0 to 100", "the number null"],
    [{ colour: "green" }, "colour", 'one of "red", "blue"', 'the text "green"'],
    [{ grade: 3 }, "grade", 'one of "1", "2"', "the number 3"],
    [{ maker: { name: "Acme" } }, "maker", "a text", "an object"],
    [{ colour: ["red"] }, "colour", 'one of "red", "blue"', "a list"],
    [{ new: "perhaps" }, "new", "true or false", 'the text "perhaps"'],
    [{ new: 2 }, "new", "true or false", "the number 2"],
    [{ sold: "2023-02-29" }, "sold", "a time as an ISO 8601 text", 'the text "2023-02-29"'],
    [{ sold: "31.12.2024" }, "sold", "a time as an ISO 8601 text", 'the text "31.12.2024"'],
    [
      { paid: "12/31/2024" },
      "paid",
      'a time written like "31.12.2024", or as an ISO 8601 text',
      'the text "12/31/2024"',
    ],
    [{ sold: "yesterday" }, "sold", "a time as an ISO 8601 text", 'the text "yesterday"'],
    [{ note: ["a"] }, "note", "a text", "a list"],
    [{ note: {} }, "note", "a text", "an object"],
    [{ id: {} }, "id", "a key: a text or a number", "an object"],
    [{ colur: "red" }, "colur", 'one of the inputs; did you mean "colour"?', "an unknown field"],
    [
      { constructor: 1 },
      "constructor",
      "one of the inputs size, colour, grade, maker, new, sold, paid, seen, note, id",
      "an unknown field",
    ],
  ];
  for (const [input, name, expected, got] of wrong)
    it(`names field, expected and got for ${JSON.stringify(input)}`, () => {
      const found = problems(input);
      assert.deepEqual(
        found.map((one) => [one.field, one.expected, one.got]),
        [[name, expected, got]],
      );
    });

  it("names every wrong field at once", () => {
    assert.deepEqual(
      problems({ size: "x", colour: "green", oops: 1 }).map((one) => one.field),
      ["size", "colour", "oops"],
    );
  });

  it("refuses what is no object", () => {
    for (const input of [null, 5, "text", [1]]) assert.equal(problems(input).length, 1);
  });
});

describe("checkComplete", () => {
  it("names every required feature without a value, and no optional one", () => {
    const values = new Map<string, number | string | null>([
      ["size", 3],
      ["colour", null],
    ]);
    assert.throws(
      () => checkComplete(schema, values, 4),
      (error) => {
        assert.ok(isFailure(error, "INFERENCE_INPUT_INVALID"));
        assert.match(error.message, /^row 4: colour: expected one of "red", "blue", got nothing/);
        assert.deepEqual(
          ((error.details?.fields ?? []) as FieldProblem[]).map((one) => one.field),
          ["colour", "grade", "maker", "new"],
        );
        assert.equal(error.details?.row, 4);
        return true;
      },
    );
  });
});
