// The first module of a thread that helps with gradient boosting, one fit after the other.

import { parentPort } from "node:worker_threads";
import { serveBoosting, type ThreadJob } from "../learn/boosting/team.ts";

parentPort?.on("message", (job: ThreadJob) => serveBoosting(job));
