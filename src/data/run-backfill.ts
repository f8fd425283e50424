// A backfill as a recipe: partitions of a range of time, read side by side, joined, and committed as one.

import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fail, isFailure } from "../base/failure.ts";
import type { JsonObject } from "../base/json.ts";
import type { DataDefinition } from "../define/definition.ts";
import { findHead } from "../features/commits.ts";
import { withDeprecated } from "../features/deprecation.ts";
import { waitingVectors } from "../features/embedding.ts";
import { catchUpOnline } from "../features/online/newest-rows.ts";
import type { Work } from "../runs/work.ts";
import type { Known } from "./commit-input.ts";
import { type Base, commitInput, commitRows, type DataParts, openBase } from "./commit-rows.ts";
import { embeddingInput } from "./embed-rows.ts";
import type { JoinInput, PartitionOutput } from "./partition.ts";
import { type BackfillInput, planPartitions, type TimePartition } from "./plan-backfill.ts";
import type { ReadOutput } from "./read.ts";
import { rejectedAgain } from "./rejected-again.ts";
import type { DataOutcome, DataRequest } from "./run-data.ts";

/** How often the join is done anew because another writer committed first. */
const attempts = 10;

/**
 * Adds and corrects the rows of a range; what the source no longer has stays. The same again changes nothing. Killed or
 * failed, the next run of the same does what is missing. Throws DATA_NOT_BACKFILLED for a component that cannot be.
 */
export async function runBackfill(
  request: DataRequest,
  backfill: BackfillInput,
  parts: DataParts,
  work: Work,
): Promise<DataOutcome> {
  const { file, atMs } = request;
  const group = request.definition.name;
  const before = await findHead(parts.database, group);
  const definition = withDeprecated(request.definition, before?.definition, request.users);
  const first = await openBase(definition, parts);
  refuse(definition, first);
  const known: Known = backfill.known ?? (first.head === undefined ? "event" : "commit");
  const partitions = planPartitions(backfill);
  const read = (await work.fanOut({
    step: "read",
    entry: "data/partition",
    partitions: await Promise.all(
      partitions.map(async (one) => ({
        name: one.name,
        input: await partitionInput(one, { definition, file }, first, work.folder),
      })),
    ),
  })) as unknown as PartitionOutput[];
  for (let attempt = 1; ; attempt++) {
    const base = attempt === 1 ? first : await openBase(definition, parts);
    const folder = join(work.folder, `join-${attempt}`);
    await mkdir(folder, { recursive: true });
    const input: JoinInput = {
      ...commitInput(base, { definition, atMs, temporaryFolder: folder }),
      known,
      partitions: read,
      sourcePosition: base.head?.sourcePosition ?? null,
    };
    const step = attempt === 1 ? "join" : `join again (${attempt})`;
    const output = (await work.step(step, "data/join", {
      ...input,
      file,
    } as unknown as JsonObject)) as unknown as ReadOutput;
    try {
      const facts = {
        definition,
        appendedAs: "backfill" as const,
        sourceFingerprint: base.head?.sourceFingerprint ?? null,
        replayed: await rejectedAgain(group, output.quarantinePath, parts),
        inputs: [`source/${definition.source.description}`, lineageOf(backfill, known)],
      };
      const sequence = await commitRows(base, output, facts, parts, work);
      await catchUpOnline(parts.database, parts.offline, parts.online, group);
      await rm(waitingVectors(dirname(work.folder), group), { recursive: true, force: true });
      return { sequence, rows: output.rows };
    } catch (error) {
      if (!isFailure(error, "FEATURES_CONFLICT") || attempt === attempts) throw error;
    }
  }
}

/** In the lineage it stands for ever whether the rows were said to have been known all along. */
function lineageOf({ fromMs, toMs }: BackfillInput, known: Known): string {
  const iso = (ms: number) => new Date(ms).toISOString();
  return `backfill/${iso(fromMs)}..${iso(toMs)} known at ${known === "event" ? "event time" : "commit"}`;
}

function refuse({ name, key, source, eventTime }: DataDefinition, { head, change }: Base): void {
  if (source.kind === "push")
    throw fail(
      "DATA_NOT_BACKFILLED",
      `Expected data/${name} to have a source that can be asked again, got rows that others post`,
      { hint: `Post them again to /ingest/${name}: the same row counts once` },
    );
  if (eventTime === null)
    throw fail("DATA_NOT_BACKFILLED", `Expected data/${name} to have an eventTime, got none`, {
      hint: "Run it instead: without event times there is no range to fill",
    });
  const moved =
    head !== undefined &&
    JSON.stringify([head.definition.key, head.definition.eventTime]) !== JSON.stringify([key, eventTime]);
  if (change !== "none" || moved)
    throw fail(
      "DATA_NOT_BACKFILLED",
      `Expected the rows of data/${name} to fit its file, got columns that changed since its last run`,
      { hint: `Run data/${name} first` },
    );
}

/** Without the time of the run: the same partition of the same work has the same input. */
async function partitionInput(
  { name, fromMs, toMs }: TimePartition,
  { definition, file }: Pick<DataRequest, "definition" | "file">,
  { forgotten, current }: Base,
  folder: string,
): Promise<JsonObject> {
  const temporaryFolder = join(folder, "partitions", name.replaceAll(":", ""));
  await mkdir(temporaryFolder, { recursive: true });
  return {
    definition,
    file,
    range: { fromMs, toMs },
    forgotten,
    current: null,
    ...embeddingInput(definition, current, dirname(folder)),
    change: "none",
    replay: null,
    position: null,
    atMs: toMs,
    temporaryFolder,
  } as unknown as JsonObject;
}
