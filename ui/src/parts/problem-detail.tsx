// What a problem's page shows: the goal as its file states it, and how the newest models fared against it.

import type { ComponentStatus, StatusDocument } from "../../../src/http/api.ts";
import { NewestGates } from "./newest-gates.tsx";

interface ProblemDetailProps {
  readonly component: ComponentStatus;
  readonly status: StatusDocument;
  readonly now: Date;
}

export function ProblemDetail({ component, status, now }: ProblemDetailProps) {
  const trainings = status.components.filter(
    (each) => each.kind === "training" && each.dependsOn.includes(component.id),
  );
  if (trainings.length === 0)
    return (
      <section className="panel" aria-label="Gate">
        <h2>The gate</h2>
        <p className="dim">No training works on this problem yet, so no model has met its gate.</p>
      </section>
    );
  return trainings.map((training) => (
    <NewestGates
      key={training.id}
      training={training.name}
      version={`${training.lastRun?.run}:${training.lastRun?.state}`}
      now={now}
    />
  ));
}
