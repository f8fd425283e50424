// The rejected rows that wait for somebody: why each was rejected, and what it holds.

import { getQuarantine } from "../api.ts";
import { useLoaded } from "../use-loaded.ts";
import { count } from "../words.ts";
import { ProblemNotice } from "./problem-notice.tsx";

export function QuarantineTable({ name, version }: { readonly name: string; readonly version: string }) {
  const { value, problem, reload } = useLoaded((signal) => getQuarantine(name, signal), version);
  if (problem !== null)
    return <ProblemNotice problem={problem} what="The rejected rows could not be loaded" onRetry={reload} />;
  if (value === null || value.total === 0) return null;
  return (
    <details className="quarantine">
      <summary className="warn">
        {count(value.total, "row")} did not pass the checks and {value.total === 1 ? "waits" : "wait"} in quarantine
      </summary>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Row</th>
            <th scope="col">Why</th>
            <th scope="col">What it holds</th>
          </tr>
        </thead>
        <tbody>
          {value.rows.map((row) => (
            <tr key={row.id}>
              <th scope="row">
                {row.row} <span className="dim small">({row.id})</span>
              </th>
              <td data-label="Why">{row.reason}</td>
              <td data-label="What it holds">{row.values === undefined ? row.text : cellsText(row.values)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {value.rows.length < value.total && (
        <p className="small dim">
          The first {value.rows.length}; <code>pentad quarantine show {name}</code> gives more.
        </p>
      )}
      <p className="small">
        After a fix <code>pentad quarantine replay {name}</code> reads them again;{" "}
        <code>pentad quarantine discard {name}</code> lays them aside. With <code>--row</code> or <code>--rule</code>{" "}
        only some.
      </p>
    </details>
  );
}

function cellsText(values: Readonly<Record<string, string | null>>): string {
  return Object.entries(values)
    .map(([column, cell]) => `${column}: ${cell ?? "nothing"}`)
    .join(" · ");
}
