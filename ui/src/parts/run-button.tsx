// Starts a run of one component now, and says so or says why not.

import { useState } from "react";
import { Button } from "react-aria-components/Button";
import { startRun, toProblem } from "../api.ts";
import { sentence } from "../words.ts";

interface RunButtonProps {
  readonly id: string;
  readonly label: string;
  readonly primary?: boolean;
  /** A component that runs already cannot be started. */
  readonly running?: boolean;
}

export function RunButton({ id, label, primary = false, running = false }: RunButtonProps) {
  const [starting, setStarting] = useState(false);
  const [said, setSaid] = useState<{ text: string; wrong: boolean } | null>(null);

  async function start() {
    setStarting(true);
    setSaid(null);
    try {
      await startRun(id);
      setSaid({ text: "Started.", wrong: false });
    } catch (error) {
      setSaid({ text: sentence(toProblem(error).message), wrong: true });
    } finally {
      setStarting(false);
    }
  }

  return (
    <span className="run-button">
      <Button
        className={primary ? "primary" : ""}
        aria-label={`${label}: ${id}`}
        isDisabled={running}
        isPending={starting}
        onPress={() => void start()}
      >
        {running ? "Running" : label}
      </Button>
      <span className={said?.wrong ? "error" : "small dim"} role="status">
        {said?.text}
      </span>
    </span>
  );
}
