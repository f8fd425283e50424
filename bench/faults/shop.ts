// The second project that faults are injected into: two feature groups with a key, one from a web address, one from a function.

import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

export const visitsHeader = "customer,week,visits,spent,plan,left";

/** 80 customers over 16 weeks; those who come less and less leave. The same on every machine. */
export function visitsCsv(): string {
  let state = 11;
  const random = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state / 2 ** 32;
  };
  const lines = [visitsHeader];
  for (let customer = 1; customer <= 80; customer++)
    for (let week = 0; week < 16; week++) {
      const day = new Date(Date.UTC(2025, 0, 6 + 7 * week)).toISOString().slice(0, 10);
      const visits = Math.floor(random() * 10);
      const plan = ["free", "basic", "pro"][customer % 3];
      const left = random() < 1 / (1 + Math.exp(visits - 4));
      lines.push(`c${customer},${day},${visits},${(visits * 7.5 + random() * 5).toFixed(2)},${plan},${left}`);
    }
  return `${lines.join("\n")}\n`;
}

export function makeShop(folder: string, visitsUrl: string): void {
  mkdirSync(folder, { recursive: true });
  cpSync(join(import.meta.dirname, "shop"), folder, { recursive: true });
  const path = join(folder, "data/visits.ts");
  writeFileSync(path, readFileSync(path, "utf8").replace(/http:[^"]*/, visitsUrl));
  const profiles = Array.from({ length: 80 }, (_, index) => ({
    customer: `c${index + 1}`,
    since: "2024-12-01",
    age: 18 + ((index * 7) % 60),
    region: ["north", "south"][index % 2],
  }));
  writeFileSync(join(folder, "profiles.json"), JSON.stringify(profiles));
}

export type Answering = (request: IncomingMessage, response: ServerResponse) => void;

export interface Shop {
  readonly url: string;
  /** How the web address answers from now on; as it should when nothing is given. */
  answer(how?: Answering): void;
  close(): Promise<void>;
}

/** The shop's own server, which a fault can put out of order. */
export async function serveShop(): Promise<Shop> {
  const sound: Answering = (_request, response) => {
    response.setHeader("content-type", "text/csv");
    response.end(visitsCsv());
  };
  let how = sound;
  const server = createServer((request, response) => how(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/visits.csv`,
    answer(given = sound) {
      how = given;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
