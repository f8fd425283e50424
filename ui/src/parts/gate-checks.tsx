// The checks of a model's gate, each a sentence with its verdict.

import type { ModelSummary } from "../../../src/http/api.ts";
import { sentence } from "../words.ts";
import { StateMark } from "./state-mark.tsx";

export function GateChecks({ gate }: { readonly gate: ModelSummary["gate"] }) {
  return (
    <ul className="checks">
      {gate.checks.map((check) => (
        <li key={check.name}>
          <span className={`state ${check.passed ? "ok" : "failed"}`}>
            <StateMark state={check.passed ? "ok" : "failed"} />
            <span className="hidden">{check.passed ? "passed: " : "not passed: "}</span>
          </span>
          <span>{sentence(check.message)}</span>
        </li>
      ))}
      {gate.checks.length === 0 && <li className="dim">The problem sets no check.</li>}
    </ul>
  );
}
