// The laws of the house, each with how to mend a breach, and each shown to notice one in a small broken tree.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { generatedDocuments } from "../scripts/docs.ts";
import { readTree, type Tree } from "../scripts/tree.ts";
import * as documents from "./house/documents.ts";
import * as files from "./house/files.ts";
import * as floors from "./house/floors.ts";

interface Law {
  readonly name: string;
  readonly find: (tree: Tree) => string[];
  readonly mend: string;
  /** A tree that breaks the law, and the complaints that it must give. */
  readonly broken: Readonly<Record<string, string>>;
  readonly complaints: readonly (string | RegExp)[];
}

const manifest = (fields: object) => JSON.stringify({ version: "1.2.3", ...fields });
const table = (...codes: string[]) =>
  `// Codes.\n${codes.map((code) => `  ${code}: code(500, "never", "", ""),`).join("\n")}\n`;

const laws: readonly Law[] = [
  {
    name: "every room has a floor",
    find: floors.roomsAreKnown,
    mend: "Put the file into a room of ARCHITECTURE.md, or give the new room a floor in test/house/floors.ts and tell why there",
    broken: { "src/base/a.ts": "", "src/attic/a.ts": "" },
    complaints: ["src/attic/ has no floor"],
  },
  {
    name: "imports only go down",
    find: floors.importsGoDown,
    mend: "Move what both need to a lower floor, or hand the function in from above",
    broken: {
      "src/base/a.ts": 'import { b } from "../define/b.ts";',
      "src/define/b.ts": 'import type { A } from "../base/a.ts";',
      "src/training/c.ts": 'import type {\n  D,\n} from "../inference/d.ts";\nexport { b } from "../define/b.ts";',
      "src/inference/d.ts": 'const later = await import("../cli/e.ts");',
      "src/cli/e.ts": '// import { a } from "../base/a.ts";',
    },
    complaints: [
      /src\/base\/a\.ts .* goes up/,
      /src\/training\/c\.ts .* goes sideways/,
      /src\/inference\/d\.ts .* goes up/,
    ],
  },
  {
    name: "wings see base and ports only",
    find: floors.wingsSeeBaseAndPorts,
    mend: "A driver speaks rows, bytes and keys: let the room above turn them into its words",
    broken: {
      "src/drivers/a.ts":
        'import { b } from "../base/b.ts";\nimport { c } from "../features/c.ts";\nimport { d } from "../sources/d.ts";',
      "src/base/b.ts": "",
      "src/features/c.ts": "",
      "src/sources/d.ts": "",
    },
    complaints: [/features\/c\.ts/, /sources\/d\.ts/],
  },
  {
    name: "only the driver table and the doors open wings",
    find: floors.wingsAreOpenedInOnePlace,
    mend: "Take the port as a parameter; src/runtime/drivers.ts decides which driver it is",
    broken: {
      "src/runtime/drivers.ts": 'import { a } from "../drivers/a.ts";',
      "src/index.ts": 'export { csv } from "./sources/csv.ts";',
      "src/features/c.ts": 'import type { A } from "../drivers/a.ts";',
      "src/drivers/a.ts": "",
      "src/sources/csv.ts": "",
    },
    complaints: ["src/features/c.ts imports ../drivers/a.ts"],
  },
  {
    name: "third-party packages are imported in wings, learn, http and cli alone",
    find: floors.thirdPartiesStayOutside,
    mend: "Put the package behind a port and a driver",
    broken: {
      "src/runs/a.ts": 'import { Cron } from "croner";\nimport fs from "node:fs";',
      "src/http/b.ts": 'import { Hono } from "hono";',
    },
    complaints: ["src/runs/a.ts imports croner"],
  },
  {
    name: "imported packages are declared, and the published code uses none of the development ones",
    find: floors.importedPackagesAreDeclared,
    mend: "Add the package to package.json with a note in docs/decisions, or do without it",
    broken: {
      "package.json": manifest({ dependencies: { hono: "1" }, devDependencies: { "fast-check": "1" } }),
      "src/http/a.ts": 'import { Hono } from "hono/tiny";\nimport fc from "fast-check";',
      "test/a.test.ts": 'import fc from "fast-check";\nimport x from "@left/pad/inner";',
    },
    complaints: ["src/http/a.ts imports fast-check", "test/a.test.ts imports @left/pad"],
  },
  {
    name: "the pages take only types, and only the API's documents",
    find: floors.pagesTakeOnlyTypes,
    mend: "Put what the page needs into a document of src/http/api.ts",
    broken: {
      "ui/src/a.ts":
        'import type { X } from "../../src/http/api.ts";\nimport { y } from "../../src/http/api.ts";\nimport type { Z } from "../../src/base/z.ts";',
      "src/http/api.ts": "",
      "src/base/z.ts": "",
    },
    complaints: ["ui/src/a.ts imports ../../src/http/api.ts", "ui/src/a.ts imports ../../src/base/z.ts"],
  },
  {
    name: "files that load each other form no circle",
    find: floors.valuesHaveNoCircles,
    mend: "Move the shared part into a third file that both import",
    broken: {
      "src/base/a.ts": 'import { b } from "./b.ts";',
      "src/base/b.ts": 'import { c } from "./c.ts";',
      "src/base/c.ts": 'import { type A, a } from "./a.ts";',
      "src/base/d.ts": 'import type { E } from "./e.ts";',
      "src/base/e.ts": 'import { type D } from "./d.ts";\nimport { d } from "./d.ts";',
    },
    complaints: ["src/base/a.ts → src/base/b.ts → src/base/c.ts → src/base/a.ts"],
  },
  {
    name: "names say something",
    find: files.namesSaySomething,
    mend: "Name the file and what it exports after what it is or does; import from the file itself, not from a barrel",
    broken: {
      "src/index.ts": "",
      "src/base/utils.ts": "",
      "src/runs/index.ts": "",
      "src/runs/types.ts": "",
      "src/runs/RunQueue.ts": "export class RunManager {}\nexport function retry() {}",
    },
    complaints: [
      /utils\.ts/,
      /runs\/index\.ts: an internal barrel/,
      /types\.ts/,
      /RunQueue\.ts: not kebab/,
      /RunManager/,
    ],
  },
  {
    name: "every file opens with one sentence of purpose",
    find: files.filesOpenWithTheirPurpose,
    mend: "Write on line 1, as a comment, one sentence that says what the file is for; it becomes its entry in ARCHITECTURE.md",
    broken: {
      "src/base/a.ts": "// Keeps time.\n",
      "bin/b.mjs": "#!/usr/bin/env node\n// Starts.\n",
      "src/base/c.ts": "// clock\n",
      "ui/d.tsx": "import x",
    },
    complaints: [/src\/base\/c\.ts/, /ui\/d\.tsx/],
  },
  {
    name: "no file has more than 500 lines",
    find: files.filesAreShort,
    mend: "Split the file at its most natural seam; most files here have about 150 lines",
    broken: { "src/base/a.ts": "\n".repeat(501), "src/base/b.ts": "\n".repeat(500) },
    complaints: ["src/base/a.ts: 501 lines"],
  },
  {
    name: "no error is swallowed, no compiler silenced, no test skipped without a reason",
    find: files.habitsAreKept,
    mend: "Handle the error or say in the block why it does not matter; give the reason; open an issue instead of leaving a note",
    broken: {
      "src/base/a.ts":
        "try {\n} catch {}\n// @ts-" + "ignore\ntry { x(); } catch (e) { // cannot happen: x is total\n}",
      "test/b.test.ts": "test." + 'only("x", () => {});',
    },
    complaints: [/a\.ts:2: an error/, /a\.ts:3: the compiler/, /b\.test\.ts:1: a test/],
  },
  {
    name: "every error code is thrown somewhere",
    find: documents.codesAreThrown,
    mend: "Remove the code from src/base/error-codes.ts, or throw it where it happens",
    broken: {
      "src/base/error-codes.ts": table("RUNS_LATE", "RUNS_NEVER"),
      "src/runs/a.ts": 'throw fail("RUNS_LATE", "");',
    },
    complaints: ["RUNS_NEVER"],
  },
  {
    name: "an error code begins with a room",
    find: documents.codesBelongToRooms,
    mend: "Codes are ROOM_WHAT: name the room that throws it",
    broken: { "src/base/error-codes.ts": table("INTERNAL", "RUNS_LATE", "ATTIC_DUSTY") },
    complaints: ["ATTIC_DUSTY"],
  },
  {
    name: "every error code is documented, and no other",
    find: documents.codesAreDocumented,
    mend: "Run `npm run docs`",
    broken: {
      "src/base/error-codes.ts": table("RUNS_LATE", "RUNS_NEVER"),
      "docs/errors.md": "### RUNS_LATE\n\n### RUNS_OLD\n",
    },
    complaints: ["RUNS_NEVER is not in docs/errors.md", "docs/errors.md tells of RUNS_OLD, which does not exist"],
  },
  {
    name: "links between documents are alive",
    find: documents.linksAreAlive,
    mend: "Correct the link, or the heading that it points to",
    broken: {
      "README.md":
        "[a](docs/a.md#the-first-step) [b](docs/b.md) [c](docs/a.md#second) [d](https://example.com) [e](docs/)\n```\n[f](no.md)\n```\n",
      "docs/a.md": "# The first step\n",
    },
    complaints: ["README.md links to docs/b.md", "README.md links to docs/a.md#second, which has no such heading"],
  },
  {
    name: "every dependency has its reason in docs/decisions",
    find: documents.dependenciesAreDecided,
    mend: "Write why this package and not another, naming it in backticks, or do without it",
    broken: {
      "package.json": manifest({ dependencies: { hono: "1" }, devDependencies: { vite: "1" } }),
      "docs/decisions/0001-a.md": "We use `hono`.",
    },
    complaints: ["vite"],
  },
  {
    name: "the changelog knows the version",
    find: documents.changelogKnowsTheVersion,
    mend: "Begin a section for the version in CHANGELOG.md",
    broken: { "package.json": manifest({}), "CHANGELOG.md": "## 1.2.2\n" },
    complaints: [/1\.2\.3/],
  },
  {
    name: "nothing tells of somebody's machine or of a package registry",
    find: documents.nothingTellsOfAMachine,
    mend: "Use a relative path or an invented one; lock without addresses (`omit-lockfile-registry-resolved` in .npmrc)",
    broken: {
      "bench/a.md": "run in /wo" + "rk/x\n",
      "package-lock.json": '{\n"resolv' + 'ed": "https://example.com/a.tgz" }',
      "docs/a.md": "see src/wo" + "rk/x and the registry",
    },
    complaints: [/bench\/a\.md:1/, /package-lock\.json:2/],
  },
  {
    name: "the generated documents are up to date",
    find: (tree) =>
      [...generatedDocuments(tree)].filter(([path, text]) => tree.get(path) !== text).map(([path]) => path),
    mend: "Run `npm run docs` and commit what it wrote",
    broken: {
      "ARCHITECTURE.md": "<!-- files -->\n<!-- /files -->",
      "src/base/a.ts": "// Keeps time.\n",
      "src/index.ts": "",
      "src/http/client.ts": "/** Connects. */\nexport function connect(options: X): Y {\n}\n",
    },
    complaints: ["docs/errors.md", "docs/reference.md", "ARCHITECTURE.md"],
  },
];

const house = readTree();

describe("the house", () => {
  for (const { name, find, mend } of laws)
    test(name, () => {
      const complaints = find(house);
      assert.equal(complaints.length, 0, `\n  ${complaints.join("\n  ")}\n${mend}.\n`);
    });

  test("files that grow long are named, so that somebody splits them in time", (t) => {
    for (const complaint of files.filesThatGrowLong(house)) t.diagnostic(complaint);
    assert.deepEqual(files.filesThatGrowLong(new Map([["src/base/a.ts", "\n".repeat(301)]])), [
      "src/base/a.ts: 301 lines",
    ]);
  });
});

describe("a broken house is noticed", () => {
  for (const { name, find, broken, complaints } of laws)
    test(`when it is not so that ${name}`, () => {
      const found = find(new Map(Object.entries(broken)));
      assert.equal(found.length, complaints.length, `found: ${found.join("; ")}`);
      complaints.forEach((expected, index) => {
        const got = found[index] as string;
        if (typeof expected === "string") assert.equal(got, expected);
        else assert.match(got, expected);
      });
    });
});
