// The answer: large, with what it means, why, what it rests on, and a way to say whether it was right.

import type { Ref } from "react";
import type { AppDocument, PredictionDocument } from "../../../src/http/api.ts";
import { answerWords, modelText, restsOn, stalenessText } from "../answer-words.ts";
import { sentence } from "../words.ts";
import { AnswerFeatures } from "./answer-features.tsx";
import { ChanceBar } from "./chance-bar.tsx";
import { ClassBars } from "./class-bars.tsx";
import { Feedback } from "./feedback.tsx";
import { ForecastChart } from "./forecast-chart.tsx";
import { ReasonList } from "./reason-list.tsx";

interface AnswerProps {
  readonly ref: Ref<HTMLDivElement>;
  readonly app: AppDocument;
  readonly answer: PredictionDocument | null;
  /** What people should know before they trust it; null when there is nothing. */
  readonly warning: string | null;
  /** True when the form has changed since. */
  readonly outdated: boolean;
}

export function Answer({ ref, app, answer, warning, outdated }: AnswerProps) {
  const words = answer === null ? null : answerWords(app, answer);
  const stale = answer === null ? null : stalenessText(answer);
  return (
    <section ref={ref} className="answer" aria-label="Answer" data-outdated={outdated}>
      {words === null && (
        <div className="answer-empty">
          <p>
            {app.task === "forecast"
              ? "Ask, and the values to come appear here."
              : "Set the values, then ask. The answer appears here, with its reasons."}
          </p>
          <p className="small">{modelText(app)}</p>
        </div>
      )}
      {/* Always on the page, so that screen readers announce what comes into it. */}
      <div role="status" data-testid="answer">
        {words !== null && (
          <>
            <p className="headline">
              {words.headline}
              {words.sureness !== null && " "}
              {words.sureness !== null && <span className="sureness">{words.sureness}</span>}
            </p>
            {words.meaning !== null && <p className="meaning">{words.meaning}</p>}
            {warning !== null && <p className="warn">{sentence(warning)}</p>}
            {stale !== null && <p className="warn">{stale}</p>}
          </>
        )}
      </div>
      {outdated && (
        <p className="outdated small">The values have changed since this answer. Ask again for a new one.</p>
      )}
      {answer !== null && words !== null && (
        <div className="answer-rest">
          {words.chance !== null && <ChanceBar chance={words.chance} />}
          {words.bars.length > 0 && <ClassBars bars={words.bars} />}
          {answer.forecast !== undefined && <ForecastChart app={app} forecast={answer.forecast} />}
          <ReasonList app={app} answer={answer} />
          <p className="rests small dim">
            {restsOn(app, answer)} An answer is an estimate from past data, not a promise.
          </p>
          <AnswerFeatures app={app} answer={answer} />
          {app.feedback && <Feedback key={answer.id} app={app} answer={answer} />}
        </div>
      )}
    </section>
  );
}
