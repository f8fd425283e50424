// Every fault, in the order of the product's steps.

import type { Fault } from "./fault.ts";
import { dataFaults } from "./faults-data.ts";
import { fileFaults } from "./faults-files.ts";
import { machineFaults } from "./faults-machine.ts";
import { modelFaults } from "./faults-models.ts";

export const allFaults: readonly Fault[] = [...fileFaults, ...dataFaults, ...modelFaults, ...machineFaults];
