// The secrets that a component declares: taken from the environment for its steps alone, and kept out of logs and failures.

import { type Failure, fail } from "../base/failure.ts";
import type { Definition } from "../define/definition.ts";
import type { Compute } from "../ports/compute.ts";

/** Shorter values would be found in every second word. */
const shortestHidden = 4;

/** The declared environment variables with their values. Throws RUNTIME_SECRET_MISSING, naming those that are not set. */
export function secretsOf(
  definition: Definition | null,
  environment: NodeJS.ProcessEnv = process.env,
): Readonly<Record<string, string>> {
  const names = definition?.kind === "data" ? (definition.secrets ?? []) : [];
  const missing = names.filter((name) => (environment[name] ?? "") === "");
  if (missing.length > 0)
    throw fail(
      "RUNTIME_SECRET_MISSING",
      `Expected the environment to hold ${names.join(", ")}, got no ${missing.join(" and no ")}`,
      { hint: `Set ${missing[0]} where Pentad is started, e.g. ${missing[0]}=… npx pentad dev` },
    );
  return Object.fromEntries(names.map((name) => [name, environment[name] as string]));
}

/** Puts the variable's name in the place of its value. */
export function hideSecrets(text: string, secrets: Readonly<Record<string, string>>): string {
  let hidden = text;
  for (const [name, value] of Object.entries(secrets))
    if (value.length >= shortestHidden) hidden = hidden.replaceAll(value, `‹${name}›`);
  return hidden;
}

/** The same compute, whose steps cannot tell a secret in what they print or in how they fail. */
export function discreet(compute: Compute, secrets: Readonly<Record<string, string>>): Compute {
  if (Object.keys(secrets).length === 0) return compute;
  const hide = (text: string) => hideSecrets(text, secrets);
  return {
    ...compute,
    async run(task, events = {}, signal) {
      const outcome = await compute.run(
        task,
        { ...events, onOutput: (line, stream) => events.onOutput?.(hide(line), stream) },
        signal,
      );
      if (outcome.ok) return outcome;
      const { message, hint, cause } = outcome.failure;
      const failure: Failure = {
        ...outcome.failure,
        message: hide(message),
        hint: hide(hint),
        cause: cause === null ? null : hide(cause),
      };
      return { ...outcome, failure };
    },
  };
}
