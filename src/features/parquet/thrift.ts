// The notation that a Parquet file describes itself in: Thrift's compact protocol, read as structs of numbered fields.

/** Thrown for what no file of ours holds; the engine may still read it. */
export class UnusualFile extends Error {}

export type Thrift = number | boolean | Buffer | readonly Thrift[] | ThriftStruct;
export type ThriftStruct = { readonly [field: number]: Thrift };

/** Reads the struct that begins at `start`, and tells where it ends. */
export function readThrift(bytes: Buffer, start: number): { readonly struct: ThriftStruct; readonly end: number } {
  let at = start;

  function byte(): number {
    const value = bytes[at++];
    if (value === undefined) throw new UnusualFile("Cut short");
    return value;
  }

  function varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const part = byte();
      value += (part & 0x7f) * factor;
      if (part < 0x80) return value;
    }
  }

  function integer(): number {
    const value = varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  function value(type: number): Thrift {
    switch (type) {
      case 1:
        return true;
      case 2:
        return false;
      case 3:
        return (byte() << 24) >> 24;
      case 4:
      case 5:
      case 6:
        return integer();
      case 7:
        return Buffer.from(Uint8Array.from({ length: 8 }, byte)).readDoubleLE();
      case 8: {
        const length = varint();
        at += length;
        return bytes.subarray(at - length, at);
      }
      case 9:
      case 10: {
        const head = byte();
        const length = head >> 4 === 15 ? varint() : head >> 4;
        // Unlike as a field, a truth in a list is a byte of its own.
        return Array.from({ length }, () => ((head & 15) <= 2 ? byte() === 1 : value(head & 15)));
      }
      case 12:
        return struct();
      default:
        throw new UnusualFile(`No such type: ${type}`);
    }
  }

  function struct(): ThriftStruct {
    const fields: Record<number, Thrift> = {};
    let field = 0;
    for (let head = byte(); head !== 0; head = byte()) {
      field = head >> 4 === 0 ? integer() : field + (head >> 4);
      fields[field] = value(head & 15);
    }
    return fields;
  }

  const read = struct();
  return { struct: read, end: at };
}
