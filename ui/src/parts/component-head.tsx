// The head of a component's page: its name, state and facts, its file, and the button that runs it.

import type { ComponentStatus } from "../../../src/http/api.ts";
import { kindTitles, nextRunText, stateWords } from "../status-words.ts";
import { durationText, newestText, sentence } from "../words.ts";
import { Ago } from "./ago.tsx";
import { RunButton } from "./run-button.tsx";
import { StateMark } from "./state-mark.tsx";
import { WorkBar } from "./work-bar.tsx";

/** A problem and an app only declare something: there is nothing to start. */
const runnable = new Set(["data", "training", "inference"]);

export function ComponentHead({ component, now }: { readonly component: ComponentStatus; readonly now: Date }) {
  const { kind, state, lastRun, freshness, waitingFor } = component;
  const next = nextRunText(component, now);
  return (
    <header className="component-head">
      <div className="title-row">
        <h1>
          <span className="dim">{kindTitles[component.kind]}</span> {component.name}
        </h1>
        {runnable.has(component.kind) && <RunButton id={component.id} label="Run now" running={state === "running"} />}
      </div>
      <p className="row">
        <span className={`state ${state}`}>
          <StateMark state={state} /> {stateWords[state]}
        </span>
        <span className="dim">
          declared in <code>{component.file}</code>
          {lastRun !== null && state !== "running" && (
            <>
              , last run <Ago at={lastRun.startedAt} now={now} />
              {lastRun.durationMs !== null && `, took ${durationText(lastRun.durationMs)}`}
            </>
          )}
          {next !== null && `, next run ${next}`}
        </span>
      </p>
      {waitingFor !== null && <p className="warn">{sentence(waitingFor)}</p>}
      {state === "running" && <WorkBar run={lastRun} label={`Progress of ${component.id}`} />}
      <dl className="facts">
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
      </dl>
    </header>
  );
}
