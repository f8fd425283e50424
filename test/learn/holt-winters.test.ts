// Seasonal smoothing against series whose future is known, and against the figures of statsmodels on a series that everybody knows.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fitForecast } from "../../src/learn/forecast/forecast.ts";
import { holtWinters } from "../../src/learn/forecast/holt-winters.ts";
import { openForecast } from "../../src/learn/forecast/model.ts";
import { random } from "../../src/learn/random.ts";

/** Passengers of airlines per month in thousands, 1949 to 1960 (Box & Jenkins, series G). */
const passengers = [
  [112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118],
  [115, 126, 141, 135, 125, 149, 170, 170, 158, 133, 114, 140],
  [145, 150, 178, 163, 172, 178, 199, 199, 184, 162, 146, 166],
  [171, 180, 193, 181, 183, 218, 230, 242, 209, 191, 172, 194],
  [196, 196, 236, 235, 229, 243, 264, 272, 237, 211, 180, 201],
  [204, 188, 235, 227, 234, 264, 302, 293, 259, 229, 203, 229],
  [242, 233, 267, 269, 270, 315, 364, 347, 312, 274, 237, 278],
  [284, 277, 317, 313, 318, 374, 413, 405, 355, 306, 271, 306],
  [315, 301, 356, 348, 355, 422, 465, 467, 404, 347, 305, 336],
  [340, 318, 362, 348, 363, 435, 491, 505, 404, 359, 310, 337],
  [360, 342, 406, 396, 420, 472, 548, 559, 463, 407, 362, 405],
  [417, 391, 419, 461, 472, 535, 622, 606, 508, 461, 390, 432],
].flat();

const meanError = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, i) => sum + Math.abs(value - b[i]!) / a.length, 0);

const season = [4, 9, -2, -6, 0, 3, -8];

/** A level that wanders, a slope, a week's season and noise. */
function weekly(count: number, seed: number, noise = 1): Float64Array {
  const source = random(seed);
  let level = 100;
  return Float64Array.from({ length: count }, (_, i) => {
    level += 0.2 + 0.1 * source.normal();
    return level + season[i % 7]! + noise * source.normal();
  });
}

describe("smoothing with a season", () => {
  it("forecasts the airline passengers as statsmodels' ETSModel does", () => {
    const path = holtWinters(Float64Array.from(passengers.slice(0, 132)), { horizon: 12, season: 12, coverage: 0.8 })!;
    // The model that statsmodels chooses by AICc (additive trend and season) is off by 13.05 on average in 1960.
    const error = meanError(path.value, passengers.slice(132));
    assert.ok(Math.abs(error - 13.05) < 0.6, `${error}`);
  });

  it("finds season and slope, and continues them", () => {
    const values = weekly(220, 3, 0.5);
    const path = holtWinters(values.subarray(0, 206), { horizon: 14, season: 7, coverage: 0.8 })!;
    assert.ok(meanError(path.value, values.subarray(206)) < 1, `${meanError(path.value, values.subarray(206))}`);
    const swing = Math.max(...Array.from(path.value)) - Math.min(...Array.from(path.value));
    assert.ok(swing > 15, `${swing}`);
  });

  it("holds about the share in its intervals that was asked for", () => {
    let held = 0;
    let all = 0;
    for (let seed = 0; seed < 60; seed++) {
      const values = weekly(154, 100 + seed);
      const { lower, upper } = holtWinters(values.subarray(0, 140), { horizon: 14, season: 7, coverage: 0.8 })!;
      for (let i = 0; i < 14; i++) {
        const value = values[140 + i]!;
        if (value >= lower[i]! && value <= upper[i]!) held++;
        all++;
      }
    }
    assert.ok(held / all > 0.72 && held / all < 0.87, `${held / all}`);
  });

  it("leaves a series without a season, too short a one, and one that cannot be reckoned to others", () => {
    const source = random(5);
    let level = 0;
    const wander = Float64Array.from({ length: 200 }, () => (level += source.normal()));
    const options = { horizon: 7, season: 7, coverage: 0.8 };
    for (const values of [
      wander,
      weekly(16, 1),
      new Float64Array(100),
      Float64Array.from({ length: 100 }, (_, i) => 1e300 * (i % 7)),
    ])
      assert.equal(holtWinters(values, options), undefined);
    assert.equal(holtWinters(weekly(100, 1), { ...options, season: 1 }), undefined);
  });

  it("is exact where nothing is left to chance, and the same again", () => {
    const values = Float64Array.from({ length: 70 }, (_, i) => 1e6 + season[i % 7]!);
    const options = { horizon: 9, season: 7, coverage: 0.8 };
    const path = holtWinters(values, options)!;
    for (const [i, value] of Array.from(path.value).entries())
      assert.ok(Math.abs(value - (1e6 + season[i % 7]!)) < 1e-3, `${value}`);
    assert.deepEqual(holtWinters(values, options), path);
  });

  it("is what ets() forecasts with, where there is a season", async () => {
    const day = 86_400_000;
    const rows = {
      times: Float64Array.from({ length: 140 }, (_, i) => Date.UTC(2024, 0, 1) + i * day),
      values: weekly(140, 9),
    };
    const flat = () => ({ value: new Float64Array(7), lower: new Float64Array(7), upper: new Float64Array(7) });
    const artifact = await fitForecast(rows, { algorithm: "ets", params: { horizon: 7 } }, { seed: 1, smooth: flat });
    const own = holtWinters(rows.values, { horizon: 7, season: 7, coverage: 0.8 })!;
    assert.deepEqual(
      openForecast(artifact)
        .forecast()
        .map(({ value }) => value),
      Array.from(own.value),
    );
  });
});
