// The dashboard: one frame with the live status, around the place that the address names.

import "../styles/dashboard.css";
import { useEffect, useRef } from "react";
import { getProject } from "../api.ts";
import { useLiveStatus } from "../live-status.ts";
import { Head } from "../parts/head.tsx";
import { LostNotice } from "../parts/lost-notice.tsx";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { Skeleton } from "../parts/skeleton.tsx";
import type { Place } from "../routes.ts";
import { useLoaded } from "../use-loaded.ts";
import { useNow } from "../use-now.ts";
import { usePlace } from "../use-place.ts";
import { ComponentPage } from "./component-page.tsx";
import { Home } from "./home.tsx";
import { RunPage } from "./run-page.tsx";
import { RunsPage } from "./runs-page.tsx";

export default function Dashboard() {
  const live = useLiveStatus();
  const { status } = live;
  // The question may change with its file, and the apps with theirs.
  const project = useLoaded(
    getProject,
    status?.components.map((component) => `${component.id}@${component.lastRun?.run}`).join() ?? "",
  );
  const place = usePlace();
  const now = useNow();
  const main = useRef<HTMLElement>(null);
  const address = JSON.stringify(place);
  const arrived = useRef(address);

  useEffect(() => {
    document.title = titleOf(place, project.value?.project ?? "Pentad");
  }, [place, project.value]);

  // After going somewhere, reading starts at the top of the new place.
  useEffect(() => {
    if (arrived.current === address) return;
    arrived.current = address;
    window.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [address]);

  return (
    <>
      <button type="button" className="skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <Head project={project.value} status={status} live={live} place={place} />
      <main id="main" className="dashboard" ref={main} tabIndex={-1}>
        {live.lostAt !== null && status !== null && <LostNotice since={live.lostAt} problem={live.problem} now={now} />}
        {status !== null ? (
          <At place={place} status={status} question={project.value?.question ?? null} now={now} />
        ) : live.problem !== null ? (
          <>
            <h1>The state of the project cannot be shown</h1>
            <ProblemNotice problem={live.problem} />
            <p className="dim">This page keeps trying.</p>
          </>
        ) : (
          <>
            <h1 className="hidden">Loading</h1>
            <Skeleton lines={8} label="Loading the project" />
          </>
        )}
      </main>
    </>
  );
}

interface AtProps {
  readonly place: Place;
  readonly status: NonNullable<ReturnType<typeof useLiveStatus>["status"]>;
  readonly question: string | null;
  readonly now: Date;
}

function At({ place, status, question, now }: AtProps) {
  if (place.at === "component") return <ComponentPage key={place.id} id={place.id} status={status} now={now} />;
  if (place.at === "run") return <RunPage key={place.run} run={place.run} status={status} now={now} />;
  if (place.at === "runs") return <RunsPage status={status} now={now} />;
  return <Home status={status} question={question} now={now} />;
}

function titleOf(place: Place, project: string): string {
  const here = { home: null, runs: "Runs", run: "Run", component: place.at === "component" ? place.id : null }[
    place.at
  ];
  return here === null ? `${project} · Pentad` : `${here} · ${project} · Pentad`;
}
