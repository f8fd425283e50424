// Every value that the model saw, folded away; also those that came from the store.

import type { AppDocument, PredictionDocument } from "../../../src/http/api.ts";
import { humanName, valueText } from "../words.ts";

export function AnswerFeatures({ app, answer }: { readonly app: AppDocument; readonly answer: PredictionDocument }) {
  const features = Object.entries(answer.features);
  if (features.length === 0) return null;
  return (
    <details>
      <summary>What the model saw</summary>
      <dl className="pairs">
        {features.map(([name, value]) => {
          const field = app.fields.find((each) => each.name === name);
          return (
            <div key={name}>
              <dt>{field?.label ?? humanName(name)}</dt>
              <dd>{valueText(value, field?.unit ?? null)}</dd>
            </div>
          );
        })}
      </dl>
    </details>
  );
}
