// Runs every fault, or those whose name holds a given word, and writes the table of results.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { allFaults } from "./all.ts";
import { criteria, type Fault, isGood, type Verdict } from "./fault.ts";
import { judge } from "./judge.ts";
import { prepareGrounds } from "./place.ts";

const words = process.argv.slice(2);
const chosen = allFaults.filter(
  ({ name, kind }) => words.length === 0 || words.some((word) => `${kind} ${name}`.includes(word)),
);
const grounds = await prepareGrounds(chosen.map(({ project }) => project));
const verdicts: Verdict[] = [];
try {
  // The two projects side by side: the shop's web address is one, and a fault may put it out of order.
  await Promise.all(
    (["rain", "shop"] as const).map((project) => inTurn(chosen.filter((one) => one.project === project))),
  );
} finally {
  await grounds.close();
}
if (words.length === 0) writeFileSync(join(import.meta.dirname, "..", "results", "faults.md"), page(verdicts));
console.log(`${verdicts.filter(isGood).length} of ${verdicts.length} faults are told as they should be`);
process.exitCode = verdicts.every(isGood) ? 0 : 1;

async function inTurn(faults: readonly Fault[]): Promise<void> {
  for (const fault of faults) {
    const verdict = await judge(fault, grounds);
    verdicts.push(verdict);
    console.error(
      `${isGood(verdict) ? "good" : "MISS"} ${fault.kind}: ${fault.name} (${(verdict.ms / 1000).toFixed(1)} s)`,
    );
    for (const note of verdict.notes) console.error(`     ${note}`);
  }
}

function page(all: readonly Verdict[]): string {
  const sorted = all.toSorted((a, b) => allFaults.indexOf(a.fault) - allFaults.indexOf(b.fault));
  const score = (criterion: (typeof criteria)[number]) => {
    const judged = sorted.filter((one) => one[criterion] !== null);
    return `| ${criterion} | ${judged.filter((one) => one[criterion] === true).length} of ${judged.length} |`;
  };
  return [
    "# Faults injected, and what the product said of them",
    "",
    `${sorted.length} faults, each in a copy of a project with a live model that \`pentad dev\` serves (examples/rain and a shop with two keyed groups), brought about and judged from outside: by the command line and HTTP. ${sorted.filter(isGood).length} of ${sorted.length} were told as they should be.`,
    "",
    "- **component**: the failure has the right code and names the component to blame",
    "- **step**: it names the step; **line**: it names the file and the exact line where user code is at fault",
    "- **hint**: message and hint name the thing that is wrong and what to do",
    "- **alone**: nothing else is marked failed",
    "- **downstream**: what rests on the component directly says so by its name",
    "- **serving**: predictions asked for five times a second all the while were all answered by the live version",
    "",
    "| criterion | right |",
    "| --- | --- |",
    ...criteria.map(score),
    "",
    "| component | fault | what was said | verdict |",
    "| --- | --- | --- | --- |",
    ...sorted.map(
      (one) =>
        `| ${one.fault.kind} | ${one.fault.name} | ${said(one)} | ${isGood(one) ? "right" : `**missed**: ${cell(one.notes.join("; "))}`} |`,
    ),
    "",
  ].join("\n");
}

function said({ blamed }: Verdict): string {
  if (blamed === null) return "nothing failed";
  const at = blamed.location ? ` (${blamed.location.file}:${blamed.location.line})` : "";
  return `\`${blamed.code}\` ${blamed.component ?? ""}${at}: ${cell(blamed.message)}`;
}

function cell(text: string): string {
  const plain = text
    .replaceAll(/\/[^\s"]*\/pentad-faults-[^/]+\/\d+/g, "…")
    .replaceAll(/\s+/g, " ")
    .replaceAll("|", "\\|");
  return plain.length > 240 ? `${plain.slice(0, 237)}…` : plain;
}
