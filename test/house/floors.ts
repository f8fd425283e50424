// The laws of who may import whom: floors, wings, third parties, circles, and what the pages may see.

import { code, type Import, importsOf, packageOf, type Tree } from "../../scripts/tree.ts";

/** Room → floor. Imports go down; rooms on one floor are strangers. */
export const floors: Readonly<Record<string, number>> = {
  base: 0,
  ports: 1,
  learn: 1,
  define: 2,
  catalog: 3,
  runs: 3,
  features: 4,
  models: 4,
  problem: 5,
  data: 5,
  training: 5,
  inference: 5,
  app: 5,
  runtime: 6,
  http: 7,
  testing: 7,
  cli: 8, // starts what http serves, and is started by nobody but bin/
};
export const wings: readonly string[] = ["drivers", "sources"];
const wingsSee = ["base", "ports"];
/** Who may import wings: the one driver table, and the doors. */
const opensWings = /^src\/(?:index\.ts$|runtime\/drivers\.ts$|cli\/|http\/|testing\/)/;
const thirdPartyRooms = ["drivers", "sources", "learn", "http", "cli"];

export function roomOf(path: string): string | null {
  return /^src\/([^/]+)\//.exec(path)?.[1] ?? null;
}

function sourceImports(tree: Tree): Import[] {
  return code(tree, "src").flatMap((path) => importsOf(tree, path));
}

export function roomsAreKnown(tree: Tree): string[] {
  const rooms = new Set(code(tree, "src").map(roomOf));
  return [...rooms]
    .filter((room) => room !== null && !(room in floors) && !wings.includes(room))
    .map((room) => `src/${room}/ has no floor`);
}

export function importsGoDown(tree: Tree): string[] {
  return sourceImports(tree).flatMap(({ from, to, specifier }) => {
    const [room, target] = [roomOf(from), to === null ? null : roomOf(to)];
    if (room === null || target === null || room === target || wings.includes(room) || wings.includes(target))
      return [];
    const [floor, below] = [floors[room] ?? 0, floors[target] ?? 0];
    if (below < floor) return [];
    return [
      `${from} imports ${specifier}: ${room} (floor ${floor}) → ${target} (floor ${below}) goes ${below === floor ? "sideways" : "up"}`,
    ];
  });
}

export function wingsSeeBaseAndPorts(tree: Tree): string[] {
  return sourceImports(tree).flatMap(({ from, to, specifier }) => {
    const [room, target] = [roomOf(from), to === null ? null : roomOf(to)];
    if (room === null || !wings.includes(room) || to === null || target === room) return [];
    return target !== null && wingsSee.includes(target) ? [] : [`${from} imports ${specifier}`];
  });
}

export function wingsAreOpenedInOnePlace(tree: Tree): string[] {
  return sourceImports(tree)
    .filter(
      ({ from, to }) =>
        to !== null &&
        wings.includes(roomOf(to) ?? "") &&
        !wings.includes(roomOf(from) ?? "") &&
        !opensWings.test(from),
    )
    .map(({ from, specifier }) => `${from} imports ${specifier}`);
}

export function thirdPartiesStayOutside(tree: Tree): string[] {
  return sourceImports(tree)
    .filter(({ from, specifier }) => packageOf(specifier) !== null && !thirdPartyRooms.includes(roomOf(from) ?? ""))
    .map(({ from, specifier }) => `${from} imports ${specifier}`);
}

export function importedPackagesAreDeclared(tree: Tree): string[] {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(tree.get("package.json") ?? "{}") as Record<
    string,
    Record<string, string>
  >;
  const complaints: string[] = [];
  for (const path of code(tree, "src", "ui", "scripts", "test", "bench", "examples"))
    for (const { specifier } of importsOf(tree, path)) {
      const name = packageOf(specifier);
      const declared = path.startsWith("src/") ? dependencies : { ...dependencies, ...devDependencies };
      if (name !== null && !(name in declared)) complaints.push(`${path} imports ${name}`);
    }
  return complaints;
}

export function pagesTakeOnlyTypes(tree: Tree): string[] {
  return code(tree, "ui")
    .flatMap((path) => importsOf(tree, path))
    .filter(({ to, typeOnly }) => to !== null && !to.startsWith("ui/") && !(to === "src/http/api.ts" && typeOnly))
    .map(({ from, specifier }) => `${from} imports ${specifier}`);
}

/** Circles of imports that load each other; a circle of types alone is harmless. */
export function valuesHaveNoCircles(tree: Tree): string[] {
  const edges = new Map(
    code(tree, "src", "ui").map((path) => [
      path,
      importsOf(tree, path).flatMap(({ to, typeOnly }) => (to === null || typeOnly ? [] : [to])),
    ]),
  );
  const circles: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]) => {
    const start = trail.indexOf(path);
    if (start >= 0) circles.push([...trail.slice(start), path].join(" → "));
    if (start >= 0 || done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return circles;
}
