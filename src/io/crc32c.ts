/**
 * CRC32C (Castagnoli), the checksum of tables, tensor bundles and record files, and the mask that the formats put
 * over it. What is checked, and what to say when it does not match, is for the callers.
 */

/** The reflected Castagnoli polynomial. */
const POLYNOMIAL = 0x82f63b78;

/** Eight tables of 256 words in one array: `TABLES[256 * k + b]` carries byte `b` through `k` further zero bytes. */
const TABLES = makeTables();

function makeTables(): Int32Array {
  const tables = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let word = byte;
    for (let bit = 0; bit < 8; bit++) word = word & 1 ? (word >>> 1) ^ POLYNOMIAL : word >>> 1;
    tables[byte] = word;
  }
  for (let index = 256; index < tables.length; index++) {
    const before = tables[index - 256] as number;
    tables[index] = (before >>> 8) ^ (tables[before & 0xff] as number);
  }
  return tables;
}

/** Words can be read through an Int32Array view only where the machine is little-endian, as the formats are. */
const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/**
 * The CRC32C of some bytes, as an unsigned number below 2³². With `seed`, the checksum of earlier bytes, the answer
 * is the checksum of those bytes followed by these, so a file can be summed in pieces.
 *
 * ```ts
 * crc32c(new TextEncoder().encode('123456789')); // 0xe3069283
 * crc32c(tail, crc32c(head));                    // crc32c of head and tail together
 * ```
 */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  const tables = TABLES;
  const length = bytes.length;
  let crc = ~seed;
  let at = 0;
  if (LITTLE_ENDIAN && length >= 16) {
    const head = -bytes.byteOffset & 3;
    for (; at < head; at++) crc = (crc >>> 8) ^ (tables[(crc ^ (bytes[at] as number)) & 0xff] as number);
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + at, (length - at) >> 2);
    const pairs = words.length & ~1;
    for (let index = 0; index < pairs; index += 2) {
      const low = (words[index] as number) ^ crc;
      const high = words[index + 1] as number;
      crc =
        (tables[1792 + (low & 0xff)] as number) ^
        (tables[1536 + ((low >>> 8) & 0xff)] as number) ^
        (tables[1280 + ((low >>> 16) & 0xff)] as number) ^
        (tables[1024 + (low >>> 24)] as number) ^
        (tables[768 + (high & 0xff)] as number) ^
        (tables[512 + ((high >>> 8) & 0xff)] as number) ^
        (tables[256 + ((high >>> 16) & 0xff)] as number) ^
        (tables[high >>> 24] as number);
    }
    at += pairs * 4;
  }
  for (; at < length; at++) crc = (crc >>> 8) ^ (tables[(crc ^ (bytes[at] as number)) & 0xff] as number);
  return ~crc >>> 0;
}

/** What the mask adds: a checksum of bytes that hold checksums would be weak, so stored ones are rotated and moved. */
const MASK_DELTA = 0xa282ead8;

/** The form in which tables and record files store a checksum. */
export function maskCrc(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}

/** The checksum behind a stored one. */
export function unmaskCrc(masked: number): number {
  const rotated = (masked - MASK_DELTA) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
}
