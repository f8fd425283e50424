// The dashboard's addresses, its search, its snippets and its descriptions of pictures.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { AppField, ModelSummary } from "../../src/http/api.ts";
import { curlSnippet, exampleInputs, typescriptSnippet } from "../../ui/src/calling.ts";
import { matching } from "../../ui/src/matching.ts";
import { metricsOf } from "../../ui/src/model-words.ts";
import { histogramSummary } from "../../ui/src/profile-words.ts";
import { componentHref, runHref, toPlace } from "../../ui/src/routes.ts";

test("every component and every run has an address that leads back to it", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("problem", "data", "training", "inference", "app"),
      fc.string({ minLength: 1, unit: "grapheme" }),
      (kind, name) => {
        fc.pre(!name.includes("/"));
        const place = toPlace(componentHref(`${kind}/${name}`));
        assert.deepEqual(place, { at: "component", id: `${kind}/${name}`, kind, name });
        assert.deepEqual(toPlace(runHref(name)), { at: "run", run: name });
      },
    ),
  );
});

test("an address that is no place is home, and a broken one does not throw", () => {
  for (const hash of ["", "#", "#/", "#/nothing/here", "#/data", "#/%E0%A4%A"])
    assert.deepEqual(toPlace(hash), { at: "home" }, hash);
  assert.deepEqual(toPlace("#/runs"), { at: "runs" });
});

test("searching finds beginnings first, without regard to case and accents", () => {
  const names = ["Warner Bros.", "Universal", "Studio Universe", "Éclair"];
  assert.deepEqual(matching(names, "uni"), ["Universal", "Studio Universe"]);
  assert.deepEqual(matching(names, "ECLAIR"), ["Éclair"]);
  assert.deepEqual(matching(names, " "), names);
  assert.deepEqual(matching(names, "x"), []);
});

test("snippets hold the typical values and survive quotes in names and values", () => {
  const fields = [
    { name: "max temp", default: 15.6 },
    { name: "city", default: "O'Fallon" },
    { name: "sex", default: null },
  ].map(
    (over) =>
      ({
        label: "",
        type: "text",
        description: null,
        unit: null,
        required: true,
        min: null,
        max: null,
        step: null,
        values: null,
        ...over,
      }) as AppField,
  );
  const inputs = exampleInputs(fields);
  assert.deepEqual(inputs, { "max temp": 15.6, city: "O'Fallon" });
  assert.match(curlSnippet("http://127.0.0.1:4400", "rain", inputs), /"city": "O'\\''Fallon"/);
  assert.match(typescriptSnippet("http://127.0.0.1:4400", "rain", inputs), /"max temp": 15\.6,\n {4}city: "O'Fallon",/);
});

test("a histogram is described by its range and its fullest part", () => {
  assert.equal(
    histogramSummary([80, 15, 5, 0], 0, 40, "mm"),
    "Values from 0 mm to 40 mm; the fullest part, 0 to 10 mm, holds 80 %",
  );
  assert.equal(histogramSummary([], null, null, null), "Values from unknown to unknown");
});

test("the metric that the gate speaks of comes first", () => {
  const version = (message: string): ModelSummary => ({
    training: "rain",
    version: 1,
    id: "x",
    algorithm: "logistic",
    createdAt: "2026-03-10T12:00:00Z",
    aliases: [],
    metrics: { rocAuc: 0.8, accuracy: 0.7, logLoss: 0.5 },
    gate: { passed: true, checks: [{ name: "atMost", passed: true, message }] },
    rows: { train: 10, test: 5 },
  });
  assert.deepEqual(metricsOf([version("log loss is 0.5 on 5 held-out rows")]), ["logLoss", "rocAuc", "accuracy"]);
  assert.deepEqual(metricsOf([version("It is good enough")]), ["rocAuc", "accuracy", "logLoss"]);
  assert.deepEqual(metricsOf([]), []);
});
