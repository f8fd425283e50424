// Every version of a model: metrics, gate, aliases, and the way to make it live.

import type { ModelSummary } from "../../../src/http/api.ts";
import { metricsOf } from "../model-words.ts";
import { algorithmText, count, metricText, metricTitle } from "../words.ts";
import { Ago } from "./ago.tsx";
import { Aliases } from "./aliases.tsx";
import { GateChecks } from "./gate-checks.tsx";
import { PromoteDialog } from "./promote-dialog.tsx";
import { StateMark } from "./state-mark.tsx";

interface ModelTableProps {
  readonly models: readonly ModelSummary[];
  readonly now: Date;
  readonly onPromoted: (version: number) => void;
}

const metricsAtMost = 4;

export function ModelTable({ models, now, onPromoted }: ModelTableProps) {
  const metrics = metricsOf(models).slice(0, metricsAtMost);
  const live = models.find((model) => model.aliases.includes("live")) ?? null;
  return (
    <table className="table models">
      <thead>
        <tr>
          <th scope="col">Version</th>
          {metrics.map((metric) => (
            <th key={metric} scope="col" className="number-cell">
              {metricTitle(metric)}
            </th>
          ))}
          <th scope="col">Gate</th>
          <th scope="col">
            <span className="hidden">Make it live</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {models.map((model) => (
          <tr key={model.version}>
            <th scope="row">
              <span className="column-name">
                v{model.version} <Aliases aliases={model.aliases} />
              </span>
              <span className="small dim">
                {algorithmText(model.algorithm)}, <Ago at={model.createdAt} now={now} />
              </span>
              <span className="small dim">
                trained on {count(model.rows.train, "row")}, judged on {count(model.rows.test, "row")}
              </span>
              <a
                className="small"
                href={`/api/models/${encodeURIComponent(model.training)}/${model.version}/report`}
                target="_blank"
                rel="noreferrer"
              >
                Report<span className="hidden"> on version {model.version}</span>
              </a>
            </th>
            {metrics.map((metric) => (
              <td key={metric} data-label={metricTitle(metric)} className="number-cell">
                {metricText(model.metrics[metric])}
              </td>
            ))}
            <td data-label="Gate" className="gate-cell">
              <details open={!model.gate.passed}>
                <summary className={`state ${model.gate.passed ? "ok" : "failed"}`}>
                  <StateMark state={model.gate.passed ? "ok" : "failed"} /> {model.gate.passed ? "passed" : "refused"}
                </summary>
                <GateChecks gate={model.gate} />
              </details>
            </td>
            <td className="action-cell">
              {model.aliases.includes("live") ? (
                <span className="small dim">answers now</span>
              ) : (
                <PromoteDialog model={model} live={live} onPromoted={onPromoted} />
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
