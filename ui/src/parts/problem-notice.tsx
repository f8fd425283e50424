// A request that failed: what happened, what to do, and a button to try again.

import type { Problem } from "../api.ts";
import { sentence } from "../words.ts";

interface ProblemNoticeProps {
  readonly problem: Problem;
  /** What could not be done: "The runs could not be loaded". */
  readonly what?: string;
  readonly onRetry?: () => void;
}

export function ProblemNotice({ problem, what, onRetry }: ProblemNoticeProps) {
  return (
    <div className="notice bad" role="alert">
      <div className="grow">
        <strong>{sentence(what ?? problem.message)}</strong>
        {what !== undefined && <p>{sentence(problem.message)}</p>}
        {problem.hint !== "" && <p className="small">{sentence(problem.hint)}</p>}
        <code className="small dim">{problem.code}</code>
      </div>
      {onRetry !== undefined && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}
