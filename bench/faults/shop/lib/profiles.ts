// Reads the customers' profiles; shared code of the project, no component.

import { readFileSync } from "node:fs";

export interface Profile {
  readonly customer: string;
  readonly since: string;
  readonly age: number;
  readonly region: string;
}

export function readProfiles(file: string): Profile[] {
  return JSON.parse(readFileSync(file, "utf8")) as Profile[];
}
