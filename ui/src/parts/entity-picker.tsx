// Above the form: fills it from what the feature store holds, for a chosen entity or as the newest observation.

import type { AppDocument } from "../../../src/http/api.ts";
import { type FieldTexts, fieldText, startTexts } from "../form-values.ts";
import { dateText } from "../words.ts";
import { type Entity, EntityKey } from "./entity-key.tsx";

interface EntityPickerProps {
  readonly app: AppDocument;
  readonly stored: NonNullable<AppDocument["stored"]>;
  readonly entity: Entity | null;
  readonly onEntity: (entity: Entity | null, texts: FieldTexts) => void;
}

export function EntityPicker({ app, stored, entity, onEntity }: EntityPickerProps) {
  const asOf = stored.asOf === null ? "" : ` (${dateText(stored.asOf)})`;
  const back = () => onEntity(null, startTexts(app.fields));

  if (stored.key.length === 0) {
    const newest = stored.examples[0] ?? {};
    return (
      <div className="entity">
        {entity === null ? (
          <button type="button" onClick={() => onEntity({}, fillFrom(app, newest))}>
            Use the newest observation{asOf}
          </button>
        ) : (
          <>
            <p className="small dim">The newest observation{asOf}, with the values that you change.</p>
            <button type="button" onClick={back}>
              Back to typical values
            </button>
          </>
        )}
      </div>
    );
  }
  return (
    <div className="entity">
      <EntityKey
        stored={stored}
        onKey={(key) => {
          if (key === null) return entity === null ? undefined : back();
          const example = stored.examples.find((each) =>
            stored.key.every((column) => String(each[column]) === String(key[column])),
          );
          onEntity(key, fillFrom(app, { ...example, ...key }));
        }}
      />
      <p className="small dim">
        {entity === null
          ? "Optional: start from what is stored, instead of typical values."
          : `What you leave empty is taken from its newest stored observation${asOf}.`}
      </p>
    </div>
  );
}

/** The stored values where the document gives them; the others empty, so that the server takes them from the store. */
function fillFrom(app: AppDocument, known: Entity): FieldTexts {
  return Object.fromEntries(app.fields.map((field) => [field.name, fieldText(field, known[field.name])]));
}
