// A list to choose one value from, with a first entry for "nothing chosen".

import type { Choice } from "./choice-field.tsx";

interface SelectInputProps {
  readonly shared: { readonly id: string };
  readonly choices: readonly Choice[];
  readonly text: string;
  /** What choosing nothing means; empty when a choice is needed. */
  readonly emptyMeans: string;
  readonly onText: (text: string) => void;
}

export function SelectInput({ shared, choices, text, emptyMeans, onText }: SelectInputProps) {
  return (
    <select {...shared} value={text} onChange={(event) => onText(event.target.value)}>
      {(emptyMeans !== "" || text === "") && <option value="">{emptyMeans || "choose…"}</option>}
      {choices.map((choice) => (
        <option key={choice.value} value={choice.value}>
          {choice.label}
        </option>
      ))}
    </select>
  );
}
