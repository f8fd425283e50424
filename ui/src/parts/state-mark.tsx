// A component's state as a shape and a colour; the word beside it says the same.

import type { ComponentState, RunSummary } from "../../../src/http/api.ts";

/** Well: a disc with a tick. Working: an open ring that turns. Failed: a square with a cross. Older data: a triangle. Not run: a hollow ring. */
const shapes: Readonly<Record<ComponentState, React.ReactNode>> = {
  ok: (
    <>
      <circle cx="7" cy="7" r="6.5" fill="currentColor" />
      <path d="M4 7.3 6.2 9.4 10 5" className="cut" />
    </>
  ),
  running: <path d="M7 1.5a5.5 5.5 0 1 1-5.5 5.5" className="line" />,
  failed: (
    <>
      <rect x="0.5" y="0.5" width="13" height="13" rx="3" fill="currentColor" />
      <path d="m4.5 4.5 5 5m0-5-5 5" className="cut" />
    </>
  ),
  stale: (
    <>
      <path d="M7 1 13.4 12.6H.6Z" fill="currentColor" stroke="currentColor" strokeLinejoin="round" />
      <path d="M7 5v3.2M7 10.6v.2" className="cut" />
    </>
  ),
  idle: <circle cx="7" cy="7" r="5.5" className="line" />,
};

export function StateMark({ state }: { readonly state: ComponentState }) {
  return (
    <svg className={`mark ${state}`} viewBox="0 0 14 14" aria-hidden="true">
      {shapes[state]}
    </svg>
  );
}

/** The component state whose shape a run's state wears. */
export function markOfRun(state: RunSummary["state"]): ComponentState {
  if (state === "done") return "ok";
  if (state === "running" || state === "failed") return state;
  return "idle";
}
