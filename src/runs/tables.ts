// The ledger's tables: runs, their steps by attempt, and the append-only record of everything that happened.

import type { RoomMigrations } from "../ports/database.ts";

export const runsMigrations: RoomMigrations = {
  room: "runs",
  statements: [
    `create table runs (
      run text primary key,
      component text not null,
      reason text not null,
      state text not null,
      requested_at integer not null,
      started_at integer,
      ended_at integer,
      progress real,
      detail text,
      rows_read integer,
      rows_accepted integer,
      rows_quarantined integer,
      failure text,
      fingerprint text,
      owner text,
      lease_until integer
    );
    create index runs_component on runs (component, requested_at);
    create index runs_state on runs (state);
    create table runs_steps (
      run text not null,
      step text not null,
      attempt integer not null,
      state text not null,
      started_at integer not null,
      ended_at integer,
      wall_ms real,
      cpu_ms real,
      peak_memory_mb real,
      failure text,
      primary key (run, step, attempt)
    );
    create table runs_events (
      sequence integer primary key,
      at integer not null,
      component text not null,
      run text not null,
      event text not null,
      data text
    )`,
  ],
};
