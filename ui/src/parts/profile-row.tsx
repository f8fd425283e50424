// One column's profile as a row of the table.

import type { ColumnProfile } from "../../../src/http/api.ts";
import { numberText, percentText, valueText, withUnit } from "../words.ts";
import { Histogram } from "./histogram.tsx";
import { TopValues } from "./top-values.tsx";

const roleWords: Readonly<Record<ColumnProfile["role"], string>> = {
  feature: "",
  window: "computed over time",
  label: "",
};

export function ProfileRow({ column, rows }: { readonly column: ColumnProfile; readonly rows: number }) {
  const { name, type, role, unit, description, missing, distinct } = column;
  const kind = [type, unit === null ? "" : `in ${unit}`, roleWords[role]].filter((part) => part !== "").join(", ");
  return (
    <tr className={role}>
      <th scope="row">
        <span className="column-name">{name}</span>
        <span className="small dim">{kind}</span>
        {description !== null && <span className="small dim">{description}</span>}
      </th>
      <td data-label="Values" className="picture">
        <Picture column={column} rows={rows} />
      </td>
      <td data-label="Typical">{typicalText(column)}</td>
      <td data-label="Missing" className="number-cell">
        {missing === 0
          ? "none"
          : rows === 0
            ? numberText(missing)
            : `${numberText(missing)} (${percentText(missing / rows)})`}
      </td>
      <td data-label="Distinct" className="number-cell">
        {numberText(distinct)}
      </td>
    </tr>
  );
}

function Picture({ column, rows }: { readonly column: ColumnProfile; readonly rows: number }) {
  if (column.histogram !== null && column.histogram.length > 0)
    return <Histogram counts={column.histogram} min={column.min} max={column.max} unit={column.unit} />;
  if (column.top !== null && column.top.length > 0)
    return <TopValues top={column.top} rows={rows} distinct={column.distinct} />;
  if (column.min !== null && column.max !== null)
    return `${valueText(column.min, column.unit)} to ${valueText(column.max, column.unit)}`;
  return "–";
}

function typicalText({ median, mean, unit, top, type }: ColumnProfile): string {
  if (median !== null) return `${withUnit(numberText(median), unit)} (median)`;
  if (type === "number" && mean !== null) return `${withUnit(numberText(mean), unit)} (mean)`;
  return top?.[0] === undefined ? "–" : valueText(top[0].value);
}
