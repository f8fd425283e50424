// What an app's page shows: the way to the product page, and what it asks for.

import type { ComponentStatus } from "../../../src/http/api.ts";
import { appHref } from "../routes.ts";
import { algorithmText, count, listText, sentence, spanText } from "../words.ts";
import { useAppDocument } from "./use-app-document.ts";

export function AppDetail({ component }: { readonly component: ComponentStatus }) {
  const app = useAppDocument(component.name, `${component.lastRun?.run}:${component.state}`);
  return (
    <section className="panel" aria-label="Product page">
      <h2>{app?.title ?? "Product page"}</h2>
      {app !== null && (
        <>
          <p>
            It asks “{app.question}” with {count(app.fields.length, "value")}:{" "}
            {listText(app.fields.map((field) => field.label))}.
          </p>
          <p className="dim">
            {app.model === null
              ? sentence(app.waitingFor ?? "No model is live yet")
              : `Model v${app.model.version}, ${algorithmText(app.model.algorithm)}, ${spanText(app.model.ageSeconds)} old, answers. ${sentence(app.model.quality)}`}
          </p>
        </>
      )}
      <p>
        <a className="button primary" href={appHref(component.name)}>
          Open the page
        </a>
      </p>
    </section>
  );
}
