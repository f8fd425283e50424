// Writes a BERT encoder whose weights are in a safetensors file as an ONNX file, the way hubs lay models out: without a framework.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Message, message } from "../src/learn/onnx/writer.ts";

interface Config {
  readonly hidden_size: number;
  readonly num_attention_heads: number;
  readonly num_hidden_layers: number;
  readonly layer_norm_eps: number;
}

const float = 1;
const int64 = 7;

/** Reads `config.json` and `model.safetensors` in `folder`; writes `onnx/model.onnx` into `to`. */
export function bertToOnnx(folder: string, to: string): void {
  const config = JSON.parse(readFileSync(join(folder, "config.json"), "utf8")) as Config;
  const weights = readSafetensors(join(folder, "model.safetensors"));
  mkdirSync(join(to, "onnx"), { recursive: true });
  writeFileSync(join(to, "onnx", "model.onnx"), bertModel(config, weights));
}

interface Weights {
  readonly [name: string]: { readonly shape: readonly number[]; readonly bytes: Uint8Array };
}

/** Eight bytes with the length of a JSON head, the head, and the tensors one after another. Only 32-bit floats are read. */
function readSafetensors(path: string): Weights {
  const file = readFileSync(path);
  const start = 8 + Number(file.readBigUInt64LE(0));
  const head = JSON.parse(file.subarray(8, start).toString("utf8")) as Record<
    string,
    { dtype?: string; shape: number[]; data_offsets: [number, number] }
  >;
  return Object.fromEntries(
    Object.entries(head).flatMap(([name, { dtype, shape, data_offsets: [from, end] = [0, 0] }]) =>
      dtype === "F32" ? [[name, { shape, bytes: file.subarray(start + from, start + end) }]] : [],
    ),
  );
}

/** Inputs `input_ids`, `attention_mask` and `token_type_ids` (batch × length); output `last_hidden_state`. Opset 17. */
function bertModel(config: Config, weights: Weights): Uint8Array {
  const { hidden_size: hidden, num_attention_heads: heads, layer_norm_eps: epsilon } = config;
  const graph = message();
  const initializers: Message[] = [];
  let values = 0;
  const node = (op: string, inputs: readonly string[], attributes: readonly Message[] = []): string => {
    const output = `v${++values}`;
    const one = message();
    for (const input of inputs) one.text(1, input);
    one.text(2, output).text(4, op);
    for (const attribute of attributes) one.message(5, attribute);
    graph.message(1, one);
    return output;
  };
  const initializer = (name: string, type: number, shape: readonly number[], bytes: Uint8Array): string => {
    initializers.push(message().ints(1, shape).int(2, type).text(8, name).raw(9, bytes));
    return name;
  };
  const known = new Set<string>();
  const weight = (name: string): string => {
    const { shape, bytes } = weights[name] ?? { shape: [], bytes: new Uint8Array() };
    if (shape.length === 0) throw new Error(`${name} is not in the file`);
    if (!known.has(name)) initializer(name, float, shape, bytes);
    known.add(name);
    return name;
  };
  const number = (value: number) =>
    initializer(`c${++values}`, float, [], new Uint8Array(Float32Array.of(value).buffer));
  const whole = (...list: number[]) =>
    initializer(`c${++values}`, int64, [list.length], new Uint8Array(BigInt64Array.from(list, BigInt).buffer));
  const int = (name: string, value: number) => message().text(1, name).int(3, value).int(20, 2);
  const ints = (name: string, list: readonly number[]) => message().text(1, name).ints(8, list).int(20, 7);
  const dense = (x: string, name: string) =>
    node("Add", [
      node("MatMul", [x, node("Transpose", [weight(`${name}.weight`)], [ints("perm", [1, 0])])]),
      weight(`${name}.bias`),
    ]);
  const mean = (x: string) => node("ReduceMean", [x], [ints("axes", [-1])]);
  const norm = (x: string, name: string) => {
    const centred = node("Sub", [x, mean(x)]);
    const spread = node("Sqrt", [node("Add", [mean(node("Mul", [centred, centred])), number(epsilon)])]);
    return node("Add", [
      node("Mul", [node("Div", [centred, spread]), weight(`${name}.weight`)]),
      weight(`${name}.bias`),
    ]);
  };
  const split = (x: string, order: readonly number[]) =>
    node("Transpose", [node("Reshape", [x, whole(0, 0, heads, hidden / heads)])], [ints("perm", order)]);

  const length = node("Slice", [node("Shape", ["input_ids"]), whole(1), whole(2)]);
  const positions = node("Slice", [weight("embeddings.position_embeddings.weight"), whole(0), length, whole(0)]);
  const words = node("Gather", [weight("embeddings.word_embeddings.weight"), "input_ids"]);
  const kinds = node("Gather", [weight("embeddings.token_type_embeddings.weight"), "token_type_ids"]);
  let x = norm(node("Add", [node("Add", [words, kinds]), positions]), "embeddings.LayerNorm");
  const absent = node("Sub", [number(1), node("Cast", ["attention_mask"], [int("to", float)])]);
  const mask = node("Mul", [node("Unsqueeze", [absent, whole(1, 2)]), number(-10_000)]);
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const name = `encoder.layer.${layer}`;
    const query = split(dense(x, `${name}.attention.self.query`), [0, 2, 1, 3]);
    const key = split(dense(x, `${name}.attention.self.key`), [0, 2, 3, 1]);
    const value = split(dense(x, `${name}.attention.self.value`), [0, 2, 1, 3]);
    const scores = node("Div", [node("MatMul", [query, key]), number(Math.sqrt(hidden / heads))]);
    const shares = node("Softmax", [node("Add", [scores, mask])], [int("axis", -1)]);
    const context = node("Transpose", [node("MatMul", [shares, value])], [ints("perm", [0, 2, 1, 3])]);
    const joined = node("Reshape", [context, whole(0, 0, hidden)]);
    x = norm(node("Add", [dense(joined, `${name}.attention.output.dense`), x]), `${name}.attention.output.LayerNorm`);
    const inner = dense(x, `${name}.intermediate.dense`);
    const bent = node("Add", [node("Erf", [node("Div", [inner, number(Math.SQRT2)])]), number(1)]);
    const gelu = node("Mul", [node("Mul", [inner, bent]), number(0.5)]);
    x = norm(node("Add", [dense(gelu, `${name}.output.dense`), x]), `${name}.output.LayerNorm`);
  }
  const output = message().text(1, x).text(2, "last_hidden_state").text(4, "Identity");
  graph.message(1, output).text(2, "bert");
  for (const one of initializers) graph.message(5, one);
  for (const name of ["input_ids", "attention_mask", "token_type_ids"])
    graph.message(11, valueInfo(name, int64, ["batch", "length"]));
  graph.message(12, valueInfo("last_hidden_state", float, ["batch", "length", hidden]));
  return message().int(1, 8).message(7, graph).message(8, message().text(1, "").int(2, 17)).bytes();
}

function valueInfo(name: string, type: number, shape: readonly (string | number)[]): Message {
  const dims = message();
  for (const size of shape)
    dims.message(1, typeof size === "number" ? message().int(1, size) : message().text(2, size));
  return message()
    .text(1, name)
    .message(2, message().message(1, message().int(1, type).message(2, dims)));
}
