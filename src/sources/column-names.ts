// Column names as they come out of a source: trimmed, never blank, never twice, never too many.

import { fail } from "../base/failure.ts";

export const maxColumns = 2000;

/**
 * The names of a source's columns. Blank names become `column_1`, `column_2` … by position; `_row`, which numbers the
 * rows, becomes `row_`. Throws SOURCES_DUPLICATE_COLUMN (upper and lower case count as the same) or SOURCES_TOO_WIDE.
 */
export function columnNames(given: readonly string[], source: string): string[] {
  if (given.length > maxColumns)
    throw fail(
      "SOURCES_TOO_WIDE",
      `${source} has ${given.length.toLocaleString("en")} columns; at most ${maxColumns.toLocaleString("en")} can be read`,
      {
        details: { columns: given.length },
      },
    );
  const names = given.map((name) =>
    name
      .replace(/[\u200b\ufeff]/g, "")
      .replace(/\s+/g, " ")
      .trim(),
  );
  const taken = new Map<string, number[]>();
  names.forEach((name, index) => {
    if (name === "") return;
    const same = taken.get(fold(name));
    if (same === undefined) taken.set(fold(name), [index]);
    else same.push(index);
  });
  const twice = [...taken.values()].filter((indexes) => indexes.length > 1);
  if (twice.length > 0) {
    const shown = twice.slice(0, 3).map((indexes) => {
      const spellings = [...new Set(indexes.map((index) => `"${names[index]}"`))].join(" and ");
      return `${spellings} (columns ${indexes.map((index) => index + 1).join(", ")})`;
    });
    throw fail(
      "SOURCES_DUPLICATE_COLUMN",
      `${source} names columns twice: ${shown.join("; ")}${twice.length > 3 ? " …" : ""}`,
      {
        hint: "Rename them in the header; upper and lower case count as the same",
        details: { columns: twice.map((indexes) => names[indexes[0] as number]) },
      },
    );
  }
  return names.map((name, index) => {
    if (name !== "" && fold(name) !== "_row") return name;
    let free = name === "" ? `column_${index + 1}` : "row_";
    while (taken.has(fold(free))) free += "_";
    taken.set(fold(free), [index]);
    return free;
  });
}

/** The engine does not tell upper from lower case in names. */
function fold(name: string): string {
  return name.toLowerCase();
}
