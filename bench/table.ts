// Makes the table that the benches share: 100,000 rows of 20 columns with a label that can be learnt, the same on every machine.

import { closeSync, openSync, writeSync } from "node:fs";

export const rowCount = 100_000;
const numericCount = 15;
const regions = ["north", "east", "south", "west"];
const plans = ["free", "basic", "plus", "pro", "team", "enterprise"];

/** Two customers that nobody could take for each other, and what is true of them. */
export const clearCases: readonly { readonly input: Record<string, number | string>; readonly label: string }[] = [
  { input: customer(2.5, "pro", "south"), label: "yes" },
  { input: customer(-2.5, "free", "north"), label: "no" },
];

function customer(level: number, plan: string, region: string): Record<string, number | string> {
  const numbers = Object.fromEntries(
    Array.from({ length: numericCount }, (_, index) => [`x${index}`, index < 4 ? level : 0]),
  );
  return { ...numbers, plan, region, visits: 20, age: 40 };
}

/** 15 numbers, 2 categories, 2 whole numbers and a yes/no label; a twentieth of the cells of x5 are missing. */
export function writeTable(path: string): void {
  const random = seeded(20_260_101);
  const file = openSync(path, "w");
  const names = [
    ...Array.from({ length: numericCount }, (_, index) => `x${index}`),
    "plan",
    "region",
    "visits",
    "age",
    "label",
  ];
  let text = `${names.join(",")}\n`;
  for (let row = 0; row < rowCount; row++) {
    const x = Array.from({ length: numericCount }, () => normal(random));
    const plan = Math.floor(random() * plans.length);
    const region = Math.floor(random() * regions.length);
    const visits = Math.floor(random() * 60);
    const age = 18 + Math.floor(random() * 60);
    const margin =
      1.1 * x[0]! +
      0.9 * x[1]! -
      0.2 +
      0.8 * x[2]! * (region === 2 ? 1.5 : 0.7) +
      0.6 * Math.tanh(2 * x[3]!) +
      0.3 * (plan - 2.5) +
      0.01 * (visits - 30);
    const label = random() < 1 / (1 + Math.exp(-margin)) ? "yes" : "no";
    const cells = x.map((value, index) => (index === 5 && random() < 0.05 ? "" : value.toFixed(4)));
    text += `${cells.join(",")},${plans[plan]},${regions[region]},${visits},${age},${label}\n`;
    if (text.length > 1 << 20) {
      writeSync(file, text);
      text = "";
    }
  }
  writeSync(file, text);
  closeSync(file);
}

/** Mulberry32: small, and the same everywhere. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
