// `pentad backfill`: reads a range of time again, partition by partition, and commits it as one.

import { parseDurationMs } from "../../base/clock.ts";
import { type BackfillDocument, backfill } from "../../runtime/backfill.ts";
import { summarizeRun } from "../../runtime/status.ts";
import { type Arguments, type CommandSpec, readNumber, usage } from "../arguments.ts";
import { readMoment } from "../moment.ts";
import { duration, failureText, note, printJson } from "../output.ts";
import { withProject } from "./with-project.ts";

const knownAt = { now: "commit", "event-time": "event" } as const;

export async function runBackfill(spec: CommandSpec, args: Arguments): Promise<number> {
  const [name, ...more] = args.operands;
  if (name === undefined || more.length > 0)
    throw usage(spec, `Expected one data component such as data/weather, got ${args.operands.join(" ") || "none"}`);
  const fromMs = readMoment(spec, args, "from");
  if (fromMs === null) throw usage(spec, "--from: expected a time such as 2024-01-31, got nothing");
  const toMs = readMoment(spec, args, "to") ?? Date.now();
  if (fromMs >= toMs) throw usage(spec, `--to: expected a time after --from, got ${args.text("to") ?? "now"}`);
  const partition = args.text("partition");
  const partitionMs = partition === undefined ? null : parseDurationMs(partition);
  if (partitionMs === undefined || partitionMs === 0)
    throw usage(spec, `--partition: expected a duration such as 1d or 6h, got ${JSON.stringify(partition)}`);
  const known = args.text("known-at");
  if (known !== undefined && !Object.hasOwn(knownAt, known))
    throw usage(spec, `--known-at: expected now or event-time, got ${JSON.stringify(known)}`);
  const places = readNumber(spec, args, "parallel", { min: 1, max: 64, otherwise: 2 });
  return withProject(args, async (project, signal) => {
    const done = await backfill(
      project,
      {
        data: name.replace(/^data\//, ""),
        fromMs,
        toMs,
        partitionMs,
        known: known === undefined ? null : knownAt[known as keyof typeof knownAt],
      },
      { signal, places, onProgress: teller() },
    );
    report(done, { fromMs, toMs }, args.flag("json"));
    return done.run.state === "done" ? 0 : 1;
  });
}

/** On a terminal one line that changes; elsewhere a line whenever there is news, at most every two seconds. */
function teller(): (run: BackfillDocument["run"]) => void {
  let last = "";
  let toldAt = Number.NEGATIVE_INFINITY;
  return ({ component, detail }) => {
    const text = `${component}: ${detail ?? "starting"}`;
    if (text === last) return;
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
    else if (performance.now() - toldAt < 2_000) return;
    else note(text);
    toldAt = performance.now();
    last = text;
  };
}

function report({ run, partitions }: BackfillDocument, range: { fromMs: number; toMs: number }, json: boolean): void {
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
  const { rows, ...summary } = summarizeRun(run);
  const iso = (ms: number) => new Date(ms).toISOString();
  if (json)
    printJson({
      ...summary,
      from: iso(range.fromMs),
      to: iso(range.toMs),
      partitions,
      rows: rows ?? { read: 0, accepted: 0, quarantined: 0 },
    });
  if (run.failure !== null) note(failureText(run.failure));
  else
    note(
      `${run.component}: ${run.detail ?? run.state}, ${partitions.done} of ${partitions.planned} ${partitions.planned === 1 ? "partition" : "partitions"} (${duration(summary.durationMs)})`,
    );
}
