// The content of the promotion dialog: what changes, what the gate said, and the reason that will be on record.

import { useId, useState } from "react";
import { Button } from "react-aria-components/Button";
import type { ModelSummary } from "../../../src/http/api.ts";
import { type Problem, promote, toProblem } from "../api.ts";
import { GateChecks } from "./gate-checks.tsx";
import { ProblemNotice } from "./problem-notice.tsx";

interface PromoteFormProps {
  readonly model: ModelSummary;
  readonly live: ModelSummary | null;
  readonly onCancel: () => void;
  readonly onDone: () => void;
}

export function PromoteForm({ model, live, onCancel, onDone }: PromoteFormProps) {
  const id = useId();
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState(false);
  const [sending, setSending] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  async function send() {
    const given = reason.trim();
    setMissing(given === "");
    if (given === "") return document.getElementById(id)?.focus();
    setSending(true);
    setProblem(null);
    try {
      await promote(model.training, model.version, given, !model.gate.passed);
      onDone();
    } catch (error) {
      setProblem(toProblem(error));
      setSending(false);
    }
  }

  return (
    <form
      noValidate
      aria-label="Promotion"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <p>
        {live === null ? "No version is live now." : `v${live.version} answers now, and steps back.`} v{model.version}{" "}
        answers from the next request on. You can go back at any time.
      </p>
      {!model.gate.passed && (
        <p className="warn">
          <strong>Its gate refused it.</strong> Making it live all the same is your decision, and is recorded as such.
        </p>
      )}
      <GateChecks gate={model.gate} />
      <div className="field-stack">
        <label htmlFor={id}>Reason, for the record</label>
        <input
          id={id}
          type="text"
          autoComplete="off"
          value={reason}
          aria-invalid={missing}
          aria-required="true"
          {...(missing ? { "aria-describedby": `${id}e` } : {})}
          onChange={(event) => setReason(event.target.value)}
        />
        {missing && (
          <p className="error" id={`${id}e`}>
            A reason is needed.
          </p>
        )}
      </div>
      {problem !== null && <ProblemNotice problem={problem} />}
      <div className="row end">
        <Button onPress={onCancel}>Cancel</Button>
        <Button type="submit" className="primary" isPending={sending}>
          Make v{model.version} live
        </Button>
      </div>
    </form>
  );
}
