// The version that answers now, with its metrics.

import { getModels } from "../api.ts";
import { useLoaded } from "../use-loaded.ts";
import { algorithmText, count, metricText, metricTitle } from "../words.ts";
import { Ago } from "./ago.tsx";
import { ProblemNotice } from "./problem-notice.tsx";
import { Skeleton } from "./skeleton.tsx";

interface LiveModelProps {
  readonly training: string;
  readonly version: string;
  readonly now: Date;
}

export function LiveModel({ training, version, now }: LiveModelProps) {
  const { value, problem, reload } = useLoaded((signal) => getModels(training, signal), version);
  if (value === null)
    return problem === null ? (
      <Skeleton lines={2} />
    ) : (
      <ProblemNotice problem={problem} what="The model could not be loaded" onRetry={reload} />
    );
  const live = value.models.find((model) => model.aliases.includes("live"));
  if (live === undefined) return <p className="dim">No version is live, so it cannot answer yet.</p>;
  return (
    <>
      <p>
        <strong>v{live.version}</strong>, {algorithmText(live.algorithm)}, trained <Ago at={live.createdAt} now={now} />{" "}
        on {count(live.rows.train, "row")}. On {count(live.rows.test, "held-out row")}:
      </p>
      <dl className="facts">
        {Object.entries(live.metrics).map(([metric, measured]) => (
          <div key={metric}>
            <dt>{metricTitle(metric)}</dt>
            <dd>{metricText(measured)}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
