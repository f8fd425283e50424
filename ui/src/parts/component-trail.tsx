// The five steps in one line above a detail page: every component with its state, one press away.

import type { StatusDocument } from "../../../src/http/api.ts";
import { componentHref } from "../routes.ts";
import { kindOrder, kindTitles, stateWords } from "../status-words.ts";
import { StateMark } from "./state-mark.tsx";

export function ComponentTrail({ status, here }: { readonly status: StatusDocument; readonly here: string | null }) {
  return (
    <nav className="trail" aria-label="Components">
      <ol>
        {kindOrder.map((kind) => (
          <li key={kind}>
            <span className="trail-kind">{kindTitles[kind]}</span>
            {status.components
              .filter((component) => component.kind === kind)
              .map((component) => (
                <a
                  key={component.id}
                  href={componentHref(component.id)}
                  {...(component.id === here ? { "aria-current": "page" } : {})}
                  title={stateWords[component.state]}
                >
                  <StateMark state={component.state} />
                  <span className="hidden">{stateWords[component.state]}: </span>
                  {component.name}
                </a>
              ))}
          </li>
        ))}
      </ol>
    </nav>
  );
}
