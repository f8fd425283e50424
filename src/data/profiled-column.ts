// What the profile of a table knows of one column.

import type { ColumnFacts, NumberSpread } from "./profile-cells.ts";
import type { TimeFit } from "./profile-times.ts";
import type { NumberWriting, ProfiledType } from "./profile-types.ts";

export interface ProfiledColumn {
  readonly name: string;
  readonly type: ProfiledType;
  readonly facts: ColumnFacts;
  /** Rows that have no value here. */
  readonly missing: number;
  readonly unit: string | undefined;
  /** Numbers only. */
  readonly spread: NumberSpread | null;
  readonly bounds: { readonly min?: number; readonly max?: number };
  readonly writing: NumberWriting;
  /** Times only. */
  readonly time: TimeFit | null;
  /** Present cells that the type cannot read. */
  readonly misfits: number;
  /** An earlier column with the same cells. */
  readonly duplicateOf: string | null;
  /** Another category that goes with this one value by value, like a country and its code. */
  readonly sameAs: string | null;
  /** A different value in (nearly) every row. */
  readonly unique: boolean;
}
