// Finds rows of a feature group by words and by their meaning, and shows the best ones.

import { type FormEvent, useState } from "react";
import type { DataDocument, SearchDocument } from "../../../src/http/api.ts";
import { type Problem, search, toProblem } from "../api.ts";
import { ProblemNotice } from "./problem-notice.tsx";

const shownRows = 10;

export function SearchBox({ data }: { readonly data: DataDocument }) {
  const { texts, meanings } = data.search;
  const [words, setWords] = useState("");
  const [found, setFound] = useState<SearchDocument | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const column = meanings[0];
  if (!texts && column === undefined) return null;

  async function ask(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (words.trim() === "" || busy) return;
    setBusy(true);
    setProblem(null);
    try {
      const text = texts ? { text: words } : {};
      const like = column === undefined ? {} : { like: words, column };
      setFound(await search(data.name, { ...text, ...like, top: shownRows }));
    } catch (error) {
      setProblem(toProblem(error));
    } finally {
      setBusy(false);
    }
  }

  const how = column === undefined ? "by words" : texts ? "by words and meaning" : "by meaning";
  return (
    <details className="search">
      <summary>Search the rows {how}</summary>
      <form className="search-form" onSubmit={ask}>
        <input
          type="search"
          aria-label={`Search the rows ${how}`}
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
        <button type="submit" disabled={busy || words.trim() === ""}>
          {busy ? "Searching …" : "Search"}
        </button>
      </form>
      {problem !== null && <ProblemNotice problem={problem} what="The rows could not be searched" />}
      {found !== null && problem === null && <FoundRows found={found} data={data} />}
    </details>
  );
}

function FoundRows({ found, data }: { readonly found: SearchDocument; readonly data: DataDocument }) {
  if (found.rows.length === 0) return <p role="status">Nothing found.</p>;
  const vectors = new Set(data.columns.filter(({ type }) => type === "vector").map(({ name }) => name));
  const names = Object.keys(found.rows[0]?.row ?? {}).filter((name) => !vectors.has(name));
  return (
    <table className="table" aria-label="Rows that were found, the best first">
      <thead>
        <tr>
          {names.map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {found.rows.map(({ row }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the ranking is what tells the rows apart.
          <tr key={index}>
            {names.map((name) => (
              <td key={name} data-label={name}>
                {cellText(row[name])}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const longestCell = 160;

function cellText(value: unknown): string {
  const text = value === null || value === undefined ? "–" : String(value);
  return text.length > longestCell ? `${text.slice(0, longestCell - 1)}…` : text;
}
