// Describes whatever a step threw: code, sentence, hint, causes, and the line of the user's file.

import { inspect } from "node:util";
import { isFailure, type SourceLocation } from "../base/failure.ts";
import { locationInProject } from "../ports/compute.ts";
import type { Thrown } from "./process-host-messages.ts";

const longestMessage = 4_000;

/** Never throws itself, whatever the thrown thing's getters do. `folders` are the project's folder and its real path. */
export function describeThrown(error: unknown, folders: readonly string[]): Thrown {
  const known = safely(() => (isFailure(error) ? error : undefined), undefined);
  return {
    code: safely(() => known?.code ?? outOfSpace(error) ?? outOfMemory(error) ?? null, null),
    message: safely(
      () => shorten(known === undefined ? sentence(error) : known.message),
      "Something was thrown that cannot even be looked at",
    ),
    hint: safely(() => known?.hint ?? null, null),
    cause: safely(() => causes(error), null),
    location: safely(() => known?.location ?? locate(error, folders) ?? null, null),
  };
}

function safely<Result>(look: () => Result, otherwise: Result): Result {
  try {
    return look();
  } catch {
    return otherwise;
  }
}

function sentence(error: unknown): string {
  if (error instanceof Error || isErrorLike(error)) {
    const { name, message } = error;
    if (name === "Error" || name === undefined || name === "")
      return message || "An error without a message was thrown";
    return message ? `${name}: ${message}` : name;
  }
  if (typeof error === "string") return error === "" ? "An empty text was thrown instead of an error" : error;
  const text = inspect(error, {
    depth: 2,
    breakLength: Number.POSITIVE_INFINITY,
    maxArrayLength: 10,
    maxStringLength: 500,
  });
  return `Something that is not an error was thrown: ${text}`;
}

/** Errors of another realm, such as those of a vm context, are no instances of our Error. */
function isErrorLike(error: unknown): error is Error {
  return (
    typeof error === "object" &&
    error !== null &&
    typeof (error as Error).message === "string" &&
    typeof (error as Error).stack === "string"
  );
}

/** The chain of causes, outermost first. */
function causes(error: unknown): string | null {
  const found: string[] = [];
  const seen = new Set<unknown>([error]);
  let current: unknown = error;
  while (found.length < 8) {
    const { cause, errors } = (current ?? {}) as { cause?: unknown; errors?: unknown };
    if (Array.isArray(errors) && cause === undefined) {
      found.push(...errors.slice(0, 3).map((one) => shorten(sentence(one))));
      break;
    }
    if (cause === undefined || cause === null || seen.has(cause)) break;
    seen.add(cause);
    found.push(shorten(sentence(cause)));
    current = cause;
  }
  return found.length === 0 ? null : found.join("; because: ");
}

/** The error's own line, or that of the first cause that has one in the project. */
function locate(error: unknown, folders: readonly string[]): SourceLocation | undefined {
  let current: unknown = error;
  for (let depth = 0; depth < 8 && typeof current === "object" && current !== null; depth++) {
    const { stack, cause, errors } = current as { stack?: unknown; cause?: unknown; errors?: unknown };
    for (const folder of folders) {
      const location = typeof stack === "string" ? locationInProject(stack, folder) : undefined;
      if (location !== undefined) return location;
    }
    current = cause ?? (Array.isArray(errors) ? errors[0] : undefined);
  }
  return undefined;
}

function outOfSpace(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return code === "ENOSPC" || code === "EDQUOT" ? "RUNTIME_DISK_FULL" : undefined;
}

/** V8 reports a buffer that does not fit as a RangeError. */
function outOfMemory(error: unknown): string | undefined {
  return error instanceof RangeError && /allocation failed|out of memory/i.test(error.message)
    ? "RUNS_STEP_MEMORY"
    : undefined;
}

function shorten(text: string): string {
  return text.length > longestMessage ? `${text.slice(0, longestMessage)}…` : text;
}
