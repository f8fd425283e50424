// The first module of every step process.

import { serveStepProcess } from "./drivers.ts";
import { stepHandlers } from "./steps.ts";

await serveStepProcess(stepHandlers);
