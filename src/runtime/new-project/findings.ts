// What a person should know of a table that became a project, the warnings first. Pure.

import type { TableProfile } from "../../data/profile.ts";
import type { Finding } from "../../data/profile-findings.ts";
import type { SourceResult } from "../../ports/source.ts";
import type { Tried } from "./attempt.ts";
import type { Target } from "./target.ts";

export function findingsOf(
  profile: TableProfile,
  unreadable: SourceResult["unreadable"],
  { task, label, roles }: Target,
  tried: Tried,
): Finding[] {
  const findings: Finding[] = [];
  if (unreadable.length > 0)
    findings.push({
      severity: "warning",
      column: null,
      message: `${rowsOf(unreadable.length)} cannot be read and will go to quarantine; the first: ${unreadable[0]?.reason}`,
    });
  for (const message of label?.notes ?? [])
    findings.push({ severity: "warning", column: label?.column.name ?? null, message });
  for (const message of roles.notes) findings.push({ severity: "info", column: null, message });
  for (const note of tried.notes) findings.push({ ...note, column: null });
  if (task === "forecast") findings.push(...leftTogether(label.column.name, tried));
  else
    for (const { column, reason } of tried.left)
      findings.push({
        severity: "info",
        column: column.name,
        message: `${JSON.stringify(column.name)} is left out: ${reason}`,
      });
  const leftNames = new Set([label?.column.name, ...tried.left.map(({ column }) => column.name)]);
  findings.push(...profile.findings.filter(({ column }) => column === null || !leftNames.has(column)));
  if (tried.refused.rows > 0)
    findings.push({
      severity: "warning",
      column: null,
      message: `${rowsOf(tried.refused.rows)} of ${tried.refused.of.toLocaleString("en")} will go to quarantine, since a cell does not fit`,
    });
  return findings.sort((a, b) => Number(a.severity === "info") - Number(b.severity === "info"));
}

/** A forecast leaves all other columns out for one reason. */
function leftTogether(label: string, { left }: Tried): Finding[] {
  if (left.length === 0) return [];
  const names = left.slice(0, 5).map(({ column }) => JSON.stringify(column.name));
  const more = left.length > names.length ? ` and ${left.length - names.length} more` : "";
  const message = `${names.join(", ")}${more} ${left.length === 1 ? "is" : "are"} left out: a forecast learns from the past of ${JSON.stringify(label)} alone`;
  return [{ severity: "info", column: null, message }];
}

function rowsOf(count: number): string {
  return `${count.toLocaleString("en")} row${count === 1 ? "" : "s"}`;
}
