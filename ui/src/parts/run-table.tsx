// Runs as a table, the newest first: how each ended, why it started, how long it took, what it did.

import type { RunSummary } from "../../../src/http/api.ts";
import { componentHref, runHref } from "../routes.ts";
import { didText, reasonText, runStateWords } from "../status-words.ts";
import { durationText } from "../words.ts";
import { Ago } from "./ago.tsx";
import { markOfRun, StateMark } from "./state-mark.tsx";

interface RunTableProps {
  readonly runs: readonly RunSummary[];
  readonly now: Date;
  readonly showComponent?: boolean;
}

export function RunTable({ runs, now, showComponent = false }: RunTableProps) {
  if (runs.length === 0) return <p className="dim">No run yet.</p>;
  const longest = Math.max(1, ...runs.map((run) => run.durationMs ?? 0));
  return (
    <table className="table runs">
      <thead>
        <tr>
          <th scope="col">Run</th>
          {showComponent && <th scope="col">Component</th>}
          <th scope="col">Why</th>
          <th scope="col">Took</th>
          <th scope="col">What it did</th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <tr key={run.run}>
            <th scope="row">
              <a href={runHref(run.run)} className={`state ${markOfRun(run.state)}`}>
                <StateMark state={markOfRun(run.state)} /> {runStateWords[run.state]}{" "}
                <Ago at={run.startedAt} now={now} />
              </a>
            </th>
            {showComponent && (
              <td data-label="Component">
                <a href={componentHref(run.component)}>{run.component}</a>
              </td>
            )}
            <td data-label="Why">{reasonText(run.reason)}</td>
            <td data-label="Took" className="took">
              {run.durationMs === null ? (
                "–"
              ) : (
                <>
                  <span>{durationText(run.durationMs)}</span>
                  <span className="bar thin" aria-hidden="true">
                    <i style={{ width: `${Math.max(1, (run.durationMs / longest) * 100)}%` }} />
                  </span>
                </>
              )}
            </td>
            <td data-label="What it did" className="did">
              {didText(run) || "–"}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
