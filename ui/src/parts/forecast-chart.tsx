// Every step of a forecast: a line with its interval as a band, and the same numbers as a table that can be unfolded.

import type { AppDocument, PredictionDocument } from "../../../src/http/api.ts";
import { numberText, stepText, withUnit } from "../words.ts";

interface ForecastChartProps {
  readonly app: Pick<AppDocument, "label">;
  readonly forecast: NonNullable<PredictionDocument["forecast"]>;
}

const [width, height, left, bottom, top] = [640, 240, 56, 26, 10];

export function ForecastChart({ app, forecast }: ForecastChartProps) {
  const { steps, coverage } = forecast;
  const { unit } = app.label;
  const [low, high] = range(steps.flatMap(({ lower, upper }) => [lower, upper]));
  const x = (index: number) => left + (width - left - 12) * (steps.length === 1 ? 0.5 : index / (steps.length - 1));
  const y = (value: number) => top + (height - top - bottom) * (1 - (value - low) / (high - low));
  const line = (part: "value" | "lower" | "upper") => steps.map((step, i) => `${x(i)},${y(step[part])}`);
  const first = steps[0];
  const last = steps[steps.length - 1];
  if (first === undefined || last === undefined) return null;
  const shown = (value: number) => withUnit(numberText(Number(value.toPrecision(4))), unit);
  return (
    <figure className="forecast">
      <svg
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={`From ${shown(first.value)} (${stepText(first.at, steps)}) to ${shown(last.value)} (${stepText(last.at, steps)})`}
      >
        {[low, (low + high) / 2, high].map((value) => (
          <g key={value}>
            <line className="grid" x1={left} x2={width - 12} y1={y(value)} y2={y(value)} />
            <text x={left - 8} y={y(value) + 4} textAnchor="end">
              {numberText(Number(value.toPrecision(3)))}
            </text>
          </g>
        ))}
        <polygon className="band" points={[...line("upper"), ...line("lower").toReversed()].join(" ")} />
        <polyline className="line" points={line("value").join(" ")} />
        {steps.length <= 40 && steps.map((step, i) => <circle key={step.at} cx={x(i)} cy={y(step.value)} r={3} />)}
        <text x={left} y={height - 6}>
          {stepText(first.at, steps)}
        </text>
        <text x={width - 12} y={height - 6} textAnchor="end">
          {stepText(last.at, steps)}
        </text>
      </svg>
      <figcaption className="small dim">
        The line is what is expected; in {Math.round(coverage * 100)} of 100 cases the value lies in the band.
      </figcaption>
      <details>
        <summary>All {steps.length} steps as numbers</summary>
        <div className="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Expected</th>
                <th scope="col">At least</th>
                <th scope="col">At most</th>
              </tr>
            </thead>
            <tbody>
              {steps.map((step) => (
                <tr key={step.at}>
                  <th scope="row">{stepText(step.at, steps)}</th>
                  <td>{shown(step.value)}</td>
                  <td>{shown(step.lower)}</td>
                  <td>{shown(step.upper)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}

/** The values with some room around them; never empty. */
function range(values: readonly number[]): [number, number] {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const room = high > low ? (high - low) * 0.06 : Math.abs(high) * 0.1 || 1;
  return [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
}
