// Step 4: how the live model answers, one by one over HTTP and every morning for the newest day.

import { defineInference } from "pentad";
import training from "./training.ts";

export default defineInference({ training, online: true, batch: { schedule: "0 6 * * *" } });
