// Embeds the texts of one embedding that are new: in batches, each text once, and what is done outlives a failed run.

import { mkdir, open, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { contentHash, newId } from "../base/ids.ts";
import type { JsonObject } from "../base/json.ts";
import { embedBatch, type LoadedEmbedder } from "../features/embedding.ts";
import { type Query, sqlText, type VectorColumn } from "../ports/query.ts";

export interface EmbedTextsInput {
  /** A query that gives the texts as `text`. */
  readonly texts: string;
  /** A query that gives texts with vectors that are known (`text`, `vector`, and `commit`, of which the highest counts); null when there are none. */
  readonly known: string | null;
  /** Where vectors are kept until a run commits them: the next attempt goes on from there. */
  readonly folder: string;
  progress(progress: JsonObject): void;
}

const usualBatch = 64;
/** So many vectors are held before they are kept, and so long. */
const keptTogether = 2_048;
const keptWithinMs = 10_000;

/** Leaves the table `name` with one row for each text: `text`, and its `vector` or what is `wrong` with it. */
export async function embedTexts(
  query: Query,
  name: string,
  loaded: LoadedEmbedder,
  { texts, known, folder, progress }: EmbedTextsInput,
): Promise<void> {
  await query.run(`CREATE TABLE ${name} (text VARCHAR, vector FLOAT[], wrong VARCHAR)`);
  await query.run(`CREATE TABLE ${name}_texts AS SELECT DISTINCT text FROM (${texts}) WHERE text IS NOT NULL`);
  const isWanted = `text IN (SELECT text FROM ${name}_texts) AND text NOT IN (SELECT text FROM ${name})`;
  if (known !== null) await takeKnown(query, name, known);
  const { feature, embedder } = loaded;
  const mark = `${contentHash(feature.name, feature.embedder ?? "", String(embedder.dimensions)).slice(0, 16)}-`;
  await mkdir(folder, { recursive: true });
  for (const file of await readdir(folder))
    if (file.startsWith(mark) && file.endsWith(".parquet"))
      await query.run(
        `INSERT INTO ${name} SELECT text, vector, NULL FROM read_parquet(${sqlText(join(folder, file))}) WHERE ${isWanted}`,
      );
  // Texts of like length lie together: a model pads the shorter ones of a batch.
  await query.run(
    `CREATE TABLE ${name}_new AS SELECT text, row_number() OVER (ORDER BY length(text), text) AS n FROM ${name}_texts WHERE text NOT IN (SELECT text FROM ${name})`,
  );
  const [count] = await query.rows<{ n: number }>(`SELECT count(*) AS n FROM ${name}_new`);
  const all = count?.n ?? 0;
  const step = Math.min(embedder.batchSize ?? usualBatch, keptTogether);
  const vectors: Float32Array[] = [];
  const numbers: number[] = [];
  let keptAt = performance.now();

  /** The file first: what is in the table is lost with this process. */
  async function keep(): Promise<void> {
    keptAt = performance.now();
    if (vectors.length === 0) return;
    const values = new Float32Array(vectors.length * embedder.dimensions);
    for (const [index, vector] of vectors.splice(0).entries()) values.set(vector, index * embedder.dimensions);
    await query.createTable(
      `${name}_made`,
      new Map<string, Float64Array | VectorColumn>([
        ["n", Float64Array.from(numbers.splice(0))],
        ["vector", { dimensions: embedder.dimensions, values }],
      ]),
    );
    const path = join(folder, `${mark}${newId("vectors")}.parquet`);
    await query.run(
      `COPY (SELECT t.text, CAST(m.vector AS FLOAT[]) AS vector FROM ${name}_made m JOIN ${name}_new t ON t.n = m.n) TO ${sqlText(`${path}.new`)} (FORMAT parquet)`,
    );
    const written = await open(`${path}.new`, "r+");
    await written.sync();
    await written.close();
    await rename(`${path}.new`, path);
    await query.run(`INSERT INTO ${name} SELECT text, vector, NULL FROM read_parquet(${sqlText(path)})`);
  }

  try {
    for (let from = 0; from < all; from += step) {
      progress({
        detail: `embedding ${feature.name}: ${from.toLocaleString("en")} of ${all.toLocaleString("en")} texts`,
        share: from / all,
      });
      const batch = await query.rows<{ text: string; n: number }>(
        `SELECT text, n FROM ${name}_new WHERE n > ${from} AND n <= ${from + step} ORDER BY n`,
      );
      const made = await embedBatch(
        loaded,
        batch.map(({ text }) => text),
        "document",
      );
      const wrong: string[][] = [];
      for (const [index, { text, n }] of batch.entries()) {
        const one = made[index] as Float32Array | string;
        if (typeof one === "string") wrong.push([text, one]);
        else {
          vectors.push(one);
          numbers.push(n);
        }
      }
      if (wrong.length > 0) await refuse(query, name, wrong);
      if (vectors.length >= keptTogether || performance.now() - keptAt > keptWithinMs) await keep();
    }
  } catch (error) {
    await keep();
    throw error;
  }
  await keep();
}

/** The engine cannot put vectors aside while it groups by text: it is shown their numbers instead. */
async function takeKnown(query: Query, name: string, known: string): Promise<void> {
  await query.run(
    `CREATE TABLE ${name}_known AS SELECT text, vector, commit, row_number() OVER () AS n FROM (${known}) WHERE text IN (SELECT text FROM ${name}_texts)`,
  );
  await query.run(
    `INSERT INTO ${name} SELECT text, vector, NULL FROM ${name}_known WHERE n IN (SELECT arg_max(n, commit) FROM ${name}_known GROUP BY text)`,
  );
  await query.run(`DROP TABLE ${name}_known`);
}

async function refuse(query: Query, name: string, wrong: readonly (readonly string[])[]): Promise<void> {
  await query.run(`CREATE TABLE ${name}_wrong (text VARCHAR, wrong VARCHAR)`);
  await query.append(`${name}_wrong`, ["text", "wrong"], wrong);
  await query.run(`INSERT INTO ${name} SELECT text, NULL, wrong FROM ${name}_wrong; DROP TABLE ${name}_wrong`);
}
