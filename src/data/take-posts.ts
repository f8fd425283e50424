// Posted rows as a recipe: judge → keep durably → put online → answer; posts that wait at the same time share each step.

import { fail } from "../base/failure.ts";
import type { Json } from "../base/json.ts";
import type { DataDefinition } from "../define/definition.ts";
import { withoutForgotten } from "../features/forget-posts.ts";
import { listForgotten } from "../features/forgotten.ts";
import { clearPosted, isCommitted, type PostedLine, putPosted, putUpTo } from "../features/online/posted.ts";
import { committedPosts, findAnswer, keepPosts, newestPost, waitingPosts, waitingSize } from "../features/posts.ts";
import type { Database } from "../ports/database.ts";
import type { OnlineStore } from "../ports/online-store.ts";
import type { PostedRows } from "../ports/source.ts";
import type { Judgement, PostedRowsJudge, RejectedRow } from "./posted-rows.ts";

export interface PostAnswer {
  /** What was posted, and what came of it, which a transform makes more or fewer. Null while the rows are not judged yet: a run does it. */
  readonly rows: { readonly read: number; readonly accepted: number | null; readonly quarantined: number | null };
  /** The first rejected rows, each with its reason. They are in quarantine once a run has committed the others. */
  readonly rejected: readonly RejectedRow[];
  /** Whether the accepted rows are readable online by now. */
  readonly online: boolean;
}

export interface Posts {
  /**
   * Resolves once the rows outlive the process and the machine. Throws DATA_QUEUE_FULL. With an idempotency key that was
   * used before, the answer is that of then and nothing is added.
   */
  take(rows: readonly object[], idempotencyKey: string | null): Promise<PostAnswer>;
  /** Puts rows online that were kept before and are not online yet, after a crash. */
  recover(): Promise<void>;
  /** Waits for what has been taken. */
  idle(): Promise<void>;
}

export interface PostsParts {
  readonly database: Database;
  readonly online: OnlineStore;
  /** Opened on first use and again after any failure; null when only a run can judge the rows. */
  readonly openJudge: (() => Promise<PostedRowsJudge>) | null;
  readonly now?: () => number;
}

interface WaitingPost {
  readonly rows: readonly object[];
  readonly idempotencyKey: string | null;
  readonly resolve: (answer: PostAnswer) => void;
  readonly reject: (error: unknown) => void;
}

const rejectedShown = 20;
/** After a transform could not be asked, where everything that waits must be gone through again. */
const pauseMs = 2_000;
/** What a batch takes at most, and what may wait in memory. */
const batchRows = 5_000;
const mostWaitingRows = 100_000;
/** What may wait for a commit, in characters: beyond, runs have failed for long. */
const mostKept = 2 ** 30;

export function openPosts(definition: DataDefinition, parts: PostsParts): Posts {
  const { database, online, now = Date.now } = parts;
  const group = definition.name;
  const waiting: WaitingPost[] = [];
  let waitingRows = 0;
  let working: Promise<void> | undefined;
  let judge: Promise<PostedRowsJudge | undefined> | undefined;
  let judgeAgainMs = Number.NEGATIVE_INFINITY;
  let sizeLookedUpMs = Number.NEGATIVE_INFINITY;
  let putSinceClear = 0;

  async function work(): Promise<void> {
    while (waiting.length > 0) {
      const batch = [waiting.shift() as WaitingPost];
      let rows = batch[0]?.rows.length ?? 0;
      for (let next = waiting[0]; next !== undefined && rows + next.rows.length <= batchRows; next = waiting[0]) {
        rows += next.rows.length;
        batch.push(waiting.shift() as WaitingPost);
      }
      waitingRows -= rows;
      await takeBatch(batch).catch((error: unknown) => {
        judge = undefined;
        for (const { reject } of batch) reject(error);
      });
    }
    working = undefined;
  }

  async function takeBatch(batch: readonly WaitingPost[]): Promise<void> {
    const fresh = await withoutKnown(batch);
    if (fresh.length === 0) return;
    await refuseWhenFull();
    const expected = (await newestPost(database, group)) + 1;
    const atMs = now();
    const posts = fresh.map(({ rows }, index) => ({ number: expected + index, atMs, rows }));
    const judgement = await judgeNow(posts);
    const answers = posts.map(({ number, rows }): PostAnswer => {
      const unjudged = { read: rows.length, accepted: null, quarantined: null };
      if (judgement === undefined) return { rows: unjudged, rejected: [], online: false };
      const rejected = judgement.rejected.get(number) ?? [];
      const accepted = (judgement.judged.get(number) ?? 0) - rejected.length;
      return {
        rows: { read: rows.length, accepted, quarantined: rejected.length },
        rejected: rejected.slice(0, rejectedShown),
        online: true,
      };
    });
    const first = await database.transaction((tx) =>
      keepPosts(
        tx,
        group,
        fresh.map(({ rows, idempotencyKey }, index) => ({
          rows,
          atMs,
          idempotencyKey,
          answer: answers[index] as unknown as Json,
        })),
      ),
    );
    // Another process may have taken a number in between.
    const shift = first - expected;
    const forgotten = await listForgotten(database, definition);
    const lines = withoutForgotten(definition, judgement?.lines ?? [], forgotten).map((line) => ({
      ...line,
      post: line.post + shift,
    }));
    const put = judgement === undefined || (await putOnline(lines, first + fresh.length - 1));
    for (const [index, { resolve }] of fresh.entries()) {
      const answer = answers[index] as PostAnswer;
      resolve(put ? answer : { ...answer, online: false });
    }
  }

  /** The rows are kept by now: when they cannot be put online this time, their commit will do it. */
  async function putOnline(lines: readonly PostedLine[], upTo: number): Promise<boolean> {
    if (putSinceClear > 0 && isCommitted(online, group)) {
      putSinceClear = 0;
      await clearPosted(online, group);
    }
    putSinceClear += lines.length;
    return putPosted(online, definition, lines, upTo).then(
      () => true,
      () => false,
    );
  }

  /** Answers those whose key is known, from before or from this very batch. */
  async function withoutKnown(batch: readonly WaitingPost[]): Promise<WaitingPost[]> {
    const fresh: WaitingPost[] = [];
    const later: WaitingPost[] = [];
    const keys = new Set<string>();
    for (const post of batch) {
      const { idempotencyKey } = post;
      const known = idempotencyKey === null ? undefined : await findAnswer(database, group, idempotencyKey);
      if (known !== undefined) post.resolve(known as unknown as PostAnswer);
      else if (idempotencyKey !== null && keys.has(idempotencyKey)) later.push(post);
      else fresh.push(post);
      if (idempotencyKey !== null) keys.add(idempotencyKey);
    }
    for (const post of later) {
      waiting.unshift(post);
      waitingRows += post.rows.length;
    }
    return fresh;
  }

  async function refuseWhenFull(): Promise<void> {
    if (performance.now() - sizeLookedUpMs < 10_000) return;
    const { posts, characters } = await waitingSize(database, group);
    if (characters > mostKept)
      throw fail(
        "DATA_QUEUE_FULL",
        `Expected the rows that were posted to data/${group} to be committed, got ${posts.toLocaleString("en")} posts that wait for it`,
        { hint: `Look at why data/${group} does not run: see \`pentad status\`; nothing that was taken is lost` },
      );
    sizeLookedUpMs = performance.now();
  }

  /** Undefined when only a run can judge them, or the transform cannot be asked now. */
  async function judgeNow(posts: readonly PostedRows[]): Promise<Judgement | undefined> {
    if (parts.openJudge === null || performance.now() < judgeAgainMs) return undefined;
    judge ??= openWithHistory(parts.openJudge);
    const judgement = (await (await judge)?.judge(posts)) ?? undefined;
    // Windows of later rows would lack these: whoever judges those looks at all that waits first.
    if (judgement === undefined && definition.windows.length > 0) {
      judge = undefined;
      judgeAgainMs = performance.now() + pauseMs;
    }
    return judgement;
  }

  /** A judge that is new has seen nothing of what waits for a commit, which the windows of later rows count. */
  async function openWithHistory(open: () => Promise<PostedRowsJudge>): Promise<PostedRowsJudge | undefined> {
    const opened = await open();
    if (definition.windows.length > 0)
      for await (const posts of waitingPosts(database, group, (await committedPosts(database, group)).upTo))
        if ((await opened.judge(posts)) === null) return undefined;
    return opened;
  }

  return {
    take(rows, idempotencyKey) {
      if (waitingRows + rows.length > mostWaitingRows && waitingRows > 0)
        return Promise.reject(
          fail(
            "DATA_QUEUE_FULL",
            `Expected at most ${mostWaitingRows.toLocaleString("en")} rows of data/${group} to wait at a time, got more`,
          ),
        );
      waitingRows += rows.length;
      return new Promise((resolve, reject) => {
        waiting.push({ rows, idempotencyKey, resolve, reject });
        working ??= work();
      });
    },
    async recover() {
      const from = Math.max(putUpTo(online, group), (await committedPosts(database, group)).upTo);
      for await (const posts of waitingPosts(database, group, from)) {
        const judgement = await judgeNow(posts);
        if (judgement === undefined) return;
        const lines = withoutForgotten(definition, judgement.lines, await listForgotten(database, definition));
        await putPosted(online, definition, lines, posts.at(-1)?.number ?? from);
        putSinceClear += judgement.lines.length;
      }
    },
    async idle() {
      await working;
    },
  };
}
