// What the files of a commit are prepared from, beside the rows themselves.

import type { DataDefinition } from "../define/definition.ts";
import type { GroupFiles } from "../features/relation.ts";
import type { Evolution, StoredSchema } from "../features/stored-schema.ts";

/** When rows count as known: since they happened, or since the commit that brings them. */
export type Known = "event" | "commit";

export interface CommitInput {
  readonly definition: DataDefinition;
  /** The group as it stands, or null while it is empty. */
  readonly current: GroupFiles | null;
  /**
   * How the definition changed since: `rebuild` when the stored rows no longer fit, so that the group starts anew; `extend`
   * when they lack a column, so that it starts anew if the source gives everything.
   */
  readonly change: Evolution["change"];
  readonly schema: StoredSchema;
  /** Online rows hold other columns, or other windows, than before: those of all keys are written. */
  readonly onlineAnew: boolean;
  /** The current files from this one on are merged with the new rows into one; null when they are few. */
  readonly mergeFrom: number | null;
  /** When left out, rows of a group that starts anew since they happened, others since their commit. */
  readonly known?: Known;
  /** The number that the commit will have. */
  readonly sequence: number;
  /** Commit time in milliseconds since 1970 UTC. */
  readonly atMs: number;
  readonly temporaryFolder: string;
}
