// The point-in-time join by brute force, as one would explain it: the truth that the engine's join is compared with.

import { identityOf, minute, originMs, type Version } from "./world.ts";

type Cell = number | string | null;
type Row = Record<string, Cell>;

/** Of the versions, the newest of every row. */
export function newest(versions: readonly Version[]): Version[] {
  const rows = new Map<string, Version>();
  for (const version of versions.toSorted((a, b) => a.commit - b.commit)) rows.set(identityOf(version), version);
  return [...rows.values()];
}

const byPlace = (a: Version, b: Version) => a.event - b.event || a.ordinal - b.ordinal || a.commit - b.commit;
const sameKey = (a: readonly string[], b: readonly (string | null)[]) => a.every((part, index) => part === b[index]);

/** What a view gives for key and time t: the newest happening that was known then, and windows over what was known then. */
export function viewAt(
  versions: readonly Version[],
  key: readonly (string | null)[],
  t: number,
  prefix: string,
  ttl: number,
): Row {
  const known = newest(versions.filter((one) => sameKey(one.key, key) && one.event <= t && one.created <= t));
  const found = known.toSorted(byPlace).at(-1);
  if (found === undefined || t - found.event > ttl) return {};
  return { ...found.values, ...windowsAt(known, found.event, prefix) };
}

/** The windows of `defineGroup` at an event time. */
export function windowsAt(known: readonly Version[], event: number, prefix: string): Row {
  const within = (over: number, upTo = event) =>
    known
      .filter((one) => one.event > event - over && one.event <= upTo)
      .toSorted(byPlace)
      .flatMap(({ values }) => (values[`${prefix}x`] ?? null) as number | null)
      .filter((value) => value !== null);
  /** The stretch of so many minutes before the one that the event is in. */
  const stretch = (over: number) => {
    const index = (minutes: number) => Math.floor((originMs / minute + minutes) / over);
    return known.filter((one) => index(one.event) === index(event) - 1).toSorted(byPlace);
  };
  const values = (rows: readonly Version[]) =>
    rows.flatMap((one) => (one.values[`${prefix}x`] ?? null) as number | null).filter((one) => one !== null);
  const whole = values(stretch(3));
  const x = within(4);
  const total = x.reduce((a, b) => a + b, 0);
  const mean = total / x.length;
  const sorted = within(3).sort((a, b) => a - b);
  const place = (sorted.length - 1) / 2;
  const row: Row = {
    n: x.filter((value) => value > 1).length,
    sum: x.length === 0 ? null : total,
    mean: x.length === 0 ? null : mean,
    min: x.length === 0 ? null : Math.min(...x),
    max: within(2).length === 0 ? null : Math.max(...within(2)),
    std: x.length < 2 ? null : Math.sqrt(x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (x.length - 1)),
    last: within(4, event - 1e-9).at(-1) ?? null,
    tsum: whole.length === 0 ? null : whole.reduce((a, b) => a + b, 0),
    tn: stretch(2).length,
    tlast: whole.at(-1) ?? null,
    distinct: new Set(x.filter((value) => value !== 3)).size,
    q: sorted.length === 0 ? null : ((sorted[Math.floor(place)] as number) + (sorted[Math.ceil(place)] as number)) / 2,
  };
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [prefix + name, value]));
}

/** Every labelled row in its order, with its own features and windows as of when it became known, and the label. */
export function labelRows(versions: readonly Version[], label: "y" | "next"): { row: Version; own: Row; y: Cell }[] {
  const current = newest(versions);
  return current
    .toSorted((a, b) => a.event - b.event || compare(a.key, b.key) || a.ordinal - b.ordinal)
    .flatMap((row) => {
      const since = Math.min(
        ...versions.filter((one) => identityOf(one) === identityOf(row)).map(({ created }) => created),
      );
      const known = newest(versions.filter((one) => sameKey(one.key, row.key) && one.created <= since));
      const own = { ...row.values, ...windowsAt(known, row.event, "") };
      const ahead = current
        .filter((one) => sameKey(one.key, row.key) && one.event >= row.event + 2 && one.ordinal === 1)
        .toSorted(byPlace)[0];
      const next = ahead === undefined || ahead.event > row.event + 3 ? null : (ahead.values.x ?? null);
      const y = label === "y" ? (row.values.y ?? null) : next;
      return y === null ? [] : [{ row, own, y }];
    });
}

function compare(a: readonly string[], b: readonly string[]): number {
  for (const [index, part] of a.entries()) if (part !== b[index]) return part < (b[index] as string) ? -1 : 1;
  return 0;
}
