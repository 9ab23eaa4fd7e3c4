/** A growing list of bytes, with the number formats of WebAssembly's binary form. What they mean is `assembler.ts`'s job. */

const scratch = new DataView(new ArrayBuffer(4));

export class Bytes {
  private data = new Uint8Array(256);
  private used = 0;

  get length(): number {
    return this.used;
  }

  byte(value: number): this {
    if (this.used === this.data.length) this.grow(1);
    this.data[this.used++] = value;
    return this;
  }
  /** LEB128, the form of counts, indices and offsets. */
  unsigned(value: number): this {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    return this.byte(rest);
  }
  /** LEB128 with a sign, the form of integer constants. */
  signed(value: number): this {
    let rest = value | 0;
    for (;;) {
      const bits = rest & 0x7f;
      rest >>= 7;
      if ((rest === 0 && (bits & 0x40) === 0) || (rest === -1 && (bits & 0x40) !== 0)) return this.byte(bits);
      this.byte(bits | 0x80);
    }
  }
  float32(value: number): this {
    scratch.setFloat32(0, value, true);
    return this.scratched();
  }
  int32(value: number): this {
    scratch.setInt32(0, value, true);
    return this.scratched();
  }
  private scratched(): this {
    for (let i = 0; i < 4; i++) this.byte(scratch.getUint8(i));
    return this;
  }
  /** The length in bytes, then the text. */
  text(value: string): this {
    return this.block(new TextEncoder().encode(value));
  }
  /** The length in bytes, then the bytes. */
  block(bytes: Uint8Array): this {
    return this.unsigned(bytes.length).append(bytes);
  }
  append(bytes: Uint8Array): this {
    if (this.used + bytes.length > this.data.length) this.grow(bytes.length);
    this.data.set(bytes, this.used);
    this.used += bytes.length;
    return this;
  }
  /** The bytes so far; a view, good until the next one is added. */
  view(): Uint8Array {
    return this.data.subarray(0, this.used);
  }

  private grow(more: number): void {
    const larger = new Uint8Array(Math.max(2 * this.data.length, this.used + more));
    larger.set(this.data.subarray(0, this.used));
    this.data = larger;
  }
}
