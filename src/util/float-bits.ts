/** The bits of float16 and bfloat16, both ways. Rounding to values of these types is `array-convert.ts`'s. */

const scratch = new DataView(new ArrayBuffer(4));

/** The number with these bits of float16. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return fraction ? Number.NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

/** The bits of a number that float16 can hold. */
export function halfBits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size === Infinity) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | (size * 2 ** 24);
  const exponent = Math.floor(Math.log2(size));
  return sign | ((exponent + 15) << 10) | (size * 2 ** (10 - exponent) - 1024);
}

/** The number with these bits of bfloat16. */
export function bfloat16ToNumber(bits: number): number {
  scratch.setUint32(0, bits * 65536);
  return scratch.getFloat32(0);
}

/** The bits of a number that bfloat16 can hold. */
export function bfloat16Bits(value: number): number {
  scratch.setFloat32(0, value);
  return scratch.getUint16(0);
}
