/**
 * Baseline JPEG files of pixels, byte for byte those of libjpeg with its default settings: whole-number transforms, the
 * tables of the standard. Files are read by `src/keras/utils/image-codec.ts`.
 */

export interface JpegOptions {
  /** 0 to 100. */
  readonly quality: number;
  /** Whether colors have half the resolution. */
  readonly downsample: boolean;
  /** 1: pixels per inch, 2: per centimeter. */
  readonly unit: 1 | 2;
  readonly density: readonly [x: number, y: number];
  /** Added as a segment of its own where it is not empty. */
  readonly xmp: Uint8Array;
}

export interface JpegPixels {
  readonly width: number;
  readonly height: number;
  /** 1 or 3. */
  readonly channels: number;
  readonly data: Uint8Array;
}

const bytesOf = (hex: string) =>
  Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));

/** How many codes there are of each length from 1 to 16, and the symbols in order (ITU T.81, annex K.3). */
interface HuffmanSpec {
  readonly counts: Uint8Array;
  readonly symbols: Uint8Array;
}
const DC_SYMBOLS = bytesOf('000102030405060708090a0b');
const huffman = (counts: string, symbols: Uint8Array): HuffmanSpec => ({ counts: bytesOf(counts), symbols });
const LUMINANCE = {
  dc: huffman('00010501010101010100000000000000', DC_SYMBOLS),
  ac: huffman(
    '0002010303020403050504040000017d',
    bytesOf(
      '01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738' +
        '393a434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5' +
        'a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa',
    ),
  ),
};
const CHROMINANCE = {
  dc: huffman('00030101010101010101010000000000', DC_SYMBOLS),
  ac: huffman(
    '00020102040403040705040400010277',
    bytesOf(
      '000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a262728292a353637' +
        '38393a434445464748494a535455565758595a636465666768696a737475767778797a82838485868788898a92939495969798999aa2a3' +
        'a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa',
    ),
  ),
};
/** Quantization at quality 50, row by row (annex K.1). */
const LUMINANCE_STEPS = bytesOf(
  '100b0a101828333d0c0c0e131a3a3c370e0d1018283945380e11161d3357503e12162538446d674d182337405168715c31404e5767797865' +
    '485c5f6270646763',
);
const CHROMINANCE_STEPS = bytesOf(
  '1112182f6363636312151a4263636363181a3863636363632f42636363636363636363636363636363636363636363636363636363636363' +
    '6363636363636363',
);
/** The position in a block, row by row, of the coefficients in the order of the file. */
const ZIGZAG = bytesOf(
  '000108100902030a11182019120b04050c131a21283029221b140d06070e151c232a313839322b241d160f171e252c333a3b342d261f272e' +
    '353c3d362f373e3f',
);

/** Codes and their lengths, by symbol. */
interface Codes {
  readonly code: Uint16Array;
  readonly length: Uint8Array;
}

function codesOf({ counts, symbols }: HuffmanSpec): Codes {
  const [code, length] = [new Uint16Array(256), new Uint8Array(256)];
  let [next, k] = [0, 0];
  counts.forEach((count, i) => {
    for (let n = 0; n < count; n++) {
      code[symbols[k]] = next++;
      length[symbols[k++]] = i + 1;
    }
    next *= 2;
  });
  return { code, length };
}

function stepsAt(quality: number, steps: Uint8Array): Uint8Array {
  const q = Math.max(1, Math.min(100, quality));
  const scale = q < 50 ? Math.trunc(5000 / q) : 200 - 2 * q;
  return steps.map((step) => Math.max(1, Math.min(255, Math.trunc((step * scale + 50) / 100))));
}

/** A plane of samples, filled up to whole blocks. */
interface Plane {
  readonly columns: number;
  readonly rows: number;
  readonly data: Uint8Array;
}

/** The plane filled up by its last column and row. */
function filled(
  width: number,
  height: number,
  columns: number,
  rows: number,
  at: (x: number, y: number) => number,
): Plane {
  const data = new Uint8Array(columns * rows);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) data[y * columns + x] = at(Math.min(x, width - 1), Math.min(y, height - 1));
  }
  return { columns, rows, data };
}

const blocks = (n: number) => 8 * Math.ceil(n / 8);

/** Means of two by two, rounded down and up by turns. */
function halved({ columns, data }: Plane, width: number, height: number): Plane {
  const mean = (x: number, y: number) => {
    const at = 2 * y * columns + 2 * x;
    return (data[at] + data[at + 1] + data[at + columns] + data[at + columns + 1] + 1 + (x & 1)) >> 2;
  };
  const rows = Math.ceil(height / 2);
  const out = blocks(Math.ceil(width / 2));
  return filled(out, rows, out, blocks(rows), mean);
}

/** Luminance and the two color differences, in whole numbers of 16 bits. */
function planesOf({ width, height, channels, data }: JpegPixels, downsample: boolean): Plane[] {
  const size = [blocks(width), blocks(height)] as const;
  if (channels === 1) return [filled(width, height, ...size, (x, y) => data[y * width + x])];
  const weighed = (r: number, g: number, b: number, add: number) => (x: number, y: number) => {
    const at = 3 * (y * width + x);
    return (r * data[at] + g * data[at + 1] + b * data[at + 2] + add) >> 16;
  };
  const half = (128 << 16) + 32767;
  const luminance = filled(width, height, ...size, weighed(19595, 38470, 7471, 32768));
  const colors = [weighed(-11059, -21709, 32768, half), weighed(32768, -27439, -5329, half)];
  return [
    luminance,
    ...colors.map((color) => {
      if (!downsample) return filled(width, height, ...size, color);
      const columns = 2 * blocks(Math.ceil(width / 2));
      return halved(filled(width, height, columns, height + (height & 1), color), width, height);
    }),
  ];
}

/** One dimension of the cosine transform, in place: eight numbers `step` apart. The first pass keeps two more bits. */
function transform(v: Int32Array, at: number, step: number, second: boolean): void {
  const shift = second ? 15 : 11;
  const scaled = (x: number) => (x + (1 << (shift - 1))) >> shift;
  const even = (x: number) => (second ? (x + 2) >> 2 : x << 2);
  const sum = (k: number) => v[at + k * step] + v[at + (7 - k) * step];
  const difference = (k: number) => v[at + k * step] - v[at + (7 - k) * step];
  const [a, b, c, d] = [sum(0) + sum(3), sum(1) + sum(2), sum(0) - sum(3), sum(1) - sum(2)];
  const [p, q, r, s] = [difference(3), difference(2), difference(1), difference(0)];
  v[at] = even(a + b);
  v[at + 4 * step] = even(a - b);
  const e = (c + d) * 4433;
  v[at + 2 * step] = scaled(e + c * 6270);
  v[at + 6 * step] = scaled(e - d * 15137);
  const z5 = (p + r + q + s) * 9633;
  const [z1, z2] = [(p + s) * -7373, (q + r) * -20995];
  const [z3, z4] = [(p + r) * -16069 + z5, (q + s) * -3196 + z5];
  v[at + 7 * step] = scaled(p * 2446 + z1 + z3);
  v[at + 5 * step] = scaled(q * 16819 + z2 + z4);
  v[at + 3 * step] = scaled(r * 25172 + z2 + z3);
  v[at + step] = scaled(s * 12299 + z1 + z4);
}

/** The quantized coefficients of a block, in the order of the file. */
function coefficients({ columns, data }: Plane, column: number, row: number, steps: Uint8Array): Int32Array {
  const block = new Int32Array(64);
  for (let i = 0; i < 64; i++) block[i] = data[(8 * row + (i >> 3)) * columns + 8 * column + (i & 7)] - 128;
  for (let i = 0; i < 8; i++) transform(block, 8 * i, 1, false);
  for (let i = 0; i < 8; i++) transform(block, i, 8, true);
  return Int32Array.from(ZIGZAG, (at) => {
    // The transform gives eight times the coefficient.
    const step = 8 * steps[at];
    const rounded = Math.trunc((Math.abs(block[at]) + (step >> 1)) / step);
    return block[at] < 0 ? -rounded : rounded;
  });
}

/** Bytes, and bits that become bytes. */
class Writer {
  readonly bytes: number[] = [];
  private pending = 0;
  private count = 0;

  segment(marker: number, ...content: ArrayLike<number>[]): void {
    const length = content.reduce((n, part) => n + part.length, 2);
    this.bytes.push(0xff, marker, length >> 8, length & 255);
    for (const part of content) for (let i = 0; i < part.length; i++) this.bytes.push(part[i]);
  }
  bits(value: number, length: number): void {
    for (let i = length - 1; i >= 0; i--) {
      this.pending = (this.pending << 1) | ((value >> i) & 1);
      if (++this.count < 8) continue;
      this.bytes.push(this.pending);
      // What is no marker is told so by a zero.
      if (this.pending === 0xff) this.bytes.push(0);
      this.pending = 0;
      this.count = 0;
    }
  }
  /** Fills the last byte up with ones. */
  flush(): void {
    if (this.count > 0) this.bits(0x7f, 8 - this.count);
  }
}

/** A component of the scan: its plane, the tables, blocks per unit along each axis, and the last DC coefficient. */
interface Component {
  readonly plane: Plane;
  readonly sampling: number;
  readonly table: number;
  readonly steps: Uint8Array;
  readonly dc: Codes;
  readonly ac: Codes;
  last: number;
}

function writeNumber(out: Writer, codes: Codes, run: number, value: number): void {
  const bits = 32 - Math.clz32(Math.abs(value));
  const symbol = (run << 4) | bits;
  out.bits(codes.code[symbol], codes.length[symbol]);
  out.bits(value < 0 ? value - 1 : value, bits);
}

function writeBlock(out: Writer, component: Component, block: Int32Array): void {
  writeNumber(out, component.dc, 0, block[0] - component.last);
  component.last = block[0];
  let run = 0;
  for (let k = 1; k < 64; k++) {
    if (block[k] === 0) {
      run++;
      continue;
    }
    for (; run > 15; run -= 16) out.bits(component.ac.code[0xf0], component.ac.length[0xf0]);
    writeNumber(out, component.ac, run, block[k]);
    run = 0;
  }
  if (run > 0) out.bits(component.ac.code[0], component.ac.length[0]);
}

/** The blocks of a component in one unit; beyond its plane they are flat, and as bright as the one before. */
function writeUnit(out: Writer, c: Component, column: number, row: number): void {
  for (let y = row * c.sampling; y < (row + 1) * c.sampling; y++) {
    for (let x = column * c.sampling; x < (column + 1) * c.sampling; x++) {
      const inside = 8 * x < c.plane.columns && 8 * y < c.plane.rows;
      writeBlock(
        out,
        c,
        inside ? coefficients(c.plane, x, y, c.steps) : Int32Array.from([c.last, ...new Uint8Array(63)]),
      );
    }
  }
}

const pair = (n: number) => [(n >> 8) & 255, n & 255];
const text = (s: string) => Uint8Array.from(s, (c) => c.charCodeAt(0));

/** The file of an image of 1 to 65500 pixels along each axis. */
export function encodeJpeg(pixels: JpegPixels, options: JpegOptions): Uint8Array {
  const { width, height, channels } = pixels;
  const sampling = channels === 3 && options.downsample ? 2 : 1;
  const kinds = [
    { ...LUMINANCE, steps: stepsAt(options.quality, LUMINANCE_STEPS) },
    { ...CHROMINANCE, steps: stepsAt(options.quality, CHROMINANCE_STEPS) },
  ].slice(0, channels);
  const codes = kinds.map(({ dc, ac }) => ({ dc: codesOf(dc), ac: codesOf(ac) }));
  const components = planesOf(pixels, options.downsample).map((plane, i): Component => {
    const table = Math.min(i, 1);
    return { plane, sampling: i === 0 ? sampling : 1, table, steps: kinds[table].steps, ...codes[table], last: 0 };
  });

  const out = new Writer();
  out.bytes.push(0xff, 0xd8);
  const [x, y] = options.density;
  out.segment(0xe0, text('JFIF\0'), [1, 1, options.unit], pair(x), pair(y), [0, 0]);
  if (options.xmp.length > 0) out.segment(0xe1, text('http://ns.adobe.com/xap/1.0/\0'), options.xmp);
  kinds.forEach(({ steps }, i) => {
    out.segment(
      0xdb,
      [i],
      ZIGZAG.map((at) => steps[at]),
    );
  });
  const frame = components.flatMap((c, i) => [i + 1, c.sampling * 17, c.table]);
  out.segment(0xc0, [8], pair(height), pair(width), [channels], frame);
  kinds.forEach(({ dc, ac }, i) => {
    out.segment(0xc4, [i], dc.counts, dc.symbols);
    out.segment(0xc4, [16 + i], ac.counts, ac.symbols);
  });
  out.segment(
    0xda,
    [channels],
    components.flatMap((c, i) => [i + 1, c.table * 17]),
    [0, 63, 0],
  );
  const across = Math.ceil(width / (8 * sampling));
  for (let row = 0; row < Math.ceil(height / (8 * sampling)); row++) {
    for (let column = 0; column < across; column++) for (const c of components) writeUnit(out, c, column, row);
  }
  out.flush();
  out.bytes.push(0xff, 0xd9);
  return Uint8Array.from(out.bytes);
}
