// The page of the learners' results: a head and one section per part, each replaced when that part has run again.

import { existsSync, readFileSync, writeFileSync } from "node:fs";

const head = `# Learners against their peers

Written by bench/learn/run.ts, whose parts may have run at different times: each names when, on what, and how busy the machine was.
Every program runs in a process of its own, interleaved, on one thread where nothing else is said. Fit time includes binning (and the
peers' data sets), not loading. On a busy machine the ratio of processor times means more than that of wall times.
`;

/** Puts a part's text under its heading, in the order of `headings`; other parts stay as they are. */
export function writePart(page: URL, headings: readonly string[], heading: string, text: string): void {
  const sections = new Map<string, string>();
  const old = existsSync(page) ? readFileSync(page, "utf8") : "";
  for (const section of old.split(/^## /m).slice(1)) {
    const end = section.indexOf("\n");
    sections.set(section.slice(0, end), section.slice(end).trim());
  }
  sections.set(heading, text.trim());
  const known = headings.filter((one) => sections.has(one));
  writeFileSync(page, [head, ...known.map((one) => `## ${one}\n\n${sections.get(one)!}\n`)].join("\n"));
}
