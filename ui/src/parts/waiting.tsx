// In place of the form while no model is live: what it waits for, and that the page will go on by itself.

import { sentence } from "../words.ts";

export function Waiting({
  waitingFor,
  disconnected,
}: {
  readonly waitingFor: string | null;
  readonly disconnected: boolean;
}) {
  return (
    <section className="waiting" aria-label="Waiting for a model">
      <div className="pulse" aria-hidden="true">
        <i />
        <i />
        <i />
        <i />
        <i />
      </div>
      <div role="status">
        <h2>No model is live yet</h2>
        <p>{sentence(waitingFor ?? "The first one is on its way")}</p>
        {disconnected && <p className="warn">The server does not answer at the moment; this page keeps trying.</p>}
      </div>
      <p className="small dim">
        This page turns into the form by itself. <a href="/">See what is happening</a>
      </p>
    </section>
  );
}
