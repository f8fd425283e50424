// Kept code that nothing refers to goes after a day; what a component, a group or a version of a model needs never does.

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, it } from "node:test";
import { streamLog } from "../../src/base/log.ts";
import type { DeclaredComponent } from "../../src/catalog/components.ts";
import { registerVersion } from "../../src/models/registry.ts";
import { openProject, type Project } from "../../src/runtime/open-project.ts";
import { pruneCode } from "../../src/runtime/serving/prune-code.ts";
import { emptyFolder, type TestProject } from "../support/project.ts";

const dayMs = 86_400_000;
const hash = (letter: string) => letter.repeat(32);

let folder: TestProject;
let project: Project;
before(async () => {
  folder = emptyFolder("old-code");
  mkdirSync(folder.folder, { recursive: true });
  await folder.write("problem.ts", "");
  project = await openProject(
    folder.folder,
    streamLog(() => undefined),
  );
  for (const name of [hash("a"), hash("b"), hash("c"), hash("d"), ".new-x1", "notes"]) {
    mkdirSync(join(folder.folder, ".pentad/code", name), { recursive: true });
    writeFileSync(join(folder.folder, ".pentad/code", name, "training.ts"), "");
  }
});
after(async () => {
  await project.close();
  folder.remove();
});
const kept = () => readdirSync(join(folder.folder, ".pentad/code")).sort();
const age = (name: string, days: number) => {
  const at = Date.now() / 1000 - days * 86_400;
  utimesSync(join(folder.folder, ".pentad/code", name), at, at);
};

it("removes what was without use for a day, and nothing else", async () => {
  for (const name of kept()) age(name, 3);
  age(hash("d"), 0.5);
  const definition = { kind: "training", onDemand: { file: "training.ts", code: hash("a") } };
  await project.components.declare(
    [
      {
        id: "training/taxi",
        kind: "training",
        name: "taxi",
        file: "training.ts",
        definition,
        fingerprint: "1",
        failure: null,
      } as unknown as DeclaredComponent,
    ],
    "1",
    Date.now(),
  );
  const version = { training: "gone", id: "m", algorithm: "custom", params: { code: hash("b") } };
  await project.database.transaction((tx) =>
    registerVersion(
      tx,
      {
        ...version,
        evaluation: {} as never,
        gate: {} as never,
        report: {},
        trainingSet: "",
        commits: {},
        fingerprint: "",
        bytes: 0,
        run: "r",
      },
      Date.now(),
    ),
  );
  const run = await project.ledger.request("training/taxi", "manual", null);
  assert.deepEqual(await pruneCode(project), [], "nothing goes while a run waits");
  await project.ledger.cancel(run, "for the test");
  assert.deepEqual((await pruneCode(project)).sort(), [".new-x1", hash("c")]);
  assert.deepEqual(kept(), [hash("a"), hash("b"), hash("d"), "notes"]);
});

it("counts from when it was last referred to", async () => {
  age(hash("a"), 3);
  await pruneCode(project);
  await project.components.declare([], "2", Date.now());
  assert.deepEqual(await pruneCode(project), []);
  assert.deepEqual((await pruneCode(project, Date.now() + 2 * dayMs)).sort(), [hash("a"), hash("d")]);
  assert.deepEqual(kept(), [hash("b"), "notes"]);
});
