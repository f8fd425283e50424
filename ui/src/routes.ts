// The dashboard's places, as the address after the #: home, all runs, one run, one component; pure.

import type { ComponentKind } from "../../src/http/api.ts";
import { kindOrder } from "./status-words.ts";

export type Place =
  | { readonly at: "home" }
  | { readonly at: "runs" }
  | { readonly at: "run"; readonly run: string }
  | { readonly at: "component"; readonly id: string; readonly kind: ComponentKind; readonly name: string };

/** Reads `#/data/weather`; anything that is no place is home. */
export function toPlace(hash: string): Place {
  const [first = "", ...rest] = hash
    .replace(/^#?\/?/, "")
    .split("/")
    .map(decoded);
  const name = rest.join("/");
  if (first === "runs") return name === "" ? { at: "runs" } : { at: "run", run: name };
  const kind = kindOrder.find((each) => each === first);
  return kind === undefined || name === "" ? { at: "home" } : { at: "component", id: `${kind}/${name}`, kind, name };
}

export function componentHref(id: string): string {
  return `#/${id.split("/").map(encodeURIComponent).join("/")}`;
}

export function runHref(run: string): string {
  return `#/runs/${encodeURIComponent(run)}`;
}

export function appHref(name: string): string {
  return `/app/${encodeURIComponent(name)}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
