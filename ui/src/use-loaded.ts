// A document of the server for a component of the page: loading, ready or failed, and loaded again when its key changes.

import { useCallback, useEffect, useEffectEvent, useState } from "react";
import { type Problem, toProblem } from "./api.ts";

export interface Loaded<T> {
  /** The newest document; kept while a newer one loads or when that fails. */
  readonly value: T | null;
  readonly problem: Problem | null;
  readonly reload: () => void;
}

/** `key` says when to load again. Use a React `key` on the component to forget the old document as well. */
export function useLoaded<T>(load: (signal: AbortSignal) => Promise<T>, key: string): Loaded<T> {
  const [value, setValue] = useState<T | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [tries, setTries] = useState(0);
  const loadNewest = useEffectEvent(load);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key and the tries say when to load again.
  useEffect(() => {
    const abort = new AbortController();
    loadNewest(abort.signal)
      .then((document) => {
        if (abort.signal.aborted) return;
        setValue(document);
        setProblem(null);
      })
      .catch((error: unknown) => {
        if (!abort.signal.aborted) setProblem(toProblem(error));
      });
    return () => abort.abort();
  }, [key, tries]);

  const reload = useCallback(() => setTries((before) => before + 1), []);
  return { value, problem, reload };
}
