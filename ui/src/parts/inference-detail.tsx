// What an inference component's page shows: the model that answers, and how programs call it.

import type { ComponentStatus, StatusDocument } from "../../../src/http/api.ts";
import { appsOf, exampleInputs } from "../calling.ts";
import { componentHref } from "../routes.ts";
import { AppLinks } from "./app-links.tsx";
import { CallingSnippets } from "./calling-snippets.tsx";
import { LiveModel } from "./live-model.tsx";
import { useAppDocument } from "./use-app-document.ts";

interface InferenceDetailProps {
  readonly component: ComponentStatus;
  readonly status: StatusDocument;
  readonly now: Date;
}

export function InferenceDetail({ component, status, now }: InferenceDetailProps) {
  const apps = appsOf(status.components, component.id);
  const trainings = component.dependsOn.filter((id) => id.startsWith("training/"));
  // The product page knows the inputs with their typical values, so an example call can be given that works.
  const app = useAppDocument(apps[0]?.name ?? null, `${component.lastRun?.run}:${component.lastRun?.state}`);
  return (
    <>
      {trainings.map((id) => (
        <section className="panel" key={id} aria-label="Live model">
          <h2>
            Live model of <a href={componentHref(id)}>{id}</a>
          </h2>
          <LiveModel
            training={id.slice("training/".length)}
            version={`${component.lastRun?.run} ${status.components.find((each) => each.id === id)?.lastRun?.run}`}
            now={now}
          />
        </section>
      ))}
      <section className="panel" aria-label="How to call it">
        <h2>How to call it</h2>
        <CallingSnippets name={component.name} inputs={exampleInputs(app?.fields ?? [])} />
        <p className="small dim">
          <code>?explain=true</code> adds the reasons; an array of objects gives an array of answers. Everything that is
          served is described in <a href="/openapi.json">openapi.json</a>, also in the Open Inference Protocol under{" "}
          <code>/v2/models/{component.name}</code>.
        </p>
      </section>
      {apps.length > 0 && (
        <section className="panel" aria-label="Apps">
          <h2>Where people ask it</h2>
          <AppLinks apps={apps} />
        </section>
      )}
    </>
  );
}
