// The document of a product page, for parts that are about its model; null while it is not there.

import type { AppDocument } from "../../../src/http/api.ts";
import { getApp } from "../api.ts";
import { useLoaded } from "../use-loaded.ts";

export function useAppDocument(name: string | null, version: string): AppDocument | null {
  const { value } = useLoaded<AppDocument | null>(
    (signal) => (name === null ? Promise.resolve(null) : getApp(name, signal)),
    `${name} ${version}`,
  );
  return value;
}
