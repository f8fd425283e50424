// Above the form: fills it from what the feature store holds, for a chosen entity or as the newest observation.

import { useId } from "react";
import type { AppDocument, PredictionDocument } from "../../../src/http/api.ts";
import { entityText, type FieldTexts, fieldText, startTexts } from "../form-values.ts";
import { dateText, humanName, listText } from "../words.ts";
import { ComboBox } from "./combo-box.tsx";

/** The key of a stored entity; empty when the store holds one row of each moment and no key. */
export type Entity = Readonly<Record<string, PredictionDocument["prediction"]>>;

interface EntityPickerProps {
  readonly app: AppDocument;
  readonly stored: NonNullable<AppDocument["stored"]>;
  readonly entity: Entity | null;
  readonly onEntity: (entity: Entity | null, texts: FieldTexts) => void;
}

const own = "";
const comboAbove = 12;

export function EntityPicker({ app, stored, entity, onEntity }: EntityPickerProps) {
  const id = useId();
  const named = stored.examples.map((example) => [entityText(stored.key, example), example] as const);
  const chosen = entity === null ? own : entityText(stored.key, entity);
  const asOf = stored.asOf === null ? "" : ` (${dateText(stored.asOf)})`;

  function choose(name: string) {
    const example = named.find(([each]) => each === name)?.[1];
    if (example === undefined) return onEntity(null, startTexts(app.fields));
    onEntity(Object.fromEntries(stored.key.map((column) => [column, example[column] ?? null])), fillFrom(app, example));
  }

  if (stored.key.length === 0) {
    const newest = stored.examples[0] ?? {};
    return (
      <p className="entity">
        {entity === null ? (
          <button type="button" onClick={() => onEntity({}, fillFrom(app, newest))}>
            Use the newest observation{asOf}
          </button>
        ) : (
          <button type="button" onClick={() => onEntity(null, startTexts(app.fields))}>
            Back to typical values
          </button>
        )}
      </p>
    );
  }
  const label = listText(stored.key.map(humanName));
  return (
    <div className="entity">
      <label htmlFor={id}>Start from a stored {label.toLowerCase()}</label>
      {named.length > comboAbove ? (
        <ComboBox
          id={id}
          values={named.map(([name]) => name)}
          text={chosen}
          placeholder="my own values"
          onText={choose}
          strict
        />
      ) : (
        <select id={id} value={chosen} onChange={(event) => choose(event.target.value)}>
          <option value={own}>my own values</option>
          {named.map(([name]) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      )}
      {entity !== null && (
        <p className="small dim">What you leave empty is taken from its newest stored observation{asOf}.</p>
      )}
    </div>
  );
}

/** The stored values where the document gives them; the others empty, so that the server takes them from the store. */
function fillFrom(app: AppDocument, example: Entity): FieldTexts {
  return Object.fromEntries(app.fields.map((field) => [field.name, fieldText(field, example[field.name])]));
}
