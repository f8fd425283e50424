// How a column's numbers are spread, as bars of equal width from the smallest to the largest.

import { histogramSummary } from "../profile-words.ts";
import { valueText } from "../words.ts";

interface HistogramProps {
  readonly counts: readonly number[];
  readonly min: number | string | null;
  readonly max: number | string | null;
  readonly unit: string | null;
}

const height = 32;

export function Histogram({ counts, min, max, unit }: HistogramProps) {
  const most = Math.max(1, ...counts);
  return (
    <figure className="histogram">
      <svg
        viewBox={`0 0 ${counts.length} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={histogramSummary(counts, min, max, unit)}
      >
        {counts.map((rows, bin) => {
          const tall = rows === 0 ? 0 : Math.max(1, (rows / most) * height);
          // biome-ignore lint/suspicious/noArrayIndexKey: a bin is its place.
          return <rect key={bin} x={bin + 0.06} width={0.88} y={height - tall} height={tall} />;
        })}
      </svg>
      <figcaption>
        <span>{valueText(min)}</span>
        <span>{valueText(max, unit)}</span>
      </figcaption>
    </figure>
  );
}
