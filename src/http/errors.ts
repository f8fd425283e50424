// Errors as the HTTP API gives them: a coded document with the right status; what is nobody's business stays inside.

import { isFailure, type PentadError, toFailure } from "../base/failure.ts";
import type { ErrorDocument } from "./api.ts";

/** The status and document of anything that was thrown. Unknown throwables say no more than that they happened. */
export function errorResponse(error: unknown): { status: number; document: ErrorDocument } {
  if (!isFailure(error)) {
    const { code, hint } = toFailure(error);
    return {
      status: 500,
      document: { error: { code, message: "Something inside Pentad failed; its log says more", hint } },
    };
  }
  return { status: error.status, document: { error: errorBody(error) } };
}

function errorBody(error: PentadError): ErrorDocument["error"] {
  const { code, message, hint, details } = error;
  return { code, message, hint, ...(details === undefined ? {} : { details }) };
}
