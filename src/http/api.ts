// The documents of the HTTP API, as types: what the dashboard, the product page, the CLI and clients exchange.

import type { ModelSummary, RunSummary, StatusDocument } from "../define/documents.ts";

export type * from "../define/answer-documents.ts";
export type { ComponentKind } from "../define/component.ts";
export type * from "../define/documents.ts";

/** `GET /api/runs?component=…&limit=…`. */
export interface RunsDocument {
  readonly runs: readonly RunSummary[];
}

/** `GET /api/models?training=NAME`: newest first. */
export interface ModelsDocument {
  readonly models: readonly ModelSummary[];
}

/** `POST /feedback/PREDICTION` with `{correct: boolean}` or `{actual: value}`. */
export interface FeedbackDocument {
  readonly prediction: string;
  readonly recorded: true;
}

/** `GET /api/project`: the dashboard's head. */
export interface ProjectDocument {
  readonly project: string;
  /** The first problem's question. */
  readonly question: string | null;
  readonly apps: readonly { readonly name: string; readonly title: string }[];
  readonly version: string;
}

/** Every error of the API. */
export interface ErrorDocument {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly hint: string;
    readonly component?: string;
    readonly run?: string;
    readonly details?: Readonly<Record<string, unknown>>;
  };
}

/** `GET /api/events` (server-sent events): `status` with a StatusDocument whenever something changed. */
export type ApiEvent = { readonly event: "status"; readonly data: StatusDocument };
