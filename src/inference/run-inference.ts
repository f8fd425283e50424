// Checks that the live model answers, on the data's own typical values, before anybody asks it.

import type { InferenceDefinition, TrainingDefinition } from "../define/definition.ts";
import { typicalRow } from "../features/fields.ts";
import type { OnlineStore } from "../ports/online-store.ts";
import type { Work } from "../runs/work.ts";
import { answer } from "./answer.ts";
import type { LiveSource } from "./live.ts";

export async function runInference(
  inference: InferenceDefinition,
  training: TrainingDefinition,
  live: LiveSource,
  online: OnlineStore,
  work: Work,
): Promise<void> {
  live.invalidate();
  const current = await live.get(inference, training);
  const reply = answer(current, online, typicalRow(current.groups), { explain: false });
  await work.commit(async () => undefined, {
    detail: `version ${current.version.version} answers: ${String(reply.prediction)} for a typical row`,
  });
}
