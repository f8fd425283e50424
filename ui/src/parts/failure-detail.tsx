// A failure in full: the message, where, the cause, the next thing to do, and the code to look up.

import type { RunSummary } from "../../../src/http/api.ts";
import { placeText } from "../status-words.ts";
import { sentence } from "../words.ts";

export function FailureDetail({ failure }: { readonly failure: NonNullable<RunSummary["failure"]> }) {
  const place = placeText(failure.location);
  return (
    <section className="notice bad failure-detail" aria-label="Failure">
      <div className="grow">
        <p>
          <strong>{sentence(failure.message)}</strong>
        </p>
        {failure.hint !== "" && <p>{sentence(failure.hint)}</p>}
        <dl className="inline-pairs">
          {place !== null && (
            <div>
              <dt>where</dt>
              <dd>
                <code>{place}</code>
              </dd>
            </div>
          )}
          {failure.step !== null && (
            <div>
              <dt>step</dt>
              <dd>
                <code>{failure.step}</code>
                {failure.attempt !== null && failure.attempt > 1 && `, attempt ${failure.attempt}`}
              </dd>
            </div>
          )}
          {failure.cause !== null && (
            <div>
              <dt>cause</dt>
              <dd>{failure.cause}</dd>
            </div>
          )}
          <div>
            <dt>code</dt>
            <dd>
              <code>{failure.code}</code>
            </dd>
          </div>
        </dl>
      </div>
    </section>
  );
}
