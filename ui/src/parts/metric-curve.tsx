// The first metric over the versions of a training, so that a decline is seen at a glance.

import type { ModelSummary } from "../../../src/http/api.ts";
import { metricsOf } from "../model-words.ts";
import { betterDirection, metricText, metricTitle } from "../words.ts";

const width = 320;
const height = 64;
const margin = 6;

export function MetricCurve({ models }: { readonly models: readonly ModelSummary[] }) {
  const metric = metricsOf(models)[0];
  if (metric === undefined) return null;
  const points = models
    .flatMap((model) => {
      const value = model.metrics[metric];
      return value === null || value === undefined
        ? []
        : [{ version: model.version, value, live: model.aliases.includes("live") }];
    })
    .toReversed();
  const [oldest, newest] = [points[0], points.at(-1)];
  if (points.length < 3 || oldest === undefined || newest === undefined) return null;
  const low = Math.min(...points.map((point) => point.value));
  const high = Math.max(...points.map((point) => point.value));
  const span = high - low || 1;
  const x = (index: number) => margin + (index / (points.length - 1)) * (width - 2 * margin);
  const y = (value: number) => height - margin - ((value - low) / span) * (height - 2 * margin);
  const title = metricTitle(metric);
  const better = betterDirection(metric);
  return (
    <figure className="curve">
      <figcaption>
        {title} of each version{better === null ? "" : `, ${better} is better`}
      </figcaption>
      <div className="curve-frame">
        <div className="curve-scale" aria-hidden="true">
          <span>{metricText(high)}</span>
          <span>{metricText(low)}</span>
        </div>
        <svg
          viewBox={`0 0 ${width} ${height}`}
          role="img"
          aria-label={`${title} from ${metricText(oldest.value)} at v${oldest.version} to ${metricText(newest.value)} at v${newest.version}`}
        >
          <polyline points={points.map((point, index) => `${x(index)},${y(point.value)}`).join(" ")} />
          {points.map((point, index) => (
            <circle
              key={point.version}
              className={point.live ? "live" : ""}
              cx={x(index)}
              cy={y(point.value)}
              r={point.live ? 4 : 2.5}
            >
              <title>{`v${point.version}: ${metricText(point.value)}`}</title>
            </circle>
          ))}
        </svg>
      </div>
      <div className="curve-ends" aria-hidden="true">
        <span>v{oldest.version}</span>
        <span>v{newest.version}</span>
      </div>
    </figure>
  );
}
