// A JSON head and typed arrays as one piece of bytes, and back without copying: what search indexes are kept as.

type Kept = Float32Array | Uint16Array | Uint32Array;

interface Packed {
  readonly head: unknown;
  readonly arrays: Readonly<Record<string, Kept>>;
}

const magic = 0x31585049;
const kinds = { Float32Array, Uint16Array, Uint32Array } as const;

/** `[magic u32][head bytes u32][head, padded to 8][arrays, each padded to 8]`, little-endian. */
export function packArrays(head: unknown, arrays: Readonly<Record<string, ArrayBufferView>>): Uint8Array {
  let at = 0;
  const places = Object.entries(arrays).map(([name, array]) => {
    const place = { name, kind: array.constructor.name, at, bytes: array.byteLength };
    at += padded(array.byteLength);
    return place;
  });
  const text = Buffer.from(JSON.stringify({ head, arrays: places }));
  const start = padded(8 + text.length);
  const bytes = new Uint8Array(start + at);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic, true);
  view.setUint32(4, text.length, true);
  bytes.set(text, 8);
  for (const place of places) {
    const { buffer, byteOffset, byteLength } = arrays[place.name] as ArrayBufferView;
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), start + place.at);
  }
  return bytes;
}

/** Undefined for bytes that are something else. */
export function unpackArrays(bytes: Uint8Array): Packed | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8 || view.getUint32(0, true) !== magic) return undefined;
  const length = view.getUint32(4, true);
  const { head, arrays } = JSON.parse(Buffer.from(bytes.subarray(8, 8 + length)).toString()) as {
    head: unknown;
    arrays: { name: string; kind: keyof typeof kinds; at: number; bytes: number }[];
  };
  const start = padded(8 + length);
  // Typed arrays must begin at a multiple of their width, which a part of another buffer may not.
  const whole = (bytes.byteOffset + start) % 8 === 0 ? bytes : bytes.slice();
  return {
    head,
    arrays: Object.fromEntries(
      arrays.map(({ name, kind, at, bytes: size }) => {
        const Kind = kinds[kind];
        return [
          name,
          new Kind(whole.buffer as ArrayBuffer, whole.byteOffset + start + at, size / Kind.BYTES_PER_ELEMENT),
        ];
      }),
    ),
  };
}

function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}
