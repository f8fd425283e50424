// Loads the embedders of a data component from kept code, in a process that may run them.

import { fail } from "../../base/failure.ts";
import type { DataComponent } from "../../define/data.ts";
import type { DataDefinition } from "../../define/definition.ts";
import { type LoadedEmbedder, loadedEmbedders } from "../../features/embedding.ts";
import { locationInProject } from "../../ports/compute.ts";
import { importUserFile } from "../user-modules.ts";
import { codeFolder } from "./kept-code.ts";

/** By feature name; empty for a component without embeddings. Throws FEATURES_EMBEDDING_FAILED when the code is another. */
export async function loadEmbedders(
  projectFolder: string,
  definition: Pick<DataDefinition, "name" | "features" | "code">,
): Promise<ReadonlyMap<string, LoadedEmbedder>> {
  const { code, name } = definition;
  if (code === undefined) return new Map();
  const component = (await importUserFile(codeFolder(projectFolder, code.hash), code.file)).default;
  const { features = {} } = (component as Partial<DataComponent> | undefined)?.options ?? {};
  const loaded = loadedEmbedders(definition, features, (stack) => locationInProject(stack, projectFolder));
  if (loaded === undefined)
    throw fail("FEATURES_EMBEDDING_FAILED", `Expected the embeddings of data/${name} in its kept code, got others`, {
      hint: `Run data/${name}: its code, or the files of its model, are not those that the vectors were made with`,
    });
  return loaded;
}
