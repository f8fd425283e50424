// Asks what the true value was: a class from the list, or a number.

import { useId, useState } from "react";
import type { AppDocument, PredictionDocument } from "../../../src/http/api.ts";
import { parseNumber } from "../form-values.ts";

interface ActualFormProps {
  readonly app: AppDocument;
  readonly answer: PredictionDocument;
  readonly onActual: (actual: PredictionDocument["prediction"]) => void;
}

export function ActualForm({ app, answer, onActual }: ActualFormProps) {
  const id = useId();
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState(false);
  const number = app.task === "regression" || app.task === "forecast";

  function submit() {
    const value = number ? parseNumber(text) : text || null;
    setWrong(value === null);
    if (value !== null) onActual(value);
  }

  return (
    <form
      className="row"
      noValidate
      aria-label="The true value"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <label htmlFor={id}>If you know it, what was it really?</label>
      {number ? (
        <span className="number">
          <input
            id={id}
            inputMode="decimal"
            autoComplete="off"
            value={text}
            aria-invalid={wrong}
            onChange={(event) => setText(event.target.value)}
          />
          {app.label.unit !== null && <span className="unit">{app.label.unit}</span>}
        </span>
      ) : (
        <select id={id} value={text} aria-invalid={wrong} onChange={(event) => setText(event.target.value)}>
          <option value="">choose…</option>
          {app.label.classes
            .filter((name) => name !== String(answer.prediction))
            .map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
        </select>
      )}
      <button type="submit">Send</button>
      {wrong && (
        <span className="error" role="alert">
          {number ? "A number is needed here." : "Choose one from the list."}
        </span>
      )}
    </form>
  );
}
