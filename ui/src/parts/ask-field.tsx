// One field of the form: its label, the control that fits its type, its hint and its error.

import { useId } from "react";
import type { AppField } from "../../../src/http/api.ts";
import { fieldHint, hasSlider, isDateOnly, outsideText } from "../form-values.ts";
import { sentence } from "../words.ts";
import { type Choice, ChoiceField } from "./choice-field.tsx";
import { ComboBox } from "./combo-box.tsx";
import { NumberInput } from "./number-input.tsx";
import { SelectInput } from "./select-input.tsx";
import { Slider } from "./slider.tsx";

interface AskFieldProps {
  readonly field: AppField;
  readonly text: string;
  readonly error: string | null;
  /** True when what is left empty comes from the store. */
  readonly fromStore: boolean;
  readonly onText: (text: string) => void;
}

const segmentsUpTo = 4;
const segmentLetters = 26;
const selectUpTo = 12;

export function AskField({ field, text, error, fromStore, onText }: AskFieldProps) {
  const id = useId();
  const hint = fieldHint(field);
  const outside = error === null ? outsideText(field, text) : null;
  const emptyMeans = fromStore ? "as stored" : field.required ? "" : "unknown";
  const describedBy = [error && `${id}e`, hint && `${id}h`, outside && `${id}o`, field.unit && `${id}u`]
    .filter(Boolean)
    .join(" ");
  const shared = {
    id,
    "data-field": field.name,
    "aria-invalid": error !== null,
    "aria-required": field.required && !fromStore,
    ...(describedBy === "" ? {} : { "aria-describedby": describedBy }),
  };
  const choices = choicesOf(field, text);
  const description = hint !== null && (
    <p className="hint" id={`${id}h`}>
      {hint}
    </p>
  );
  const warnings = (
    <>
      {outside !== null && (
        <p className="hint warn" id={`${id}o`}>
          {outside}
        </p>
      )}
      {error !== null && (
        <p className="error" id={`${id}e`}>
          {sentence(error)}
        </p>
      )}
    </>
  );

  if (choices !== null && isShort(choices)) {
    const withUnknown = emptyMeans === "" ? choices : [...choices, { value: "", label: emptyMeans }];
    return (
      <ChoiceField label={field.label} choices={withUnknown} text={text} onText={onText} shared={shared}>
        {description}
        {warnings}
      </ChoiceField>
    );
  }
  return (
    <div className="field" data-wrong={error !== null}>
      <div className={field.type === "number" ? "field-row" : "field-stack"}>
        <label htmlFor={id}>{field.label}</label>
        {field.type === "number" ? (
          <NumberInput
            field={field}
            text={text}
            placeholder={emptyMeans}
            shared={shared}
            onText={onText}
            unitId={`${id}u`}
          />
        ) : choices !== null && choices.length > selectUpTo ? (
          <ComboBox
            {...shared}
            values={choices.map((choice) => choice.value)}
            text={text}
            placeholder={emptyMeans || "type to search"}
            onText={onText}
          />
        ) : choices !== null ? (
          <SelectInput shared={shared} choices={choices} text={text} emptyMeans={emptyMeans} onText={onText} />
        ) : field.type === "time" ? (
          <input
            {...shared}
            type={isDateOnly(field) ? "date" : "datetime-local"}
            value={text}
            onChange={(event) => onText(event.target.value)}
          />
        ) : field.type === "text" ? (
          <textarea
            {...shared}
            rows={2}
            value={text}
            placeholder={emptyMeans}
            onChange={(event) => onText(event.target.value)}
          />
        ) : (
          <input
            {...shared}
            type="text"
            autoComplete="off"
            value={text}
            placeholder={emptyMeans}
            onChange={(event) => onText(event.target.value)}
          />
        )}
        {description}
        {hasSlider(field) && <Slider field={field} text={text} onText={onText} />}
      </div>
      {warnings}
    </div>
  );
}

/** The closed list of a field; null when it takes anything. A value outside the list is kept, so that nothing changes unseen. */
function choicesOf(field: AppField, text: string): readonly Choice[] | null {
  if (field.type === "boolean")
    return [
      { value: "true", label: "yes" },
      { value: "false", label: "no" },
    ];
  if (field.type !== "category" || field.values === null || field.values.length === 0) return null;
  const values =
    text === "" || field.values.includes(text) || field.values.length > selectUpTo
      ? field.values
      : [...field.values, text];
  return values.map((value) => ({ value, label: value }));
}

function isShort(choices: readonly Choice[]): boolean {
  return (
    choices.length <= segmentsUpTo &&
    choices.reduce((letters, choice) => letters + choice.label.length, 0) <= segmentLetters
  );
}
