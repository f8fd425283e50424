// Asks for the key of a stored entity, column by column, with the most frequent ones at hand.

import { useId, useState } from "react";
import type { AppDocument, PredictionDocument } from "../../../src/http/api.ts";
import { humanName } from "../words.ts";
import { ComboBox } from "./combo-box.tsx";

/** The key of a stored entity; empty when the store holds one series without a key. */
export type Entity = Readonly<Record<string, PredictionDocument["prediction"]>>;

interface EntityKeyProps {
  readonly stored: NonNullable<AppDocument["stored"]>;
  /** The whole key, or null while a part of it is empty. */
  readonly onKey: (key: Entity | null) => void;
}

export function EntityKey({ stored, onKey }: EntityKeyProps) {
  const id = useId();
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>({});

  function change(column: string, text: string) {
    const next = { ...texts, [column]: text };
    setTexts(next);
    const whole = stored.key.every((each) => (next[each] ?? "") !== "");
    onKey(whole ? Object.fromEntries(stored.key.map((each) => [each, next[each] ?? ""])) : null);
  }

  return stored.key.map((column) => (
    <div key={column} className="field-stack">
      <label htmlFor={`${id}-${column}`}>Choose {humanName(column).toLowerCase()}</label>
      <ComboBox
        id={`${id}-${column}`}
        values={[...new Set(stored.examples.map((example) => String(example[column])))]}
        text={texts[column] ?? ""}
        placeholder="none"
        onText={(text) => change(column, text)}
      />
    </div>
  ));
}
