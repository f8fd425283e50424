// What a data component's page shows: its feature group in a sentence, a search in it, and every column's profile.

import type { DataDocument } from "../../../src/http/api.ts";
import { getData } from "../api.ts";
import { useLoaded } from "../use-loaded.ts";
import { count, dateText, listText } from "../words.ts";
import { CommitTable } from "./commit-table.tsx";
import { ProblemNotice } from "./problem-notice.tsx";
import { ProfileTable } from "./profile-table.tsx";
import { QuarantineTable } from "./quarantine-table.tsx";
import { SearchBox } from "./search-box.tsx";
import { Skeleton } from "./skeleton.tsx";

export function DataDetail({ name, version }: { readonly name: string; readonly version: string }) {
  const { value, problem, reload } = useLoaded((signal) => getData(name, signal), version);
  return (
    <section className="panel" aria-label="Columns">
      <h2>What is in it</h2>
      {problem !== null && <ProblemNotice problem={problem} what="The profile could not be loaded" onRetry={reload} />}
      {value === null && problem === null && <Skeleton lines={8} />}
      {value !== null && (
        <>
          <p>{groupText(value)}</p>
          <QuarantineTable name={name} version={version} />
          <SearchBox data={value} />
          <ProfileTable columns={value.columns} rows={value.rows} />
          <CommitTable data={value} />
        </>
      )}
    </section>
  );
}

function groupText(data: DataDocument): string {
  const span = data.from === null || data.to === null ? "" : ` from ${dateText(data.from)} to ${dateText(data.to)}`;
  const key =
    data.key.length === 0
      ? ""
      : ` One row belongs to each ${listText(data.key)}${data.eventTime === null ? "" : ` and ${data.eventTime}`}.`;
  return `${count(data.rows, "row")}${span}, in ${count(data.commits, "commit")}, read from ${data.source}.${key}`;
}
