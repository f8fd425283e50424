// One component in full: its state and failure, what its kind has to show, and its runs.

import type { ComponentStatus, StatusDocument } from "../../../src/http/api.ts";
import { AppDetail } from "../parts/app-detail.tsx";
import { ComponentHead } from "../parts/component-head.tsx";
import { ComponentRuns } from "../parts/component-runs.tsx";
import { ComponentTrail } from "../parts/component-trail.tsx";
import { DataDetail } from "../parts/data-detail.tsx";
import { FailureStrip } from "../parts/failure-strip.tsx";
import { InferenceDetail } from "../parts/inference-detail.tsx";
import { ProblemDetail } from "../parts/problem-detail.tsx";
import { TrainingDetail } from "../parts/training-detail.tsx";

interface ComponentPageProps {
  readonly id: string;
  readonly status: StatusDocument;
  readonly now: Date;
}

export function ComponentPage({ id, status, now }: ComponentPageProps) {
  const component = status.components.find((each) => each.id === id);
  if (component === undefined) {
    return (
      <>
        <ComponentTrail status={status} here={null} />
        <h1>There is no component {id}</h1>
        <p>
          Its file may have been renamed or removed. <a href="#/">See all components</a>
        </p>
      </>
    );
  }
  return (
    <>
      <ComponentTrail status={status} here={id} />
      <ComponentHead component={component} now={now} />
      {component.failure !== null && (
        <ul className="failures">
          <FailureStrip component={component} components={status.components} now={now} />
        </ul>
      )}
      <Detail component={component} status={status} now={now} />
      <ComponentRuns component={component} now={now} />
    </>
  );
}

interface DetailProps {
  readonly component: ComponentStatus;
  readonly status: StatusDocument;
  readonly now: Date;
}

function Detail({ component, status, now }: DetailProps) {
  const version = `${component.lastRun?.run}:${component.lastRun?.state}`;
  if (component.kind === "problem") return <ProblemDetail component={component} status={status} now={now} />;
  if (component.kind === "data") return <DataDetail name={component.name} version={version} />;
  if (component.kind === "training") return <TrainingDetail name={component.name} version={version} now={now} />;
  if (component.kind === "inference") return <InferenceDetail component={component} status={status} now={now} />;
  return <AppDetail component={component} />;
}
