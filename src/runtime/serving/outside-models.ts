// Models whose arithmetic is not ours, in a process that may run it: the user's code as it was kept, and the runtime of ONNX files.

import { join } from "node:path";
import { fail } from "../../base/failure.ts";
import { isCustom } from "../../define/custom-model.ts";
import type { TrainingComponent } from "../../define/training.ts";
import { type CustomCode, type CustomFunctions, customCodeOf, provideCustom } from "../../learn/custom-model.ts";
import { isOnnxArtifact, provideOnnx } from "../../learn/imports/onnx.ts";
import { locationInProject } from "../../ports/compute.ts";
import type { OutsideModels } from "../../training/fit-candidate.ts";
import { openOnnx } from "../drivers.ts";
import { importUserFile } from "../user-modules.ts";
import { codeFolder } from "./kept-code.ts";

export function outsideModels(projectFolder: string): OutsideModels {
  const models: OutsideModels = {
    async custom(wanted) {
      const { file, code, name } = wanted;
      const functions = await loadCustom(projectFolder, { file, code, name });
      provideCustom({ file, code, name }, functions);
      return functions;
    },
    async onnx() {
      provideOnnx((await openOnnx(projectFolder)) as never);
    },
    async prepare(artifact) {
      const code = customCodeOf(artifact);
      if (code !== undefined) await models.custom(code);
      if (isOnnxArtifact(artifact)) await models.onnx();
    },
  };
  return models;
}

/** Throws MODELS_CUSTOM_FAILED when the kept code does not hold the model. */
async function loadCustom(projectFolder: string, { file, code, name }: CustomCode): Promise<CustomFunctions> {
  const folder = codeFolder(projectFolder, code);
  // Local times must be the same wherever the code runs, in training and in serving.
  process.env.TZ = "UTC";
  const component = (await importUserFile(folder, file)).default as TrainingComponent | undefined;
  const found = (component?.options.candidates ?? []).find((one) => isCustom(one) && one.params.name === name);
  if (!isCustom(found))
    throw fail(
      "MODELS_CUSTOM_FAILED",
      `Expected customModel() called ${JSON.stringify(name)} in the kept code of ${file}, got none`,
      {
        hint: "Train again: the code that this model was trained with is not there any more",
      },
    );
  const locate = (stack: string | undefined) => {
    const outside = locationInProject(stack, projectFolder);
    return (
      locationInProject(stack, folder) ??
      (outside?.file.startsWith(join(".pentad", "/")) === true ? undefined : outside)
    );
  };
  return { ...found.custom, location: locate(found.declaredAt), locate };
}
