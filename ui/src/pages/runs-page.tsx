// The newest runs of every component.

import { useState } from "react";
import type { StatusDocument } from "../../../src/http/api.ts";
import { getRuns } from "../api.ts";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { RunTable } from "../parts/run-table.tsx";
import { Skeleton } from "../parts/skeleton.tsx";
import { useLoaded } from "../use-loaded.ts";

const page = 50;

export function RunsPage({ status, now }: { readonly status: StatusDocument; readonly now: Date }) {
  const [limit, setLimit] = useState(page);
  const [component, setComponent] = useState("");
  const newest = status.components.map((each) => `${each.lastRun?.run}:${each.lastRun?.state}`).join();
  const runs = useLoaded(
    (signal) => getRuns(component === "" ? null : component, limit, signal),
    `${newest} ${limit} ${component}`,
  );
  return (
    <>
      <h1>Runs</h1>
      <p className="row">
        <label htmlFor="runs-of">of</label>
        <select id="runs-of" className="short" value={component} onChange={(event) => setComponent(event.target.value)}>
          <option value="">every component</option>
          {status.components.map((each) => (
            <option key={each.id} value={each.id}>
              {each.id}
            </option>
          ))}
        </select>
      </p>
      {runs.problem !== null && (
        <ProblemNotice problem={runs.problem} what="The runs could not be loaded" onRetry={runs.reload} />
      )}
      {runs.value === null ? (
        runs.problem === null && <Skeleton lines={6} />
      ) : (
        <section className="panel" aria-label="Runs">
          <RunTable runs={runs.value.runs} now={now} showComponent />
          {runs.value.runs.length >= limit && (
            <button type="button" className="quiet" onClick={() => setLimit(limit + page)}>
              Show more
            </button>
          )}
        </section>
      )}
    </>
  );
}
