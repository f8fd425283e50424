// Step 4: answers for a customer by number, or for values that are given.

import { defineInference } from "pentad";
import training from "./training.ts";

export default defineInference({ training });
