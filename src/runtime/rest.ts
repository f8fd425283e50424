// A server that has nothing to do gives memory back: what its start and its runs left as garbage is collected once.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Less than this share of a core counts as nothing to do. */
const idleShare = 0.02;
/** The garbage of a start or a run is worth collecting when so long nothing has followed. */
const afterMs = 10_000;

/** Call it every second or so; it looks at the processor time that went by, and collects once at the beginning of a rest. */
export function openRest(collect: () => void = lastResort(), now: () => number = () => performance.now()): () => void {
  let busyAt = now();
  let last = { at: now(), cpuMs: cpuMs() };
  let rested = false;
  return () => {
    const at = now();
    const used = cpuMs() - last.cpuMs;
    if (used > idleShare * (at - last.at)) {
      // The first look after a rest sees what the collection itself took.
      busyAt = at;
      rested &&= used < 200;
    }
    last = { at, cpuMs: cpuMs() };
    if (rested || at - busyAt < afterMs) return;
    rested = true;
    collect();
  };
}

/** V8 keeps the pages of an ordinary collection for later use; the last resort gives them back. */
function lastResort(): () => void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (how: { type: "major"; flavor: "last-resort" }) => void;
  setFlagsFromString("--no-expose-gc");
  return () => collect({ type: "major", flavor: "last-resort" });
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
