// The part of a model's report that says where it comes from: how it was chosen, who moved it, and what exactly it is. Pure.

import type { ReportFacts } from "./facts.ts";
import { short } from "./svg.ts";
import { algorithmText, countText, escapeHtml, metricText, metricTitle, momentText } from "./text.ts";

const mostCandidates = 15;

export function chosenSection({ version, about }: ReportFacts): string {
  const { candidates } = about;
  if (candidates.length === 0) return "";
  const metric = about.problem?.success.metric ?? Object.keys(version.evaluation.metrics)[0] ?? "";
  const method = version.evaluation.parts?.selection;
  const full = candidates.filter(({ resource = 1 }) => resource === 1);
  const shown = full.slice(0, mostCandidates);
  const rows = shown.map(({ algorithm, params, value, folds = [], failure }) => {
    const settings = Object.entries(params ?? {}).map(
      ([name, own]) => `${name} ${typeof own === "number" ? short(own) : JSON.stringify(own)}`,
    );
    const defined = folds.filter((one) => one !== null);
    const range =
      defined.length < 2 ? "" : `${metricText(Math.min(...defined))} to ${metricText(Math.max(...defined))}`;
    const result = failure === null ? metricText(value) : "failed";
    const note = failure === null ? settings.join(", ") || "as it comes" : failure;
    return `<tr><th scope="row">${escapeHtml(algorithmText(algorithm))}<br><span class="dim">${escapeHtml(note)}</span></th><td class="n">${result}</td><td class="n">${range}</td></tr>`;
  });
  const left = candidates.length - shown.length;
  return `<section>
<h2>How it was chosen</h2>
<p>Candidates were compared${method === undefined ? "" : ` on ${escapeHtml(method)}`}, all within the rows it learnt from; the held-out rows played no part.${about.ended === null ? "" : ` The search ended since ${escapeHtml(about.ended)}.`}</p>
<div class="scroll"><table><thead><tr><th scope="col">candidate</th><th class="n" scope="col">${escapeHtml(metricTitle(metric))}</th><th class="n" scope="col">from fold to fold</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>
${left > 0 ? `<p class="note">and ${countText(left, "trial")} more</p>` : ""}
</section>`;
}

export function historySection({ moves }: ReportFacts): string {
  if (moves.length === 0) return "";
  const rows = moves.map(
    ({ at, alias, reason, who, before }) =>
      `<tr><td>${momentText(at)}</td><td>became <b>${escapeHtml(alias)}</b>${before === null ? "" : `, in place of version ${before}`}</td><td>${escapeHtml(reason)} <span class="dim">(${escapeHtml(who)})</span></td></tr>`,
  );
  return `<section>
<h2>What happened to it</h2>
<div class="scroll"><table><tbody>${rows.join("")}</tbody></table></div>
</section>`;
}

export function identitySection({ version, about }: ReportFacts): string {
  const { evaluation } = version;
  const { parts, latency } = evaluation;
  const facts: [string, string][] = [
    ["Model", `<code>${escapeHtml(version.id)}</code>`],
    ["Training set", `<code>${escapeHtml(version.trainingSet)}</code>`],
    ...(parts === undefined
      ? []
      : ([
          ["Rows learnt from", `<code>${escapeHtml(parts.train.hash)}</code>`],
          ["Rows judged on", `<code>${escapeHtml(parts.test.hash)}</code>`],
        ] as [string, string][])),
    ["Definition and code", `<code>${escapeHtml(version.fingerprint)}</code>`],
    [
      "Settings",
      `<code>${escapeHtml(JSON.stringify(version.params))}</code>${about.seed === null ? "" : `, seed ${about.seed}`}`,
    ],
    ["Run", `<code>${escapeHtml(version.run)}</code>`],
    ["Size", `${short(version.bytes / 1000)} kB`],
    ...(latency === undefined
      ? []
      : ([["One answer takes", `${short(latency.medianMs)} ms (median), ${short(latency.p99Ms)} ms (99 of 100)`]] as [
          string,
          string,
        ][])),
  ];
  return `<section>
<h2>What exactly it is</h2>
<p class="note">The same rows, settings and seed give the same model, byte for byte. Rows are proved by the SHA-256 of their sorted identities.</p>
<dl>${facts.map(([name, text]) => `<dt>${name}</dt><dd>${text}</dd>`).join("")}</dl>
</section>`;
}
