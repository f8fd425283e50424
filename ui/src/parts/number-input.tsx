// A number to type, with its unit; the arrow keys step it.

import type { AppField } from "../../../src/http/api.ts";
import { stepped, typedNumber } from "../form-values.ts";

interface NumberInputProps {
  readonly field: AppField;
  readonly text: string;
  readonly placeholder: string;
  readonly shared: { readonly id: string };
  readonly unitId: string;
  readonly onText: (text: string) => void;
}

export function NumberInput({ field, text, placeholder, shared, unitId, onText }: NumberInputProps) {
  return (
    <span className="number" data-long={isLong(field)}>
      <input
        {...shared}
        type="text"
        inputMode="decimal"
        autoComplete="off"
        value={text}
        placeholder={placeholder}
        onChange={(event) => onText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
          event.preventDefault();
          onText(stepped(field, text, event.key === "ArrowUp" ? 1 : -1));
        }}
      />
      {field.unit !== null && (
        <span className="unit" id={unitId}>
          {field.unit}
        </span>
      )}
    </span>
  );
}

/** Whether the field's numbers need room for more than six digits. */
function isLong(field: AppField): boolean {
  return [field.min, field.max, field.default].some(
    (value) => typeof value === "number" && typedNumber(value).length > 8,
  );
}
