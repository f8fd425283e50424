// Fits one of our models on jobs (a JSON array as the first argument) and prints what each took and how good it is, a line of JSON per job.

import { type Column, takeRows } from "../../src/base/table.ts";
import { score } from "../../src/learn/evaluation/metrics.ts";
import { fit } from "../../src/learn/fit.ts";
import { takeLabel } from "../../src/learn/label.ts";
import type { Label } from "../../src/learn/model.ts";
import { openModel } from "../../src/learn/open-model.ts";
import { boostingThreads } from "../../src/runtime/boosting-threads.ts";
import { fitAuto } from "./auto.ts";
import { fileBuffer, type Job } from "./jobs.ts";

for (const job of JSON.parse(process.argv[2]!) as Job[]) await measure(job);

async function measure(job: Job): Promise<void> {
  const raw = new Float64Array(fileBuffer(job.file));
  const column = (index: number): Float64Array => raw.slice(index * job.rows, (index + 1) * job.rows);
  const columns = new Map(
    job.columns.map((name, index): [string, Column] => {
      const values = column(index);
      if (!job.categories.includes(name)) return [name, { type: "number", values }];
      const most = values.reduce((top, value) => Math.max(top, Number.isNaN(value) ? 0 : value), 0);
      return [
        name,
        {
          type: "category",
          codes: Int32Array.from(values, (value) => (Number.isNaN(value) ? -1 : value)),
          dictionary: Array.from({ length: most + 1 }, (_, code) => `c${code}`),
        },
      ];
    }),
  );
  const y = column(job.columns.length);
  const classes = Array.from({ length: y.reduce((top, value) => Math.max(top, value), 0) + 1 }, (_, code) =>
    String(code),
  );
  const label: Label =
    job.task === "regression"
      ? { task: "regression", values: y }
      : { task: job.task, codes: Int32Array.from(y), classes };
  const rows = (path: string): Int32Array => new Int32Array(fileBuffer(path));
  const table = { rowCount: job.rows, columns };
  const [train, test] = [rows(job.train), rows(job.test)];
  const [trainTable, testTable] = [takeRows(table, train), takeRows(table, test)];
  const [trainLabel, testLabel] = [takeLabel(label, train), takeLabel(label, test)];
  const metric = job.task === "binary" ? "rocAuc" : job.task === "multiclass" ? "logLoss" : "rmse";
  const spec = {
    algorithm: job.algorithm,
    ...(job.settings === null ? {} : { params: { ...job.settings, earlyStopping: false } }),
  } as Parameters<typeof fit>[0];

  if (job.warmRows > 0) {
    const few = Int32Array.from({ length: Math.min(job.warmRows, train.length) }, (_, row) => row);
    await fit(spec, takeRows(trainTable, few), takeLabel(trainLabel, few), { seed: job.seed });
  }
  const threads = job.threads > 1 ? { threads: boostingThreads(job.threads) } : {};
  const start = performance.now();
  const cpu = process.cpuUsage();
  const artifact =
    job.algorithm === "auto"
      ? await fitAuto(trainTable, trainLabel, metric, job.seed)
      : await fit(spec, trainTable, trainLabel, { seed: job.seed, ...threads });
  const fitMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const cpuMs = (user + system) / 1000;
  const prediction = openModel(artifact).predict(testTable);
  console.log(
    JSON.stringify({
      fitMs,
      cpuMs,
      quality: score(metric, testLabel, prediction),
      rssMb: process.resourceUsage().maxRSS / 1024,
    }),
  );
}
