// The prediction log: every answer given and the feedback on it, written in batches beside the replies.

import { fail } from "../base/failure.ts";
import type { Json } from "../base/json.ts";
import type { PredictionDocument } from "../define/answer-documents.ts";
import type { Database, RoomMigrations, SqlValue } from "../ports/database.ts";

export const inferenceMigrations: RoomMigrations = {
  room: "inference",
  statements: [
    `create table inference_predictions (
      id text primary key,
      inference text not null,
      training text not null,
      version integer not null,
      prediction text not null,
      probabilities text,
      features text not null,
      at integer not null
    );
    create index inference_predictions_at on inference_predictions (inference, at);
    create table inference_feedback (
      prediction text not null,
      correct integer,
      actual text,
      at integer not null
    )`,
    `create table inference_batches (
      inference text not null,
      run text not null,
      version integer not null,
      file text not null,
      rows integer not null,
      at integer not null,
      primary key (inference, run)
    )`,
    "alter table inference_predictions add column entity text",
    `create table inference_shadows (
      prediction text not null,
      training text not null,
      version integer not null,
      said text,
      problem text,
      at integer not null
    );
    create index inference_shadows_version on inference_shadows (training, version)`,
  ],
};

const flushMs = 200;
const flushRows = 500;
/** Beyond this many waiting answers new ones are counted but not kept: a stuck disk must not eat the memory. */
const mostWaiting = 100_000;

export interface PredictionLog {
  /** Takes the answer and returns at once. `entity`: the key columns that the request named, with their values. */
  add(
    answer: PredictionDocument,
    about: {
      readonly inference: string;
      readonly training: string;
      readonly entity: Readonly<Record<string, string>> | null;
    },
  ): void;
  /** Writes everything that waits. */
  flush(): Promise<void>;
  /** Answers that could not be kept. */
  dropped(): number;
  close(): Promise<void>;
}

export function openPredictionLog(database: Database): PredictionLog {
  let waiting: SqlValue[][] = [];
  let dropped = 0;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    try {
      await database.transaction(async (tx) => {
        for (const row of batch)
          await tx.run(
            "insert into inference_predictions (id, inference, training, version, prediction, probabilities, features, at, entity) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            row,
          );
      });
    } catch {
      // The log is best effort by contract: what cannot be written is counted, and the answers go on.
      dropped += batch.length;
    }
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    writing = writing.then(write);
    return writing;
  }

  return {
    add(answer, { inference, training, entity }) {
      if (waiting.length >= mostWaiting) {
        dropped++;
        return;
      }
      waiting.push([
        answer.id,
        inference,
        training,
        answer.model.version,
        JSON.stringify(answer.prediction),
        answer.probabilities === undefined ? null : JSON.stringify(answer.probabilities),
        JSON.stringify(answer.features),
        Date.parse(answer.at),
        entity === null ? null : JSON.stringify(entity),
      ]);
      if (waiting.length >= flushRows) void flush();
      else timer ??= setTimeout(() => void flush(), flushMs);
    },
    flush,
    dropped: () => dropped,
    async close() {
      await flush();
    },
  };
}

export interface Feedback {
  readonly correct: boolean | null;
  readonly actual: Json;
}

/** Keeps what a person says about an answer. Throws INFERENCE_PREDICTION_UNKNOWN for an id that was never given. */
export async function recordFeedback(
  database: Database,
  log: PredictionLog,
  prediction: string,
  feedback: Feedback,
  atMs: number,
): Promise<void> {
  await log.flush();
  const known = await database.get("select id from inference_predictions where id = ?", [prediction]);
  if (known === undefined)
    throw fail("INFERENCE_PREDICTION_UNKNOWN", `Expected the id of a prediction, got ${JSON.stringify(prediction)}`);
  await database.transaction((tx) =>
    tx.run("insert into inference_feedback (prediction, correct, actual, at) values (?, ?, ?, ?)", [
      prediction,
      feedback.correct === null ? null : Number(feedback.correct),
      feedback.actual === null ? null : JSON.stringify(feedback.actual),
      atMs,
    ]),
  );
}

/** How many answers an inference gave since a moment. */
export async function countPredictions(database: Database, inference: string, sinceMs: number): Promise<number> {
  const row = await database.get<{ n: number }>(
    "select count(*) as n from inference_predictions where inference = ? and at >= ?",
    [inference, sinceMs],
  );
  return row?.n ?? 0;
}

/** How often people said that an app's answers were right or wrong. */
export async function countFeedback(database: Database, inference: string): Promise<{ right: number; wrong: number }> {
  const row = await database.get<{ yes: number | null; no: number | null }>(
    "select sum(f.correct) as yes, sum(1 - f.correct) as no from inference_feedback f join inference_predictions p on p.id = f.prediction where p.inference = ? and f.correct is not null",
    [inference],
  );
  return { right: row?.yes ?? 0, wrong: row?.no ?? 0 };
}
