// A slider beside a number field whose range is known.

import type { CSSProperties } from "react";
import type { AppField } from "../../../src/http/api.ts";
import { parseNumber, stepOf, typedNumber } from "../form-values.ts";
import { numberText, withUnit } from "../words.ts";

/** For pointers only: keyboards and screen readers have the number field, so the slider is not a second stop for them. */
export function Slider({
  field,
  text,
  onText,
}: {
  readonly field: AppField;
  readonly text: string;
  readonly onText: (text: string) => void;
}) {
  const min = field.min ?? 0;
  const max = field.max ?? 1;
  const value = parseNumber(text);
  const at = value === null ? min + (max - min) / 2 : Math.min(max, Math.max(min, value));
  return (
    <span className="slider" aria-hidden="true" data-unknown={value === null}>
      <input
        type="range"
        tabIndex={-1}
        min={min}
        max={max}
        step={stepOf(field)}
        value={at}
        style={{ "--at": `${((at - min) / (max - min)) * 100}%` } as CSSProperties}
        onChange={(event) => onText(typedNumber(event.target.valueAsNumber))}
      />
      <span className="slider-ends">
        <span>{numberText(min)}</span>
        <span>{withUnit(numberText(max), field.unit)}</span>
      </span>
    </span>
  );
}
