// Writes ONNX protobuf messages by hand: the few of them that models need, without a dependency.

/** A protobuf message under construction (fields in the order they are added). */
export interface Message {
  /** A varint field; negative numbers take two's complement. */
  int(field: number, value: number): Message;
  text(field: number, value: string): Message;
  message(field: number, value: Message): Message;
  /** Packed numbers, little endian. */
  floats(field: number, values: Iterable<number>): Message;
  ints(field: number, values: Iterable<number>): Message;
  raw(field: number, value: Uint8Array): Message;
  bytes(): Uint8Array;
}

const encoder = new TextEncoder();

export function message(): Message {
  let buffer = new Uint8Array(64);
  let length = 0;
  const room = (more: number): void => {
    if (length + more <= buffer.length) return;
    const larger = new Uint8Array(Math.max(length + more, 2 * buffer.length));
    larger.set(buffer);
    buffer = larger;
  };
  const varint = (value: number): void => {
    room(10);
    if (value < 0) {
      let rest = BigInt.asUintN(64, BigInt(value));
      for (; rest > 127n; rest >>= 7n) buffer[length++] = Number(rest & 127n) | 128;
      buffer[length++] = Number(rest);
      return;
    }
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) buffer[length++] = (rest % 128) | 128;
    buffer[length++] = rest;
  };
  const put = (bytes: Uint8Array): void => {
    room(bytes.length);
    buffer.set(bytes, length);
    length += bytes.length;
  };
  const self: Message = {
    int(field, value) {
      varint(field << 3);
      varint(value);
      return self;
    },
    raw(field, value) {
      varint((field << 3) | 2);
      varint(value.length);
      put(value);
      return self;
    },
    text: (field, value) => self.raw(field, encoder.encode(value)),
    message: (field, value) => self.raw(field, value.bytes()),
    floats: (field, values) => self.raw(field, new Uint8Array(Float32Array.from(values).buffer)),
    ints(field, values) {
      const packed = message() as Message & { readonly append: (value: number) => void };
      for (const value of values) packed.append(value);
      return self.raw(field, packed.bytes());
    },
    bytes: () => buffer.slice(0, length),
  };
  return Object.assign(self, { append: varint });
}

export type Attribute = readonly [
  name: string,
  kind: "int" | "text" | "floats" | "ints" | "texts" | "tensor",
  value: unknown,
];

/** An attribute of a node. Field numbers are those of onnx.proto (AttributeProto). */
function attribute([name, kind, value]: Attribute): Message {
  const out = message().text(1, name);
  if (kind === "int") return out.int(3, value as number).int(20, 2);
  if (kind === "text") return out.text(4, value as string).int(20, 3);
  if (kind === "tensor") return out.message(5, value as Message).int(20, 4);
  if (kind === "floats") return out.floats(7, value as Iterable<number>).int(20, 6);
  if (kind === "ints") return out.ints(8, value as Iterable<number>).int(20, 7);
  for (const text of value as Iterable<string>) out.text(9, text);
  return out.int(20, 8);
}

/** Element types of onnx.proto (TensorProto.DataType). */
export const elementType = { float: 1, int64: 7, string: 8, double: 11 } as const;

/** A constant tensor: doubles, or int64 when asked. */
export function tensor(
  name: string,
  shape: readonly number[],
  values: ArrayLike<number>,
  type: "double" | "int64" = "double",
): Message {
  const out = message().ints(1, shape).int(2, elementType[type]).text(8, name);
  const data =
    type === "double" ? Float64Array.from(values) : BigInt64Array.from(Array.from(values, (value) => BigInt(value)));
  return out.raw(9, new Uint8Array(data.buffer));
}

/** A graph under construction: nodes are added in order, each returns the name of its output. */
export interface Graph {
  /** The rows as one matrix: a column per feature that is no text, and per number of a vector. */
  readonly rows: string;
  /** The texts: a column per feature that is one. */
  readonly texts: string;
  node(op: string, inputs: readonly string[], attributes?: readonly Attribute[], domain?: string): string;
  /** A node of several outputs. */
  nodes(op: string, inputs: readonly string[], outputs: number, attributes?: readonly Attribute[]): string[];
  constant(shape: readonly number[], values: ArrayLike<number>, type?: "double" | "int64"): string;
}

export interface GraphDescription {
  readonly name: string;
  readonly inputs: readonly { readonly name: string; readonly width: number; readonly type: "double" | "string" }[];
  /** The columns of the rows: some of an input's, from `from` on. */
  readonly columns: readonly { readonly input: string; readonly from: number; readonly count: number }[];
  readonly output: { readonly name: string; readonly width: number; readonly type: "float" | "double" };
  readonly metadata: Readonly<Record<string, string>>;
}

/** Builds a model of opset 13 (and ai.onnx.ml 3; 1 of whatever else its nodes name). `build` returns the name of the value that becomes the output. */
export function onnxModel(description: GraphDescription, build: (graph: Graph) => string): Uint8Array {
  const graph = message();
  const constants: Message[] = [];
  const domains = new Map([
    ["", 13],
    ["ai.onnx.ml", 3],
  ]);
  let count = 0;
  const node = (
    op: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: readonly Attribute[],
    domain: string,
  ): void => {
    const out = message();
    for (const input of inputs) out.text(1, input);
    for (const output of outputs) out.text(2, output);
    out.text(3, `${op}_${outputs[0]}`).text(4, op);
    for (const entry of attributes) out.message(5, attribute(entry));
    if (domain !== "") out.text(7, domain);
    domains.set(domain, domains.get(domain) ?? 1);
    graph.message(1, out);
  };
  const single = (
    op: string,
    inputs: readonly string[],
    attributes: readonly Attribute[] = [],
    domain = "",
  ): string => {
    const output = `v${count++}`;
    node(op, inputs, [output], attributes, domain);
    return output;
  };
  const constant: Graph["constant"] = (shape, values, type) => {
    const name = `c${count++}`;
    constants.push(tensor(name, shape, values, type));
    return name;
  };
  const { inputs, columns, output } = description;
  const result = build({
    rows: rowsNode(inputs, columns, single, constant),
    texts: inputs.find(({ type }) => type === "string")?.name ?? "",
    node: single,
    nodes(op, inputs, outputs, attributes = []) {
      const names = Array.from({ length: outputs }, () => `v${count++}`);
      node(op, inputs, names, attributes, "");
      return names;
    },
    constant,
  });
  node("Identity", [result], [output.name], [], "");
  graph.text(2, description.name);
  for (const constant of constants) graph.message(5, constant);
  for (const { name, width, type } of inputs) graph.message(11, valueInfo(name, width, type));
  graph.message(12, valueInfo(output.name, output.width, output.type));
  const model = message().int(1, 8).text(2, "pentad").message(7, graph);
  for (const [domain, version] of domains) model.message(8, message().text(1, domain).int(2, version));
  for (const [key, value] of Object.entries(description.metadata))
    model.message(14, message().text(1, key).text(2, value));
  return model.bytes();
}

/** Lays the columns of the inputs of numbers beside each other; a single one is the matrix itself. */
function rowsNode(
  inputs: GraphDescription["inputs"],
  columns: GraphDescription["columns"],
  node: (op: string, inputs: readonly string[], attributes: readonly Attribute[]) => string,
  constant: Graph["constant"],
): string {
  const numeric = inputs.filter(({ type }) => type === "double");
  if (numeric.length <= 1) return numeric[0]?.name ?? "";
  const parts = columns.map(({ input, from, count }) => {
    if (count === inputs.find(({ name }) => name === input)?.width) return input;
    const indices = Array.from({ length: count }, (_, at) => from + at);
    return node("Gather", [input, constant([count], indices, "int64")], [["axis", "int", 1]]);
  });
  return node("Concat", parts, [["axis", "int", 1]]);
}

/** A matrix of any number of rows. */
function valueInfo(name: string, width: number, type: "float" | "double" | "string"): Message {
  const shape = message().message(1, message().text(2, "N")).message(1, message().int(1, width));
  return message()
    .text(1, name)
    .message(2, message().message(1, message().int(1, elementType[type]).message(2, shape)));
}
