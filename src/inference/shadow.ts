// A shadow answers silently beside the live model: what it would have said is logged, and neither delays nor changes an answer.

import type { Value } from "../base/table.ts";
import type { PredictionDocument } from "../define/answer-documents.ts";
import type { Predictor } from "../learn/model.ts";
import { loadModel } from "../models/model-store.ts";
import { findAlias, type Version } from "../models/registry.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { Database, SqlValue, Statements } from "../ports/database.ts";
import { checkOutput } from "./answer.ts";
import type { ApartModels } from "./apart.ts";
import type { Live } from "./live.ts";
import { taskAnswer } from "./task-answer.ts";

export interface Shadow {
  /** Takes an answer of the live model and returns at once. */
  consider(live: Live, reply: PredictionDocument): void;
  /** Writes everything that waits. */
  close(): Promise<void>;
}

export interface ShadowParts {
  readonly database: Database;
  readonly models: BlobStore;
  readonly apart: ApartModels;
}

const recheckMs = 1_000;
/** More answers than these wait for nobody: a slow shadow sees some of them only. */
const mostWaiting = 1_000;

export function openShadow({ database, models, apart }: ShadowParts): Shadow {
  const known = new Map<string, { version: Version | undefined; model: Predictor | undefined; atMs: number }>();
  let waiting = 0;
  let working: Promise<void> = Promise.resolve();

  async function shadowOf(training: string) {
    const cached = known.get(training);
    if (cached !== undefined && performance.now() - cached.atMs < recheckMs) return cached;
    const version = await findAlias(database, training, "shadow");
    const model =
      version === undefined
        ? undefined
        : version.id === cached?.version?.id
          ? cached.model
          : await loadModel(models, version.id);
    const found = { version, model, atMs: performance.now() };
    known.set(training, found);
    return found;
  }

  async function ask(live: Live, reply: PredictionDocument): Promise<void> {
    const { version, model } = await shadowOf(live.training.name);
    if (version === undefined || model === undefined || version.id === live.version.id) return;
    const beside: Live = { ...live, version, model };
    const [said, problem] = await attempt(async () => {
      const gone = model.features.filter(({ name }) => !Object.hasOwn(reply.features, name)).map(({ name }) => name);
      if (gone.length > 0) throw new Error(`it needs ${gone.join(", ")}, which the live model does not take`);
      const [own] = model.runsApart ? await apart.predict(version, [reply.features], false) : [];
      return (
        taskAnswer(beside, reply.features, null) ?? checkOutput(beside, own?.output ?? model.predictRow(reply.features))
      ).prediction;
    });
    await database.transaction((tx) =>
      keep(tx, [reply.id, live.training.name, version.version, said, problem, Date.parse(reply.at)]),
    );
  }

  return {
    consider(live, reply) {
      if (waiting >= mostWaiting) return;
      waiting++;
      working = working
        .then(() => ask(live, reply))
        // What a shadow cannot do is its own affair: the live model's answer is given already.
        .catch(() => undefined)
        .finally(() => {
          waiting--;
        });
    },
    close: () => working,
  };
}

async function attempt(work: () => Promise<Value>): Promise<[said: string | null, problem: string | null]> {
  try {
    return [JSON.stringify(await work()), null];
  } catch (error) {
    return [null, (error as Error).message];
  }
}

async function keep(tx: Statements, row: SqlValue[]): Promise<void> {
  await tx.run(
    "insert into inference_shadows (prediction, training, version, said, problem, at) values (?, ?, ?, ?, ?, ?)",
    row,
  );
}

export interface ShadowFacts {
  /** Answers that both gave. */
  readonly answers: number;
  /** Of classes: the share of answers that are the same. */
  readonly agreement: number | null;
  /** Of numbers: the mean of how far apart they lie. */
  readonly meanDifference: number | null;
  /** Answers that the shadow could not give, and why the last of them. */
  readonly failed: number;
  readonly problem: string | null;
}

/** What a version said in the shadow, beside what the live one answered; null when it was none. */
export async function shadowFacts(database: Database, training: string, version: number): Promise<ShadowFacts | null> {
  const rows = await database.all<{ said: string | null; problem: string | null; live: string | null }>(
    `select s.said, s.problem, p.prediction as live from inference_shadows s left join inference_predictions p on p.id = s.prediction
     where s.training = ? and s.version = ? order by s.at desc limit 100000`,
    [training, version],
  );
  if (rows.length === 0) return null;
  const both = rows.flatMap(({ said, live }) =>
    said === null || live === null ? [] : [[JSON.parse(said) as Value, JSON.parse(live) as Value] as const],
  );
  const numbers = both.filter(([a, b]) => typeof a === "number" && typeof b === "number");
  const isNumber = both.length > 0 && numbers.length === both.length;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const failures = rows.filter(({ problem }) => problem !== null);
  return {
    answers: both.length,
    agreement: both.length === 0 || isNumber ? null : mean(both.map(([a, b]) => Number(a === b))),
    meanDifference: isNumber ? mean(numbers.map(([a, b]) => Math.abs(Number(a) - Number(b)))) : null,
    failed: failures.length,
    problem: failures[0]?.problem ?? null,
  };
}

/** Answers and scored batches that came from a version, in words. */
export async function answersOf(tx: Statements, training: string, version: number): Promise<string[]> {
  const count = async (sql: string): Promise<number> => (await tx.get<{ n: number }>(sql, [training, version]))?.n ?? 0;
  const answers = await count("select count(*) as n from inference_predictions where training = ? and version = ?");
  return answers === 0 ? [] : [`${answers.toLocaleString("en")} logged ${answers === 1 ? "answer" : "answers"}`];
}
