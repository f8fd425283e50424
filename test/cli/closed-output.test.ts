// A reader that goes away, as `pentad … | head` does: the command ends quietly, with its own exit code.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const bin = fileURLToPath(new URL("../../bin/pentad.mjs", import.meta.url));

describe("a reader that goes away", () => {
  it("ends a command without a word", async () => {
    const child = spawn(process.execPath, [bin, "--help"], { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    let said = "";
    child.stderr.on("data", (chunk) => {
      said += chunk;
    });
    const [code] = (await once(child, "close")) as [number];
    assert.equal(said, "");
    assert.equal(code, 0);
  });
});
