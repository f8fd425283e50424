// Links to product pages.

import type { ComponentStatus } from "../../../src/http/api.ts";
import { appHref } from "../routes.ts";

export function AppLinks({ apps }: { readonly apps: readonly ComponentStatus[] }) {
  return (
    <ul>
      {apps.map((app) => (
        <li key={app.id}>
          <a href={appHref(app.name)}>{`${window.location.origin}${appHref(app.name)}`}</a>
        </li>
      ))}
    </ul>
  );
}
