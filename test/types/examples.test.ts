// Compiles every example of the reference and of the README, so that what people copy works.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { after, test } from "node:test";
import { readDoor } from "../../scripts/docstrings.ts";
import { readTree } from "../../scripts/tree.ts";

const root = resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "pentad-examples-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const sections = readDoor(readTree(root));
const words = sections.flatMap((section) => section.words.map(({ name }) => name)).filter((name) => name !== "connect");

/** What an example may use without saying so: the words, and the components of the example product. */
const surroundings: Readonly<Record<string, string>> = {
  problem: `import problem from "${root}/examples/rain/problem.ts";`,
  weather: `import weather from "${root}/examples/rain/data/weather.ts";`,
  training: `import training from "${root}/examples/rain/training.ts";`,
  inference: `import inference from "${root}/examples/rain/inference.ts";`,
  customers: `import * as pentad from "pentad";
const customers = pentad.defineData({
  source: pentad.csv("customers.csv"), key: "customer", features: { usualAmount: pentad.number({ optional: true }) },
});`,
  askTheModel: "declare function askTheModel(texts: readonly string[]): Promise<number[][]>;",
  fetchPage: "declare function fetchPage(page: number): Promise<Record<string, unknown>[]>;",
};

function completed(example: string): string {
  const uses = (name: string) =>
    new RegExp(`(?<![\\w.])${name}\\b(?!:)`).test(example) &&
    !new RegExp(`(?:const|import(?: type)?) ${name}\\b`).test(example);
  const imported = example.includes('from "pentad"') ? [] : words.filter(uses);
  const lines = Object.entries(surroundings).flatMap(([name, line]) => (uses(name) ? [line] : []));
  return [
    ...(imported.length > 0 ? [`import { ${imported.join(", ")} } from "pentad";`] : []),
    ...lines,
    example,
    "export {};",
    "",
  ].join("\n");
}

function compile(files: ReadonlyMap<string, string>): string {
  const project = mkdtempSync(join(folder, "project-"));
  for (const [path, text] of files) {
    mkdirSync(dirname(join(project, path)), { recursive: true });
    writeFileSync(join(project, path), text);
  }
  const { compilerOptions } = JSON.parse(readFileSync(join(import.meta.dirname, "fixtures/tsconfig.json"), "utf8")) as {
    compilerOptions: object;
  };
  const paths = { pentad: [join(root, "src/index.ts")], "pentad/client": [join(root, "src/http/client.ts")] };
  writeFileSync(
    join(project, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: { ...compilerOptions, paths, typeRoots: [join(root, "node_modules/@types")] },
      include: ["."],
    }),
  );
  writeFileSync(join(project, "package.json"), '{ "type": "module" }');
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  return spawnSync(process.execPath, [tsc, "-p", project, "--pretty", "false"], { cwd: project, encoding: "utf8" })
    .stdout;
}

test("every example of the reference compiles", () => {
  const examples = sections.flatMap((section) =>
    section.words.flatMap((word) =>
      word.examples.map((example, index) => [`${word.name}-${index}.ts`, completed(example)] as const),
    ),
  );
  assert.ok(examples.length >= 9);
  const inference = `import inference from "${root}/examples/rain/inference.ts";\nexport default inference;\n`;
  assert.equal(compile(new Map([...examples, ["inference.ts", inference]])), "");
});

test("the README's five files compile together, under the names that it gives them", () => {
  const blocks = [...readFileSync(join(root, "README.md"), "utf8").matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(
    ([, block]) => block as string,
  );
  const files = blocks.map((block) => [/^\/\/ (\S+\.ts)\b/.exec(block)?.[1] ?? "", block] as const);
  assert.deepEqual(
    files.map(([path]) => path),
    ["problem.ts", "data/weather.ts", "training.ts", "inference.ts", "app.ts", "client.ts"],
  );
  assert.equal(compile(new Map(files)), "");
});

test("an example with a mistake does not compile", () => {
  const output = compile(new Map([["wrong.ts", completed('number({ units: "mm" })')]]));
  assert.match(output, /wrong\.ts\(2,10\): error TS2561: .*'units' does not exist in type 'NumberOptions'/);
});
