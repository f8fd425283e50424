// Warm processes beside the server, one for each thing that answers, started anew when they end; the longest unused ones are let go.

import { isFailure } from "../../base/failure.ts";
import type { Json } from "../../base/json.ts";
import type { ComputeServing, ComputeTask, ServingStep } from "../../ports/compute.ts";

export interface ServingPool {
  /** Asks the process of that key, which `task` starts when there is none. Throws what the process throws. */
  call(key: string, task: () => ComputeTask, input: Json): Promise<Json>;
  close(): void;
}

const tries = 3;

export function servingPool(compute: ComputeServing, most: number): ServingPool {
  /** In the order of their last use. */
  const services = new Map<string, ServingStep>();

  function serviceFor(key: string, task: () => ComputeTask): ServingStep {
    const service = services.get(key) ?? start(key, task());
    services.delete(key);
    services.set(key, service);
    for (const [oldest, one] of services) {
      if (services.size <= most) break;
      services.delete(oldest);
      one.close();
    }
    return service;
  }

  function start(key: string, task: ComputeTask): ServingStep {
    const service = compute.serve(task);
    void service.ended.then(() => {
      if (services.get(key) === service) services.delete(key);
    });
    return service;
  }

  return {
    async call(key, task, input) {
      for (let attempt = 1; ; attempt++) {
        const service = serviceFor(key, task);
        try {
          return await service.call(input);
        } catch (error) {
          // Another request ended the process: this one is asked again in a new one.
          if (!isFailure(error, "RUNTIME_INTERRUPTED") || attempt === tries) throw error;
          await service.ended;
        }
      }
    },
    close() {
      for (const one of services.values()) one.close();
      services.clear();
    },
  };
}
