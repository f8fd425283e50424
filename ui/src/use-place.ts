// The dashboard's current place, following the address.

import { useSyncExternalStore } from "react";
import { type Place, toPlace } from "./routes.ts";

export function usePlace(): Place {
  return toPlace(useSyncExternalStore(subscribe, () => window.location.hash));
}

function subscribe(changed: () => void): () => void {
  window.addEventListener("hashchange", changed);
  return () => window.removeEventListener("hashchange", changed);
}
