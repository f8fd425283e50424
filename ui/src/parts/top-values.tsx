// The most frequent values of a column with their shares.

import type { ColumnProfile } from "../../../src/http/api.ts";
import { numberText, percentText, valueText } from "../words.ts";

interface TopValuesProps {
  readonly top: NonNullable<ColumnProfile["top"]>;
  readonly rows: number;
  readonly distinct: number;
}

const shownAtMost = 4;

export function TopValues({ top, rows, distinct }: TopValuesProps) {
  const shown = top.slice(0, shownAtMost);
  const more = distinct - shown.length;
  return (
    <ul className="top-values">
      {shown.map(({ value, count }) => {
        const share = rows === 0 ? 0 : count / rows;
        return (
          <li key={value}>
            <span className="top-value">{valueText(value)}</span>
            <span className="bar thin" aria-hidden="true">
              <i style={{ width: `${share * 100}%` }} />
            </span>
            <span>{percentText(share)}</span>
          </li>
        );
      })}
      {more > 0 && <li className="dim">and {numberText(more)} more</li>}
    </ul>
  );
}
