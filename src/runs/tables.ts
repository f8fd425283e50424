// The ledger's tables: runs, their steps by attempt, schedules, and the append-only record of everything that happened.

import type { RoomMigrations } from "../ports/database.ts";

export const runsMigrations: RoomMigrations = {
  room: "runs",
  statements: [
    `create table runs (
      run text primary key,
      component text not null,
      reason text not null,
      state text not null,
      requested_at bigint not null,
      started_at bigint,
      ended_at bigint,
      progress double precision,
      detail text,
      rows_read bigint,
      rows_accepted bigint,
      rows_quarantined bigint,
      failure text,
      fingerprint text,
      owner text,
      lease_until bigint
    );
    create index runs_component on runs (component, requested_at);
    create index runs_state on runs (state);
    create table runs_steps (
      run text not null,
      step text not null,
      attempt integer not null,
      state text not null,
      started_at bigint not null,
      ended_at bigint,
      wall_ms double precision,
      cpu_ms double precision,
      peak_memory_mb double precision,
      failure text,
      primary key (run, step, attempt)
    );
    create table runs_events (
      sequence bigint primary key,
      at bigint not null,
      component text not null,
      run text not null,
      event text not null,
      data text
    )`,
    // Order by number, since clocks are set back; one running run a component, one run a moment of a schedule; and what
    // a query for one component or one state needs, however many runs there are.
    `create table runs_counters (name text primary key, value bigint not null);
    insert into runs_counters (name, value) select 'events', coalesce(max(sequence), 0) from runs_events;
    alter table runs add column number bigint not null default 0;
    alter table runs add column priority integer not null default 0;
    alter table runs add column logical_at bigint;
    alter table runs add column beats bigint not null default 0;
    drop index runs_component;
    drop index runs_state;
    create index runs_number on runs (number, run);
    create index runs_component on runs (component, number, run);
    create index runs_state on runs (component, state, number, run);
    create index runs_open on runs (state, number) where state in ('requested', 'running');
    create unique index runs_one_running on runs (component) where state = 'running';
    create unique index runs_moment on runs (component, logical_at) where logical_at is not null;
    create index runs_events_run on runs_events (run);
    create table runs_schedules (
      component text primary key,
      schedule text not null,
      time_zone text not null,
      missed text not null,
      last_at bigint not null
    )`,
    // What was read, written and kept; the project's settings; and alerts with the news of their delivery.
    `alter table runs add column bytes_stored bigint;
    alter table runs_steps add column bytes_in bigint;
    alter table runs_steps add column bytes_out bigint;
    alter table runs_steps add column input_hash text;
    alter table runs_steps add column output text;
    create table runs_settings (name text primary key, value text not null);
    create table runs_alert_states (component text primary key, code text not null);
    create table runs_alerts (
      alert text primary key,
      kind text not null,
      component text not null,
      run text not null,
      at bigint not null,
      data text not null,
      state text not null,
      attempts integer not null,
      next_at bigint not null,
      error text
    );
    create index runs_alerts_waiting on runs_alerts (next_at) where state = 'waiting'`,
    // What a run was asked to do beside its usual work; the parts of a fan-out; and the steps that run, to be counted.
    `alter table runs add column input text;
    alter table runs_steps add column partition text;
    create index runs_steps_running on runs_steps (run) where state = 'running'`,
    // The newest of each named event, which components wait for.
    "create table runs_raised (event text primary key, number bigint not null, at bigint not null)",
  ],
};
