// One run: how it ended and why, its steps on a common scale of time, and its log.

import { useEffect } from "react";
import type { StatusDocument } from "../../../src/http/api.ts";
import { getRun } from "../api.ts";
import { Ago } from "../parts/ago.tsx";
import { ComponentTrail } from "../parts/component-trail.tsx";
import { FailureDetail } from "../parts/failure-detail.tsx";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { RunButton } from "../parts/run-button.tsx";
import { RunLog } from "../parts/run-log.tsx";
import { RunUsage } from "../parts/run-usage.tsx";
import { Skeleton } from "../parts/skeleton.tsx";
import { markOfRun, StateMark } from "../parts/state-mark.tsx";
import { StepTable } from "../parts/step-table.tsx";
import { WorkBar } from "../parts/work-bar.tsx";
import { componentHref } from "../routes.ts";
import { didText, reasonText, runStateWords } from "../status-words.ts";
import { useLoaded } from "../use-loaded.ts";
import { durationText } from "../words.ts";

interface RunPageProps {
  readonly run: string;
  readonly status: StatusDocument;
  readonly now: Date;
}

const followMs = 1_000;

export function RunPage({ run, status, now }: RunPageProps) {
  const { value, problem, reload } = useLoaded((signal) => getRun(run, signal), run);
  const running = value?.state === "running";

  // Followed while it runs; each time after the last answer or failure.
  // biome-ignore lint/correctness/useExhaustiveDependencies: every answer and every failure is a new object.
  useEffect(() => {
    if (!running) return;
    const timer = setTimeout(reload, followMs);
    return () => clearTimeout(timer);
  }, [value, problem, running, reload]);

  const component = value?.component ?? null;
  return (
    <>
      <ComponentTrail status={status} here={component} />
      <h1>
        {component === null ? (
          `Run ${run}`
        ) : (
          <>
            A run of <a href={componentHref(component)}>{component}</a>
          </>
        )}
      </h1>
      {problem !== null && (
        <ProblemNotice problem={problem} what={`The run ${run} could not be loaded`} onRetry={reload} />
      )}
      {value === null && problem === null && <Skeleton lines={6} />}
      {value !== null && (
        <>
          <div className="overall row">
            <span className={`state ${markOfRun(value.state)}`}>
              <StateMark state={markOfRun(value.state)} /> {runStateWords[value.state]}
            </span>
            <span className="dim">
              started <Ago at={value.startedAt} now={now} /> ({reasonText(value.reason)})
              {value.durationMs !== null && `, took ${durationText(value.durationMs)}`}
              {value.state !== "running" && value.failure === null && didText(value) !== "" && `: ${didText(value)}`}
            </span>
            <RunButton id={value.component} label="Run again" running={running} />
          </div>
          {running && <WorkBar run={value} label="Progress of the run" />}
          {value.failure !== null && <FailureDetail failure={value.failure} />}
          <section className="panel" aria-label="Used">
            <h2>Used</h2>
            <RunUsage run={value} />
          </section>
          <section className="panel" aria-label="Steps">
            <h2>Steps</h2>
            <StepTable steps={value.steps} now={now} />
          </section>
          <section className="panel" aria-label="Log">
            <h2>Log</h2>
            <RunLog lines={value.log} follow={running} />
          </section>
          <p className="small dim">
            Run <code>{value.run}</code>, started {new Date(value.startedAt).toLocaleString("en-GB")}
          </p>
        </>
      )}
    </>
  );
}
