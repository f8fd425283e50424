// What every part of the ledger works with: the database, the clocks, and who this process is.

import type { Database } from "../ports/database.ts";

export interface LedgerParts {
  readonly database: Database;
  readonly now: () => number;
  readonly monotonicMs: () => number;
  readonly owner: string;
  readonly leaseMs: number;
  readonly ownerLives: (owner: string) => boolean | undefined;
}
