// The catalog's tables, room by room: each room hands in its own statements, applied once and in order.

import { fail } from "../base/failure.ts";
import type { Database, RoomMigrations } from "../ports/database.ts";

/** Brings every room's tables to their newest version. A catalog from a newer Pentad is refused and left untouched. */
export async function migrate(database: Database, rooms: readonly RoomMigrations[]): Promise<void> {
  await database.execute("create table if not exists catalog_rooms (room text primary key, version integer not null)");
  const versions = await roomVersions(database);
  for (const { room, statements } of rooms) {
    const version = versions.get(room) ?? 0;
    if (version > statements.length)
      throw fail(
        "CATALOG_NEWER",
        `Expected the catalog's ${room} tables at version ${statements.length} or older, got ${version}`,
      );
  }
  if (rooms.every(({ room, statements }) => versions.get(room) === statements.length)) return;
  await database.transaction(async (tx) => {
    const current = new Map(
      (await tx.all<{ room: string; version: number }>("select room, version from catalog_rooms")).map((row) => [
        row.room,
        row.version,
      ]),
    );
    for (const { room, statements } of rooms) {
      for (const script of statements.slice(current.get(room) ?? 0))
        for (const statement of script.split(";")) if (statement.trim() !== "") await tx.run(statement);
      await tx.run(
        "insert into catalog_rooms (room, version) values (?, ?) on conflict (room) do update set version = excluded.version",
        [room, statements.length],
      );
    }
  });
}

async function roomVersions(database: Database): Promise<Map<string, number>> {
  const rows = await database.all<{ room: string; version: number }>("select room, version from catalog_rooms");
  return new Map(rows.map(({ room, version }) => [room, version]));
}
