// Everything that the files of a new project say, decided beforehand.

import type { Task } from "../../define/metrics.ts";
import type { Success } from "../../define/success.ts";
import type { CandidatesPlan } from "../new-project/attempt.ts";
import type { SchemaPlan } from "../new-project/schema.ts";

export interface ProjectPlan {
  /** package.json's name. */
  readonly name: string;
  /** For people: the page's title. */
  readonly title: string;
  readonly question: string;
  readonly task: Task;
  readonly forecast: {
    readonly horizon: number;
    /** Undefined where a training would find the same. */
    readonly season: number | undefined;
    /** The horizon in words: "12 months". */
    readonly span: string;
  } | null;
  readonly success: Success;
  /** What the quick look found, in a sentence. */
  readonly feasibility: string;
  readonly source: {
    /** `csv`, `json` or `parquet`. */
    readonly word: string;
    /** As it stands in the call: relative to the project, or absolute. */
    readonly path: string;
    readonly header: boolean | undefined;
    /** The file's name for people. */
    readonly shown: string;
    /** Where it came from, when that is a web address. */
    readonly web: string | undefined;
    /** It was left where it is. */
    readonly outside: boolean;
    readonly rows: number;
  };
  /** `data/STEM.ts`, and the name by which training.ts knows it. */
  readonly stem: string;
  readonly variable: string;
  readonly schema: SchemaPlan;
  readonly left: readonly { readonly name: string; readonly reason: string }[];
  readonly candidates: CandidatesPlan;
  readonly newRows: number;
  readonly version: string;
}
