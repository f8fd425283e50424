// Brings one fault about and scores what the product said: who, where, what to do, who else, and whether it kept answering.

import { isObject } from "../../src/base/json.ts";
import type { StatusDocument } from "../../src/http/api.ts";
import type { Blamed, Expected, Fault, Place, Verdict } from "./fault.ts";
import type { Grounds } from "./place.ts";

const settleMs = 60_000;

export async function judge(fault: Fault, grounds: Grounds): Promise<Verdict> {
  const startedAt = performance.now();
  const place = await grounds.open(fault);
  const notes: string[] = [];
  try {
    const before = await place.ask();
    if (before.status !== 200) throw new Error("The project did not answer before the fault");
    const stopAsking = fault.serving === "not asked" ? async () => [] : keepAsking(place, before.body.model.version);
    await fault.inject(place);
    const blamed = await act(fault, place);
    const trouble = await stopAsking();
    notes.push(...trouble);
    const byStatus = fault.act === "settle" || (typeof fault.act === "object" && "run" in fault.act);
    if (fault.act === "settle" && fault.expected.component !== null) await somethingFailed(place);
    const status = byStatus ? await settled(place) : null;
    const seen = status === null ? blamed : blamedIn(status, fault.expected.component);
    const other = await fault.also?.(place);
    if (other !== undefined && other !== null) notes.push(other);
    return {
      fault,
      ...(await scored(fault, place, seen, status, notes)),
      serving: fault.serving === "not asked" ? null : trouble.length === 0,
      notes,
      blamed: seen,
      ms: performance.now() - startedAt,
    };
  } catch (error) {
    const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return {
      fault,
      component: null,
      step: null,
      line: null,
      hint: null,
      alone: null,
      downstream: null,
      serving: null,
      notes: [...notes, `the harness: ${said}`],
      blamed: null,
      ms: performance.now() - startedAt,
    };
  } finally {
    await place.close();
  }
}

async function act({ act, project }: Fault, place: Place): Promise<Blamed | null> {
  if (act === "settle") return null;
  if ("run" in act) {
    await place.pentad("run", act.run);
    return null;
  }
  if ("predict" in act) return errorOf((await place.post(`/predict/${project}`, act.predict)).body);
  const { code, document } = await place.pentad(...act.command);
  return code === 0 ? null : errorOf(document);
}

function errorOf(document: unknown): Blamed | null {
  if (!isObject(document)) return null;
  const found = isObject(document.error) ? document.error : isObject(document.failure) ? document.failure : null;
  return found as Blamed | null;
}

function blamedIn({ components }: StatusDocument, expected: string | null): Blamed | null {
  const failed = components.filter(({ failure }) => failure !== null);
  return (failed.find(({ id }) => id === expected) ?? failed[0])?.failure ?? null;
}

/** A change of a file is noticed within a moment, but an endless loop in it only at the limit of loading. */
async function somethingFailed(place: Place): Promise<void> {
  const giveUpAt = performance.now() + settleMs;
  while (performance.now() < giveUpAt) {
    if ((await place.status()).components.some(({ failure }) => failure !== null)) return;
    await pause(200);
  }
}

/** Nothing runs or is due any more, twice in a row. */
async function settled(place: Place): Promise<StatusDocument> {
  const giveUpAt = performance.now() + settleMs;
  let quiet = 0;
  await pause(700);
  for (;;) {
    const status = await place.status();
    const busy = status.components.some(
      ({ state, waitingFor }) => state === "running" || waitingFor?.includes("its turn") === true,
    );
    quiet = busy ? 0 : quiet + 1;
    if (quiet >= 4) return status;
    if (performance.now() > giveUpAt) throw new Error(`It did not settle: ${JSON.stringify(status.components)}`);
    await pause(300);
  }
}

/** Asks several times a second while the fault happens; tells of every answer that was not the live version's. */
function keepAsking(place: Place, version: number): () => Promise<string[]> {
  let going = true;
  const trouble: string[] = [];
  const asking = (async () => {
    while (going) {
      try {
        const { status, body } = await place.ask();
        if (status !== 200) trouble.push(`a prediction was answered ${status}: ${JSON.stringify(body).slice(0, 200)}`);
        else if (body.model.version < version) trouble.push(`version ${body.model.version} answered`);
      } catch (error) {
        trouble.push(`a prediction was not answered: ${String(error)}`);
      }
      await pause(200);
    }
  })();
  return async () => {
    going = false;
    await asking;
    return trouble.slice(0, 3);
  };
}

async function scored(
  { expected, name }: Fault,
  place: Place,
  seen: Blamed | null,
  status: StatusDocument | null,
  notes: string[],
): Promise<Pick<Verdict, "component" | "step" | "line" | "hint" | "alone" | "downstream">> {
  const nothing = { component: null, step: null, line: null, hint: null, alone: null, downstream: null };
  if (expected.code === "none") {
    if (seen !== null) notes.push(`nothing should fail, got ${JSON.stringify(seen)}`);
    return { ...nothing, alone: seen === null };
  }
  if (seen === null) {
    notes.push(`${name}: nothing failed`);
    return { ...nothing, component: false };
  }
  const failed = status?.components.filter(({ state }) => state === "failed").map(({ id }) => id) ?? null;
  return {
    component: componentIsRight(expected, seen, notes),
    step: expected.step === undefined ? null : matches(seen.step === expected.step, `step ${seen.step}`, notes),
    line: await lineIsRight(expected, seen, place, notes),
    hint: hintIsUseful(expected, seen, notes),
    alone:
      failed === null
        ? null
        : matches(failed.length === 1 && failed[0] === expected.component, `failed: ${failed.join(", ")}`, notes),
    downstream: status === null ? null : downstreamKnows(expected, status, notes),
  };
}

function matches(good: boolean, otherwise: string, notes: string[]): boolean {
  if (!good) notes.push(otherwise);
  return good;
}

function componentIsRight(expected: Expected, seen: Blamed, notes: string[]): boolean {
  const codes = typeof expected.code === "string" ? [expected.code] : expected.code;
  return matches(
    codes.includes(seen.code) && (expected.component === null || seen.component === expected.component),
    `${seen.component ?? "no component"} ${seen.code}: ${seen.message}`,
    notes,
  );
}

async function lineIsRight(expected: Expected, seen: Blamed, place: Place, notes: string[]): Promise<boolean | null> {
  if (expected.at === undefined) return null;
  const { file, text } = expected.at;
  const line = (await place.read(file)).split("\n").findIndex((one) => one.includes(text)) + 1;
  return matches(
    seen.location?.file === file && seen.location.line === line,
    `expected ${file}:${line}, got ${seen.location ? `${seen.location.file}:${seen.location.line}` : "no line"} (${seen.message})`,
    notes,
  );
}

function hintIsUseful(expected: Expected, seen: Blamed, notes: string[]): boolean {
  return matches(
    expected.message.test(seen.message) && expected.hint.test(seen.hint),
    `it said: ${seen.message} → ${seen.hint}`,
    notes,
  );
}

/** What rests on the failed component directly says so by its name. */
function downstreamKnows({ component }: Expected, { components }: StatusDocument, notes: string[]): boolean | null {
  if (component === null) return null;
  const direct = components.filter(({ dependsOn }) => dependsOn.includes(component));
  if (direct.length === 0) return null;
  const silent = direct.filter(({ waitingFor }) => waitingFor?.includes(component) !== true);
  return matches(
    silent.length === 0,
    `${silent.map(({ id, state, waitingFor }) => `${id} is ${state} and says ${JSON.stringify(waitingFor)}`).join("; ")}`,
    notes,
  );
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
