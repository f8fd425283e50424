// A typed client for a product's answers, for browsers and servers alike: nothing but fetch.

import type { InferenceComponent, InputOf, OutputOf } from "../define/inference.ts";
import type { ErrorDocument, PredictionDocument, SearchDocument, SearchRequest } from "./api.ts";

export type { FoundRow, SearchDocument, SearchRequest } from "./api.ts";

export interface ConnectOptions {
  /** Where the product is served, e.g. "http://127.0.0.1:4400". */
  readonly url: string;
  /** The inference component's name; what stands after the slash in `inference/rain`. */
  readonly name: string;
  /** Sent with every request, e.g. an Authorization. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long to wait for an answer, in milliseconds; 30,000 by default. */
  readonly timeoutMs?: number;
  /** Another fetch than the global one. */
  readonly fetch?: typeof globalThis.fetch;
}

/** An answer, with the prediction's own type. */
export type Prediction<Output> = Omit<PredictionDocument, "prediction"> & { readonly prediction: Output };

export interface Client<Input, Output> {
  /** Asks for one answer. Rejects with a `ClientError`. */
  predict(input: Input, options?: PredictOptions): Promise<Prediction<Output>>;
  /** Asks for many answers in one request, in the order of the inputs. Rejects with a `ClientError`. */
  predictMany(inputs: readonly Input[], options?: PredictOptions): Promise<Prediction<Output>[]>;
}

export interface PredictOptions {
  /** Give the reasons too; `interactions` tells of one row also how features work together, for models of trees. */
  readonly explain?: boolean | "interactions";
  readonly signal?: AbortSignal;
}

/** What the product answered instead, or why it could not be reached (code HTTP_UNREACHABLE, status 0). */
export interface ClientError extends Error {
  readonly name: "PentadError";
  readonly code: string;
  readonly hint: string;
  readonly status: number;
  readonly details?: Readonly<Record<string, unknown>>;
}

/**
 * Connects to an inference component of a running product; the types of inputs and answers come from its file.
 *
 * @example
 * import { connect } from "pentad/client";
 * import type inference from "./inference.ts";
 *
 * const rain = connect<typeof inference>({ url: "http://127.0.0.1:4400", name: "rain" });
 * const { prediction, probabilities } = await rain.predict({ precipitation: 4.2, temp_max: 9 });
 */
export function connect<I extends InferenceComponent = InferenceComponent>(
  options: ConnectOptions,
): Client<InputOf<I>, OutputOf<I>> {
  const address = `${options.url.replace(/\/+$/, "")}/predict/${encodeURIComponent(options.name)}`;

  const ask = (body: unknown, { explain, signal }: PredictOptions = {}) =>
    post(explain ? `${address}?explain=${explain}` : address, body, { ...options, signal });

  return {
    predict: (input, predictOptions) => ask(input, predictOptions) as Promise<Prediction<OutputOf<I>>>,
    predictMany: (inputs, predictOptions) => ask(inputs, predictOptions) as Promise<Prediction<OutputOf<I>>[]>,
  };
}

/**
 * Searches the rows of a data component by words, by meaning or nearness to a vector, or by both. Rejects with a `ClientError`.
 *
 * @example
 * import { search } from "pentad/client";
 *
 * const { rows } = await search({ url: "http://127.0.0.1:4400", name: "papers" }, { like: "rain radar", top: 5 });
 */
export async function search(options: ConnectOptions, request: SearchRequest): Promise<SearchDocument> {
  const address = `${options.url.replace(/\/+$/, "")}/api/features/${encodeURIComponent(options.name)}/search`;
  return (await post(address, request, options)) as SearchDocument;
}

interface PostOptions extends Pick<ConnectOptions, "headers" | "timeoutMs" | "fetch"> {
  readonly signal?: AbortSignal | undefined;
}

async function post(address: string, body: unknown, { signal, ...options }: PostOptions): Promise<unknown> {
  const timeout = AbortSignal.timeout(options.timeoutMs ?? 30_000);
  const send = options.fetch ?? globalThis.fetch;
  let response: Response;
  let text: string;
  try {
    response = await send(address, {
      method: "POST",
      headers: { ...options.headers, "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    text = await response.text();
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw clientError(
      0,
      "HTTP_UNREACHABLE",
      `No answer from ${address}: ${(cause as Error).message}`,
      "Check the address, and that the product is running",
      { cause },
    );
  }
  const document = parse(text);
  if (response.ok && document !== undefined) return document;
  const { code, message, hint, details } =
    (document as Partial<ErrorDocument> | undefined)?.error ?? unreadable(response);
  throw clientError(response.status, code, message, hint, { details });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unreadable(response: Response): ErrorDocument["error"] {
  return {
    code: "HTTP_UNREADABLE",
    message: `Expected a JSON document, got status ${response.status} with something else`,
    hint: "Check that the address is a Pentad product's",
  };
}

function clientError(
  status: number,
  code: string,
  message: string,
  hint: string,
  { cause, details }: { cause?: unknown; details?: Readonly<Record<string, unknown>> | undefined },
): ClientError {
  const error = new Error(message, cause === undefined ? undefined : { cause });
  return Object.assign(error, {
    name: "PentadError" as const,
    code,
    hint,
    status,
    ...(details === undefined ? {} : { details }),
  });
}
