// The little of the WebAssembly API that the kernels need; its types otherwise come only with a browser's.

export interface WasmMemory {
  readonly buffer: ArrayBufferLike;
}

interface WasmApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
  readonly Memory: new (need: { initial: number; maximum?: number; shared?: boolean }) => WasmMemory;
}

const api = (globalThis as unknown as { readonly WebAssembly: WasmApi }).WebAssembly;

const pageBytes = 65_536;

/** All that WebAssembly can address: 4 GB. */
export const mostBytes = 65_536 * pageBytes;

/** Memory for so many bytes; `shared` memory can be handed to other threads. */
export function wasmMemory(bytes: number, options: { shared: boolean }): WasmMemory {
  const initial = Math.max(1, Math.ceil(bytes / pageBytes));
  return new api.Memory(options.shared ? { initial, maximum: mostBytes / pageBytes, shared: true } : { initial });
}

const compiled = new Map<string, object>();

/** The exports of a kernel module (base64) over a memory; each module is compiled once. */
export function wasmKernels<Kernels>(base64: string, memory: WasmMemory): Kernels {
  let module = compiled.get(base64);
  if (module === undefined) {
    module = new api.Module(Buffer.from(base64, "base64"));
    compiled.set(base64, module);
  }
  const abort = (): never => {
    throw new Error("A kernel aborted");
  };
  return new api.Instance(module, { env: { memory, abort } }).exports as Kernels;
}
