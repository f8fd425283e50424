// One component on the home page: its state in words, colour and shape, its facts, its freshness and its runs.

import type { ComponentStatus, RunSummary } from "../../../src/http/api.ts";
import { appHref, componentHref } from "../routes.ts";
import { nextRunText, stateWords } from "../status-words.ts";
import { durationText, newestText, sentence } from "../words.ts";
import { Ago } from "./ago.tsx";
import { RunStrip } from "./run-strip.tsx";
import { StateMark } from "./state-mark.tsx";
import { WorkBar } from "./work-bar.tsx";

interface ComponentCardProps {
  readonly component: ComponentStatus;
  readonly runs: readonly RunSummary[];
  readonly now: Date;
}

export function ComponentCard({ component, runs, now }: ComponentCardProps) {
  const { id, kind, name, state, lastRun, failure, freshness, waitingFor } = component;
  const next = nextRunText(component, now);
  return (
    <article className={`card ${state}`} data-component={id} data-state={state}>
      <h3>
        <a href={componentHref(id)}>{name}</a>
      </h3>
      <p className={`state ${state}`}>
        <StateMark state={state} /> {stateWords[state]}
      </p>
      {state === "running" && <WorkBar run={lastRun} label={`Progress of ${id}`} />}
      {failure !== null && <p className="card-failure">{sentence(failure.message)}</p>}
      {waitingFor !== null && <p className="card-waits">{sentence(waitingFor)}</p>}
      <dl>
        {component.facts.map((fact) => (
          <div key={fact.label}>
            <dt>{fact.label}</dt>
            <dd>{fact.text}</dd>
          </div>
        ))}
        {kind === "data" && freshness !== null && (
          <div>
            <dt>data</dt>
            <dd>{newestText(freshness.at, now)}</dd>
          </div>
        )}
        {lastRun !== null && state !== "running" && (
          <div>
            <dt>last run</dt>
            <dd>
              <Ago at={lastRun.startedAt} now={now} />
              {lastRun.durationMs !== null && (
                <>
                  , <span className="nowrap">{durationText(lastRun.durationMs)}</span>
                </>
              )}
            </dd>
          </div>
        )}
        {next !== null && (
          <div>
            <dt>next run</dt>
            <dd>{next}</dd>
          </div>
        )}
      </dl>
      {runs.length > 1 && <RunStrip runs={runs} />}
      {component.kind === "app" && (
        <a className="button card-link" href={appHref(name)}>
          Open the page
        </a>
      )}
    </article>
  );
}
