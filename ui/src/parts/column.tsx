// One of the five steps on the home page, with a card per component.

import type { ComponentKind, ComponentStatus, RunSummary } from "../../../src/http/api.ts";
import { kindOrder, kindTitles } from "../status-words.ts";
import { ComponentCard } from "./component-card.tsx";

interface ColumnProps {
  readonly kind: ComponentKind;
  readonly components: readonly ComponentStatus[];
  /** The newest runs of all components, newest first. */
  readonly runs: readonly RunSummary[];
  readonly now: Date;
}

export function Column({ kind, components, runs, now }: ColumnProps) {
  return (
    <section className="column" aria-label={kindTitles[kind]}>
      <h2>
        <span aria-hidden="true">{kindOrder.indexOf(kind) + 1}</span> {kindTitles[kind]}
      </h2>
      {components.map((component) => (
        <ComponentCard
          key={component.id}
          component={component}
          runs={runs.filter((run) => run.component === component.id)}
          now={now}
        />
      ))}
      {components.length === 0 && <p className="column-empty">No {kind} component.</p>}
    </section>
  );
}
