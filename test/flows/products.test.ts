// Files as strangers bring them become live products without a hand edit, and a row as it stands in the file is a valid request.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { Failure } from "../../src/base/failure.ts";
import type { PredictionDocument } from "../../src/http/api.ts";
import { emptyFolder, pentad, pentadJson } from "../support/project.ts";

/** Numbers from 0 to 1 by chance, the same ones each time. */
function chances(): () => number {
  let state = 7;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

interface Stranger {
  readonly file: string;
  readonly content: string | Buffer;
  readonly predict: string;
  readonly question: string;
  /** A row as it stands in the file, as JSON. */
  readonly row: string;
  /** What the model saw of it, or some of that. */
  readonly features: Readonly<Record<string, unknown>>;
  readonly classes?: readonly string[];
}

function rents(): Stranger {
  const chance = chances();
  const towns = ["München", "Köln", "Würzburg"];
  const lines = Array.from({ length: 300 }, (_, index) => {
    const size = 30 + 120 * chance();
    const town = towns[index % 3] as string;
    const day = `${String((index % 28) + 1).padStart(2, "0")}.${String((index % 12) + 1).padStart(2, "0")}.2021`;
    const rent = size * (town === "München" ? 14 : 9) + 80 * chance();
    return `${day};${town};${size.toFixed(1).replace(".", ",")};${index % 2 === 0 ? "True" : "False"};${rent.toFixed(2).replace(".", ",")}`;
  });
  return {
    file: "mieten.csv",
    // The euro sign is where Windows-1252 differs from Latin-1.
    content: Buffer.from(`Einzug;Ort;Fläche (m²);Küche;Miete \u0080\r\n${lines.join("\r\n")}\r\n`, "latin1"),
    predict: "Miete €",
    question: "How high is the miete?",
    row: '{"Einzug": "13.02.2021", "Ort": "Köln", "Fläche (m²)": 50.5, "Küche": "False", "Miete €": 600.1}',
    features: { Einzug: "2021-02-13T00:00:00.000Z", Ort: "Köln", "Fläche (m²)": 50.5, Küche: false },
  };
}

function orders(): Stranger {
  const chance = chances();
  const lines = Array.from({ length: 300 }, (_, id) => {
    const total = Math.round(500 * chance());
    const tags = ["a", "b"].slice(0, id % 3);
    const customer = { age: 18 + (id % 60), address: { city: id % 2 === 0 ? "Oslo" : "Rome" } };
    return JSON.stringify({
      customer,
      tags,
      total,
      constructor: ["p", "q"][id % 2],
      "back again?": total > 150 + 200 * chance(),
    });
  });
  return {
    file: "orders.ndjson",
    content: `${lines.join("\n")}\n`,
    predict: "back again?",
    question: "Back again: yes or no?",
    row: lines[0] as string,
    features: { "customer.age": 18, "customer.address.city": "Oslo", tags: "[]", constructor_: "p" },
    classes: ["false", "true"],
  };
}

function measurements(): Stranger {
  const chance = chances();
  const names = Array.from({ length: 300 }, (_, index) => `m${index}`);
  const rows = Array.from({ length: 300 }, () => {
    const cells = names.map(() => Number(chance().toFixed(3)));
    return [(cells[0] as number) * 10 + chance(), ...cells];
  });
  return {
    file: "plant.csv",
    content: `yield_kwh,${names.join(",")}\n${rows.map((row) => row.join(",")).join("\n")}\n`,
    predict: "yield_kwh",
    question: "How high is the yield?",
    row: JSON.stringify(Object.fromEntries(names.map((name, index) => [name, rows[0]?.[index + 1]]))),
    features: { m0: rows[0]?.[1] },
  };
}

describe("a stranger's file", () => {
  for (const { file, content, predict, question, row, features, classes } of [rents(), orders(), measurements()])
    it(`${file} becomes a product that answers to its rows`, async () => {
      const place = emptyFolder("product");
      try {
        const from = join(place.folder, "..", file);
        await writeFile(from, content);
        const made = await pentad("new", place.folder, "--from", from, "--predict", predict);
        assert.equal(made.code, 0, made.stderr);
        assert.match(
          await place.read("problem.ts"),
          new RegExp(`question: ${JSON.stringify(question).replace("?", "\\?")}`),
        );
        const ran = await pentadJson<{ failure: Failure | null }>("run", "--all", "--project", place.folder);
        assert.equal(ran.code, 0, JSON.stringify(ran.document.failure));
        const name = /inference\/(\S+)/.exec((await pentad("status", "--project", place.folder)).stdout)?.[1] as string;
        const { code, document, stderr } = await pentadJson<PredictionDocument>(
          ...["predict", name, "--input", row, "--project", place.folder],
        );
        assert.equal(code, 0, stderr);
        for (const [feature, value] of Object.entries(features))
          assert.deepEqual(document.features[feature], value, feature);
        if (classes === undefined) assert.equal(typeof document.prediction, "number");
        else {
          assert.deepEqual(Object.keys(document.probabilities ?? {}).sort(), classes);
          const sum = Object.values(document.probabilities ?? {}).reduce((total, one) => total + one, 0);
          assert.ok(Math.abs(sum - 1) < 1e-9);
        }
      } finally {
        place.remove();
      }
    });
});
