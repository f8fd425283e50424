// The form of the product page: every input of the model with its typical value, and the button that asks.

import { type Ref, useState } from "react";
import { flushSync } from "react-dom";
import type { AppDocument } from "../../../src/http/api.ts";
import type { FieldErrors, FieldTexts } from "../form-values.ts";
import { sentence } from "../words.ts";
import { AskField } from "./ask-field.tsx";
import type { Entity } from "./entity-key.tsx";
import { EntityPicker } from "./entity-picker.tsx";
import { SeriesPicker } from "./series-picker.tsx";

interface AskFormProps {
  readonly ref: Ref<HTMLFormElement>;
  readonly app: AppDocument;
  readonly texts: FieldTexts;
  readonly entity: Entity | null;
  readonly errors: FieldErrors;
  readonly problem: { readonly message: string; readonly hint: string } | null;
  readonly asking: boolean;
  readonly onText: (name: string, text: string) => void;
  readonly onEntity: (entity: Entity | null, texts: FieldTexts) => void;
  readonly onAsk: () => void;
}

/** Longer forms show their first fields; the others keep their typical values until they are unfolded. */
const foldAbove = 12;
const shownWhenFolded = 9;

export function AskForm(props: AskFormProps) {
  const { app, texts, entity, errors, problem, asking } = props;
  const [unfolded, setUnfolded] = useState(app.fields.length <= foldAbove);
  const folded = app.fields.slice(shownWhenFolded);
  const open = unfolded || folded.some((field) => errors[field.name] !== undefined);
  const shown = open ? app.fields : app.fields.slice(0, shownWhenFolded);

  /** The button goes away, so the focus goes on to the first of the fields that it brought. */
  function unfold(form: HTMLFormElement | null) {
    flushSync(() => setUnfolded(true));
    form?.querySelectorAll(".field")[shownWhenFolded]?.querySelector<HTMLElement>("input, select")?.focus();
  }

  return (
    <form
      ref={props.ref}
      className="ask-form"
      aria-label="Ask the model"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!asking) props.onAsk();
      }}
    >
      {app.stored !== null && app.task === "forecast" && (
        <SeriesPicker stored={app.stored} series={entity ?? {}} onSeries={(series) => props.onEntity(series, texts)} />
      )}
      {app.stored !== null && app.task !== "forecast" && (
        <EntityPicker app={app} stored={app.stored} entity={entity} onEntity={props.onEntity} />
      )}
      {shown.map((field) => (
        <AskField
          key={field.name}
          field={field}
          text={texts[field.name] ?? ""}
          error={errors[field.name] ?? null}
          fromStore={entity !== null}
          onText={(text) => props.onText(field.name, text)}
        />
      ))}
      {app.fields.length === 0 && app.stored === null && (
        <p className="dim">
          {app.task === "forecast" ? "There is one series to continue." : "The model needs no input."}
        </p>
      )}
      {!open && (
        <button type="button" className="unfold" onClick={(event) => unfold(event.currentTarget.form)}>
          Set {folded.length} more values, now typical ones
        </button>
      )}
      <div className="ask-foot">
        {problem !== null && (
          <div className="notice bad" role="alert">
            <div className="grow">
              <strong>{sentence(problem.message)}</strong>
              <p className="small">{sentence(problem.hint)}</p>
            </div>
          </div>
        )}
        <button type="submit" className="primary wide" aria-busy={asking}>
          {app.task === "forecast" ? "Forecast" : "Ask"}
        </button>
      </div>
    </form>
  );
}
