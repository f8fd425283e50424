// Linux's table of processes: what the processes of a step's group use together, and the strays that left the group.

import { readdirSync, readFileSync } from "node:fs";

export interface GroupUse {
  readonly processes: number;
  readonly cpuMs: number;
  /** The leader's resident memory, and that of the others as far as it is their own. */
  readonly memoryMb: number;
}

/** The unit of /proc/PID/stat's times on every Linux architecture that Node runs on. */
const tickMs = 10;
const pageMb = 4_096 / 1_048_576;

/**
 * The use of each process group that is asked for, with the processes that were started from it and left it, in one pass;
 * an empty map where there is no /proc.
 */
export function groupsInUse(groups: ReadonlySet<number>): Map<number, GroupUse> {
  const table = new Map<number, readonly string[]>();
  for (const pid of processIds()) {
    const stat = read(`/proc/${pid}/stat`);
    // The second field is the command in parentheses, which may itself hold spaces and parentheses.
    if (stat !== undefined) table.set(pid, stat.slice(stat.lastIndexOf(")") + 2).split(" "));
  }
  const found = new Map<number, GroupUse>();
  for (const [pid, fields] of table) {
    const group = groupOf(pid, table, groups);
    if (group === undefined || fields[0] === "Z") continue;
    const sum = found.get(group) ?? { processes: 0, cpuMs: 0, memoryMb: 0 };
    const [, resident = 0, shared = 0] = (read(`/proc/${pid}/statm`) ?? "").split(" ").map(Number);
    const ticks =
      Number(fields[11]) + Number(fields[12]) + (pid === group ? Number(fields[13]) + Number(fields[14]) : 0);
    found.set(group, {
      processes: sum.processes + 1,
      cpuMs: sum.cpuMs + ticks * tickMs,
      memoryMb: sum.memoryMb + (pid === group ? resident : Math.max(0, resident - shared)) * pageMb,
    });
  }
  return found;
}

/** The group that a process is in, or else that of the nearest process it stems from. */
function groupOf(
  pid: number,
  table: ReadonlyMap<number, readonly string[]>,
  groups: ReadonlySet<number>,
): number | undefined {
  const seen = new Set<number>();
  for (let one = pid; one > 1 && !seen.has(one); one = Number(table.get(one)?.[1] ?? 0)) {
    const group = Number(table.get(one)?.[2]);
    if (groups.has(group)) return group;
    seen.add(one);
  }
  return undefined;
}

/** CPU time of one process and of its children that have ended; 0 where there is no /proc. */
export function cpuMsOf(pid: number): number {
  const fields =
    read(`/proc/${pid}/stat`)
      ?.replace(/^.*\) /s, "")
      .split(" ") ?? [];
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * tickMs, 0);
}

/** Resident memory of one process; 0 where there is no /proc. */
export function memoryMbOf(pid: number): number {
  return Number(read(`/proc/${pid}/statm`)?.split(" ")[1] ?? 0) * pageMb;
}

/** Processes younger than `pid` that were started with this entry in their environment. */
export function strays(pid: number, entry: string): number[] {
  // Ids are given in ascending order, so the older ones need no look, unless the numbers have begun anew meanwhile.
  const newest = Number(read("/proc/loadavg")?.trim().split(" ").at(-1) ?? 0);
  return processIds().filter(
    (other) =>
      (other > pid || newest < pid) &&
      other !== process.pid &&
      read(`/proc/${other}/environ`)?.split("\0").includes(entry),
  );
}

/** Ends a process, or a group when the number is negative, if it is still there. */
export function endProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}

function processIds(): number[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** Undefined when the process has ended meanwhile, or belongs to somebody else. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}
