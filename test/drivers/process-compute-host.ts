// A host module as the product has one: it loads a file of the project and calls what the task names.

import { pathToFileURL } from "node:url";
import type { Json } from "../../src/base/json.ts";
import { serveSteps } from "../../src/drivers/process-host.ts";

serveSteps({
  async call(input, context) {
    const module = (await import(pathToFileURL(`${context.task.projectFolder}/${String(input.file)}`).href)) as Record<
      string,
      (input: unknown, context: unknown) => Promise<Json>
    >;
    return await (module[String(input.function ?? "default")] as (typeof module)[string])(input, context);
  },
  async echo(input) {
    return input;
  },
});
