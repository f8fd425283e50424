// What a fault is: how it is brought about, what is asked of the product then, and what must be said of it.

import type { Failure } from "../../src/base/failure.ts";
import type { PredictionDocument, RunDocument, RunSummary, StatusDocument } from "../../src/http/api.ts";
import type { Shop } from "./shop.ts";

export type Kind = "problem" | "data" | "training" | "inference" | "app" | "stores" | "machine";

/** A copy of a project with a live model, served by `pentad dev` unless the fault stopped that. */
export interface Place {
  readonly folder: string;
  readonly shop: Shop;
  /** Replaces a text that must be there. */
  edit(file: string, from: string | RegExp, to: string): Promise<void>;
  write(file: string, text: string): Promise<void>;
  read(file: string): Promise<string>;
  /** Runs `pentad … --json --project`; gives the exit code and the document. */
  pentad(...args: readonly string[]): Promise<{ code: number | null; document: unknown; stderr: string }>;
  get(path: string): Promise<{ status: number; body: unknown }>;
  post(path: string, body: unknown): Promise<{ status: number; body: unknown }>;
  status(): Promise<StatusDocument>;
  runs(): Promise<readonly RunSummary[]>;
  run(id: string): Promise<RunDocument>;
  ask(): Promise<{ status: number; body: PredictionDocument }>;
  readonly serverPid: number;
  stop(signal?: NodeJS.Signals): Promise<void>;
  start(environment?: Readonly<Record<string, string>>): Promise<void>;
  /** Something to do when the fault is over, whatever came of it. */
  after(undo: () => unknown): void;
}

export type Act =
  /** `pentad run COMPONENT`, beside the serving process. */
  | { readonly run: string }
  /** Wait until the serving process has settled. */
  | "settle"
  /** Post this to `/predict/NAME`. */
  | { readonly predict: unknown }
  /** A command alone; its error document is what is judged. */
  | { readonly command: readonly string[] };

export interface Expected {
  /** To blame; null when nothing may fail. */
  readonly component: string | null;
  readonly code: string | readonly string[];
  readonly step?: string;
  /** The line of the user's file, as the first that holds this text once the fault is there. */
  readonly at?: { readonly file: string; readonly text: string };
  readonly message: RegExp;
  readonly hint: RegExp;
}

export interface Fault {
  readonly name: string;
  readonly kind: Kind;
  readonly project: "rain" | "shop";
  readonly inject: (place: Place) => Promise<unknown>;
  readonly act: Act;
  readonly expected: Expected;
  /** `live` by default: the version that was live keeps answering all the time. */
  readonly serving?: "live" | "not asked";
  /** Anything else that must hold: returns what does not. */
  readonly also?: (place: Place) => Promise<string | null>;
  /** One of the quick dozen. */
  readonly quick?: true;
}

/** A failure document, or an error document of the command line or of HTTP. */
export type Blamed = Pick<Failure, "code" | "message" | "hint"> &
  Partial<Pick<Failure, "component" | "step" | "location">>;

export interface Verdict {
  readonly fault: Fault;
  /** By criterion: true, false, or null where it does not apply. */
  readonly component: boolean | null;
  readonly step: boolean | null;
  readonly line: boolean | null;
  readonly hint: boolean | null;
  readonly alone: boolean | null;
  readonly downstream: boolean | null;
  readonly serving: boolean | null;
  /** What was seen where something is wrong. */
  readonly notes: readonly string[];
  readonly blamed: Blamed | null;
  readonly ms: number;
}

export const criteria = ["component", "step", "line", "hint", "alone", "downstream", "serving"] as const;

export function isGood(verdict: Verdict): boolean {
  return verdict.notes.length === 0 && criteria.every((one) => verdict[one] !== false);
}
