// The project's status, kept live: server-sent events first, polling while they do not come.

import { useEffect, useState } from "react";
import type { StatusDocument } from "../../src/http/api.ts";
import { getStatus, type Problem, toProblem } from "./api.ts";

export interface LiveStatus {
  readonly status: StatusDocument | null;
  readonly problem: Problem | null;
  /** When the connection was lost; null while there is one. */
  readonly lostAt: Date | null;
}

const pollMs = 3_000;
const idlePollMs = 30_000;
const reopenMs = 10_000;

type Report = { status: StatusDocument } | { problem: Problem };

/** Reports every status until it is stopped. */
export function watchStatus(report: (news: Report) => void): () => void {
  const abort = new AbortController();
  let events: EventSource | null = null;
  let pollTimer: ReturnType<typeof setTimeout> | undefined;
  let reopenTimer: ReturnType<typeof setTimeout> | undefined;
  let flowing = false;

  const poll = async () => {
    clearTimeout(pollTimer);
    try {
      const status = await getStatus(abort.signal);
      if (abort.signal.aborted) return;
      report({ status });
    } catch (error) {
      if (abort.signal.aborted) return;
      report({ problem: toProblem(error) });
    }
    // Also while events flow, so that a connection which died without a sign is noticed.
    pollTimer = setTimeout(poll, flowing ? idlePollMs : pollMs);
  };

  const open = () => {
    events = new EventSource("/api/events");
    events.addEventListener("open", () => {
      flowing = true;
      clearTimeout(pollTimer);
      // What changed while nothing flowed is asked for once.
      void poll();
    });
    events.addEventListener("status", (event) => {
      try {
        report({ status: JSON.parse(event.data) as StatusDocument });
      } catch (error) {
        report({ problem: toProblem(error) });
      }
    });
    events.addEventListener("error", () => {
      const wasFlowing = flowing;
      flowing = false;
      if (wasFlowing) void poll();
      // The browser reconnects by itself unless the server refused; then it is asked again later.
      if (events?.readyState === EventSource.CLOSED) reopenTimer = setTimeout(open, reopenMs);
    });
  };

  void poll();
  open();
  return () => {
    abort.abort();
    events?.close();
    clearTimeout(pollTimer);
    clearTimeout(reopenTimer);
  };
}

export function useLiveStatus(): LiveStatus {
  const [live, setLive] = useState<LiveStatus>({ status: null, problem: null, lostAt: null });
  useEffect(
    () =>
      watchStatus((news) =>
        setLive((before) =>
          "status" in news
            ? { status: news.status, problem: null, lostAt: null }
            : { ...before, problem: news.problem, lostAt: before.lostAt ?? new Date() },
        ),
      ),
    [],
  );
  return live;
}
