// The Open Inference Protocol, version 2, over REST: models as tensors in and out, beside the product's own documents.

import { type Context, Hono } from "hono";
import { fail, isFailure } from "../base/failure.ts";
import { isObject } from "../base/json.ts";
import type { ColumnType, Scalar, Value } from "../base/table.ts";
import type { PredictionDocument } from "../define/answer-documents.ts";
import type { Live } from "../inference/live.ts";
import type { Asker } from "../runtime/predict.ts";
import { readJson } from "./body.ts";

interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly datatype: string;
  readonly data: readonly Scalar[];
}

export interface ProtocolOptions {
  readonly version: string;
  readonly ready: () => Promise<boolean>;
}

/** The routes below /v2. Errors have this protocol's own body: `{"error": "…"}`. */
export function inferenceProtocol(asker: Asker, options: ProtocolOptions): Hono {
  const routes = new Hono();
  const server = { name: "pentad", version: options.version, extensions: [] };
  routes.onError((error, context) =>
    context.json({ error: protocolMessage(error) }, (isFailure(error) ? error.status : 500) as 500),
  );
  routes.notFound((context) => context.json({ error: `Nothing is served at ${context.req.path}` }, 404));
  routes.get("/", (context) => context.json(server));
  routes.get("/health/live", (context) => context.json({ live: true, ready: true }));
  routes.get("/health/ready", async (context) => {
    const ready = await options.ready();
    return context.json({ live: true, ready }, ready ? 200 : 503);
  });
  for (const path of ["/models/:model", "/models/:model/versions/:version"]) {
    routes.get(path, async (context) => context.json(metadata(await liveOf(asker, context))));
    routes.get(`${path}/ready`, async (context) => {
      const { model = "" } = context.req.param() as Record<string, string>;
      await liveOf(asker, context);
      return context.json({ name: model, ready: true });
    });
    routes.post(`${path}/infer`, async (context) => {
      const live = await liveOf(asker, context);
      return context.json(await infer(asker, live, await readJson(context)));
    });
  }
  return routes;
}

function protocolMessage(error: unknown): string {
  return isFailure(error) ? `${error.message} (${error.code})` : "Something inside Pentad failed; its log says more";
}

async function liveOf(asker: Asker, context: Context): Promise<Live> {
  const { model = "", version } = context.req.param() as Record<string, string>;
  const live = await asker.live(model);
  if (version !== undefined && version !== String(live.version.version))
    throw fail("MODELS_UNKNOWN", `Expected version ${live.version.version} of ${model}, which is live, got ${version}`);
  return live;
}

const datatypes: Readonly<Record<ColumnType, string>> = {
  number: "FP64",
  boolean: "BOOL",
  category: "BYTES",
  text: "BYTES",
  time: "BYTES",
  vector: "FP32",
};

function metadata(live: Live) {
  const outputs = [{ name: "prediction", datatype: predictionType(live), shape: [-1] }];
  const { classes } = live.model;
  if (classes.length > 0) outputs.push({ name: "probabilities", datatype: "FP64", shape: [-1, classes.length] });
  for (const { name, width } of besideOf(live))
    outputs.push({ name, datatype: "FP64", shape: width === null ? [-1] : [-1, width] });
  return {
    name: live.inference.name,
    versions: [String(live.version.version)],
    platform: `pentad_${live.version.algorithm}`,
    inputs: inputsOf(live).map(({ name, type, dimensions }) => ({
      name,
      datatype: datatypes[type],
      shape: dimensions === undefined ? [-1] : [-1, dimensions],
    })),
    outputs,
    ...(classes.length > 0 ? { parameters: { classes: classes.join(",") } } : {}),
  };
}

function predictionType(live: Live): string {
  if (live.model.task === "anomaly") return "BOOL";
  if (live.model.task === "clustering") return "INT64";
  return live.model.task === "forecast" || live.label === null || live.model.task === "regression"
    ? "FP64"
    : datatypes[live.label.type];
}

interface Input {
  readonly name: string;
  readonly type: ColumnType;
  /** Of a vector. */
  readonly dimensions?: number;
  /** A text that only makes a vector. */
  readonly behind?: string;
}

/** A forecast's inputs are the columns that name a series. */
function inputsOf({ model, schema }: Live): readonly Input[] {
  return model.task === "forecast" ? model.features : schema.fields;
}

interface Beside {
  readonly name: string;
  /** Null for one number per row. */
  readonly width: number | null;
  readonly of: (answer: PredictionDocument) => readonly number[];
}

/** What the product's own documents hold beside the prediction, as tensors. */
function besideOf({ model, version }: Live): readonly Beside[] {
  if (model.task === "anomaly") return [{ name: "score", width: null, of: ({ score = 0 }) => [score] }];
  if (model.task === "clustering") return [{ name: "distance", width: null, of: ({ distance = 0 }) => [distance] }];
  if (model.task !== "forecast") return [];
  const width = version.evaluation.series?.horizon ?? 1;
  return (["value", "lower", "upper"] as const).map((part) => ({
    name: part === "value" ? "forecast" : part,
    width,
    of: ({ forecast }) => (forecast?.steps ?? []).map((step) => step[part]),
  }));
}

/** One input tensor per feature (rows × dimensions for a vector), or a single two-dimensional one with the features in the model's order. */
async function infer(asker: Asker, live: Live, body: unknown) {
  if (!isObject(body) || !Array.isArray(body.inputs))
    throw fail("HTTP_BODY_INVALID", 'Expected {"inputs": [...]}, got something else');
  const rows = rowsOf(
    live,
    body.inputs.map((input, index) => readTensor(input, index)),
  );
  const answers = (await asker.ask(live.inference.name, rows)) as PredictionDocument[];
  const outputs: Tensor[] = [
    {
      name: "prediction",
      datatype: predictionType(live),
      shape: [rows.length],
      data: answers.map((one) => one.prediction as Scalar),
    },
  ];
  const { classes } = live.model;
  if (classes.length > 0)
    outputs.push({
      name: "probabilities",
      datatype: "FP64",
      shape: [rows.length, classes.length],
      data: answers.flatMap((one) => classes.map((name) => one.probabilities?.[name] ?? 0)),
    });
  for (const { name, width, of } of besideOf(live))
    outputs.push({
      name,
      datatype: "FP64",
      shape: width === null ? [rows.length] : [rows.length, width],
      data: answers.flatMap(of),
    });
  return {
    model_name: live.inference.name,
    model_version: String(live.version.version),
    ...(typeof body.id === "string" ? { id: body.id } : {}),
    outputs: wanted(outputs, body.outputs),
  };
}

function wanted(outputs: readonly Tensor[], requested: unknown): readonly Tensor[] {
  if (!Array.isArray(requested) || requested.length === 0) return outputs;
  return requested.map((one) => {
    const output = outputs.find(({ name }) => isObject(one) && one.name === name);
    if (output === undefined)
      throw fail(
        "INFERENCE_INPUT_INVALID",
        `Expected the outputs ${outputs.map(({ name }) => name).join(", ")}, got ${JSON.stringify(isObject(one) ? one.name : one)}`,
      );
    if (isObject(one) && isObject(one.parameters) && one.parameters.binary_data === true) throw noBinary();
    return output;
  });
}

function readTensor(input: unknown, index: number): Tensor {
  if (!isObject(input) || typeof input.name !== "string")
    throw fail(
      "INFERENCE_INPUT_INVALID",
      `inputs[${index}]: expected a tensor with name, shape, datatype and data, got something else`,
    );
  if (isObject(input.parameters) && input.parameters.binary_data_size !== undefined) throw noBinary();
  const { name, shape, datatype, data } = input;
  if (!Array.isArray(shape) || !shape.every((size) => Number.isInteger(size) && (size as number) >= 0))
    throw fail(
      "INFERENCE_INPUT_INVALID",
      `${name}: expected a shape such as [1], got ${JSON.stringify(shape) ?? "nothing"}`,
    );
  if (typeof datatype !== "string" || !/^(?:BOOL|U?INT(?:8|16|32|64)|FP(?:16|32|64)|BYTES)$/.test(datatype))
    throw fail(
      "INFERENCE_INPUT_INVALID",
      `${name}: expected a datatype such as FP64 or BYTES, got ${JSON.stringify(datatype) ?? "nothing"}`,
    );
  if (!Array.isArray(data))
    throw fail(
      "INFERENCE_INPUT_INVALID",
      `${name}: expected data as a list, got ${data === undefined ? "nothing" : typeof data}`,
    );
  const flat = data.flat(Number.POSITIVE_INFINITY) as Scalar[];
  const size = (shape as number[]).reduce((product, one) => product * one, 1);
  if (flat.length !== size)
    throw fail(
      "INFERENCE_INPUT_INVALID",
      `${name}: expected ${size} values for the shape [${shape.join(", ")}], got ${flat.length}`,
    );
  return { name, shape: shape as number[], datatype, data: flat };
}

function rowsOf(live: Live, tensors: readonly Tensor[]): Record<string, Value>[] {
  const [first] = tensors;
  if (first === undefined) throw fail("INFERENCE_INPUT_INVALID", "Expected at least one input tensor, got none");
  const all = inputsOf(live);
  const fields = all.filter(({ behind }) => behind === undefined);
  const rowCount = first.shape[0] ?? 1;
  if (
    tensors.length === 1 &&
    first.shape.length === 2 &&
    fields.length > 1 &&
    !all.some(({ name }) => name === first.name)
  ) {
    const starts: number[] = [];
    let width = 0;
    for (const field of fields) {
      starts.push(width);
      width += field.dimensions ?? 1;
    }
    if (first.shape[1] !== width)
      throw fail(
        "INFERENCE_INPUT_INVALID",
        `${first.name}: expected ${width} columns (${fields.map(columnsText).join(", ")}), got ${first.shape[1]}`,
      );
    return Array.from({ length: rowCount }, (_, row) =>
      Object.fromEntries(
        fields.map((field, index) => [field.name, plain(field, first.data, row * width + starts[index]!)]),
      ),
    );
  }
  const known = new Map(all.map((field) => [field.name, field]));
  for (const { name, shape } of tensors) {
    if ((shape[0] ?? 1) !== rowCount)
      throw fail("INFERENCE_INPUT_INVALID", `${name}: expected ${rowCount} rows like ${first.name}, got ${shape[0]}`);
    const dimensions = known.get(name)?.dimensions;
    if (dimensions !== undefined && !(shape.length === 2 && shape[1] === dimensions))
      throw fail(
        "INFERENCE_INPUT_INVALID",
        `${name}: expected the shape [${rowCount}, ${dimensions}], got [${shape.join(", ")}]`,
      );
  }
  return Array.from({ length: rowCount }, (_, row) =>
    Object.fromEntries(
      tensors.map(({ name, data }) => {
        const field = known.get(name);
        return [name, plain(field, data, row * (field?.dimensions ?? 1))];
      }),
    ),
  );
}

function columnsText({ name, dimensions }: Input): string {
  return dimensions === undefined ? name : `${name} × ${dimensions}`;
}

/** Tensors have no missing values of their own: null in JSON, NaN being impossible there. BOOL may come as 0 and 1. */
function plain(field: Input | undefined, data: readonly Scalar[], at: number): Value {
  if (field?.dimensions !== undefined) {
    const numbers = data.slice(at, at + field.dimensions);
    return numbers.every((one) => one === null) ? null : (numbers as number[]);
  }
  const value = data[at] ?? null;
  return field?.type === "boolean" && (value === 0 || value === 1) ? value === 1 : value;
}

function noBinary() {
  return fail("INFERENCE_INPUT_INVALID", "Expected tensor data as JSON, got the binary extension", {
    hint: "Send and ask for binary_data: false",
  });
}
