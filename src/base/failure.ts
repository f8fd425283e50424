// The one error class, and the failure document that a failed run leaves on the ledger.

import { type ErrorCodeName, errorCodes, type Retry } from "./error-codes.ts";

/** Where in a user's file something went wrong. `line` and `column` start at 1. */
export interface SourceLocation {
  readonly file: string;
  readonly line: number;
  readonly column?: number;
}

export interface FailOptions {
  /** The next thing to do, when it can be said more precisely than the code's own hint. */
  readonly hint?: string;
  readonly cause?: unknown;
  readonly location?: SourceLocation | undefined;
  /** Facts for machines: expected, got, field … JSON values only. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Every error that Pentad throws on purpose. Match with `isFailure`, never with `instanceof`. */
export class PentadError extends Error {
  override readonly name = "PentadError";
  readonly code: ErrorCodeName;
  readonly hint: string;
  readonly retry: Retry;
  readonly status: number;
  readonly location: SourceLocation | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCodeName, message: string, options: FailOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const entry = errorCodes[code];
    this.code = code;
    this.hint = options.hint ?? entry.hint;
    this.retry = entry.retry;
    this.status = entry.status;
    this.location = options.location;
    this.details = options.details;
  }
}

/** Makes the error to throw: `throw fail("ROOM_WHAT", "Expected …, got …")`. */
export function fail(code: ErrorCodeName, message: string, options?: FailOptions): PentadError {
  return new PentadError(code, message, options);
}

/** True for an error of Pentad's own, with that code when one is given; survives process borders. */
export function isFailure(error: unknown, code?: ErrorCodeName): error is PentadError {
  if (typeof error !== "object" || error === null) return false;
  const candidate = error as { name?: unknown; code?: unknown };
  return candidate.name === "PentadError" && (code === undefined || candidate.code === code);
}

/** The failure document of the outside contract: plain JSON, kept on the ledger with the run. */
export interface Failure {
  readonly code: ErrorCodeName;
  readonly component: string | null;
  readonly run: string | null;
  readonly step: string | null;
  readonly attempt: number | null;
  readonly message: string;
  readonly hint: string;
  readonly cause: string | null;
  /** ISO time, UTC. */
  readonly at: string;
  readonly location: SourceLocation | null;
}

export interface FailureContext {
  readonly component?: string | null;
  readonly run?: string | null;
  readonly step?: string | null;
  readonly attempt?: number | null;
}

/** Turns anything that was thrown into a failure document. Unknown throwables become INTERNAL, or `unknownAs`. */
export function toFailure(
  error: unknown,
  context: FailureContext = {},
  options: { at?: Date; unknownAs?: ErrorCodeName } = {},
): Failure {
  const known = isFailure(error) ? error : undefined;
  const code = known?.code ?? options.unknownAs ?? systemCode(error) ?? "INTERNAL";
  return {
    code,
    component: context.component ?? null,
    run: context.run ?? null,
    step: context.step ?? null,
    attempt: context.attempt ?? null,
    message: messageOf(error),
    hint: known?.hint ?? errorCodes[code].hint,
    cause: causeOf(error),
    at: (options.at ?? new Date()).toISOString(),
    location: known?.location ?? null,
  };
}

/** Turns a failure document back into an error, e.g. after it crossed a process border. */
export function fromFailure(failure: Failure): PentadError {
  return fail(failure.code, failure.message, {
    hint: failure.hint,
    ...(failure.cause === null ? {} : { cause: failure.cause }),
    location: failure.location ?? undefined,
  });
}

/** A person's sentence for anything that was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message || error.name;
  if (isFailure(error)) return error.message;
  return typeof error === "string" ? error : `Something that is not an error was thrown: ${String(error)}`;
}

/** The codes of the operating system that mean the same wherever they are met. */
export function systemCode(error: unknown): ErrorCodeName | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  if (code === "EIO") return "RUNTIME_IO";
  if (code === "ENOSPC" || code === "EDQUOT") return "RUNTIME_DISK_FULL";
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") return "RUNTIME_NOT_WRITABLE";
  return undefined;
}

function causeOf(error: unknown): string | null {
  const cause = (error as { cause?: unknown } | null)?.cause;
  return cause === undefined || cause === null ? null : messageOf(cause);
}
