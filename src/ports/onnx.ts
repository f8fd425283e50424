// The port for running ONNX files: a file's bytes in, a session that answers at once.

export type OnnxData = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array | readonly string[];

export interface OnnxTensor {
  readonly name: string;
  /** `float32`, `float64`, `int64`, `int32`, `bool` or `string`. */
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: OnnxData;
}

export interface OnnxSession {
  /** A size that the file leaves open is -1. */
  readonly inputs: readonly { readonly name: string; readonly type: string; readonly dims: readonly number[] }[];
  /** All tensors that the file gives; what is no tensor is left out. */
  run(inputs: readonly OnnxTensor[]): readonly OnnxTensor[];
}

/** Throws MODELS_ARTIFACT_CORRUPT for bytes that are no ONNX file. */
export type OpenOnnx = (file: Uint8Array) => OnnxSession;
