// The pages in a real browser: ask the model, see every component's state, see a failure where it is, by keyboard too.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Browser, chromium, type Page } from "playwright-core";
import { findChromium } from "../../scripts/chromium.ts";
import type { PredictionDocument } from "../../src/http/api.ts";
import { copyExample, type Server, serve, type TestProject } from "../support/project.ts";

const executablePath = findChromium();
/** A browser that talks to nobody but the page under test; root may start it only without its sandbox. */
const chromiumArguments = [
  ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

describe("the pages", {
  skip: executablePath === undefined ? `no Chromium: ${process.env.CHROMIUM_MISSING ?? "none was found"}` : false,
}, () => {
  let project: TestProject;
  let server: Server;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];
  before(async () => {
    project = copyExample("rain");
    server = await serve(project.folder);
    await server.settle();
    browser = await chromium.launch({ executablePath: executablePath as string, args: chromiumArguments });
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on(
      "response",
      (response) => response.status() >= 500 && complaints.push(`${response.status()} ${response.url()}`),
    );
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    project?.remove();
  });

  it("answer a person who asks", async () => {
    await page.goto(`${server.url}/app/rain`);
    await page.getByRole("heading", { name: "Will it rain in Seattle tomorrow?" }).waitFor();
    const form = page.getByRole("form", { name: "Ask the model" });
    assert.equal(await form.getByLabel(/^Precipitation/).inputValue(), "0");
    await form.getByRole("button", { name: "Ask" }).click();
    const answer = page.getByTestId("answer");
    await answer.waitFor();
    const dry = Number(/(\d+) %/.exec((await answer.textContent()) ?? "")?.[1]);
    await form.getByLabel(/^Precipitation/).fill("25");
    await form.getByRole("button", { name: "Ask" }).click();
    await answer.filter({ hasNotText: `${dry} %` }).waitFor();
    const wet = Number(/(\d+) %/.exec((await answer.textContent()) ?? "")?.[1]);
    assert.ok(wet > dry, `${wet} % after rain, ${dry} % without`);
    assert.match((await page.locator("body").textContent()) ?? "", /version 1|v1/i);
  });

  it("fill the form with the newest observation", async () => {
    await page.getByRole("button", { name: /Use the newest observation/ }).click();
    assert.equal(await page.getByLabel(/^Temp max/).inputValue(), "5.6");
  });

  it("say beside the field what is wrong with it", async () => {
    const field = page.getByLabel(/^Wind/);
    await field.fill("-3");
    await page.getByRole("button", { name: "Ask" }).click();
    await page
      .getByText(/at least 0/)
      .first()
      .waitFor();
    assert.equal(await field.getAttribute("aria-invalid"), "true");
    await page.waitForFunction(`document.activeElement?.id === ${JSON.stringify(await field.getAttribute("id"))}`);
  });

  it("take feedback on the answer that is shown", async () => {
    await page.getByLabel(/^Wind/).fill("3");
    const answered = page.waitForResponse((response) => response.url().includes("/predict/") && response.ok());
    await page.getByRole("button", { name: "Ask" }).click();
    const { id } = (await (await answered).json()) as PredictionDocument;
    const recorded = page.waitForResponse((response) => response.url().includes("/feedback/") && response.ok());
    await page.getByTestId("answer").waitFor();
    // The page shows the new answer one frame after the reply came in.
    await page.waitForTimeout(200);
    await page.getByRole("button", { name: "Yes", exact: true }).click();
    assert.ok((await recorded).url().endsWith(`/feedback/${id}`));
    await page.getByText(/thank/i).first().waitFor();
  });

  it("show five columns and every component's state", async () => {
    await page.goto(`${server.url}/`);
    for (const column of ["Problem", "Data", "Training", "Inference", "App"])
      await page.getByRole("region", { name: column, exact: true }).waitFor();
    const states = () =>
      page
        .locator("[data-component]")
        .evaluateAll((cards) =>
          cards.map((card) => [card.getAttribute("data-component"), card.getAttribute("data-state")]),
        );
    await page.locator('[data-component="app/rain"][data-state="ok"]').waitFor();
    assert.deepEqual(await states(), [
      ["problem/rain", "ok"],
      ["data/weather", "ok"],
      ["training/rain", "ok"],
      ["inference/rain", "ok"],
      ["app/rain", "ok"],
    ]);
  });

  it("open a component by keyboard, with its profile and runs", async () => {
    const link = page.getByRole("link", { name: "weather" }).first();
    await link.focus();
    await page.keyboard.press("Enter");
    await page.getByText("1,461 rows from 1 Jan 2012 to 31 Dec 2015").waitFor();
    await page.getByText("first run").waitFor();
  });

  it("show what a run and its steps used", async () => {
    const { runs } = (await (await fetch(`${server.url}/api/runs?component=data/weather`)).json()) as {
      runs: { run: string }[];
    };
    await page.goto(`${server.url}/#/runs/${runs[0]?.run}`);
    const used = page.getByRole("region", { name: "Used" });
    await used.waitFor();
    const text = (await used.textContent()) ?? "";
    assert.match(
      text,
      /Took.*Processor\d.*Peak memory\d+ MB.*Read[\d.]+ \w?B.*Written[\d.]+ \w?B.*Kept in the stores[\d.]+ kB/,
    );
    const row = page.getByRole("row", { name: /done: read/ });
    assert.match((await row.textContent()) ?? "", /MB[\d.]+ \w?B[\d.]+ \w?B$/);
  });

  it("show a failure at its one place, as it happens, with file and line", async () => {
    await page.goto(`${server.url}/`);
    const sound = await project.read("data/weather.ts");
    await project.edit(
      "data/weather.ts",
      "  schedule:",
      '  transform() {\n    throw new Error("the gauge is broken");\n  },\n  schedule:',
    );
    await page.locator('[data-component="data/weather"][data-state="failed"]').waitFor({ timeout: 30_000 });
    await page
      .getByText(/the gauge is broken/i)
      .first()
      .waitFor();
    assert.match((await page.locator("body").textContent()) ?? "", /data\/weather\.ts:8/);
    assert.equal(await page.locator('[data-state="failed"]').count(), 1);
    await project.write("data/weather.ts", sound);
    await page.locator('[data-component="data/weather"][data-state="ok"]').waitFor({ timeout: 30_000 });
  });

  it("fit a narrow screen", async () => {
    await page.setViewportSize({ width: 380, height: 800 });
    for (const path of ["/", "/app/rain"]) {
      await page.goto(server.url + path);
      await page.getByRole("heading").first().waitFor();
      const [content, window] = (await page.evaluate(
        "[document.documentElement.scrollWidth, window.innerWidth]",
      )) as number[];
      assert.ok((content as number) <= (window as number), path);
    }
  });

  it("run without a complaint of the browser", () => {
    assert.deepEqual(
      complaints.filter((text) => !text.includes("400 (Bad Request)")),
      [],
    );
  });
});
