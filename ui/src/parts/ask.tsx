// The form and the answer side by side: one question at a time, with refusals beside the fields they are about.

import { useRef, useState } from "react";
import type { AppDocument, PredictionDocument } from "../../../src/http/api.ts";
import { type Problem, predict, toProblem } from "../api.ts";
import {
  entityText,
  type FieldErrors,
  type FieldTexts,
  isUnknownEntity,
  refusalTexts,
  refusedFields,
  startTexts,
  toRequest,
  unknownEntityText,
} from "../form-values.ts";
import { Answer } from "./answer.tsx";
import { AskForm } from "./ask-form.tsx";
import type { Entity } from "./entity-key.tsx";

interface Answered {
  readonly answer: PredictionDocument;
  /** What stood in the form, to tell when the answer no longer fits it. */
  readonly asked: string;
  readonly warning: string | null;
}

export function Ask({ app, onModelGone }: { readonly app: AppDocument; readonly onModelGone: () => void }) {
  const [texts, setTexts] = useState<FieldTexts>(() => startTexts(app.fields));
  // A forecast is of one series: the first stands there until another one is chosen.
  const [entity, setEntity] = useState<Entity | null>(() =>
    app.task === "forecast" ? (app.stored?.examples[0] ?? null) : null,
  );
  const [errors, setErrors] = useState<FieldErrors>({});
  const [problem, setProblem] = useState<{ message: string; hint: string } | null>(null);
  const [answered, setAnswered] = useState<Answered | null>(null);
  const [asking, setAsking] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const answerPlace = useRef<HTMLDivElement>(null);
  const standing = JSON.stringify([texts, entity]);

  function refuse(byField: FieldErrors, notice: { message: string; hint: string } | null) {
    setErrors(byField);
    setProblem(notice);
    const first = app.fields.find((field) => byField[field.name] !== undefined);
    // After the errors are on the page, also those of fields that were folded away.
    if (first !== undefined) setTimeout(() => focusField(form.current, first.name), 30);
  }

  async function ask() {
    const { body, errors: mistakes } = toRequest(app.fields, texts, entity);
    if (Object.keys(mistakes).length > 0) return refuse(mistakes, null);
    setAsking(true);
    try {
      const answer = await predict(app.inference, body);
      refuse({}, null);
      const warning = unknownEntityText(entity, app.fields, texts, answer.staleness.dataSeconds);
      setAnswered({ answer, asked: standing, warning });
      requestAnimationFrame(() => showAnswer(answerPlace.current));
    } catch (error) {
      const failed = toProblem(error);
      if (failed.code === "MODELS_NO_LIVE_VERSION") onModelGone();
      const refused = refusedFields(failed.details);
      if (entity !== null && isUnknownEntity(entity, refused))
        return refuse(
          {},
          {
            message: `Nothing is stored for ${entityText(entity)}`,
            hint: "Fill in the values yourself, or choose another one",
          },
        );
      const { byField, others } = refusalTexts(app.fields, refused);
      refuse(byField, Object.keys(byField).length > 0 && others.length === 0 ? null : noticeOf(failed, others));
    } finally {
      setAsking(false);
    }
  }

  return (
    <div className="ask">
      <AskForm
        ref={form}
        app={app}
        texts={texts}
        entity={entity}
        errors={errors}
        problem={problem}
        asking={asking}
        onText={(name, text) => {
          setTexts((before) => ({ ...before, [name]: text }));
          setErrors(({ [name]: _mended, ...rest }) => rest);
        }}
        onEntity={(chosen, filled) => {
          setEntity(chosen);
          setTexts(filled);
          setErrors({});
        }}
        onAsk={() => void ask()}
      />
      <Answer
        ref={answerPlace}
        app={app}
        answer={answered?.answer ?? null}
        warning={answered?.warning ?? null}
        outdated={answered !== null && answered.asked !== standing}
      />
    </div>
  );
}

function noticeOf(problem: Problem, others: readonly string[]): { message: string; hint: string } {
  return { message: others.length > 0 ? others.join("; ") : problem.message, hint: problem.hint };
}

function focusField(form: HTMLFormElement | null, name: string): void {
  const controls = form?.querySelectorAll<HTMLElement>("[data-field]") ?? [];
  const control = Array.from(controls).find((each) => each.dataset.field === name);
  const target = control?.matches("fieldset")
    ? (control.querySelector<HTMLElement>("input:checked") ?? control.querySelector<HTMLElement>("input"))
    : control;
  target?.focus();
}

/** On a narrow screen the answer stands below the form, so it is brought into view. */
function showAnswer(place: HTMLElement | null): void {
  if (place === null) return;
  const { top, bottom } = place.getBoundingClientRect();
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (top < 0 || Math.min(bottom, top + 160) > window.innerHeight)
    place.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
}
