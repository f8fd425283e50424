// Where an error points to in the user's project, read from every form of stack trace that Node gives.

import assert from "node:assert/strict";
import { test } from "node:test";
import { locationInProject } from "../../src/ports/compute.ts";

const folder = "/home/zoë/my (old) project";
const url = "file:///home/zo%C3%AB/my%20(old)%20project";

const cases: readonly [string, string, ReturnType<typeof locationInProject>][] = [
  [
    "a plain frame of a module",
    `Error: x\n    at ${url}/data/weather.ts:12:7`,
    { file: "data/weather.ts", line: 12, column: 7 },
  ],
  [
    "a frame with a function",
    `Error: x\n    at read (${url}/data/weather.ts:12:7)`,
    { file: "data/weather.ts", line: 12, column: 7 },
  ],
  ["an async frame", `Error: x\n    at async read (${url}/a.ts:1:2)`, { file: "a.ts", line: 1, column: 2 }],
  [
    "a constructor, a method with an alias",
    `Error: x\n    at new Reader (${url}/a.ts:3:4)`,
    { file: "a.ts", line: 3, column: 4 },
  ],
  ["an aliased method", `Error: x\n    at Object.run [as go] (${url}/a.ts:3:4)`, { file: "a.ts", line: 3, column: 4 }],
  [
    "a CommonJS frame, which has a path and no URL",
    `Error: x\n    at read (${folder}/a.cjs:5:6)`,
    { file: "a.cjs", line: 5, column: 6 },
  ],
  [
    "a query string from reloading",
    `Error: x\n    at read (${url}/a.ts?version=12:5:6)`,
    { file: "a.ts", line: 5, column: 6 },
  ],
  [
    "spaces, accents and signs in the file's own name",
    `Error: x\n    at ${url}/data/r%C3%A9sum%C3%A9%20%231%20100%25.ts:5:6`,
    { file: "data/résumé #1 100%.ts", line: 5, column: 6 },
  ],
  [
    "evaluated code, whose real place comes first",
    `Error: x\n    at eval (eval at read (${url}/a.ts:5:6), <anonymous>:1:1)`,
    { file: "a.ts", line: 5, column: 6 },
  ],
  [
    "frames of Node and of libraries before it",
    `Error: x\n    at Array.map (<anonymous>)\n    at node:fs:10:2\n    at f (${url}/node_modules/lib/index.js:1:1)\n    at g (${url}/b.ts:7:8)`,
    { file: "b.ts", line: 7, column: 8 },
  ],
  ["a file beside the project whose name begins alike", `Error: x\n    at f (${url}-copy/b.ts:7:8)`, undefined],
  [
    "a message of several lines that names a place",
    `Error: see\n${folder}/b.ts:7\n    at f (${url}/c.ts:9:1)`,
    { file: "c.ts", line: 9, column: 1 },
  ],
  [
    "a TypeScript syntax error, with a caret",
    `${folder}/bad.ts:2\nconst a = 1;\nconst b = = 2;\n          ^\n\nSyntaxError: Expression expected`,
    { file: "bad.ts", line: 2, column: 11 },
  ],
  [
    "an import of a name that does not exist",
    `${url}/m.mjs:1\nimport { nope } from './a.mjs';\n         ^^^^\nSyntaxError: no export`,
    { file: "m.mjs", line: 1, column: 10 },
  ],
  ["no stack at all", "", undefined],
  ["a stack that is only a message", "Error: at home", undefined],
];

for (const [what, stack, expected] of cases)
  test(`${what} gives its place`, () => assert.deepEqual(locationInProject(stack, folder), expected));

test("a missing stack gives no place", () => assert.equal(locationInProject(undefined, folder), undefined));

test("a real error of this very file points to it", () => {
  const location = locationInProject(new Error("here").stack, import.meta.dirname);
  assert.equal(location?.file, "compute.test.ts");
});
