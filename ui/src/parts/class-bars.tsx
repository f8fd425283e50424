// Every class with its probability as a bar, the likeliest first.

import { useState } from "react";
import type { AnswerWords } from "../answer-words.ts";
import { percentText } from "../words.ts";

const shownAtFirst = 8;

export function ClassBars({ bars }: { readonly bars: AnswerWords["bars"] }) {
  const [all, setAll] = useState(bars.length <= shownAtFirst + 1);
  const shown = all ? bars : bars.slice(0, shownAtFirst - 1);
  const rest = bars.slice(shown.length).reduce((sum, bar) => sum + bar.share, 0);
  return (
    <div className="classes">
      <h2>How likely each one is</h2>
      <ul>
        {shown.map((bar) => (
          <li key={bar.label} data-chosen={bar.chosen}>
            <span className="class-name">{bar.label}</span>
            <span className="bar" aria-hidden="true">
              <i style={{ width: `${Math.max(bar.share * 100, 0.5)}%` }} />
            </span>
            <span className="class-share">{percentText(bar.share)}</span>
          </li>
        ))}
      </ul>
      {!all && (
        <button type="button" className="quiet" onClick={() => setAll(true)}>
          {bars.length - shown.length} others, together {percentText(rest)}
        </button>
      )}
    </div>
  );
}
