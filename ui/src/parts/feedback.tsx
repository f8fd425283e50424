// "Was this right?": one press, and then, if the person knows it, what was true.

import { useState } from "react";
import type { AppDocument, PredictionDocument } from "../../../src/http/api.ts";
import { sendFeedback, toProblem } from "../api.ts";
import { sentence } from "../words.ts";
import { ActualForm } from "./actual-form.tsx";

type Said = "nothing" | "right" | "wrong" | "actual";

export function Feedback({ app, answer }: { readonly app: AppDocument; readonly answer: PredictionDocument }) {
  const [said, setSaid] = useState<Said>("nothing");
  const [problem, setProblem] = useState<string | null>(null);

  async function say(next: Said, feedback: Parameters<typeof sendFeedback>[1]) {
    setProblem(null);
    try {
      await sendFeedback(answer.id, feedback);
      setSaid(next);
    } catch (error) {
      setProblem(`Your feedback was not recorded. ${sentence(toProblem(error).message)}`);
    }
  }

  const asksNumber = app.task === "regression" || app.task === "forecast";
  const asksActual =
    (said === "wrong" && (asksNumber || app.label.classes.length > 2)) || (said === "right" && asksNumber);
  return (
    <div className="feedback">
      {said === "nothing" && (
        <div className="row">
          <span id="feedback-question">Was this right?</span>
          <button
            type="button"
            aria-describedby="feedback-question"
            onClick={() => void say("right", { correct: true })}
          >
            Yes
          </button>
          <button
            type="button"
            aria-describedby="feedback-question"
            onClick={() => void say("wrong", { correct: false })}
          >
            No
          </button>
        </div>
      )}
      <p role="status">
        {said === "right" && "Thank you, recorded as right."}
        {said === "wrong" && "Thank you, recorded as wrong."}
        {said === "actual" && "Thank you, recorded with the true value."}
      </p>
      {asksActual && <ActualForm app={app} answer={answer} onActual={(actual) => void say("actual", { actual })} />}
      {problem !== null && (
        <p className="error" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}
