// What a Prometheus server scrapes: the state of every component, and how the predictions of this process went.

import type { ComponentState, StatusDocument } from "../define/documents.ts";

/** Upper bounds of the prediction times' buckets, in seconds. */
const bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];
const states: readonly ComponentState[] = ["ok", "running", "failed", "stale", "idle"];

interface Timing {
  /** One count per bound, and one for what was slower. */
  readonly buckets: number[];
  sum: number;
  count: number;
}

export interface Metrics {
  /** Counts one request to an inference; `code` is that of its failure. */
  observe(inference: string, seconds: number, code: string | null): void;
  /** The text format, version 0.0.4. */
  render(status: StatusDocument): string;
}

export function openMetrics(): Metrics {
  const timings = new Map<string, Timing>();
  const failures = new Map<string, { inference: string; code: string; count: number }>();
  return {
    observe(inference, seconds, code) {
      if (code !== null) {
        const key = `${inference} ${code}`;
        const failure = failures.get(key) ?? { inference, code, count: 0 };
        failure.count++;
        failures.set(key, failure);
        return;
      }
      const timing = timings.get(inference) ?? {
        buckets: new Array<number>(bounds.length + 1).fill(0),
        sum: 0,
        count: 0,
      };
      const place = bounds.findIndex((bound) => seconds <= bound);
      (timing.buckets[place < 0 ? bounds.length : place] as number)++;
      timing.sum += seconds;
      timing.count++;
      timings.set(inference, timing);
    },
    render: (status) =>
      `${[
        ...componentLines(status),
        ...timingLines(timings),
        ...family(
          "pentad_prediction_failures_total",
          "counter",
          "Requests for a prediction that failed, by code",
          [...failures.values()].map(({ inference, code, count }) => [{ inference, code }, count]),
        ),
        ...processLines(),
      ].join("\n")}\n`,
  };
}

type Labels = Readonly<Record<string, string>>;

function componentLines({ components }: StatusDocument): string[] {
  const state = components.flatMap(({ id, state: now }) =>
    states.map((one): [Labels, number] => [{ component: id, state: one }, one === now ? 1 : 0]),
  );
  const age = components.flatMap(({ id, freshness }): [Labels, number][] =>
    freshness === null ? [] : [[{ component: id }, freshness.ageSeconds]],
  );
  const took = components.flatMap(({ id, lastRun }): [Labels, number][] =>
    lastRun?.durationMs == null ? [] : [[{ component: id }, lastRun.durationMs / 1000]],
  );
  return [
    ...family("pentad_component_state", "gauge", "1 for the state that a component is in", state),
    ...family("pentad_component_freshness_seconds", "gauge", "Age of what a component last made", age),
    ...family("pentad_component_last_run_seconds", "gauge", "How long a component's newest ended run took", took),
  ];
}

function timingLines(timings: ReadonlyMap<string, Timing>): string[] {
  const name = "pentad_prediction_seconds";
  const lines = [`# HELP ${name} Time to answer a request for predictions`, `# TYPE ${name} histogram`];
  for (const [inference, { buckets, sum, count }] of timings) {
    let below = 0;
    for (const [place, bound] of bounds.entries()) {
      below += buckets[place] as number;
      lines.push(sample(`${name}_bucket`, { inference, le: String(bound) }, below));
    }
    lines.push(sample(`${name}_bucket`, { inference, le: "+Inf" }, count));
    lines.push(sample(`${name}_sum`, { inference }, sum), sample(`${name}_count`, { inference }, count));
  }
  return lines;
}

function processLines(): string[] {
  const { user, system } = process.cpuUsage();
  return [
    ...family("process_resident_memory_bytes", "gauge", "Memory of the serving process", [
      [{}, process.memoryUsage.rss()],
    ]),
    ...family("process_cpu_seconds_total", "counter", "Processor time of the serving process", [
      [{}, (user + system) / 1e6],
    ]),
  ];
}

function family(name: string, type: string, help: string, samples: readonly (readonly [Labels, number])[]): string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(([labels, value]) => sample(name, labels, value)),
  ];
}

function sample(name: string, labels: Labels, value: number): string {
  const list = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}${list.length === 0 ? "" : `{${list.join(",")}}`} ${value}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
