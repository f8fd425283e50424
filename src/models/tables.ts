// The registry's tables.

import type { RoomMigrations } from "../ports/database.ts";

export const modelsMigrations: RoomMigrations = {
  room: "models",
  statements: [
    `create table models_versions (
      training text not null,
      version integer not null,
      id text not null,
      algorithm text not null,
      params text not null,
      evaluation text not null,
      gate text not null,
      report text not null,
      training_set text not null,
      commits text not null,
      fingerprint text not null,
      bytes integer not null,
      run text not null,
      at integer not null,
      primary key (training, version)
    );
    create table models_aliases (
      training text not null,
      alias text not null,
      version integer not null,
      at integer not null,
      primary key (training, alias)
    );
    create table models_moves (
      training text not null,
      alias text not null,
      version integer not null,
      before integer,
      reason text not null,
      who text not null,
      at integer not null
    )`,
    `create table models_deleted (
      training text not null,
      version integer not null,
      id text not null,
      reason text not null,
      who text not null,
      at integer not null,
      primary key (training, version)
    )`,
  ],
};
