// Embeddings from a user's file to an answer: rows are found by meaning, with the embedder's own code, secrets and mistakes.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { SearchDocument } from "../../src/http/api.ts";
import { search as clientSearch } from "../../src/http/client.ts";
import { eventually, pentad, pentadJson, type Server, serve } from "../support/project.ts";
import { smallProject } from "../support/small-project.ts";

/** Knows three meanings, each by several words; writes down every text that it is given. */
const embedder = (more = "") => `import { appendFileSync } from "node:fs";

const words = { wet: ["rain", "drizzle", "shower"], windy: ["storm", "gale"], bright: ["sun", "warm"${more}] };

export const meanings = {
  dimensions: 3,
  async embed(texts: readonly string[], as: "document" | "query") {
    appendFileSync("embedded.log", texts.map((text) => \`\${as} \${text.replaceAll("\\n", " ")}\\n\`).join(""));
    if (process.env.MEANING_TOKEN !== "sesame-open") throw new RangeError("no token");
    if (texts.some((text) => text.includes("bomb"))) throw new TypeError(\`cannot read sesame-open \${texts.length}\`);
    return texts.map((text) => Object.values(words).map((list) => list.filter((word) => text.includes(word)).length));
  },
};
`;
const component = (
  source = 'csv("papers.csv")',
) => `import { csv, defineData, embedding, number, push, text, vector } from "pentad";
import { meanings } from "../lib/meanings.ts";

export default defineData({
  source: ${source},
  key: "id",
  secrets: ["MEANING_TOKEN"],
  features: {
    title: text({ optional: true }),
    body: text({ optional: true }),
    year: number(),
    place: vector({ dimensions: 2, optional: true }),
    meaning: embedding({ of: ["title", "body"], with: meanings }),
  },
});
`;
const table = (...rows: readonly string[]) => `id,title,body,year,place\n${rows.join("\n")}\n`;
const rows = [
  "p1,a shower tomorrow,,2019,",
  'p2,a gale,and some drizzle,2020,"[1, 2]"',
  "p3,warm sun,,2021,",
  "p4,nothing to see,,2022,",
];

describe("a group with an embedding", () => {
  const project = smallProject();
  let server: Server;
  const texts = async () => {
    const { readFile, rm } = await import("node:fs/promises");
    const log = await readFile(`${project.folder}/embedded.log`, "utf8").catch(() => "");
    await rm(`${project.folder}/embedded.log`, { force: true });
    return log.split("\n").filter((line) => line !== "");
  };
  before(async () => {
    process.env.MEANING_TOKEN = "sesame-open";
    project.write("lib/meanings.ts", embedder());
    project.write("papers.csv", table(...rows));
    project.write("data/papers.ts", component());
    const { document } = await pentadJson<{ rows: unknown; failure: unknown }>(
      "run",
      "data/papers",
      "--project",
      project.folder,
    );
    assert.deepEqual([document.rows, document.failure], [{ read: 4, accepted: 4, quarantined: 0 }, null]);
    assert.equal((await texts()).length, 4);
    server = await serve(project.folder);
  });
  after(async () => {
    await server.stop();
    project.remove();
    delete process.env.MEANING_TOKEN;
  });
  type Answer = SearchDocument & { error: { code: string; message: string; hint: string } };
  const search = async (request: object) => {
    const { status, body } = await server.post("/api/features/papers/search", request);
    return { status, body: body as Answer };
  };
  const ids = async (request: object) => {
    const { status, body } = await search(request);
    assert.equal(status, 200, JSON.stringify(body));
    return body.rows.map(({ row }) => row.id);
  };

  it("is found by meaning over HTTP, by the client and by the command, and tells its rows without their vectors", async () => {
    assert.deepEqual((await ids({ like: "rain", top: 2 })).sort(), ["p1", "p2"]);
    assert.deepEqual(await ids({ like: "rain and storm", top: 1 }), ["p2"]);
    const { rows: found } = await clientSearch({ url: server.url, name: "papers" }, { like: "a warm day", top: 1 });
    assert.deepEqual(Object.keys(found[0]?.row ?? {}), ["id", "title", "body", "year", "place"]);
    assert.equal(found[0]?.row.id, "p3");
    const command = await pentadJson<SearchDocument>(
      "search",
      "papers",
      "--like",
      "storm",
      "--top",
      "1",
      "--project",
      project.folder,
    );
    assert.deepEqual([command.code, command.document.rows[0]?.row.id, command.document.recall], [0, "p2", 1]);
    assert.ok((await texts()).every((line) => line.startsWith("query ")));
  });

  it("is searched among rows for which a condition holds, and beside words", async () => {
    assert.deepEqual(await ids({ like: "rain", where: "year > 2019", top: 1 }), ["p2"]);
    assert.deepEqual(await ids({ like: "rain", text: "gale", top: 1 }), ["p2"]);
    assert.deepEqual((await ids({ like: "rain", column: "meaning", exact: true })).length, 4);
    const { body } = await search({ like: "rain", column: "place" });
    assert.equal(body.error.message, 'column: expected one of meaning, got "place"');
  });

  it("tells who searches what the embedder threw, with its line and without secrets, and goes on", async () => {
    const { status, body } = await search({ like: "bomb" });
    assert.equal(status, 500);
    assert.equal(body.error.code, "FEATURES_EMBEDDING_FAILED");
    assert.match(body.error.message, /embed of meaning threw: TypeError: cannot read ‹MEANING_TOKEN› 1/);
    assert.match(JSON.stringify(body), /lib\/meanings.ts:10/);
    assert.deepEqual(await ids({ like: "warm", top: 1 }), ["p3"]);
  });

  it("embeds only what is new when its source changes, and its index follows", async () => {
    await texts();
    project.write("papers.csv", table(...rows.slice(1), "p5,a drizzle,,2023,"));
    await eventually(async () => ((await ids({ like: "rain", top: 1 }))[0] === "p5" ? true : undefined), 30);
    assert.deepEqual(
      (await texts()).filter((line) => line.startsWith("document ")),
      ["document a drizzle"],
    );
  });

  it("is embedded anew when the embedder's file changes, and words are embedded by the code of the rows", async () => {
    project.write("lib/meanings.ts", embedder(', "nothing"'));
    await eventually(async () => {
      const { body } = await search({ like: "sun", where: "year = 2022" });
      return body.rows[0]?.score === 1 ? true : undefined;
    }, 30);
    const documents = (await texts()).filter((line) => line.startsWith("document "));
    assert.deepEqual(documents.sort(), [
      "document a drizzle",
      "document a gale and some drizzle",
      "document nothing to see",
      "document warm sun",
    ]);
  });

  it("is exported, and forgotten with its row", async () => {
    const out = `${project.folder}/papers.csv.out.csv`;
    assert.equal(
      (await pentad("export", "features/papers", "--as", "csv", "--out", out, "--project", project.folder)).code,
      0,
    );
    const { readFile } = await import("node:fs/promises");
    assert.match(await readFile(out, "utf8"), /meaning[\s\S]*"\[1\.?0?, 1\.?0?, 0\.?0?\]"/);
    assert.equal((await pentad("forget", "p5", "--project", project.folder)).code, 0);
    await eventually(async () => ((await ids({ like: "drizzle" })).includes("p5") ? undefined : true), 30);
  });

  it("fails its run with class, line and component when the embedder throws, and keeps what was", async () => {
    project.write("papers.csv", table(...rows, "p6,a bomb,,2024,"));
    const failed = await pentadJson<{
      failure: { code: string; message: string; location: { file: string; line: number } };
    }>("run", "data/papers", "--project", project.folder);
    assert.equal(failed.code, 1);
    const { code, message, location } = failed.document.failure;
    assert.deepEqual([code, location.file, location.line], ["RUNS_STEP_THROWS", "lib/meanings.ts", 10]);
    assert.match(message, /^TypeError: cannot read ‹MEANING_TOKEN›/);
    assert.ok((await ids({ like: "warm" })).includes("p3"));
  });
});

describe("posted rows with an embedding", () => {
  const project = smallProject();
  let server: Server;
  before(async () => {
    process.env.MEANING_TOKEN = "sesame-open";
    project.write("lib/meanings.ts", embedder());
    project.write("data/papers.ts", component("push()"));
    server = await serve(project.folder);
  });
  after(async () => {
    await server.stop();
    project.remove();
    delete process.env.MEANING_TOKEN;
  });

  it("are kept, judged by a run and found by meaning, and a rejected one is replayed after a fix", async () => {
    const posted = [
      { id: 1, title: "a shower", year: 2020 },
      { id: 2, title: "warm", year: 2021 },
      { id: 3, title: " ", year: 2021 },
    ];
    const { status } = await server.post("/ingest/papers", posted);
    assert.equal(status, 202);
    const found = await eventually(async () => {
      const { status, body } = await server.post("/api/features/papers/search", { like: "rain", top: 1 });
      return status === 200 ? (body as SearchDocument) : undefined;
    }, 30);
    assert.equal(found.rows[0]?.row.id, "1");
    const shown = await pentad("quarantine", "show", "papers", "--project", project.folder);
    assert.match(shown.stdout, /meaning: expected a text in title or body to embed, got nothing/);
    project.write("data/papers.ts", component("push()").replace("with: meanings", "with: meanings, optional: true"));
    assert.equal((await pentad("quarantine", "replay", "papers", "--project", project.folder)).code, 0);
    const online = await server.post("/api/features/online", {
      features: ["papers.title", "papers.meaning"],
      keys: [{ id: "3" }, { id: "1" }],
    });
    assert.deepEqual(
      (online.body as { rows: { values: unknown[] }[] }).rows.map(({ values }) => values),
      [
        [null, null],
        ["a shower", [1, 0, 0]],
      ],
    );
  });
});
