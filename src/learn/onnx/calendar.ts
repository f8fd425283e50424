// Calendar columns as ONNX: divisions that round down, behind the columns that were given.

import type { CalendarColumn, PartName } from "../calendar.ts";
import { dayMs } from "../calendar.ts";
import type { Graph } from "./writer.ts";

/** The given rows with a column for each part; `places` says where the times stand in them. */
export function calendarRows(graph: Graph, columns: readonly CalendarColumn[], places: readonly number[]): string {
  const own = columns.map(({ of, part }) => {
    const time = graph.node("Gather", [graph.rows, graph.constant([1], [places[of]!], "int64")], [["axis", "int", 1]]);
    return partOf(graph, time, part);
  });
  return graph.node("Concat", [graph.rows, ...own], [["axis", "int", 1]]);
}

function partOf(graph: Graph, time: string, part: PartName): string {
  const number = (value: number): string => graph.constant([1], [value]);
  const sub = (a: string, b: string): string => graph.node("Sub", [a, b]);
  const add = (a: string, b: string): string => graph.node("Add", [a, b]);
  const times = (value: string, factor: number): string => graph.node("Mul", [value, number(factor)]);
  const over = (value: string, divisor: number): string =>
    graph.node("Floor", [graph.node("Div", [value, number(divisor)])]);
  /** What is left of a division that rounds down. */
  const rest = (value: string, divisor: number): string => sub(value, times(over(value, divisor), divisor));
  const days = over(time, dayMs);
  if (part === "weekday" || part === "weekdayLevel") return rest(add(days, number(4)), 7);
  if (part === "hour" || part === "hourLevel") {
    const hour = graph.node("Div", [rest(time, dayMs), number(3_600_000)]);
    return part === "hour" ? hour : graph.node("Floor", [hour]);
  }
  const day = rest(add(days, number(719_468)), 146_097);
  const leaps = sub(add(sub(day, over(day, 1_460)), over(day, 36_524)), over(day, 146_096));
  const year = over(leaps, 365);
  const yearDay = sub(day, sub(add(times(year, 365), over(year, 4)), over(year, 100)));
  return part === "yearDay" ? yearDay : over(add(times(yearDay, 5), number(2)), 153);
}
