// A component's last runs as small bars, the newest to the right: as tall as they were long, hollow when nothing was to do, red when they failed.

import type { RunSummary } from "../../../src/http/api.ts";
import { stripSummary } from "../status-words.ts";

const width = 100;
const height = 26;
const shownAtMost = 20;

export function RunStrip({ runs }: { readonly runs: readonly RunSummary[] }) {
  const shown = runs.slice(0, shownAtMost).toReversed();
  const longest = Math.max(1, ...shown.map((run) => run.durationMs ?? 0));
  const step = width / shownAtMost;
  const first = width - shown.length * step;
  return (
    <figure className="strip">
      <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={stripSummary(shown)}>
        {shown.map((run, index) => {
          // Square roots, so that one long run does not flatten the others.
          const tall =
            run.state === "skipped" ? 2 : Math.max(3, height * Math.sqrt((run.durationMs ?? longest) / longest));
          return (
            <rect
              key={run.run}
              className={run.state}
              x={first + index * step + 0.6}
              width={step - 1.2}
              y={height - tall}
              height={tall}
            />
          );
        })}
      </svg>
      <figcaption>{shown.length} last runs, by duration</figcaption>
    </figure>
  );
}
