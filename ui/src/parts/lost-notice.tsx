// Says that no news comes, since when and why, and that what is shown may be old.

import type { Problem } from "../api.ts";
import { clockText, sentence } from "../words.ts";

interface LostNoticeProps {
  readonly since: Date;
  readonly problem: Problem | null;
  readonly now: Date;
}

export function LostNotice({ since, problem, now }: LostNoticeProps) {
  return (
    <div className="notice waits" role="alert">
      <p>
        <strong>No news from the server since {clockText(since.toISOString(), now)}.</strong> What you see is the last
        state it told. {problem !== null && `${sentence(problem.message)} ${sentence(problem.hint)} `}
        This page keeps trying by itself.
      </p>
    </div>
  );
}
