// A few short choices side by side, one of them chosen.

import type { ReactNode } from "react";

export interface Choice {
  readonly value: string;
  readonly label: string;
}

interface ChoiceFieldProps {
  readonly label: string;
  readonly choices: readonly Choice[];
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly shared: {
    readonly id: string;
    readonly "data-field": string;
    readonly "aria-invalid": boolean;
    readonly "aria-describedby"?: string;
  };
  readonly children: ReactNode;
}

export function ChoiceField({ label, choices, text, onText, shared, children }: ChoiceFieldProps) {
  const { id, "aria-invalid": wrong, "aria-describedby": describedBy } = shared;
  return (
    <fieldset
      className="field"
      data-field={shared["data-field"]}
      data-wrong={wrong}
      {...(describedBy === undefined ? {} : { "aria-describedby": describedBy })}
    >
      <legend>{label}</legend>
      <div className="segments">
        {choices.map((choice) => (
          <label key={choice.value} data-unknown={choice.value === ""}>
            <input
              type="radio"
              name={id}
              value={choice.value}
              checked={text === choice.value}
              onChange={() => onText(choice.value)}
            />
            <span>{choice.label}</span>
          </label>
        ))}
      </div>
      {children}
    </fieldset>
  );
}
