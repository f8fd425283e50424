// Runs a script of this folder with a Node.js that can read TypeScript: `node scripts/node.mjs scripts/build.ts`.

import { spawnSync } from "node:child_process";
import { isNewEnough, runWithNewerNode } from "../bin/newer-node.mjs";

const [file, ...args] = process.argv.slice(2);

if (isNewEnough(process.version)) {
  process.exitCode = spawnSync(process.execPath, [file, ...args], { stdio: "inherit" }).status ?? 1;
} else {
  await runWithNewerNode(file, args);
}
