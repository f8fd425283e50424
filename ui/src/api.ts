// Talks to the server: one function per route, and one kind of problem for everything that can go wrong.

import type {
  AppDocument,
  DataDocument,
  ErrorDocument,
  FeedbackDocument,
  ModelsDocument,
  PredictionDocument,
  ProjectDocument,
  QuarantineDocument,
  RunDocument,
  RunsDocument,
  SearchDocument,
  SearchRequest,
  StatusDocument,
} from "../../src/http/api.ts";

type Value = PredictionDocument["prediction"];

/** What a page shows when a request fails. `UNREACHABLE` is our own code: no answer came at all. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: string;
  readonly hint: string;
  readonly status: number;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(
    code: string,
    message: string,
    hint: string,
    status: number,
    details?: Readonly<Record<string, unknown>>,
  ) {
    super(message);
    this.code = code;
    this.hint = hint;
    this.status = status;
    this.details = details;
  }
}

const patienceMs = 20_000;

async function request<Answer>(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await answer(path, init);
  const document = await parsed(response);
  if (response.ok && document !== undefined) return document as Answer;
  const error = (document as Partial<ErrorDocument> | undefined)?.error;
  if (error !== undefined) throw new Problem(error.code, error.message, error.hint, response.status, error.details);
  throw new Problem(
    "UNREADABLE",
    `The server answered with status ${response.status} and nothing that can be read`,
    "Look at the server's log",
    response.status,
  );
}

async function answer(path: string, init: RequestInit): Promise<Response> {
  const timeout = AbortSignal.timeout(patienceMs);
  const signal = init.signal ? AbortSignal.any([init.signal, timeout]) : timeout;
  try {
    return await fetch(path, { ...init, signal, headers: { accept: "application/json", ...init.headers } });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw timeout.aborted
      ? new Problem(
          "UNREACHABLE",
          `The server has not answered for ${patienceMs / 1000} seconds`,
          "It may be busy; try again",
          0,
        )
      : new Problem("UNREACHABLE", "The server does not answer", "Check that it is still running", 0);
  }
}

async function parsed(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return undefined;
  }
}

function post<Answer>(path: string, body: unknown): Promise<Answer> {
  return request<Answer>(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

const segment = encodeURIComponent;

export const getProject = (signal: AbortSignal) => request<ProjectDocument>("/api/project", { signal });
export const getStatus = (signal: AbortSignal) => request<StatusDocument>("/api/status", { signal });
export const getRun = (run: string, signal: AbortSignal) =>
  request<RunDocument>(`/api/runs/${segment(run)}`, { signal });
export const getData = (name: string, signal: AbortSignal) =>
  request<DataDocument>(`/api/data/${segment(name)}`, { signal });
export const getQuarantine = (name: string, signal: AbortSignal) =>
  request<QuarantineDocument>(`/api/data/${segment(name)}/quarantine`, { signal });
export const getApp = (name: string, signal: AbortSignal) =>
  request<AppDocument>(`/api/apps/${segment(name)}`, { signal });

export function search(data: string, asked: SearchRequest): Promise<SearchDocument> {
  return post(`/api/features/${segment(data)}/search`, asked);
}

/** The newest runs, of one component or of all. */
export function getRuns(component: string | null, limit: number, signal: AbortSignal): Promise<RunsDocument> {
  const query = new URLSearchParams(component === null ? {} : { component });
  query.set("limit", String(limit));
  return request<RunsDocument>(`/api/runs?${query}`, { signal });
}

export function getModels(training: string, signal: AbortSignal): Promise<ModelsDocument> {
  return request<ModelsDocument>(`/api/models?training=${segment(training)}`, { signal });
}

/** Starts a run now; the status says how it goes. `id` is `kind/name`. */
export function startRun(id: string): Promise<unknown> {
  const [kind = "", ...name] = id.split("/");
  return post(`/api/run/${segment(kind)}/${segment(name.join("/"))}`, {});
}

/** `override`: the person has read that the gate refused the version, and wants it all the same. */
export function promote(training: string, version: number, reason: string, override: boolean): Promise<unknown> {
  return post(`/api/models/${segment(training)}/promote`, { version, reason, override });
}

export function predict(inference: string, inputs: Readonly<Record<string, Value>>): Promise<PredictionDocument> {
  return post(`/predict/${segment(inference)}?explain=true`, inputs);
}

export function sendFeedback(
  prediction: string,
  feedback: { correct: boolean } | { actual: Value },
): Promise<FeedbackDocument> {
  return post(`/feedback/${segment(prediction)}`, feedback);
}

/** Anything thrown, as a problem that a page can show. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem("INTERNAL", error instanceof Error ? error.message : String(error), "Reload the page", 0);
}
