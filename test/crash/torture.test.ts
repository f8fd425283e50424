// The short version of the torture test: half a minute of kill -9 at random moments.

import assert from "node:assert/strict";
import { test } from "node:test";
import { torture } from "./torture.ts";

test("killing the server, its steps and everything at once for a while loses, doubles and leaves nothing", async (context) => {
  const result = await torture({ seconds: 22, seed: 5, log: () => undefined });
  context.diagnostic(JSON.stringify(result));
  assert.ok(result.kills.server + result.kills.group >= 2 && result.checks >= 1);
  assert.ok(result.slowestRecoveryMs < 15_000);
});
