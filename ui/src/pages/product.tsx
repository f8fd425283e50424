// The product page: people ask the live model, and see the answer with its reasons and its age.

import "../styles/product.css";
import { useEffect } from "react";
import { getApp } from "../api.ts";
import { Ask } from "../parts/ask.tsx";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { Skeleton } from "../parts/skeleton.tsx";
import { Waiting } from "../parts/waiting.tsx";
import { useLoaded } from "../use-loaded.ts";
import { humanName } from "../words.ts";

const waitingPollMs = 2_000;
const livePollMs = 60_000;

export default function Product({ name }: { readonly name: string }) {
  const { value: app, problem, reload } = useLoaded((signal) => getApp(name, signal), name);
  const settled = app !== null && app.model !== null;
  const unknown = problem !== null && problem.status === 404;

  useEffect(() => {
    document.title = app?.title ?? humanName(name);
  }, [app?.title, name]);

  // A page without a model asks often, so that it turns into the form by itself; each time after the last answer or failure.
  useEffect(() => {
    if (unknown || (app === null && problem === null)) return;
    const timer = setTimeout(reload, settled ? livePollMs : waitingPollMs);
    return () => clearTimeout(timer);
  }, [app, problem, settled, unknown, reload]);

  if (app === null) {
    return (
      <main className="product">
        <h1>{unknown ? "There is no such page" : humanName(name)}</h1>
        {problem === null ? (
          <Skeleton lines={6} />
        ) : (
          <ProblemNotice problem={problem} {...(unknown ? {} : { onRetry: reload })} />
        )}
      </main>
    );
  }
  return (
    <main className="product">
      <header className="product-head">
        {app.title !== app.question && <p className="product-title">{app.title}</p>}
        <h1>{app.question}</h1>
        {app.intro !== null && <p className="intro">{app.intro}</p>}
      </header>
      {app.model === null ? (
        <Waiting waitingFor={app.waitingFor} disconnected={problem !== null} />
      ) : (
        // A model with other inputs needs a new form.
        <Ask key={app.fields.map((field) => `${field.name}:${field.type}`).join()} app={app} onModelGone={reload} />
      )}
    </main>
  );
}
