// Runs the transforms of posted rows beside the server: a warm process for each version of a component's code.

import { fail } from "../../base/failure.ts";
import { newId } from "../../base/ids.ts";
import type { Json, JsonObject } from "../../base/json.ts";
import { type RawCells, type TransformElsewhere, transformCells } from "../../data/posted-transform.ts";
import type { DataComponent } from "../../define/data.ts";
import type { ComputeServing, ComputeTask, StepContext } from "../../ports/compute.ts";
import { importUserFile } from "../user-modules.ts";
import { servingPool } from "./serving-pool.ts";

/** What a call may take. Whoever posts waits no longer than this for a process that is only starting. */
const callMs = 2_000;
const startMs = 30_000;
const memoryMb = 512;
const mostServices = 8;

/** A component's code as of its fingerprint. */
export interface TransformCode {
  readonly component: string;
  readonly file: string;
  readonly fingerprint: string | null;
  /** The environment variables that the component declares. */
  readonly environment: () => Readonly<Record<string, string>>;
}

export interface Transforms {
  /** The process begins to start; until it answers, and whenever it does not in time, what is asked rejects. */
  open(code: TransformCode): TransformElsewhere;
}

export function openTransforms(compute: ComputeServing, projectFolder: string): Transforms {
  const pool = servingPool(compute, mostServices);

  function task({ component, file, environment }: TransformCode): ComputeTask {
    return {
      entry: "data/transform",
      input: { file },
      component,
      run: newId("srv"),
      step: "transform of posted rows",
      attempt: 1,
      projectFolder,
      limits: { timeMs: startMs, memoryMb, callMs },
      environment: environment(),
    };
  }

  return {
    open(code) {
      const key = JSON.stringify([code.component, code.file, code.fingerprint]);
      const ask = (cells: RawCells) => pool.call(key, () => task(code), cells as unknown as Json);
      void ask({ columns: [], rows: [], wanted: [] }).catch(() => undefined);
      return async (cells) =>
        (await within(callMs, ask(cells), code.component)) as unknown as Awaited<ReturnType<TransformElsewhere>>;
    },
  };
}

function within<Result>(ms: number, work: Promise<Result>, component: string): Promise<Result> {
  return new Promise((resolve, reject) => {
    const late = () =>
      reject(fail("RUNTIME_INTERRUPTED", `Expected the transform of ${component} within ${ms} ms, got nothing yet`));
    const timer = setTimeout(late, ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** At the other side: answers with the transform of the component's file. */
export async function serveTransform(input: JsonObject, { task, serve }: StepContext): Promise<Json> {
  const { file } = input as { file: string };
  const { transform } = ((await importUserFile(task.projectFolder, file)).default as DataComponent).options;
  if (transform === undefined) throw fail("INTERNAL", `Expected ${file} to have a transform, got none`);
  return serve(async (cells) => transformCells(transform, cells as unknown as RawCells) as unknown as Json);
}
