// A component's run history.

import { useState } from "react";
import type { ComponentStatus } from "../../../src/http/api.ts";
import { getRuns } from "../api.ts";
import { useLoaded } from "../use-loaded.ts";
import { ProblemNotice } from "./problem-notice.tsx";
import { RunTable } from "./run-table.tsx";
import { Skeleton } from "./skeleton.tsx";

const page = 12;

export function ComponentRuns({ component, now }: { readonly component: ComponentStatus; readonly now: Date }) {
  const [limit, setLimit] = useState(page);
  const { value, problem, reload } = useLoaded(
    (signal) => getRuns(component.id, limit, signal),
    `${component.lastRun?.run}:${component.lastRun?.state} ${limit}`,
  );
  return (
    <section className="panel" aria-label="Runs">
      <h2>Runs</h2>
      {problem !== null && <ProblemNotice problem={problem} what="The runs could not be loaded" onRetry={reload} />}
      {value === null && problem === null && <Skeleton lines={4} />}
      {value !== null && <RunTable runs={value.runs} now={now} />}
      {value !== null && value.runs.length >= limit && (
        <button type="button" className="quiet" onClick={() => setLimit(limit + 50)}>
          Show older runs
        </button>
      )}
    </section>
  );
}
