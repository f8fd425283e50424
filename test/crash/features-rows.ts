// The group that the crash tests fill: two rows a commit, which belong together, and one key whose newest row moves on.

import { defineData } from "../../src/define/data.ts";
import { number } from "../../src/define/feature.ts";
import { count } from "../../src/define/window.ts";
import { type Cells, given } from "../data/group.ts";

export type Reading = Cells;

const start = Date.UTC(2024, 0, 1);

/** Half of a pair: rows of one commit carry the same value. */
export function reading(sensor: string, index: number, half: 0 | 1): Reading {
  return { sensor, t: new Date(start + (2 * index + half) * 1000).toISOString(), value: String(index) };
}

export function worker(rows: readonly Reading[]) {
  return defineData({
    name: "readings",
    source: given(rows, "on"),
    key: "sensor",
    eventTime: "t",
    features: { value: number() },
    windows: { lately: count({ over: "1h" }) },
  });
}
