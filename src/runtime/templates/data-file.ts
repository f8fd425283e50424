// The second of the five files of a new project: where rows come from, and what they must look like.

import { missingTexts } from "../../define/definition.ts";
import { type FieldPlan, hourPattern } from "../new-project/schema.ts";
import { type CodeObject, type CodeValue, call, code, comment, object, propertyName, shown, text } from "./code.ts";
import { file, member } from "./file.ts";
import type { ProjectPlan } from "./plan.ts";

export function dataFile(plan: ProjectPlan): string {
  const { schema, source } = plan;
  const fields = schema.label === null ? schema.features : [...schema.features, schema.label];
  const words = fields.map(({ word }) => word);
  const features = new Map(schema.features.map((field) => [field.name, written(field)]));
  const options = {
    source: sourceCall(plan),
    key: schema.key.length === 0 ? undefined : schema.key.length === 1 ? (schema.key[0] as string) : schema.key,
    eventTime:
      schema.eventTime === null
        ? undefined
        : schema.eventTime.format === undefined
          ? schema.eventTime.column
          : object({ column: schema.eventTime.column, format: schema.eventTime.format }),
    missing:
      schema.missing === null
        ? undefined
        : {
            note: `Texts that mean "missing"; ${valuesNotMissing(schema.missing)} in this file.`,
            value: schema.missing,
          },
    transform: transformOf(plan),
    limits: limitsOf(plan, source.outside ? "1h" : undefined),
    features,
    labels: schema.label === null ? undefined : (new Map([[schema.label.name, written(schema.label)]]) as CodeObject),
  };
  const body = file(
    `Step 2: where the rows of ${shown(source.shown).slice(1, -1)} come from, and what a row must look like.`,
    ["defineData", source.word, ...words],
    [],
    "defineData",
    options,
  );
  const helper = schema.rewrite?.helper;
  return `${body}${helper === undefined ? "" : `\n${helper}\n`}${leftOut(plan)}`;
}

function transformOf({ schema }: ProjectPlan): CodeValue | undefined {
  const { hour, rewrite, eventTime } = schema;
  if (hour !== null)
    return {
      note: "The hour of the day tells something of its own: the quick model was better with it.",
      value: rowWith("hour", `/${hourPattern}/.exec(row${member(hour)} ?? "")?.[1] ?? null`),
    };
  if (rewrite === null || eventTime === null) return undefined;
  const { column } = eventTime;
  return {
    note: rewrite.note,
    value: rowWith(
      column,
      rewrite.code((name) => `row${member(name)}`),
    ),
  };
}

/** A function that sets one member of a row, on one line if it fits. */
function rowWith(name: string, value: string): CodeValue {
  const flat = `(row) => ({ ...row, ${propertyName(name)}: ${value} })`;
  const indent = "    ";
  return code(
    flat.length + "  transform: ,".length <= 120
      ? flat
      : `(row) => ({\n${indent}...row,\n${indent}${propertyName(name)}: ${value},\n  })`,
  );
}

function valuesNotMissing(missing: readonly string[]): string {
  const values = missingTexts.filter((one) => !missing.includes(one)).map((one) => `"${one}"`);
  return values.length === 1 ? `${values[0]} is a value` : `${values.join(" and ")} are values`;
}

function sourceCall({ source }: ProjectPlan): CodeValue {
  const options = source.header === undefined ? "" : `, { header: ${source.header} }`;
  const value = code(`${source.word}(${text(source.path)}${options})`);
  if (source.web !== undefined)
    return {
      note: `Downloaded once; ${source.word}(${text(source.web)}) with a schedule follows the address instead.`,
      value,
    };
  return source.outside ? { note: "Too large to copy: the file stays where it is.", value } : value;
}

function written({ word, options, note }: FieldPlan): CodeValue {
  const { from, unit, min, max, values, decimal, format, optional } = options;
  const value = call(word, { from, unit, min, max, values, decimal, format, optional });
  return note === undefined ? value : { note, value };
}

/** What the reader may miss among the features, each with its reason. */
function leftOut({ left, task }: ProjectPlan): string {
  if (left.length === 0) return "";
  const most = 40;
  if (task === "forecast") {
    const names = left.slice(0, most).map(({ name }) => shown(name));
    const more = left.length > most ? ` and ${left.length - most} more` : "";
    const note = `Left out, since a forecast learns from the label's own past: ${names.join(", ")}${more}`;
    return `\n${comment(note, 0).join("\n")}\n`;
  }
  const lines = left
    .slice(0, most)
    .flatMap(({ name, reason }) =>
      comment(`${shown(name)}: ${reason}`, 0).map((line, index) =>
        index === 0 ? line.replace("// ", "// - ") : line.replace("// ", "//   "),
      ),
    );
  if (left.length > most) lines.push(`// - and ${left.length - most} more`);
  return `\n// Left out of the features:\n${lines.join("\n")}\n`;
}

/** Only what the usual limits, 10 minutes and 1 GB, would not do for. */
export function limitsOf({ schema }: ProjectPlan, time: string | undefined): CodeValue | undefined {
  const columns = schema.features.length;
  const memoryMb = columns <= 500 ? undefined : Math.ceil(columns / 500) * 1024;
  if (memoryMb === undefined) return time === undefined ? undefined : object({ time });
  return {
    note: `The engine sets room aside for each of the ${columns.toLocaleString("en")} columns.`,
    value: object({ time, memoryMb }),
  };
}
