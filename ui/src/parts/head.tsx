// The dashboard's head: the project, where one can go, and whether what is shown is live.

import type { ProjectDocument, StatusDocument } from "../../../src/http/api.ts";
import type { LiveStatus } from "../live-status.ts";
import { appHref, type Place } from "../routes.ts";

interface HeadProps {
  readonly project: ProjectDocument | null;
  readonly status: StatusDocument | null;
  readonly live: LiveStatus;
  readonly place: Place;
}

export function Head({ project, status, live, place }: HeadProps) {
  const current = (here: boolean) => (here ? { "aria-current": "page" as const } : {});
  return (
    <header className="head">
      <a className="brand" href="#/">
        {project?.project ?? status?.project ?? "Pentad"}
      </a>
      <nav aria-label="Main">
        <a href="#/" {...current(place.at === "home")}>
          Home
        </a>
        <a href="#/runs" {...current(place.at === "runs" || place.at === "run")}>
          Runs
        </a>
        {project?.apps.map((app) => (
          <a key={app.name} href={appHref(app.name)}>
            Open {app.title} <span aria-hidden="true">↗</span>
          </a>
        ))}
      </nav>
      <span className={`connection ${live.lostAt === null ? "" : "lost"}`}>
        {live.lostAt !== null ? "no news" : status === null ? "connecting" : "live"}
      </span>
    </header>
  );
}
