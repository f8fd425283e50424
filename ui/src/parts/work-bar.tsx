// What a running component does now, with a bar when it is known how far it is.

import type { RunSummary } from "../../../src/http/api.ts";
import { workText } from "../status-words.ts";

export function WorkBar({ run, label }: { readonly run: RunSummary | null; readonly label: string }) {
  const progress = run?.progress ?? null;
  return (
    <div className="work">
      <p>{workText(run)}</p>
      <div
        className="bar"
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        {...(progress === null ? {} : { "aria-valuenow": Math.floor(progress * 100) })}
        data-unknown={progress === null}
      >
        <i style={{ width: progress === null ? "30%" : `${progress * 100}%` }} />
      </div>
    </div>
  );
}
