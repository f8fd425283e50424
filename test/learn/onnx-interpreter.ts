// A slow interpreter of the few ONNX operators that exports use, written from the specification: reads the bytes and runs the graph.

type Field = { readonly number: number; readonly varint?: number; readonly bytes?: Uint8Array };

function fields(bytes: Uint8Array): Field[] {
  const result: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(BigInt.asIntN(64, value));
    }
  };
  while (at < bytes.length) {
    const key = varint();
    if ((key & 7) === 0) result.push({ number: key >> 3, varint: varint() });
    else {
      const length = varint();
      result.push({ number: key >> 3, bytes: bytes.subarray(at, at + length) });
      at += length;
    }
  }
  return result;
}

const texts = (all: Field[], number: number): string[] =>
  all.filter((field) => field.number === number).map(({ bytes }) => new TextDecoder().decode(bytes));
const one = (all: Field[], number: number): Field | undefined => all.find((field) => field.number === number);

function packedInts(bytes: Uint8Array): number[] {
  // A packed list reads like fields without keys: give each a key.
  const result: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    let end = at;
    while (bytes[end]! >= 128) end++;
    result.push(fields(Uint8Array.of(8, ...bytes.subarray(at, end + 1)))[0]!.varint!);
    at = end + 1;
  }
  return result;
}

export interface Tensor {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

function tensorOf(bytes: Uint8Array): Tensor & { name: string } {
  const all = fields(bytes);
  const raw = one(all, 9)!.bytes!.slice().buffer;
  const values =
    one(all, 2)!.varint === 7 ? Array.from(new BigInt64Array(raw), Number) : Array.from(new Float64Array(raw));
  const dims = one(all, 1)?.bytes;
  return { name: texts(all, 8)[0] ?? "", shape: dims === undefined ? [] : packedInts(dims), values };
}

type AttributeValue = number | string | readonly number[] | readonly string[];

function attributesOf(node: Field[]): Map<string, AttributeValue> {
  return new Map(
    node
      .filter(({ number }) => number === 5)
      .map(({ bytes }) => {
        const all = fields(bytes!);
        const kind = one(all, 20)!.varint;
        const value: AttributeValue =
          kind === 2
            ? one(all, 3)!.varint!
            : kind === 3
              ? texts(all, 4)[0]!
              : kind === 4
                ? tensorOf(one(all, 5)!.bytes!).values
                : kind === 7
                  ? packedInts(one(all, 8)?.bytes ?? new Uint8Array())
                  : texts(all, 9);
        return [texts(all, 1)[0]!, value];
      }),
  );
}

const isTensor = (given: Tensor | Readonly<Record<string, Tensor>>): given is Tensor => Array.isArray(given.shape);

/** Runs the model on its inputs by name (each rows × columns; X when there is only one) and returns its output. */
export function runOnnx(
  model: Uint8Array,
  given: Tensor | Readonly<Record<string, Tensor>>,
): { output: Tensor; metadata: Map<string, string> } {
  const top = fields(model);
  const graph = fields(one(top, 7)!.bytes!);
  const values = new Map<string, Tensor>(Object.entries(isTensor(given) ? { X: given } : given));
  for (const { bytes } of graph.filter(({ number }) => number === 5)) {
    const constant = tensorOf(bytes!);
    values.set(constant.name, constant);
  }
  let last: Tensor = { shape: [0], values: [] };
  for (const { bytes } of graph.filter(({ number }) => number === 1)) {
    const node = fields(bytes!);
    const inputs = texts(node, 1).map((name) => values.get(name)!);
    last = apply(texts(node, 4)[0]!, inputs, attributesOf(node));
    values.set(texts(node, 2)[0]!, last);
  }
  const metadata = new Map(
    top
      .filter(({ number }) => number === 14)
      .map(({ bytes }) => [texts(fields(bytes!), 1)[0]!, texts(fields(bytes!), 2)[0]!]),
  );
  return { output: last, metadata };
}

const columnsOf = ({ shape }: Tensor): number => (shape.length < 2 ? 1 : shape[1]!);
const rowsOf = ({ shape }: Tensor): number => shape[0] ?? 1;

function elementwise(inputs: Tensor[], f: (...values: number[]) => number): Tensor {
  const rank = Math.max(...inputs.map(({ shape }) => shape.length));
  const shape = Array.from({ length: rank }, (_, i) =>
    Math.max(...inputs.map((input) => input.shape[i - rank + input.shape.length] ?? 1)),
  );
  const count = shape.reduce((a, b) => a * b, 1);
  const values = Array.from({ length: count }, (_, flat) => {
    const place = shape.map((_size, i) => Math.floor(flat / shape.slice(i + 1).reduce((a, b) => a * b, 1)) % shape[i]!);
    return f(
      ...inputs.map((input) => {
        let at = 0;
        for (const [i, size] of input.shape.entries())
          at = at * size + (size === 1 ? 0 : place[i - input.shape.length + rank]!);
        return input.values[at]!;
      }),
    );
  });
  return { shape, values };
}

function apply(op: string, inputs: Tensor[], attributes: Map<string, AttributeValue>): Tensor {
  const [a, b] = inputs as [Tensor, Tensor];
  const rows = Array.from({ length: rowsOf(a) }, (_, row) =>
    a.values.slice(row * columnsOf(a), (row + 1) * columnsOf(a)),
  );
  switch (op) {
    case "Identity":
    case "Cast":
      return a;
    case "Add":
      return elementwise(inputs, (x, y) => x! + y!);
    case "Sub":
      return elementwise(inputs, (x, y) => x! - y!);
    case "Mul":
      return elementwise(inputs, (x, y) => x! * y!);
    case "Log":
      return elementwise(inputs, (x) => Math.log(x!));
    case "ArgMin":
      return { shape: [rows.length, 1], values: rows.map((row) => row.indexOf(Math.min(...row))) };
    case "Div":
      return elementwise(inputs, (x, y) => x! / y!);
    case "Max":
      return elementwise(inputs, Math.max);
    case "Min":
      return elementwise(inputs, Math.min);
    case "Floor":
      return elementwise(inputs, (x) => Math.floor(x!));
    case "Exp":
      return elementwise(inputs, Math.exp);
    case "Sigmoid":
      return elementwise(inputs, (x) => 1 / (1 + Math.exp(-x!)));
    case "IsNaN":
      return elementwise(inputs, (x) => (Number.isNaN(x) ? 1 : 0));
    case "Where":
      return elementwise(inputs, (condition, x, y) => (condition === 1 ? x! : y!));
    case "Unsqueeze":
      return { shape: [a.shape[0]!, 1], values: a.values };
    case "Softmax":
      return {
        shape: a.shape,
        values: rows.flatMap((row) =>
          row.map(
            (x) => Math.exp(x - Math.max(...row)) / row.reduce((sum, y) => sum + Math.exp(y - Math.max(...row)), 0),
          ),
        ),
      };
    case "ReduceSum":
      return { shape: [rows.length, 1], values: rows.map((row) => row.reduce((x, y) => x + y, 0)) };
    case "Concat":
      return {
        shape: [rows.length, inputs.reduce((sum, input) => sum + columnsOf(input), 0)],
        values: rows.flatMap((_, row) =>
          inputs.flatMap((input) => input.values.slice(row * columnsOf(input), (row + 1) * columnsOf(input))),
        ),
      };
    case "MatMul":
      return {
        shape: [rows.length, columnsOf(b)],
        values: rows.flatMap((row) =>
          Array.from({ length: columnsOf(b) }, (_, k) =>
            row.reduce((sum, x, i) => sum + x * b.values[i * columnsOf(b) + k]!, 0),
          ),
        ),
      };
    case "Gather":
      if (attributes.get("axis") === 1)
        return {
          shape: b.shape.length === 0 ? [rows.length] : [rows.length, b.values.length],
          values: rows.flatMap((row) => b.values.map((i) => row[i]!)),
        };
      return {
        shape: a.shape.length === 1 ? b.shape : [b.values.length, columnsOf(a)],
        values: b.values.flatMap((i) => (a.shape.length === 1 ? [a.values[i]!] : rows[i]!)),
      };
    case "TreeEnsembleRegressor":
      return {
        shape: [rows.length, attributes.get("n_targets") as number],
        values: rows.flatMap((row) => ensemble(row, attributes)),
      };
    default:
      throw new Error(`The interpreter does not know ${op}`);
  }
}

function ensemble(row: number[], attributes: Map<string, AttributeValue>): number[] {
  const get = (name: string): number[] => attributes.get(name) as number[];
  const modes = attributes.get("nodes_modes") as string[];
  const [tree, id, feature, value] = [
    get("nodes_treeids"),
    get("nodes_nodeids"),
    get("nodes_featureids"),
    get("nodes_values_as_tensor"),
  ];
  const places = new Map(id.map((node, i) => [`${tree[i]}.${node}`, i]));
  const sums = new Array<number>(attributes.get("n_targets") as number).fill(0);
  const weights = new Map(get("target_nodeids").map((node, i) => [`${get("target_treeids")[i]}.${node}`, i]));
  for (let t = 0; t <= tree.at(-1)!; t++) {
    let at = places.get(`${t}.0`)!;
    while (modes[at] !== "LEAF") {
      const x = row[feature[at]!]!;
      const holds = Number.isNaN(x)
        ? get("nodes_missing_value_tracks_true")[at] === 1
        : modes[at] === "BRANCH_LEQ"
          ? x <= value[at]!
          : x === value[at]!;
      at = places.get(`${t}.${(holds ? get("nodes_truenodeids") : get("nodes_falsenodeids"))[at]}`)!;
    }
    const target = weights.get(`${t}.${id[at]}`)!;
    sums[get("target_ids")[target]!]! += get("target_weights_as_tensor")[target]!;
  }
  return sums;
}
