// Search: rows by words, by nearness, by both; fresh after commits, filtered, refused with words when asked wrongly.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { SearchDocument } from "../../src/http/api.ts";
import { search as clientSearch } from "../../src/http/client.ts";
import { eventually, pentad, pentadJson, type Server, serve } from "../support/project.ts";
import { smallProject } from "../support/small-project.ts";

const component = `import { boolean, csv, defineData, number, text, vector } from "pentad";
export default defineData({
  source: csv("papers.csv"),
  key: "id",
  features: {
    title: text(),
    "body: über": text({ optional: true }),
    year: number(),
    embedding: vector({ dimensions: 3, optional: true }),
    place: vector({ dimensions: 2, similarity: "l2", optional: true }),
  },
});
`;
const rows = [
  'p1,"A great storm over Düsseldorf","Rain, rain and wind",2019,"[1, 0, 0]","[0, 0]"',
  'p2,"Sunny days","hardly any rain",2020,"[0.9, 0.1, 0]","[3, 4]"',
  'p3,"北京 天气","__proto__ and constructor",2021,"[0, 1, 0]","[-1, 0]"',
  'p4,"Nothing to see","",2022,,',
];
const table = (lines: readonly string[]) => `id,title,"body: über",year,embedding,place\n${lines.join("\n")}\n`;

describe("a search", () => {
  const project = smallProject();
  let server: Server;
  before(async () => {
    project.write(
      "papers.csv",
      table([...rows, 'p5,"Broken","",2023,"[1, 2]",', 'p6,"Broken too","",2023,"[1, NaN, 2]",']),
    );
    project.write("data/papers.ts", component.replace("key:", "quarantineBudget: 0.5, key:"));
    const { document } = await pentadJson<{ rows: unknown }>("run", "data/papers", "--project", project.folder);
    assert.deepEqual(document.rows, { read: 6, accepted: 4, quarantined: 2 });
    server = await serve(project.folder);
  });
  after(async () => {
    await server.stop();
    project.remove();
  });
  const search = async (request: unknown, name = "papers") => {
    const { status, body } = await server.post(`/api/features/${name}/search`, request);
    return { status, body: body as SearchDocument & { error: { code: string; message: string; hint: string } } };
  };
  const ids = async (request: object) => {
    const { status, body } = await search(request);
    assert.equal(status, 200, JSON.stringify(body));
    return body.rows.map(({ row }) => row.id);
  };

  it("finds texts by their words, the rarer and the more often the better, without accents and in any script", async () => {
    assert.deepEqual(await ids({ text: "rain" }), ["p1", "p2"]);
    assert.deepEqual(await ids({ text: "DUSSELDORF sunny" }), ["p2", "p1"]);
    assert.deepEqual(await ids({ text: "天气" }), ["p3"]);
    assert.deepEqual(await ids({ text: "constructor __proto__ toString" }), ["p3"]);
    assert.deepEqual(await ids({ text: "snow ?!" }), []);
  });

  it("finds the nearest vectors by the similarity of their column, and leaves rows without one out", async () => {
    const { body } = await search({ near: [2, 0, 0], column: "embedding" });
    assert.deepEqual(
      body.rows.map(({ row, score }) => [row.id, Number(score.toFixed(6))]),
      [
        ["p1", 1],
        ["p2", Number((0.9 / Math.hypot(0.9, 0.1)).toFixed(6))],
        ["p3", 0],
      ],
    );
    assert.equal(body.recall, 1);
    assert.equal(body.rows[0]?.row.embedding, "[1, 0, 0]");
    const place = await search({ near: [0, 0], column: "place", top: 2 });
    assert.deepEqual(
      place.body.rows.map(({ row, score }) => [row.id, score]),
      [
        ["p1", 0],
        ["p3", -1],
      ],
    );
  });

  it("takes only rows for which a condition holds, and ranks words and vectors as one", async () => {
    assert.deepEqual(await ids({ text: "rain", where: "year > 2019" }), ["p2"]);
    assert.deepEqual(await ids({ near: [1, 0, 0], column: "embedding", where: "year > 2019" }), ["p2", "p3"]);
    assert.deepEqual(await ids({ text: "sunny", near: [0, 1, 0], column: "embedding" }), ["p2", "p3", "p1"]);
  });

  it("is refused with words when it asks for what is not there", async () => {
    for (const [request, message] of [
      [{}, "Expected text, like or near to search for, got none of them"],
      [{ near: [1], column: "place" }, "near: expected 2 numbers, as place has, got a list of 1"],
      [{ near: [1, 2] }, "column: expected one of embedding, place, got nothing"],
      [{ like: " " }, 'like: expected words, got " "'],
      [{ like: "x" }, "Expected data/papers to hold an embedding() feature to compare meanings by, got none"],
      [{ like: "x", near: [1, 0, 0] }, "Expected near or like, got both"],
      [{ text: "x", top: 0 }, "top: expected a whole number from 1 to 1000, got 0"],
      [{ text: "x", where: "price > 1" }, 'Expected a column of the group in "price > 1", got "price"'],
      [{ texts: "x" }, 'Expected text, near, like, column, top, where, exact, got "texts"'],
    ] as const) {
      const { status, body } = await search(request);
      assert.ok(status >= 400 && status < 500, String(status));
      assert.equal(body.error.message, message);
    }
    assert.equal((await search({ text: "x" }, "nothing")).body.error.code, "FEATURES_UNKNOWN");
  });

  it("is kept fresh by commits, in the background", async () => {
    project.write("papers.csv", table([...rows.slice(1), 'p7,"A rain dance","",2024,"[1, 0, 0]",']));
    await eventually(async () => {
      const { body } = await search({ text: "rain" });
      return body.behind === 0 && body.rows.some(({ row }) => row.id === "p7") ? true : undefined;
    }, 30);
    assert.deepEqual(await ids({ text: "rain" }), ["p7", "p2"]);
    assert.deepEqual(await ids({ near: [1, 0, 0], column: "embedding", top: 1 }), ["p7"]);
  });

  it("is a function of the client", async () => {
    const { rows: found } = await clientSearch({ url: server.url, name: "papers" }, { text: "rain", top: 1 });
    assert.deepEqual([found.length, found[0]?.row.id], [1, "p7"]);
    await assert.rejects(clientSearch({ url: server.url, name: "papers" }, {}), {
      code: "FEATURES_SEARCH_INVALID",
      status: 400,
    });
  });

  it("is a command too, which waits for the newest rows", async () => {
    const found = await pentadJson<SearchDocument>(
      "search",
      "papers",
      "--near",
      "[1,0,0]",
      "--column",
      "embedding",
      "--top",
      "1",
      "--project",
      project.folder,
    );
    assert.deepEqual([found.code, found.document.behind, found.document.rows[0]?.row.id], [0, 0, "p7"]);
    const shown = await pentad(
      "search",
      "papers",
      "--text",
      "dance",
      "--where",
      "year = 2024",
      "--project",
      project.folder,
    );
    assert.match(shown.stdout, /^score +id +title[\s\S]+p7 +A rain dance/);
    assert.equal((await pentad("search", "papers", "--project", project.folder)).code, 2);
    assert.equal((await pentad("search", "papers", "--near", "1,2", "--project", project.folder)).code, 2);
  });

  it("does not find what was forgotten", async () => {
    assert.equal((await pentad("forget", "p7", "--project", project.folder)).code, 0);
    await eventually(async () => ((await ids({ text: "dance" })).length === 0 ? true : undefined), 30);
  });
});
