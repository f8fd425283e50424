// What a run used, all its attempts together: processor, memory, time, and bytes in, out and kept.

import type { RunDocument } from "../../../src/http/api.ts";
import { bytesText, durationText, numberText } from "../words.ts";

export function RunUsage({ run }: { readonly run: RunDocument }) {
  const { cpuMs, peakMemoryMb, bytesIn, bytesOut, bytesStored } = run.usage;
  const facts = [
    ["Took", run.durationMs === null ? "–" : durationText(run.durationMs)],
    ["Processor", cpuMs === null ? "–" : durationText(cpuMs)],
    ["Peak memory", peakMemoryMb === null ? "–" : `${numberText(Math.round(peakMemoryMb))} MB`],
    ["Read", bytesText(bytesIn)],
    ["Written", bytesText(bytesOut)],
    ["Kept in the stores", bytesText(bytesStored)],
    ...(run.partitions === null
      ? []
      : [["Partitions", `${numberText(run.partitions.done)} of ${numberText(run.partitions.planned)} done`]]),
  ];
  return (
    <dl className="facts">
      {facts.map(([label, text]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}
