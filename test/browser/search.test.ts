// The search on a feature group's page, in a real browser: by words and by meaning, with what goes wrong.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { type Browser, chromium } from "playwright-core";
import { findChromium } from "../../scripts/chromium.ts";
import { pentad, type Server, serve } from "../support/project.ts";
import { smallProject } from "../support/small-project.ts";

const executablePath = findChromium();
const skip = executablePath === undefined ? `no Chromium: ${process.env.CHROMIUM_MISSING ?? "none was found"}` : false;
const project = smallProject();
let server: Server | undefined;
let browser: Browser | undefined;

before(async () => {
  if (skip !== false) return;
  project.write("papers.csv", 'id,title\np1,a shower\np2,"the sun, all day"\np3,nothing to see\n');
  project.write(
    "data/papers.ts",
    `import { csv, defineData, embedding, text } from "pentad";
const wet = /rain|shower/g;
const meanings = {
  dimensions: 2,
  embed: (texts: readonly string[]) =>
    texts.map((text) => {
      if (text === "bomb") throw new Error("cannot read it");
      return [(text.match(wet) ?? []).length, 0.1];
    }),
};
export default defineData({
  source: csv("papers.csv"),
  key: "id",
  features: { title: text(), meaning: embedding({ of: "title", with: meanings }) },
});
`,
  );
  assert.equal((await pentad("run", "data/papers", "--project", project.folder)).code, 0);
  server = await serve(project.folder);
  browser = await chromium.launch({
    executablePath: executablePath as string,
    args: [...(process.getuid?.() === 0 ? ["--no-sandbox"] : []), "--disable-gpu", "--disable-background-networking"],
  });
});
after(async () => {
  await browser?.close();
  await server?.stop();
  project.remove();
});

it("a person finds rows by words and meaning, by keyboard, and is told what went wrong", { skip }, async () => {
  const page = await (browser as Browser).newPage();
  await page.goto(`${server?.url}/#/data/papers`);
  await page.getByText("Search the rows by words and meaning").click();
  const field = page.getByRole("searchbox", { name: "Search the rows by words and meaning" });
  await field.fill("rain");
  await field.press("Enter");
  const found = page.getByRole("table", { name: "Rows that were found, the best first" });
  await found.waitFor();
  assert.deepEqual(await found.getByRole("columnheader").allTextContents(), ["id", "title"]);
  assert.equal(await found.getByRole("row").nth(1).textContent(), "p1a shower");
  await field.fill("bomb");
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await page.getByRole("alert").filter({ hasText: "embed of meaning threw: cannot read it" }).waitFor();
});
