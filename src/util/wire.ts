/** The wire format of protocol buffers: reading and writing fields. What messages mean is their readers' business. */

/** Thrown for bytes that are no message. */
export class WireError extends Error {
  override name = 'WireError';
}

export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
export const FIXED32 = 5;

/** A field: its number, its wire type, and its value: bytes for `BYTES`, the bits as a bigint for the others. */
export interface WireField {
  readonly number: number;
  readonly type: number;
  readonly bytes: Uint8Array;
  readonly bits: bigint;
}

const NONE = new Uint8Array(0);

/** Reads one after the other what a message or a packed field holds. Throws `WireError` where bytes are missing or wrong. */
export class WireReader {
  private at = 0;
  private readonly view: DataView;

  constructor(private readonly data: Uint8Array) {
    this.view = new DataView(data.buffer, data.byteOffset, data.length);
  }

  get isAtEnd(): boolean {
    return this.at >= this.data.length;
  }

  varint(): bigint {
    let [low, shift] = [0, 0];
    // Most are short: numbers will do.
    while (shift < 28) {
      const byte = this.byte();
      low |= (byte & 127) << shift;
      if (byte < 128) return BigInt(low);
      shift += 7;
    }
    let value = BigInt(low);
    for (; shift < 70; shift += 7) {
      const byte = this.byte();
      value |= BigInt(byte & 127) << BigInt(shift);
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    throw new WireError('A varint is too long.');
  }

  fixed32(): number {
    return this.view.getUint32(this.skip(4), true);
  }

  fixed64(): bigint {
    return this.view.getBigUint64(this.skip(8), true);
  }

  bytes(): Uint8Array {
    const length = Number(this.varint());
    const start = this.skip(length);
    return this.data.subarray(start, start + length);
  }

  field(): WireField {
    const tag = Number(this.varint());
    const [number, type] = [Math.floor(tag / 8), tag % 8];
    if (number === 0) throw new WireError('There is no field 0.');
    switch (type) {
      case VARINT:
        return { number, type, bytes: NONE, bits: this.varint() };
      case FIXED64:
        return { number, type, bytes: NONE, bits: this.fixed64() };
      case BYTES:
        return { number, type, bytes: this.bytes(), bits: 0n };
      case FIXED32:
        return { number, type, bytes: NONE, bits: BigInt(this.fixed32()) };
    }
    throw new WireError(`There is no wire type ${type}.`);
  }

  private byte(): number {
    return this.data[this.skip(1)];
  }

  private skip(length: number): number {
    const start = this.at;
    if (!(start + length <= this.data.length)) throw new WireError('The message ends too early.');
    this.at += length;
    return start;
  }
}

/** The fields of a message, in their order. */
export function readFields(data: Uint8Array): WireField[] {
  const reader = new WireReader(data);
  const fields: WireField[] = [];
  while (!reader.isAtEnd) fields.push(reader.field());
  return fields;
}

/** The numbers of a repeated varint field, packed or not. */
export function varintsOf(field: WireField): bigint[] {
  if (field.type !== BYTES) return [field.bits];
  const reader = new WireReader(field.bytes);
  const values: bigint[] = [];
  while (!reader.isAtEnd) values.push(reader.varint());
  return values;
}

/** The bits of a repeated fixed32 field, packed or not. */
export function fixed32Of(field: WireField): number[] {
  if (field.type !== BYTES) return [Number(field.bits)];
  const reader = new WireReader(field.bytes);
  const values: number[] = [];
  while (!reader.isAtEnd) values.push(reader.fixed32());
  return values;
}

/** The bits of a repeated fixed64 field, packed or not. */
export function fixed64Of(field: WireField): bigint[] {
  if (field.type !== BYTES) return [field.bits];
  const reader = new WireReader(field.bytes);
  const values: bigint[] = [];
  while (!reader.isAtEnd) values.push(reader.fixed64());
  return values;
}

/** Writes a message. */
export class WireWriter {
  private readonly out: number[] = [];

  varintField(number: number, value: number | bigint): this {
    this.varint(BigInt(number * 8 + VARINT));
    this.varint(BigInt.asUintN(64, BigInt(value)));
    return this;
  }

  bytesField(number: number, bytes: Uint8Array): this {
    this.varint(BigInt(number * 8 + BYTES));
    this.varint(BigInt(bytes.length));
    for (const byte of bytes) this.out.push(byte);
    return this;
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.out);
  }

  private varint(value: bigint): void {
    let rest = value;
    for (; rest > 127n; rest >>= 7n) this.out.push(Number(rest & 127n) | 128);
    this.out.push(Number(rest));
  }
}
