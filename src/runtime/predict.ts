// Asks an inference component, one input or many: the same for HTTP and the command line.

import { fail } from "../base/failure.ts";
import type { DeclaredComponent } from "../catalog/components.ts";
import type { PredictionDocument } from "../define/answer-documents.ts";
import type { InferenceDefinition } from "../define/definition.ts";
import { storedSelections } from "../define/on-demand-definition.ts";
import { answer } from "../inference/answer.ts";
import type { Explain } from "../inference/explain.ts";
import { entityOf } from "../inference/input.ts";
import type { Live } from "../inference/live.ts";
import type { Project } from "./open-project.ts";
import { finder } from "./run-component.ts";

export interface Asker {
  /** One object of inputs in, one answer out; a list in, a list out. Every answer is logged. */
  ask(
    name: string,
    input: unknown,
    options?: { explain?: Explain },
  ): Promise<PredictionDocument | PredictionDocument[]>;
  /** The live state behind an inference. Throws INFERENCE_UNKNOWN, MODELS_NO_LIVE_VERSION. */
  live(name: string): Promise<Live>;
  names(): Promise<string[]>;
}

/** How long what is declared may be remembered; changes of this process are seen at once. */
const rememberMs = 1000;

export function openAsker(project: Project): Asker {
  let remembered:
    | { components: readonly DeclaredComponent[]; warnings: ReadonlyMap<string, string>; atMs: number }
    | undefined;
  project.onChange(() => {
    remembered = undefined;
  });

  async function recall() {
    if (remembered === undefined || performance.now() - remembered.atMs > rememberMs) {
      const components = await project.components.list();
      remembered = { components, warnings: await stalenessWarnings(project, components), atMs: performance.now() };
    }
    return remembered;
  }

  /** The first request should not wait for the process behind it. */
  async function warm(): Promise<void> {
    for (const name of await names().catch(() => [])) {
      const found = await find(name).catch(() => undefined);
      if (found?.live.onDemand !== undefined)
        await project.onDemand.compute(found.live.onDemand, []).catch(() => undefined);
    }
  }

  const names = async () =>
    (await recall()).components.flatMap((one) =>
      one.kind === "inference" && one.definition !== null ? [one.name] : [],
    );

  async function find(name: string): Promise<{ live: Live; warning: string | null }> {
    const { components, warnings } = await recall();
    const definition = components.find((one) => one.id === `inference/${name}`)?.definition as
      | InferenceDefinition
      | null
      | undefined;
    if (definition === undefined || definition === null) throw unknownInference(name, components);
    const training = finder(components)("training", definition.training);
    return { live: await project.live.get(definition, training), warning: warnings.get(name) ?? null };
  }

  void warm();
  return {
    async ask(name, input, { explain } = {}) {
      if (explain === "interactions" && Array.isArray(input))
        throw fail("INFERENCE_INPUT_INVALID", "Expected one object of inputs to tell interactions of, got a list", {
          hint: "Ask for one row at a time; `explain=true` gives the reasons of many",
        });
      const { live, warning } = await find(name);
      const shared = { explain: explain ?? live.inference.explain, staleness: warning };
      const logged = (reply: PredictionDocument, index: number) => {
        project.predictions.add(reply, {
          inference: live.inference.name,
          training: live.training.name,
          entity: entityOf(live.schema, inputs[index]?.input),
        });
        project.shadow.consider(live, reply);
        return reply;
      };
      const inputs = Array.isArray(input)
        ? input.map((single: unknown, row) => ({ input: single, options: { ...shared, row } }))
        : [{ input, options: shared }];
      const answers = answer(live, project, inputs);
      const replies = (answers instanceof Promise ? await answers : answers).map(logged);
      return Array.isArray(input) ? replies : (replies[0] as PredictionDocument);
    },
    live: async (name) => (await find(name)).live,
    names,
  };
}

function unknownInference(name: string, components: readonly DeclaredComponent[]) {
  const known = components.filter(({ kind }) => kind === "inference").map((one) => one.name);
  return fail("INFERENCE_UNKNOWN", `Expected an inference component of the project, got ${JSON.stringify(name)}`, {
    hint: known.length === 0 ? "The project declares none: add inference.ts" : `The project has ${known.join(", ")}`,
  });
}

/** By inference: what failed behind it, so that its answers can say what they rest on. */
async function stalenessWarnings(
  project: Project,
  components: readonly DeclaredComponent[],
): Promise<ReadonlyMap<string, string>> {
  const latest = await project.ledger.latest();
  const failed = (id: string) =>
    components.find((one) => one.id === id)?.failure !== null || latest.get(id)?.ended?.state === "failed";
  const warnings = new Map<string, string>();
  for (const { name, definition } of components) {
    if (definition?.kind !== "inference") continue;
    const training = components.find((one) => one.id === `training/${definition.training}`)?.definition;
    if (training?.kind !== "training") continue;
    const data = [...new Set(storedSelections(training).map((one) => `data/${one.data}`))].filter(failed);
    const parts = data.map((id) => `${id} failed: this answer uses its last good data`);
    if (failed(`training/${training.name}`))
      parts.push(`training/${training.name} failed: this answer comes from its last good model`);
    if (parts.length > 0) warnings.set(name, parts.join("; "));
  }
  return warnings;
}
