// The registry refuses by itself: no move without a reason, nothing live without its gate, nothing registered ever changed.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { migrate } from "../../src/catalog/migrations.ts";
import { filesystemBlobs } from "../../src/drivers/filesystem-blobs.ts";
import { sqliteDatabase } from "../../src/drivers/sqlite-database.ts";
import { dropAlias, listMoves, moveAlias } from "../../src/models/aliases.ts";
import { deleteVersion } from "../../src/models/delete-version.ts";
import type { GateVerdict } from "../../src/models/gate.ts";
import { encodeModel, modelId } from "../../src/models/model-file.ts";
import { keepModelFile, loadModel, modelBlob } from "../../src/models/model-store.ts";
import { findAlias, getVersion, type NewVersion, recordVerdict, registerVersion } from "../../src/models/registry.ts";
import { modelsMigrations } from "../../src/models/tables.ts";
import type { BlobStore } from "../../src/ports/blob-store.ts";
import type { Database } from "../../src/ports/database.ts";

const passed: GateVerdict = { passed: true, checks: [] };
const refused: GateVerdict = { passed: false, checks: [{ name: "atLeast", passed: false, message: "ROC AUC is 0.5" }] };
const model = encodeModel({
  format: "pentad.constant/1",
  meta: { task: "regression", classes: [], baseline: "mean" },
  arrays: { answer: Float64Array.of(4) },
});

describe("the registry", () => {
  let folder: string;
  let database: Database;
  let blobs: BlobStore;
  const version = (gate: GateVerdict): NewVersion => ({
    training: "shop",
    id: modelId(model),
    algorithm: "ridge",
    params: {},
    evaluation: {
      rows: { train: 8, test: 2 },
      metrics: { rmse: 1 },
      interval: { low: null, high: null },
      baseline: null,
    },
    gate,
    report: {},
    trainingSet: "set",
    commits: { homes: 1 },
    fingerprint: "code",
    bytes: model.length,
    run: "run_1",
  });
  const register = (gate: GateVerdict) => database.transaction((tx) => registerVersion(tx, version(gate), 1));
  const promote = (number: number, move: { reason: string; override?: boolean }) =>
    database.transaction((tx) => moveAlias(tx, "shop", "live", number, { who: "Ada", ...move }, 2));
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "pentad-registry-"));
    database = await sqliteDatabase({ path: join(folder, "catalog.sqlite") });
    await migrate(database, [modelsMigrations]);
    blobs = filesystemBlobs({ folder: join(folder, "models") });
    await blobs.put(modelBlob(modelId(model)), model);
  });
  after(async () => {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("makes live only what passed its gate, unless overridden with a reason, which is kept", async () => {
    assert.equal(await register(refused), 1);
    await assert.rejects(promote(1, { reason: "because" }), { code: "MODELS_GATE_REFUSED" });
    assert.equal(await findAlias(database, "shop", "live"), undefined);
    await assert.rejects(promote(1, { reason: " ", override: true }), { code: "MODELS_REASON_MISSING" });
    await promote(1, { reason: "the board decided", override: true });
    assert.equal((await findAlias(database, "shop", "live"))?.version, 1);
    const [move] = await listMoves(database, "shop");
    assert.deepEqual(
      [move?.reason, move?.who, move?.before],
      ["the board decided (over its gate: ROC AUC is 0.5)", "Ada", null],
    );
  });

  it("keeps what was live before in the history of moves", async () => {
    assert.equal(await register(passed), 2);
    await promote(2, { reason: "passed its gate" });
    const moves = await listMoves(database, "shop");
    assert.ok(moves.some((move) => move.version === 2 && move.before === 1));
  });

  it("changes nothing of a version but the verdict on it", async () => {
    const before = await getVersion(database, "shop", 2);
    await database.transaction((tx) => recordVerdict(tx, "shop", 2, refused));
    const after = await getVersion(database, "shop", 2);
    assert.deepEqual({ ...after, gate: passed }, before);
    assert.equal(after.gate.passed, false);
  });

  it("takes in a file only under the hash of its content, and leaves alone what is there", async () => {
    const path = join(folder, "finished.bin");
    writeFileSync(path, model.slice(0, 40));
    await assert.rejects(keepModelFile(blobs, path, modelId(model)), { code: "MODELS_ARTIFACT_CORRUPT" });
    writeFileSync(path, model);
    const file = await blobs.localPath(modelBlob(modelId(model)));
    const before = statSync(file).mtimeMs;
    await keepModelFile(blobs, path, modelId(model));
    assert.equal(statSync(file).mtimeMs, before);
    writeFileSync(file, "damaged");
    await keepModelFile(blobs, path, modelId(model));
    assert.deepEqual(new Uint8Array(readFileSync(file)), model);
  });

  it("deletes a version only when nothing refers to it, and never gives its number again", async () => {
    const id = modelId(model);
    const deletion = (references: readonly string[]) => ({
      reason: "never used",
      who: "Ada",
      references: async () => references,
    });
    assert.equal(await register(passed), 3);
    const third = { training: "shop", version: 3 };
    await database.transaction((tx) => moveAlias(tx, "shop", "shadow", 3, { who: "Ada", reason: "to see" }, 3));
    await assert.rejects(deleteVersion(database, blobs, third, deletion(["12 logged answers"])), {
      code: "MODELS_REFERENCED",
      message: /cannot be deleted: the alias shadow, 12 logged answers refer to it/,
    });
    await database.transaction((tx) => dropAlias(tx, "shop", "shadow", 3));
    await assert.rejects(deleteVersion(database, blobs, third, { ...deletion([]), reason: " " }), {
      code: "MODELS_REASON_MISSING",
    });
    await deleteVersion(database, blobs, third, deletion([]));
    await assert.rejects(getVersion(database, "shop", 3), { code: "MODELS_UNKNOWN" });
    assert.ok(await blobs.has(modelBlob(id)), "other versions are the same model");
    assert.equal(await register(passed), 4);
    await assert.rejects(deleteVersion(database, blobs, { training: "shop", version: 2 }, deletion([])), {
      code: "MODELS_REFERENCED",
      message: /the alias live refers to it/,
    });
  });

  it("lets no version be its own shadow, and a shadow that goes live is none any more", async () => {
    const shadow = (number: number) =>
      database.transaction((tx) => moveAlias(tx, "shop", "shadow", number, { who: "Ada", reason: "to see" }, 4));
    await assert.rejects(shadow(2), { code: "MODELS_SHADOW_LIVE" });
    await shadow(4);
    assert.equal((await findAlias(database, "shop", "shadow"))?.version, 4);
    await promote(4, { reason: "did well in the shadow" });
    assert.equal(await findAlias(database, "shop", "shadow"), undefined);
  });

  it("names the versions that there are", async () => {
    await assert.rejects(getVersion(database, "shop", 7), { code: "MODELS_UNKNOWN", hint: "It has 4, 2, 1" });
    await assert.rejects(promote(7, { reason: "why not" }), { code: "MODELS_UNKNOWN" });
  });

  it("answers with an error, not a crash, for a file that is damaged or gone", async () => {
    const opened = await loadModel(blobs, modelId(model));
    assert.equal(opened.predictRow([]), 4);
    const damaged = model.slice();
    damaged[damaged.length - 3]! ^= 1;
    await blobs.put(modelBlob("0".repeat(32)), damaged);
    await assert.rejects(loadModel(blobs, "0".repeat(32)), { code: "MODELS_ARTIFACT_CORRUPT" });
    await assert.rejects(loadModel(blobs, "1".repeat(32)), { code: "MODELS_ARTIFACT_CORRUPT" });
  });
});
