// A run's steps, each as a bar on the run's scale of time, with what it used.

import type { StepSummary } from "../../../src/http/api.ts";
import { bytesText, durationText, numberText, sentence } from "../words.ts";
import { StateMark } from "./state-mark.tsx";

export function StepTable({ steps, now }: { readonly steps: readonly StepSummary[]; readonly now: Date }) {
  if (steps.length === 0) return <p className="dim">No step was started.</p>;
  // What waits has no time of its own yet.
  const begun = steps.filter(({ state }) => state !== "waiting");
  const start = begun.reduce((least, step) => Math.min(least, Date.parse(step.startedAt)), now.getTime());
  const end = begun.reduce((most, step) => Math.max(most, endOf(step, now)), start);
  const span = Math.max(1, end - start);
  return (
    <table className="table steps">
      <thead>
        <tr>
          <th scope="col">Step</th>
          <th scope="col">When, over {durationText(span)}</th>
          <th scope="col" className="number-cell">
            Took
          </th>
          <th scope="col" className="number-cell">
            Processor
          </th>
          <th scope="col" className="number-cell">
            Peak memory
          </th>
          <th scope="col" className="number-cell">
            Read
          </th>
          <th scope="col" className="number-cell">
            Written
          </th>
        </tr>
      </thead>
      <tbody>
        {steps.map((step) => {
          const waits = step.state === "waiting";
          const from = (Date.parse(step.startedAt) - start) / span;
          const width = Math.max(0.004, (endOf(step, now) - Date.parse(step.startedAt)) / span);
          const state = step.state === "done" ? "ok" : step.state === "waiting" ? "idle" : step.state;
          return (
            <tr key={`${step.step} ${step.attempt}`}>
              <th scope="row">
                <span className={`state ${state}`}>
                  <StateMark state={state} />
                  <span className="hidden">{step.state}: </span>
                </span>{" "}
                {step.step}
                {step.attempt > 1 && <span className="dim"> attempt {step.attempt}</span>}
                {step.failure !== null && <p className="error">{sentence(step.failure.message)}</p>}
              </th>
              <td className="lane">
                <svg viewBox="0 0 100 10" preserveAspectRatio="none" className={state} aria-hidden="true">
                  <rect className="track" width="100" height="10" />
                  {!waits && <rect x={from * 100} width={Math.min(100 - from * 100, width * 100)} height="10" />}
                </svg>
              </td>
              <td data-label="Took" className="number-cell">
                {step.wallMs === null ? step.state : durationText(step.wallMs)}
              </td>
              <td data-label="Processor" className="number-cell">
                {step.cpuMs === null ? "–" : durationText(step.cpuMs)}
              </td>
              <td data-label="Peak memory" className="number-cell">
                {step.peakMemoryMb === null ? "–" : `${numberText(Math.round(step.peakMemoryMb))} MB`}
              </td>
              <td data-label="Read" className="number-cell">
                {bytesText(step.bytesIn)}
              </td>
              <td data-label="Written" className="number-cell">
                {bytesText(step.bytesOut)}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function endOf(step: StepSummary, now: Date): number {
  if (step.endedAt !== null) return Date.parse(step.endedAt);
  return step.wallMs === null ? now.getTime() : Date.parse(step.startedAt) + step.wallMs;
}
