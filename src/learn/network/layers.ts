// Fully connected layers of rectified units: forward, and backward by the chain rule.

/** A layer's weights start at `from`: inputs × units, unit after unit, then one bias per unit. */
export interface Layer {
  readonly from: number;
  readonly inputs: number;
  readonly units: number;
}

export type Layers = readonly Layer[];

/** Layers for the given sizes, input first. */
export function layersOf(sizes: readonly number[]): Layers {
  let from = 0;
  return sizes.slice(1).map((units, i) => {
    const layer = { from, inputs: sizes[i]!, units };
    from += (layer.inputs + 1) * units;
    return layer;
  });
}

export function weightCount(layers: Layers): number {
  return layers.reduce((sum, { inputs, units }) => sum + (inputs + 1) * units, 0);
}

/** What a forward pass leaves for the backward one: each layer's input, and the margins last. */
export interface Pass {
  readonly values: Float64Array[];
  readonly deltas: Float64Array[];
}

export function pass(layers: Layers): Pass {
  const sizes = [layers[0]!.inputs, ...layers.map(({ units }) => units)];
  return { values: sizes.map((size) => new Float64Array(size)), deltas: sizes.map((size) => new Float64Array(size)) };
}

/** The margins of one vector; reused by the next call. */
export function forward(layers: Layers, weights: Float64Array, vector: Float64Array, { values }: Pass): Float64Array {
  values[0]!.set(vector);
  for (let l = 0; l < layers.length; l++) {
    const { from, inputs, units } = layers[l]!;
    const input = values[l]!;
    const output = values[l + 1]!;
    const isLast = l === layers.length - 1;
    for (let u = 0; u < units; u++) {
      let sum = weights[from + inputs * units + u]!;
      const row = from + u * inputs;
      for (let i = 0; i < inputs; i++) sum += weights[row + i]! * input[i]!;
      output[u] = isLast || sum > 0 ? sum : 0;
    }
  }
  return values[layers.length]!;
}

/** Adds the derivatives of the last forward pass by every weight to `gradient`, given those by the margins. */
export function backward(
  layers: Layers,
  weights: Float64Array,
  { values, deltas }: Pass,
  delta: Float64Array,
  gradient: Float64Array,
): void {
  deltas[layers.length]!.set(delta);
  for (let l = layers.length - 1; l >= 0; l--) {
    const { from, inputs, units } = layers[l]!;
    const input = values[l]!;
    const own = deltas[l + 1]!;
    const before = deltas[l]!.fill(0);
    for (let u = 0; u < units; u++) {
      const d = own[u]!;
      if (d === 0) continue;
      const row = from + u * inputs;
      gradient[from + inputs * units + u]! += d;
      for (let i = 0; i < inputs; i++) {
        gradient[row + i]! += d * input[i]!;
        before[i]! += d * weights[row + i]!;
      }
    }
    // A unit that was cut off at 0 passes nothing on.
    if (l > 0) for (let i = 0; i < inputs; i++) if (input[i] === 0) before[i] = 0;
  }
}
