// One failed component, once and in one place: what happened and where, to whom it matters, what happens next.

import type { ComponentStatus } from "../../../src/http/api.ts";
import { componentHref, runHref } from "../routes.ts";
import { effectText, nextText, placeText } from "../status-words.ts";
import { sentence } from "../words.ts";
import { Ago } from "./ago.tsx";
import { RunButton } from "./run-button.tsx";

interface FailureStripProps {
  readonly component: ComponentStatus;
  readonly components: readonly ComponentStatus[];
  readonly now: Date;
}

export function FailureStrip({ component, components, now }: FailureStripProps) {
  const { failure, id } = component;
  if (failure === null) return null;
  const place = placeText(failure.location);
  const run = failure.run ?? component.lastRun?.run ?? null;
  return (
    <li className="notice bad failure-strip">
      <div className="grow">
        <p>
          <strong>
            <a href={componentHref(id)}>{id}</a> failed <Ago at={failure.at} now={now} />
          </strong>
          {failure.step !== null && (
            <>
              {" "}
              in <code>{failure.step}</code>
              {failure.attempt !== null && failure.attempt > 1 && `, attempt ${failure.attempt}`}
            </>
          )}
          : {sentence(failure.message)} {place !== null && <code>{place}</code>}
        </p>
        <p>
          {failure.hint !== "" && `${sentence(failure.hint)} `}
          <span className="dim">
            {effectText(components, component)} {nextText(component, now)}
          </span>
        </p>
      </div>
      <div className="row">
        {run !== null && (
          <a className="button" href={runHref(run)}>
            See why
          </a>
        )}
        <RunButton id={id} label="Run again" primary />
      </div>
    </li>
  );
}
