// How the newest models of a training fared at the gate, check by check in sentences.

import { getModels } from "../api.ts";
import { componentHref } from "../routes.ts";
import { useLoaded } from "../use-loaded.ts";
import { algorithmText } from "../words.ts";
import { Ago } from "./ago.tsx";
import { Aliases } from "./aliases.tsx";
import { GateChecks } from "./gate-checks.tsx";
import { ProblemNotice } from "./problem-notice.tsx";
import { Skeleton } from "./skeleton.tsx";

interface NewestGatesProps {
  readonly training: string;
  readonly version: string;
  readonly now: Date;
}

const shownAtMost = 3;

export function NewestGates({ training, version, now }: NewestGatesProps) {
  const { value, problem, reload } = useLoaded((signal) => getModels(training, signal), version);
  return (
    <section className="panel" aria-label={`The gate of training ${training}`}>
      <h2>
        The gate: models of <a href={componentHref(`training/${training}`)}>training/{training}</a>
      </h2>
      <p className="small dim">A model goes live only when it passes every check on rows that it has never seen.</p>
      {problem !== null && <ProblemNotice problem={problem} what="The models could not be loaded" onRetry={reload} />}
      {value === null && problem === null && <Skeleton lines={4} />}
      {value?.models.length === 0 && <p className="dim">No model has met the gate yet.</p>}
      <ul className="gates">
        {value?.models.slice(0, shownAtMost).map((model) => (
          <li key={model.version}>
            <h3>
              v{model.version}, {algorithmText(model.algorithm)} <Aliases aliases={model.aliases} />{" "}
              <span className="small dim">
                <Ago at={model.createdAt} now={now} />
              </span>
            </h3>
            <GateChecks gate={model.gate} />
          </li>
        ))}
      </ul>
    </section>
  );
}
