// The product page's form: reading what people type, and putting refusals beside the fields.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { AppField } from "../../src/http/api.ts";
import {
  entityText,
  fieldText,
  isUnknownEntity,
  outsideText,
  parseNumber,
  refusalTexts,
  refusedFields,
  startTexts,
  stepped,
  toRequest,
  typedNumber,
  unknownEntityText,
} from "../../ui/src/form-values.ts";

function field(over: Partial<AppField> = {}): AppField {
  return {
    name: "rain",
    label: "Rain",
    type: "number",
    description: null,
    unit: "mm",
    required: true,
    min: 0,
    max: 50,
    step: 0.1,
    values: null,
    default: 3.2,
    ...over,
  };
}

test("numbers are read as people write them, with either decimal mark", () => {
  const written = [
    "3.2",
    " 3,2 ",
    "1,234.5",
    "1.234,5",
    "1,234",
    "22,019,500",
    "1 234",
    "1’234",
    "−4",
    "-4",
    "+4",
    ".5",
    "1e3",
    "0,125",
  ];
  assert.deepEqual(
    written.map(parseNumber),
    [3.2, 3.2, 1234.5, 1234.5, 1234, 22019500, 1234, 1234, -4, -4, 4, 0.5, 1000, 0.125],
  );
});

test("what is not a number is not taken for one", () => {
  for (const text of ["", "warm", "3.2 mm", "1.2.3", "1,2,3", "--4", "Infinity", "1e999", "0x10"])
    assert.equal(parseNumber(text), null, text);
});

test("every number survives being written into the form and read back, to six digits", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e14, max: 1e14 }), (value) => {
      const back = parseNumber(typedNumber(value));
      assert.ok(back !== null && Math.abs(back - value) <= Math.abs(value) * 1e-5 + 1e-9, `${value} became ${back}`);
    }),
  );
});

test("the form opens with the typical values, and with nothing where there is none", () => {
  const fields = [
    field(),
    field({ name: "gross", default: 22019465.5 }),
    field({ name: "sex", type: "category", default: null }),
    field({ name: "holiday", type: "boolean", default: false }),
    field({ name: "day", type: "time", default: "2009-11-09T00:00:00.000Z" }),
    field({ name: "moment", type: "time", default: "2009-11-09T14:30:15.000Z" }),
  ];
  assert.deepEqual(startTexts(fields), {
    rain: "3.2",
    gross: "22,019,500",
    sex: "",
    holiday: "false",
    day: "2009-11-09",
    moment: "2009-11-09T14:30",
  });
  assert.equal(fieldText(field(), undefined), "");
});

test("a filled form becomes a request with typed values, and says what is unknown", () => {
  const fields = [
    field(),
    field({ name: "wind", required: false }),
    field({ name: "holiday", type: "boolean" }),
    field({ name: "sky", type: "category" }),
    field({ name: "moment", type: "time", default: "2009-11-09T14:30:15.000Z" }),
  ];
  const request = toRequest(
    fields,
    { rain: "3,2", wind: " ", holiday: "true", sky: "sun", moment: "2009-11-09T14:30" },
    null,
  );
  assert.deepEqual(request, {
    body: { rain: 3.2, wind: null, holiday: true, sky: "sun", moment: "2009-11-09T14:30:00Z" },
    errors: {},
  });
});

test("what is missing or not a number is said beside its field before anything is sent", () => {
  const { errors } = toRequest([field(), field({ name: "wind", label: "Wind" })], { rain: "warm", wind: "" }, null);
  assert.deepEqual(errors, { rain: "A number is needed here, not “warm”", wind: "Wind is needed" });
});

test("with a stored entity, its key is sent and empty fields are left to the store", () => {
  const request = toRequest([field()], { rain: "" }, { city: "Seattle" });
  assert.deepEqual(request, { body: { city: "Seattle" }, errors: {} });
  assert.equal(entityText({ cityName: "Seattle", station: 12 }), "city name Seattle and station 12");
});

test("an empty text is a value where a text is needed", () => {
  assert.deepEqual(toRequest([field({ type: "text", default: "" })], { rain: "" }, null), {
    body: { rain: "" },
    errors: {},
  });
});

test("an entity that the store does not know is told apart from wrong values", () => {
  const nothing = [{ field: "rain", expected: "a number", got: "nothing" }];
  assert.equal(isUnknownEntity({ city: "Nowhere" }, nothing), true);
  assert.equal(isUnknownEntity(null, nothing), false);
  assert.equal(
    isUnknownEntity({ city: "Seattle" }, [{ field: "rain", expected: "a number", got: "the text warm" }]),
    false,
  );
  assert.equal(isUnknownEntity({ city: "Seattle" }, []), false);
});

test("when the store knew nothing of an entity, what was left empty is said to be unknown", () => {
  const said = unknownEntityText({ city: "Nowhere" }, [field()], { rain: "" }, null);
  assert.equal(said, "Nothing is stored for city Nowhere, so what you left empty counts as unknown");
  assert.equal(unknownEntityText({ city: "Seattle" }, [field()], { rain: "" }, 240), null);
  assert.equal(
    unknownEntityText({ city: "Nowhere" }, [field()], { rain: "3" }, null),
    null,
    "nothing was left to the store",
  );
  assert.equal(unknownEntityText(null, [field()], { rain: "" }, null), null);
});

test("refusals of the server stand beside their fields, others in the form's notice", () => {
  const refused = refusedFields({
    fields: [
      { field: "rain", expected: "a number from 0 to 50", got: '"warm"' },
      { field: "colour", expected: "one of the model's inputs", got: "" },
    ],
  });
  assert.deepEqual(refusalTexts([field()], refused), {
    byField: { rain: 'Expected a number from 0 to 50, got "warm"' },
    others: ["colour: expected one of the model's inputs"],
  });
});

test("error details of any other shape are no refusals", () => {
  assert.deepEqual(refusedFields(undefined), []);
  assert.deepEqual(refusedFields({ fields: "rain" }), []);
  assert.deepEqual(refusedFields({ fields: [null, 3, {}, { field: 3 }] }), []);
  assert.deepEqual(refusedFields({ fields: [{ field: "rain", expected: "a number", got: null }] }), [
    { field: "rain", expected: "a number", got: "null" },
  ]);
});

test("arrow keys step within the range and gather no rounding dust", () => {
  assert.equal(stepped(field(), "0.2", 1), "0.3");
  assert.equal(stepped(field(), "50", 1), "50");
  assert.equal(stepped(field(), "", -1), "3.1", "from the typical value when the field is empty");
  assert.equal(stepped(field({ min: null, max: null, step: null }), "7", 1), "8");
});

test("a number outside the known range is remarked on, not refused", () => {
  assert.equal(outsideText(field(), "51"), "Outside the known range, 0 to 50 mm");
  assert.equal(outsideText(field({ max: null }), "-1"), "Outside the known range, 0 mm or more");
  assert.equal(outsideText(field(), "20"), null);
  assert.equal(outsideText(field({ type: "text" }), "51"), null);
});

test("a vector is pasted as a list, with or without brackets, and refused with its length", () => {
  const vector = field({ name: "meaning", label: "Meaning", type: "vector", dimensions: 3, min: null, max: null });
  for (const text of ["[1, 2.5, -3e-2]", "1, 2.5, -0.03", " 1 2.5\n-0.03 ", "[1;2.5;-0.03]"])
    assert.deepEqual(toRequest([vector], { meaning: text }, null), { body: { meaning: [1, 2.5, -0.03] }, errors: {} });
  for (const text of ["[1, 2]", "1 2 3 4", "[1, two, 3]", "[]", "[1, NaN, 3]", "nonsense".repeat(20)]) {
    const { body, errors } = toRequest([vector], { meaning: text }, null);
    assert.deepEqual(body, {});
    assert.match(
      errors.meaning ?? "",
      /^A list of 3 numbers, such as \[0\.1, 0\.2, …\], is needed here, not “.{1,40}”$/,
    );
  }
  assert.deepEqual(startTexts([{ ...vector, default: null }]), { meaning: "" });
  assert.deepEqual(toRequest([{ ...vector, required: false }], {}, null).body, { meaning: null });
});
