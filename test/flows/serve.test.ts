// A served project from outside: predictions, the open protocol, errors, health, one server per project, a clean end.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type {
  AppDocument,
  DataDocument,
  ErrorDocument,
  PredictionDocument,
  RunDocument,
  RunsDocument,
  StatusDocument,
} from "../../src/http/api.ts";
import {
  copyExample,
  eventually,
  pentad,
  pentadJson,
  type Server,
  serve,
  type TestProject,
} from "../support/project.ts";

describe("a served project", () => {
  let project: TestProject;
  let server: Server;
  before(async () => {
    project = copyExample("rain");
    server = await serve(project.folder);
    await server.settle();
  });
  after(async () => {
    await server.stop();
    project.remove();
  });
  const asError = (body: unknown) => (body as ErrorDocument).error;

  it("is ready once its model is live", async () => {
    assert.deepEqual(await server.get("/healthz"), { status: 200, body: { status: "ok" } });
    assert.deepEqual(await server.get("/readyz"), { status: 200, body: { status: "ready" } });
  });

  it("answers one object with one answer and a list with a list", async () => {
    const one = await server.post("/predict/rain", { precipitation: 3.2, weather: "rain" });
    assert.equal(one.status, 200);
    const answer = one.body as PredictionDocument;
    assert.deepEqual(Object.keys(answer).sort(), [
      "at",
      "features",
      "id",
      "model",
      "prediction",
      "probabilities",
      "staleness",
    ]);
    assert.equal(answer.features.weather, "rain");
    const many = await server.post("/predict/rain", [{ precipitation: 0 }, { precipitation: 30 }]);
    assert.equal(many.status, 200);
    assert.equal((many.body as PredictionDocument[]).length, 2);
    assert.deepEqual((await server.post("/predict/rain", [])).body, []);
  });

  it("gives the same answer as the command line", async () => {
    const { body } = await server.post("/predict/rain", { precipitation: 3.2 });
    const { document } = await pentadJson<PredictionDocument>(
      "predict",
      "rain",
      "--input",
      '{"precipitation": 3.2}',
      "--project",
      project.folder,
    );
    assert.deepEqual(document.probabilities, (body as PredictionDocument).probabilities);
    assert.deepEqual(document.features, (body as PredictionDocument).features);
  });

  it("gives reasons that add up, when asked", async () => {
    const { body } = await server.post("/predict/rain?explain=true", { precipitation: 3.2 });
    const { explanation, probabilities } = body as PredictionDocument;
    const margin = (explanation?.contributions ?? []).reduce(
      (sum, one) => sum + one.contribution,
      explanation?.base ?? Number.NaN,
    );
    assert.ok(Math.abs(1 / (1 + Math.exp(-margin)) - (probabilities?.true ?? Number.NaN)) < 1e-4);
    assert.equal(explanation?.class, "true");
  });

  const wrong: { name: string; input: unknown; field: string; message: RegExp }[] = [
    {
      name: "a text for a number",
      input: { precipitation: "wet" },
      field: "precipitation",
      message: /precipitation: expected a number in mm of at least 0, got the text "wet"/,
    },
    {
      name: "a number out of range",
      input: { precipitation: -1 },
      field: "precipitation",
      message: /at least 0, got the number -1/,
    },
    {
      name: "a misspelt field",
      input: { precipitatoin: 1 },
      field: "precipitatoin",
      message: /did you mean "precipitation"/,
    },
    {
      name: "null for a required field",
      input: { wind: null },
      field: "wind",
      message: /wind: expected a number in m\/s of at least 0, got null/,
    },
    {
      name: "a number that nothing can be reckoned with",
      input: { precipitation: 1e308 },
      field: "precipitation",
      message: /precipitation: expected a number from -1e\+100 to 1e\+100, got the number 1e\+308/,
    },
    { name: "a list inside", input: { wind: [1] }, field: "wind", message: /got a list/ },
    {
      name: "something that is no object",
      input: 5,
      field: "",
      message: /Expected an object of inputs, got the number 5/,
    },
  ];
  for (const { name, input, field, message } of wrong)
    it(`refuses ${name} with a 400 that names field, expected and got`, async () => {
      const { status, body } = await server.post("/predict/rain", input);
      assert.equal(status, 400);
      assert.equal(asError(body).code, "INFERENCE_INPUT_INVALID");
      assert.match(asError(body).message, message);
      const [problem] = (asError(body).details?.fields ?? []) as { field: string; expected: string; got: string }[];
      assert.equal(problem?.field, field);
      assert.ok(problem.expected.length > 0 && problem.got.length > 0);
    });

  it("names the row of a batch that is wrong", async () => {
    const { status, body } = await server.post("/predict/rain", [{ precipitation: 1 }, { precipitation: "x" }]);
    assert.equal(status, 400);
    assert.match(asError(body).message, /^row 1: precipitation/);
  });

  it("answers what is not there and what cannot be read with the right status", async () => {
    assert.equal((await server.post("/predict/snow", {})).status, 404);
    assert.match(asError((await server.post("/predict/snow", {})).body).hint, /rain/);
    const broken = await server.post("/predict/rain", "{not json");
    assert.deepEqual([broken.status, asError(broken.body).code], [400, "HTTP_BODY_INVALID"]);
    const nothing = await server.get("/nothing/here");
    assert.deepEqual([nothing.status, asError(nothing.body).code], [404, "HTTP_NOT_FOUND"]);
    const big = await server.post("/predict/rain", `[${"{},".repeat(6_000_000)}{}]`);
    assert.deepEqual([big.status, asError(big.body).code], [413, "HTTP_BODY_TOO_LARGE"]);
  });

  it("refuses pages of other sites and foreign host names", async () => {
    const response = await fetch(`${server.url}/predict/rain`, {
      method: "POST",
      body: "{}",
      headers: { origin: "https://elsewhere.example" },
    });
    assert.equal(response.status, 403);
  });

  it("takes feedback on an answer it gave, and no other", async () => {
    const { body } = await server.post("/predict/rain", { precipitation: 3 });
    const { id } = body as PredictionDocument;
    assert.deepEqual((await server.post(`/feedback/${id}`, { correct: false })).body, {
      prediction: id,
      recorded: true,
    });
    assert.equal((await server.post(`/feedback/${id}`, { actual: true })).status, 200);
    assert.equal((await server.post(`/feedback/${id}`, {})).status, 400);
    assert.equal((await server.post("/feedback/prd_nobody", { correct: true })).status, 404);
  });

  it("speaks the Open Inference Protocol", async () => {
    assert.deepEqual(Object.keys((await server.get("/v2")).body as object).sort(), ["extensions", "name", "version"]);
    assert.equal((await server.get("/v2/health/live")).status, 200);
    assert.equal((await server.get("/v2/health/ready")).status, 200);
    assert.deepEqual((await server.get("/v2/models/rain/ready")).body, { name: "rain", ready: true });
    const { body: metadata } = await server.get("/v2/models/rain");
    const { name, platform, inputs, outputs } = metadata as {
      name: string;
      platform: string;
      inputs: { name: string; datatype: string }[];
      outputs: { name: string }[];
    };
    assert.equal(name, "rain");
    assert.match(platform, /^pentad_/);
    assert.deepEqual(
      inputs.find((one) => one.name === "weather"),
      { name: "weather", datatype: "BYTES", shape: [-1] },
    );
    assert.deepEqual(
      outputs.map((one) => one.name),
      ["prediction", "probabilities"],
    );
    const tensor = (input: string, datatype: string, data: unknown[]) => ({
      name: input,
      shape: [data.length],
      datatype,
      data,
    });
    const { status, body } = await server.post("/v2/models/rain/infer", {
      id: "mine",
      inputs: [tensor("precipitation", "FP64", [0, 20]), tensor("weather", "BYTES", ["sun", "rain"])],
    });
    assert.equal(status, 200);
    const reply = body as {
      id: string;
      model_name: string;
      outputs: { name: string; shape: number[]; data: number[] }[];
    };
    assert.equal(reply.id, "mine");
    const probabilities = reply.outputs.find((one) => one.name === "probabilities");
    assert.deepEqual(probabilities?.shape, [2, 2]);
    const direct = (await server.post("/predict/rain", { precipitation: 20, weather: "rain" }))
      .body as PredictionDocument;
    assert.equal(probabilities?.data[3], direct.probabilities?.true);
    const filtered = await server.post("/v2/models/rain/infer", {
      inputs: [tensor("precipitation", "FP64", [1])],
      outputs: [{ name: "prediction" }],
    });
    assert.deepEqual(
      (filtered.body as typeof reply).outputs.map((one) => one.name),
      ["prediction"],
    );
  });

  it("answers protocol errors in the protocol's own body", async () => {
    const missing = await server.get("/v2/models/snow");
    assert.equal(missing.status, 404);
    assert.deepEqual(Object.keys(missing.body as object), ["error"]);
    assert.equal(typeof (missing.body as { error: unknown }).error, "string");
    const wrongShape = await server.post("/v2/models/rain/infer", {
      inputs: [{ name: "precipitation", shape: [2], datatype: "FP64", data: [1] }],
    });
    assert.equal(wrongShape.status, 400);
    assert.match((wrongShape.body as { error: string }).error, /expected 2 values for the shape \[2\], got 1/);
    const wrongField = await server.post("/v2/models/rain/infer", {
      inputs: [{ name: "precipitation", shape: [1], datatype: "FP64", data: ["x"] }],
    });
    assert.equal(wrongField.status, 400);
  });

  it("tells Prometheus the state of every component and how predictions went", async () => {
    const response = await fetch(`${server.url}/metrics`);
    assert.match(response.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
    const text = await response.text();
    assert.match(text, /^pentad_component_state\{component="data\/weather",state="ok"\} 1$/m);
    assert.match(text, /^pentad_component_state\{component="data\/weather",state="failed"\} 0$/m);
    const counted = (pattern: RegExp) => Number(pattern.exec(text)?.[1]);
    assert.ok(counted(/^pentad_prediction_seconds_count\{inference="rain"\} (\d+)$/m) >= 5);
    assert.equal(
      counted(/^pentad_prediction_seconds_bucket\{inference="rain",le="\+Inf"\} (\d+)$/m),
      counted(/^pentad_prediction_seconds_count\{inference="rain"\} (\d+)$/m),
    );
    assert.ok(
      counted(/^pentad_prediction_failures_total\{inference="rain",code="INFERENCE_INPUT_INVALID"\} (\d+)$/m) >= 6,
    );
    assert.doesNotMatch(text, /snow/);
    for (const line of text.trim().split("\n"))
      assert.match(line, /^(?:# (?:HELP|TYPE) \w+ .+|\w+(?:\{.*\})? -?[\d.e+-]+)$/);
  });

  it("describes itself in OpenAPI 3.1", async () => {
    const { body } = await server.get("/openapi.json");
    const document = body as {
      openapi: string;
      paths: Record<string, unknown>;
      components: { schemas: Record<string, { properties?: Record<string, unknown> }> };
    };
    assert.equal(document.openapi, "3.1.0");
    assert.ok(document.paths["/predict/rain"]);
    assert.deepEqual(document.components.schemas.rainInput?.properties?.precipitation, {
      type: "number",
      minimum: 0,
      description: "Rain and melted snow of the day, in mm",
    });
  });

  it("shows the same state to dashboard and command line", async () => {
    const { body } = await server.get("/api/status");
    const { document } = await pentadJson<StatusDocument>("status", "--project", project.folder);
    const states = (status: StatusDocument) =>
      status.components.map(({ id, state, lastRun }) => [id, state, lastRun?.run]);
    assert.deepEqual(states(body as StatusDocument), states(document));
    const runs = (await server.get("/api/runs?component=training/rain")).body as RunsDocument;
    assert.equal(runs.runs.length, 1);
    const run = (await server.get(`/api/runs/${runs.runs[0]?.run}`)).body as RunDocument;
    assert.ok(
      run.steps.every((step) => step.state === "done" && (step.cpuMs ?? 0) > 0 && (step.peakMemoryMb ?? 0) > 10),
    );
    assert.equal((await server.get("/api/runs/run_nobody")).status, 404);
    const data = (await server.get("/api/data/weather")).body as DataDocument;
    const rain = data.columns.find((column) => column.name === "precipitation");
    assert.deepEqual(
      [rain?.min, rain?.max, rain?.missing, rain?.histogram?.reduce((a, b) => a + b)],
      [0, 55.9, 0, 1461],
    );
    const app = (await server.get("/api/apps/rain")).body as AppDocument;
    assert.equal(app.fields.find((field) => field.name === "weather")?.values?.length, 5);
    assert.equal((await server.get("/api/apps/snow")).status, 404);
  });

  it("starts a run on request, and tells everybody who listens", async () => {
    const events = await fetch(`${server.url}/api/events`);
    assert.match(events.headers.get("content-type") ?? "", /text\/event-stream/);
    const reader = events.body?.getReader();
    const first = new TextDecoder().decode((await reader?.read())?.value);
    assert.match(first, /^event: status\ndata: \{"project":"rain"/);
    const { status, body } = await server.post("/api/run/data/weather", {});
    assert.equal(status, 202);
    const { run } = body as { run: string };
    const done = await eventually(async () => {
      const document = (await server.get(`/api/runs/${run}`)).body as RunDocument;
      return document.state === "done" ? document : undefined;
    });
    assert.equal(done.detail, "1,461 rows read, nothing new");
    let seen = "";
    while (!seen.includes(run)) seen += new TextDecoder().decode((await reader?.read())?.value);
    await reader?.cancel();
    assert.equal((await server.post("/api/run/data/nobody", {})).status, 404);
  });

  it("is the only server of its project, and says who is", async () => {
    const { code, stderr } = await pentad("dev", "--project", project.folder, "--port", "0");
    assert.equal(code, 1);
    assert.match(stderr, /RUNTIME_PROJECT_BUSY/);
    assert.match(stderr, /stop process \d+ first/);
  });
});

describe("serving", () => {
  it("says that the port is in use, and leaves nothing behind", async () => {
    const first = copyExample("rain", "first");
    const second = copyExample("rain", "second");
    const server = await serve(first.folder);
    try {
      const port = new URL(server.url).port;
      const { code, stderr } = await pentad("dev", "--project", second.folder, "--port", port);
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`Expected port ${port} .*RUNTIME_PORT_IN_USE`));
    } finally {
      await server.stop();
      first.remove();
      second.remove();
    }
  });

  it("ends with 0 on Ctrl-C, and is ready at once when nothing changed", async () => {
    const project = copyExample("rain");
    try {
      const first = await serve(project.folder);
      await first.settle();
      assert.equal(await first.stop("SIGINT"), 0);
      const again = await serve(project.folder, "start");
      const { body } = await again.get("/api/runs");
      assert.equal(await again.stop("SIGTERM"), 0);
      assert.equal((body as RunsDocument).runs.length, 5);
    } finally {
      project.remove();
    }
  });
});
