// As much of FlatBuffers as Arrow's metadata needs: tables, texts, vectors of tables and of structs, written back to front.

/** A field of a table: its slot, and a scalar of that many bytes or a reference to what was written before. */
export type Slot =
  | { readonly slot: number; readonly bytes: 1 | 2 | 4 | 8; readonly value: number }
  | { readonly slot: number; readonly ref: number };

export interface FlatBuilder {
  text(text: string): number;
  /** A vector of references. */
  refs(refs: readonly number[]): number;
  /** A vector of structs: each a list of 64-bit integers. */
  structs(structs: readonly (readonly number[])[]): number;
  table(slots: readonly Slot[]): number;
  /** The whole buffer, padded to a multiple of eight. */
  finish(root: number): Uint8Array;
}

/** References are distances from the buffer's end, as in Google's own builder. */
export function flatBuilder(): FlatBuilder {
  let bytes = new Uint8Array(1024);
  let view = new DataView(bytes.buffer);
  let head = bytes.length;
  let widest = 8;
  const offset = () => bytes.length - head;

  /** Makes room for `size` bytes that begin at a multiple of `align`, when `after` more are written before them. */
  function prepare(align: number, after: number): void {
    widest = Math.max(widest, align);
    const padding = (align - ((offset() + after) % align)) % align;
    while (head < padding + after + align) {
      const larger = new Uint8Array(bytes.length * 2);
      larger.set(bytes, bytes.length);
      head += bytes.length;
      bytes = larger;
      view = new DataView(bytes.buffer);
    }
    head -= padding;
  }

  function scalar(size: 1 | 2 | 4 | 8, value: number): void {
    prepare(size, size);
    head -= size;
    if (size === 1) view.setInt8(head, value);
    else if (size === 2) view.setInt16(head, value, true);
    else if (size === 4) view.setInt32(head, value, true);
    else view.setBigInt64(head, BigInt(value), true);
  }

  function ref(target: number): void {
    prepare(4, 4);
    head -= 4;
    view.setUint32(head, offset() - target, true);
  }

  return {
    text(text) {
      const encoded = new TextEncoder().encode(text);
      prepare(4, encoded.length + 1 + 4);
      head -= encoded.length + 1;
      bytes.set(encoded, head);
      scalar(4, encoded.length);
      return offset();
    },
    refs(refs) {
      prepare(4, refs.length * 4 + 4);
      for (const one of refs.toReversed()) ref(one);
      scalar(4, refs.length);
      return offset();
    },
    structs(structs) {
      const width = (structs[0]?.length ?? 0) * 8;
      prepare(8, structs.length * width);
      for (const one of structs.toReversed()) for (const value of one.toReversed()) scalar(8, value);
      scalar(4, structs.length);
      return offset();
    },
    table(slots) {
      const start = offset();
      const places = new Map<number, number>();
      for (const one of slots) {
        if ("ref" in one) ref(one.ref);
        else scalar(one.bytes, one.value);
        places.set(one.slot, offset());
      }
      scalar(4, 0);
      const table = offset();
      const last = Math.max(-1, ...places.keys());
      for (let slot = last; slot >= 0; slot--) {
        const place = places.get(slot);
        scalar(2, place === undefined ? 0 : table - place);
      }
      scalar(2, table - start);
      scalar(2, (last + 3) * 2);
      view.setInt32(bytes.length - table, offset() - table, true);
      return table;
    },
    finish(root) {
      prepare(widest, 4);
      ref(root);
      const content = bytes.subarray(head);
      const padded = new Uint8Array(Math.ceil(content.length / 8) * 8);
      padded.set(content);
      return padded;
    },
  };
}
