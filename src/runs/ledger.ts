// The ledger: what was asked for, what ran, how it ended. State and failure change in one transaction; events only grow.

import type { Database } from "../ports/database.ts";
import { type Ends, openEnds } from "./ends.ts";
import { type History, openHistory } from "./history.ts";
import { type LedgerEvent, lastEvent, listEvents } from "./journal.ts";
import { type Leases, openLeases } from "./leases.ts";
import type { LedgerParts } from "./ledger-parts.ts";
import { type Notes, openNotes } from "./notes.ts";
import { newOwner, ownerLives } from "./owner.ts";
import { openRequests, type Requests } from "./requests.ts";
import { openSteps, type Steps } from "./steps.ts";

export interface Ledger extends Requests, Leases, Steps, Ends, Notes, History {
  /** The number of the newest event: as long as it stays the same, nothing has happened. */
  lastEvent(): Promise<number>;
  /** What happened after an event's number, oldest first. */
  events(after: number, limit?: number): Promise<LedgerEvent[]>;
}

export interface LedgerOptions {
  readonly now?: () => number;
  /** A clock that is never set back, for leases. */
  readonly monotonicMs?: () => number;
  /** Names this process among those that share the ledger; never the same for two. */
  readonly owner?: string;
  /** How long a run stays its owner's without a beat. */
  readonly leaseMs?: number;
  /** Whether the process that `owner` names still lives; undefined when that cannot be told. */
  readonly ownerLives?: (owner: string) => boolean | undefined;
}

export function openLedger(database: Database, options: LedgerOptions = {}): Ledger {
  const parts: LedgerParts = {
    database,
    now: options.now ?? Date.now,
    monotonicMs: options.monotonicMs ?? (() => performance.now()),
    owner: options.owner ?? newOwner(),
    leaseMs: options.leaseMs ?? 15_000,
    ownerLives: options.ownerLives ?? ownerLives,
  };
  return {
    ...openRequests(parts),
    ...openLeases(parts),
    ...openSteps(parts),
    ...openEnds(parts),
    ...openNotes(parts),
    ...openHistory(parts),
    lastEvent: () => lastEvent(database),
    events: (after, limit = 500) => listEvents(database, after, limit),
  };
}
