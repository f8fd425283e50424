// Says that the connection is lost, since when, and that what is shown may be old.

import { clockText } from "../words.ts";

export function LostNotice({ since, now }: { readonly since: Date; readonly now: Date }) {
  return (
    <div className="notice waits" role="alert">
      <p>
        <strong>The server has not answered since {clockText(since.toISOString(), now)}.</strong> What you see is the
        last state it told. This page keeps trying; check that <code>pentad dev</code> is still running.
      </p>
    </div>
  );
}
