// What a training's page shows: how its models became better or worse, and every version with its gate.

import { useEffect, useRef, useState } from "react";
import { getModels } from "../api.ts";
import { useLoaded } from "../use-loaded.ts";
import { MetricCurve } from "./metric-curve.tsx";
import { ModelTable } from "./model-table.tsx";
import { ProblemNotice } from "./problem-notice.tsx";
import { Skeleton } from "./skeleton.tsx";

interface TrainingDetailProps {
  readonly name: string;
  readonly version: string;
  readonly now: Date;
}

export function TrainingDetail({ name, version, now }: TrainingDetailProps) {
  const { value, problem, reload } = useLoaded((signal) => getModels(name, signal), version);
  const [said, setSaid] = useState("");
  const status = useRef<HTMLParagraphElement>(null);

  // The button that was pressed goes away with the promotion; the focus goes to what came of it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the new versions take the button away.
  useEffect(() => {
    if (said !== "" && document.activeElement === document.body) status.current?.focus();
  }, [said, value]);

  return (
    <section className="panel" aria-label="Models">
      <h2>Models</h2>
      <p role="status" className="said" ref={status} tabIndex={-1}>
        {said}
      </p>
      {problem !== null && <ProblemNotice problem={problem} what="The models could not be loaded" onRetry={reload} />}
      {value === null && problem === null && <Skeleton lines={5} />}
      {value?.models.length === 0 && <p className="dim">No model has been trained yet.</p>}
      {value !== null && value.models.length > 0 && (
        <>
          <MetricCurve models={value.models} />
          <ModelTable
            models={value.models}
            now={now}
            onPromoted={(promoted) => {
              setSaid(`v${promoted} is live now.`);
              reload();
            }}
          />
        </>
      )}
    </section>
  );
}
