// Measures variants interleaved, sums the samples up, and writes a result down with the machine and the method beside it.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import { join } from "node:path";

/** One timing, in milliseconds, and what it is made of when that can be told. */
export interface Sample {
  readonly ms: number;
  readonly parts?: Readonly<Record<string, number>>;
}

export interface Variant {
  readonly name: string;
  /** Runs once from a clean start; throws when the answer is wrong. */
  run(): Promise<Sample>;
}

export interface Summary {
  readonly name: string;
  readonly medianMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** The medians of the parts, in the order of the first sample. */
  readonly parts: Readonly<Record<string, number>>;
}

export interface Bench {
  readonly title: string;
  /** What is timed, from where to where, and what is checked. */
  readonly method: string;
  readonly rounds: number;
  readonly goal?: { readonly variant: string; readonly atMostMs: number };
  readonly variants: readonly Variant[];
  close?(): Promise<void>;
}

/** A, B, A, B …: what else the machine does hits all variants alike. */
export async function measure({ variants, rounds }: Bench): Promise<Summary[]> {
  const samples = new Map<string, Sample[]>(variants.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++)
    for (const variant of variants) {
      const cpuBefore = endedProcessesCpuMs();
      const { ms, parts } = await variant.run();
      const cpuMs = endedProcessesCpuMs();
      const cpu =
        cpuBefore === undefined || cpuMs === undefined ? {} : { "processor time, all processes": cpuMs - cpuBefore };
      const sample = { ms, parts: { ...parts, ...cpu } };
      samples.get(variant.name)?.push(sample);
      console.error(`bench: ${variant.name}, round ${round + 1} of ${rounds}: ${formatMs(sample.ms)}`);
    }
  return [...samples].map(([name, taken]) => summarise(name, taken));
}

export function summarise(name: string, samples: readonly Sample[]): Summary {
  const times = samples.map(({ ms }) => ms);
  const parts = Object.keys(samples[0]?.parts ?? {});
  return {
    name,
    medianMs: median(times),
    minMs: Math.min(...times),
    maxMs: Math.max(...times),
    parts: Object.fromEntries(parts.map((part) => [part, median(samples.map((sample) => sample.parts?.[part] ?? 0))])),
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

export function formatMs(ms: number): string {
  if (ms < 10) return `${ms.toFixed(2)} ms`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

/** Cores, memory, load and versions; no names. */
export function machineFacts(): string {
  const manifest = readFileSync(join(import.meta.dirname, "../package.json"), "utf8");
  const { version } = JSON.parse(manifest) as { version: string };
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? "unknown"}), ${memory} GB, ${process.platform} ${process.arch}, Node.js ${process.versions.node}, Pentad ${version}; ${pressure()}`;
}

/** How busy the machine is with other work, as the kernel tells it: 0 is a quiet machine, above 10 times are no use. */
function pressure(): string {
  const average = linuxFile("/proc/pressure/cpu", /some avg10=([\d.]+)/);
  if (average === undefined) return "processor pressure unknown";
  const percent = Math.round(Number(average));
  return `processor pressure ${percent} % just before${percent > 10 ? " (busy with other work: the times are too long, the processor times are not)" : ""}`;
}

/** The processor time of every process that this one started and that has ended; undefined where it cannot be told. */
export function endedProcessesCpuMs(): number | undefined {
  const ticks = linuxFile("/proc/self/stat", /^\d+ \(.*\) \S+(?: \S+){12} (\d+ \d+)/);
  return ticks?.split(" ").reduce((sum, text) => sum + Number(text) * 10, 0);
}

function linuxFile(path: string, pattern: RegExp): string | undefined {
  try {
    return pattern.exec(readFileSync(path, "utf8"))?.[1];
  } catch {
    return undefined; // another operating system
  }
}

export function resultPage(bench: Bench, summaries: readonly Summary[], facts: string, at: Date): string {
  const rows = summaries.map(
    ({ name, medianMs, minMs, maxMs }) =>
      `| ${name} | ${formatMs(medianMs)} | ${formatMs(minMs)} to ${formatMs(maxMs)} |`,
  );
  const parts = summaries
    .filter((summary) => Object.keys(summary.parts).length > 0)
    .flatMap((summary) => [
      "",
      `Where the time goes (${summary.name}, medians):`,
      "",
      ...Object.entries(summary.parts).map(
        ([part, value]) => `- ${part}: ${/, (?:MB|%|1\/s)$/.test(part) ? Math.round(value) : formatMs(value)}`,
      ),
    ]);
  const goal = bench.goal === undefined ? [] : ["", goalLine(bench.goal, summaries)];
  return [
    `# ${bench.title}`,
    "",
    bench.method,
    "",
    `${bench.rounds} interleaved rounds on ${at.toISOString().slice(0, 10)}: ${facts}.`,
    "",
    "| | median | range |",
    "| --- | --- | --- |",
    ...rows,
    ...parts,
    ...goal,
    "",
  ].join("\n");
}

function goalLine({ variant, atMostMs }: { variant: string; atMostMs: number }, summaries: readonly Summary[]): string {
  const medianMs = summaries.find(({ name }) => name === variant)?.medianMs ?? Number.POSITIVE_INFINITY;
  return `The goal for ${variant} is ${formatMs(atMostMs)} at most: ${medianMs <= atMostMs ? "met" : "missed"}.`;
}

export function writeResult(name: string, page: string): string {
  const folder = join(import.meta.dirname, "results");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.md`), page);
  return page;
}
