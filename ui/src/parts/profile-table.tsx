// The columns of a feature group: type, picture, typical values, what is missing; long tables can be searched.

import { useId, useState } from "react";
import type { ColumnProfile } from "../../../src/http/api.ts";
import { matching } from "../matching.ts";
import { count } from "../words.ts";
import { ProfileRow } from "./profile-row.tsx";

const searchAbove = 15;
const shownAtFirst = 40;

export function ProfileTable({ columns, rows }: { readonly columns: readonly ColumnProfile[]; readonly rows: number }) {
  const id = useId();
  const [sought, setSought] = useState("");
  const [all, setAll] = useState(columns.length <= shownAtFirst);
  const names = new Set(
    matching(
      columns.map((column) => column.name),
      sought,
    ),
  );
  const found = columns.filter((column) => names.has(column.name));
  const shown = all ? found : found.slice(0, shownAtFirst);
  return (
    <>
      {columns.length > searchAbove && (
        <p className="row">
          <label htmlFor={id}>Find a column</label>
          <input
            id={id}
            type="text"
            className="short"
            value={sought}
            onChange={(event) => setSought(event.target.value)}
          />
          <span className="small dim" role="status">
            {count(found.length, "column")}
          </span>
        </p>
      )}
      <table className="table profile">
        <thead>
          <tr>
            <th scope="col">Column</th>
            <th scope="col">Values</th>
            <th scope="col">Typical</th>
            <th scope="col" className="number-cell">
              Missing
            </th>
            <th scope="col" className="number-cell">
              Distinct
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((column) => (
            <ProfileRow key={column.name} column={column} rows={rows} />
          ))}
        </tbody>
      </table>
      {shown.length < found.length && (
        <button type="button" className="quiet" onClick={() => setAll(true)}>
          Show all {found.length} columns
        </button>
      )}
    </>
  );
}
