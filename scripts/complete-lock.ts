// Completes package-lock.json with the optional packages of other platforms, which npm leaves out when a mirror lacks them: `npm ci` wants them listed.

import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

interface Locked {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const path = join(resolve(import.meta.dirname, ".."), "package-lock.json");
const lock = JSON.parse(readFileSync(path, "utf8")) as { packages: Record<string, Locked> };
const added: string[] = [];

for (const { dev, optionalDependencies = {} } of Object.values(lock.packages))
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const place = `node_modules/${name}`;
    if (place in lock.packages) continue;
    const entry = { version, ...platformOf(name), ...(dev === true ? { dev } : {}), optional: true };
    lock.packages[place] = entry;
    added.push(name);
  }

lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
if (added.length > 0) writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`lock: added ${added.length} packages${added.length > 0 ? `: ${added.join(", ")}` : ""}`);

/** What the name says of the machines that the package is for: `…-linux-arm64-musl`. */
function platformOf(name: string): { os?: string[]; cpu?: string[]; libc?: string[] } {
  const match =
    /(aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)-(\w+?)(?:-(musl|gnu|msvc|\w*eabi\w*))?$/.exec(
      name,
    );
  if (match !== null)
    return {
      os: [match[1] as string],
      cpu: [match[2] as string],
      ...(match[3] === "musl" ? { libc: ["musl"] } : match[3] === "gnu" ? { libc: ["glibc"] } : {}),
    };
  if (/wasm32/.test(name)) return { cpu: ["wasm32"] };
  throw new Error(`${name}: its name tells of no platform; add it by hand`);
}
