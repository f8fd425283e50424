// Home: the question, the state of everything in one sentence, the failures, and the five steps.

import type { StatusDocument } from "../../../src/http/api.ts";
import { getRuns } from "../api.ts";
import { Column } from "../parts/column.tsx";
import { EmptyProject } from "../parts/empty-project.tsx";
import { FailureStrip } from "../parts/failure-strip.tsx";
import { StateMark } from "../parts/state-mark.tsx";
import { kindOrder, overall } from "../status-words.ts";
import { useLoaded } from "../use-loaded.ts";

interface HomeProps {
  readonly status: StatusDocument;
  readonly question: string | null;
  readonly now: Date;
}

const recentRuns = 200;

export function Home({ status, question, now }: HomeProps) {
  const { components } = status;
  const finished = components.map((component) => `${component.lastRun?.run}:${component.lastRun?.state}`).join();
  const runs = useLoaded((signal) => getRuns(null, recentRuns, signal), finished);
  const { state, sentence } = overall(status, now);
  const failed = components.filter((component) => component.failure !== null && component.state === "failed");
  return (
    <>
      <h1>{question ?? status.project}</h1>
      <p className="overall" role="status">
        <StateMark state={state} /> {sentence}
      </p>
      {failed.length > 0 && (
        <ul className="failures" aria-label="Failures">
          {failed.map((component) => (
            <FailureStrip key={component.id} component={component} components={components} now={now} />
          ))}
        </ul>
      )}
      {components.length === 0 ? (
        <EmptyProject />
      ) : (
        <div className="columns">
          {kindOrder.map((kind) => (
            <Column
              key={kind}
              kind={kind}
              components={components.filter((component) => component.kind === kind)}
              runs={runs.value?.runs ?? []}
              now={now}
            />
          ))}
        </div>
      )}
    </>
  );
}
