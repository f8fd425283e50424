// A thread that helps with boosting, as whoever starts threads would write it.

import { workerData } from "node:worker_threads";
import { serveBoosting, type ThreadJob } from "../../src/learn/boosting/team.ts";

serveBoosting(workerData as ThreadJob);
