// Who runs a run: one process of one machine since one boot, so that a number used again is not taken for the same owner.

import { randomBytes } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** `machine/process/start/chance`; two ledgers of one process are two owners. */
export function newOwner(): string {
  return [machine(), process.pid, startOf(process.pid) ?? "unknown", randomBytes(4).toString("hex")].join("/");
}

/** False when the owner's process has surely ended; undefined when that cannot be told from here. */
export function ownerLives(owner: string): boolean | undefined {
  const [where, pid, start] = owner.split("/");
  const id = Number(pid);
  if (where !== machine() || !Number.isInteger(id) || id <= 0) return undefined;
  if (!exists(id)) return false;
  // Without a time of start the number may belong to somebody else by now; then only the lease can tell.
  if (start === "unknown") return undefined;
  return startOf(id) === start;
}

/** A name that changes with every boot, since process numbers begin anew then. */
export function machine(): string {
  const boot = read("/proc/sys/kernel/random/boot_id")?.trim();
  // Containers of one machine share the boot but not the numbers; each has a process namespace of its own.
  const namespace = /\[(\d+)\]/.exec(linkOf("/proc/self/ns/pid") ?? "")?.[1];
  return [hostname().replaceAll("/", "-"), boot, namespace].filter((part) => part !== undefined).join(":");
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** When a process started, in the kernel's ticks since boot; undefined outside Linux. */
function startOf(pid: number): string | undefined {
  // The second field is the command, which may hold spaces and parentheses itself.
  return read(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, "")
    .split(" ")[19];
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
