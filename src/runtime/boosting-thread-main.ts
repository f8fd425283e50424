// The first module of a thread that helps with gradient boosting.

import { workerData } from "node:worker_threads";
import { serveBoosting, type ThreadJob } from "../learn/boosting-team.ts";

serveBoosting(workerData as ThreadJob);
