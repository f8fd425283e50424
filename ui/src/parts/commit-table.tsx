// The newest commits of a feature group: what each did, and how many rows the group had after it.

import type { DataDocument } from "../../../src/http/api.ts";
import { useNow } from "../use-now.ts";
import { count, numberText } from "../words.ts";
import { Ago } from "./ago.tsx";

const kinds: Readonly<Record<DataDocument["history"][number]["kind"], string>> = {
  append: "added",
  replace: "started anew",
  backfill: "backfilled",
  delete: "forgot",
};

export function CommitTable({ data }: { readonly data: DataDocument }) {
  const now = useNow();
  return (
    <details className="commits">
      <summary>{count(data.commits, "commit")}</summary>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Commit</th>
            <th scope="col">When</th>
            <th scope="col">What</th>
            <th scope="col" className="number-cell">
              New or changed
            </th>
            <th scope="col" className="number-cell">
              Rejected
            </th>
            <th scope="col" className="number-cell">
              Rows after it
            </th>
          </tr>
        </thead>
        <tbody>
          {data.history.map(({ commit, at, kind, rows }) => (
            <tr key={commit}>
              <th scope="row">{commit}</th>
              <td data-label="When">
                <Ago at={at} now={now} />
              </td>
              <td data-label="What">{kinds[kind]}</td>
              <td data-label="New or changed" className="number-cell">
                {numberText(rows.written)}
              </td>
              <td data-label="Rejected" className="number-cell">
                {numberText(rows.quarantined)}
              </td>
              <td data-label="Rows after it" className="number-cell">
                {numberText(rows.total)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="small">
        <code>
          pentad export features/{data.name}@{data.history.at(-1)?.commit ?? 1} --out rows.parquet
        </code>{" "}
        writes the rows as of a commit.
      </p>
    </details>
  );
}
