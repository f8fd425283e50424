// placeholder

import { corrupt } from "./artifact.ts";
import type { Artifact, Predictor } from "./model.ts";
export function openTrees(_artifact: Artifact): Predictor {
  throw corrupt("Not available yet");
}
