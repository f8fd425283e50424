// Why: the strongest reasons of an answer, to the right what speaks for it, to the left what speaks against it.

import type { AppDocument, PredictionDocument } from "../../../src/http/api.ts";
import { reasons, reasonsSubject } from "../answer-words.ts";

export function ReasonList({ app, answer }: { readonly app: AppDocument; readonly answer: PredictionDocument }) {
  const list = reasons(app, answer);
  const { explanation } = answer;
  if (explanation === undefined || list.length === 0) return null;
  const subject = reasonsSubject(app, answer);
  const [against, forIt] = subject === null ? ["lowers it", "raises it"] : ["against", "for"];
  const points = list.some((reason) => reason.size.includes("point"));
  return (
    <div className="reasons">
      <h2>{subject === null ? "What raises and lowers it" : `What speaks for and against ${subject}`}</h2>
      <div className="reason-ends" aria-hidden="true">
        <span>← {against}</span>
        <span>{forIt} →</span>
      </div>
      <ul>
        {list.map((reason) => (
          <li key={reason.feature} data-speaks={reason.speaks}>
            <span className="reason-text">{reason.text}</span>
            <span className="hidden">, {reason.speaks === "for" ? forIt : against},</span>
            <span className="reason-bar" aria-hidden="true">
              <i style={{ width: `${Math.max(2, reason.strength * 50)}%` }} />
            </span>
            <span className="reason-size">{reason.size}</span>
          </li>
        ))}
      </ul>
      <p className="small dim">
        {points
          ? "Points are percentage points: how far each value, taken alone, moves the chance. Together they need not add up."
          : "How far each value moves the answer away from the average."}
      </p>
    </div>
  );
}
