// Server-sent events: the status document, whenever something changed, to everybody who listens.

import type { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import type { Project } from "../runtime/open-project.ts";
import { describeStatus } from "../runtime/status.ts";

const leastGapMs = 150;
/** Other processes' changes, and ages, are seen at this pace. */
const pollMs = 2000;

export function serveEvents(app: Hono, project: Project): void {
  app.get("/api/events", (context) =>
    streamSSE(context, async (stream) => {
      let wake: () => void = () => undefined;
      let changed = true;
      const stop = project.onChange(() => {
        changed = true;
        wake();
      });
      stream.onAbort(() => {
        stop();
        wake();
      });
      let last = "";
      while (!stream.aborted) {
        changed = false;
        const { at: _, ...status } = await describeStatus(project);
        const text = JSON.stringify(status);
        if (text !== last)
          await stream.writeSSE({ event: "status", data: JSON.stringify({ ...status, at: new Date().toISOString() }) });
        last = text;
        await stream.sleep(leastGapMs);
        if (!changed && !stream.aborted)
          await new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, pollMs);
            timer.unref();
            wake = () => {
              clearTimeout(timer);
              resolve();
            };
          });
      }
      stop();
    }),
  );
}
