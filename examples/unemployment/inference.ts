// Step 4: how the live model answers: one industry over HTTP, and all of them once a month.

import { defineInference } from "pentad";
import training from "./training.ts";

export default defineInference({ training, online: true, batch: { schedule: "0 6 1 * *" } });
