/** Host kernels of encodings and code points. Encodings beside those of Unicode and ISO-8859-1 are those of `TextDecoder`. */
import { int32, int64 } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { indicesOf, integers, invalid } from './elements.ts';
import { defineHostKernels, type HostKernel, type HostOp } from './registry.ts';
import { mapTexts, textArray, textsOf } from './texts.ts';

/** Called with each code point, null where there is none, and the byte where it starts. */
type Visit = (code: number | null, start: number) => void;
type Decoder = (bytes: Uint8Array, visit: Visit) => void;

defineHostKernels({
  UnicodeDecode: (inputs, op) => decode(inputs[0], op).slice(0, 2),
  UnicodeDecodeWithOffsets: (inputs, op) => decode(inputs[0], op),
  UnicodeTranscode: ([input], op) => {
    const decoder = decoderOf(op);
    const put = encoderOf(op);
    return [
      mapTexts(input, (bytes) => {
        const out: number[] = [];
        decodeText(bytes, decoder, op, (code) => put(code, out));
        return Uint8Array.from(out);
      }),
    ];
  },
  UnicodeEncode: encode,
  UnicodeScript: ([input]) => [new NdArray(int32, input.shape, Int32Array.from(input.data as Int32Array, scriptOf))],
});

function decode(input: NdArray, op: HostOp): readonly NdArray[] {
  const decoder = decoderOf(op);
  const codes: number[] = [];
  const starts: number[] = [];
  const ends = [0];
  for (const bytes of textsOf(input)) {
    decodeText(bytes, decoder, op, (code, start) => {
      codes.push(code);
      starts.push(start);
    });
    ends.push(codes.length);
  }
  return [
    integers(op.outputDType(0), [ends.length], ends),
    new NdArray(int32, [codes.length], Int32Array.from(codes)),
    integers(int64, [starts.length], starts),
  ];
}

/** The characters of a text after replacing, leaving out, or refusing what is none. */
function decodeText(
  bytes: Uint8Array,
  decoder: Decoder,
  op: HostOp,
  visit: (code: number, start: number) => void,
): void {
  const errors = op.attr<string>('errors');
  const replacement = op.attr<number>('replacement_char');
  const replacesControls = op.attr<boolean>('replace_control_characters');
  decoder(bytes, (code, start) => {
    if (code === null && errors === 'strict') throw invalid('Invalid formatting on input string');
    const isBad = code === null || (replacesControls && code < 32);
    if (!isBad) visit(code, start);
    else if (errors !== 'ignore') visit(replacement, start);
  });
}

function encode([values, splits]: readonly NdArray[], op: HostOp): ReturnType<HostKernel> {
  const codes = values.data as Int32Array;
  const ends = indicesOf(splits);
  if (ends.length === 0) throw invalid('Invalid input_splits tensor: must have at least one element.');
  if (ends[0] !== 0) throw invalid('First value in input_splits must be zero.');
  if (ends[ends.length - 1] !== codes.length) {
    throw invalid('Last value in input_splits must be equal to length of input_tensor.');
  }
  for (let i = 1; i < ends.length; i++) {
    if (ends[i] < ends[i - 1]) throw invalid('Values in input_splits must be equal or in ascending order.');
  }
  const errors = op.attr<string>('errors');
  const put = encoderOf(op);
  const texts: Uint8Array[] = [];
  for (let row = 1; row < ends.length; row++) {
    const out: number[] = [];
    for (let i = ends[row - 1]; i < ends[row]; i++) {
      const isCharacter = isScalar(codes[i]);
      if (!isCharacter && errors === 'strict') {
        throw invalid('Code point is out of range for Unicode, or is a surrogate.');
      }
      if (isCharacter) put(codes[i], out);
      else if (errors === 'replace') put(op.attr<number>('replacement_char'), out);
    }
    texts.push(Uint8Array.from(out));
  }
  return [textArray([texts.length], texts)];
}

const isScalar = (code: number): boolean => code >= 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);

function encoderOf(op: HostOp): (code: number, out: number[]) => void {
  switch (op.attr<string>('output_encoding')) {
    case 'UTF-16-BE':
      return (code, out) => {
        const text = String.fromCodePoint(code);
        for (let i = 0; i < text.length; i++) out.push(text.charCodeAt(i) >> 8, text.charCodeAt(i) & 255);
      };
    case 'UTF-32-BE':
      return (code, out) => out.push((code >> 24) & 255, (code >> 16) & 255, (code >> 8) & 255, code & 255);
  }
  const encoder = new TextEncoder();
  return (code, out) => out.push(...encoder.encode(String.fromCodePoint(code)));
}

function decoderOf(op: HostOp): Decoder {
  const encoding = op.attr<string>('input_encoding');
  const wide = /^utf[-_]?(16|32)[-_]?(be|le)?$/i.exec(encoding);
  if (wide) {
    const isLittle = wide[2]?.toLowerCase() === 'le';
    return wide[1] === '16' ? utf16(isLittle) : utf32(isLittle);
  }
  if (/^utf[-_]?8$/i.test(encoding)) return utf8;
  if (/^(us[-_]?)?ascii$/i.test(encoding)) return bytesUpTo(127);
  if (/^(iso[-_]?8859[-_]?1|latin[-_]?1)$/i.test(encoding)) return bytesUpTo(255);
  // Not left to the platform: some take it for ISO-8859-1.
  if (/^(windows-|cp)1252$/i.test(encoding)) return windows1252;
  const decoder = platformDecoder(encoding);
  if (!decoder) throw invalid(`Could not create converter for input encoding: ${encoding}`);
  return byPlatform(decoder);
}

function platformDecoder(encoding: string): TextDecoder | null {
  for (const label of [encoding, encoding.replace(/-/g, '_'), encoding.replace(/_/g, '-')]) {
    try {
      return new TextDecoder(label, { fatal: true });
    } catch {
      // Not a label of this platform.
    }
  }
  return null;
}

function bytesUpTo(highest: number): Decoder {
  return (bytes, visit) => {
    for (const [i, byte] of bytes.entries()) visit(byte <= highest ? byte : null, i);
  };
}

/** From 0x80 to 0x9f; what has no character there stays a control character. */
const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

function windows1252(bytes: Uint8Array, visit: Visit): void {
  for (const [i, byte] of bytes.entries()) {
    visit((byte & 0xe0) === 0x80 ? WINDOWS_1252.charCodeAt(byte - 0x80) : byte, i);
  }
}

/** Bytes that begin no character count as one wrong character each, a beginning without its end as one in all. */
function utf8(bytes: Uint8Array, visit: Visit): void {
  for (let at = 0; at < bytes.length; ) {
    const start = at;
    const lead = bytes[at++];
    if (lead < 0x80) {
      visit(lead, start);
      continue;
    }
    const length =
      lead >= 0xc2 && lead < 0xe0 ? 1 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xf0 && lead < 0xf5 ? 3 : 0;
    let code = lead & (0x3f >> length);
    // The second byte is bounded: no longer form than needed, no surrogates, nothing above U+10FFFF.
    let low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    let high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    let taken = 0;
    while (taken < length && at < bytes.length && bytes[at] >= low && bytes[at] <= high) {
      code = (code << 6) | (bytes[at++] & 0x3f);
      taken++;
      [low, high] = [0x80, 0xbf];
    }
    visit(length > 0 && taken === length ? code : null, start);
  }
}

function utf16(isLittle: boolean): Decoder {
  return (bytes, visit) => {
    const unit = (i: number) => bytes[isLittle ? i : i + 1] | (bytes[isLittle ? i + 1 : i] << 8);
    let at = 0;
    while (at + 1 < bytes.length) {
      const start = at;
      const first = unit(at);
      at += 2;
      const second = (first & 0xfc00) === 0xd800 && at + 1 < bytes.length ? unit(at) : 0;
      if ((second & 0xfc00) === 0xdc00) {
        at += 2;
        visit(0x10000 + ((first & 0x3ff) << 10) + (second & 0x3ff), start);
      } else visit((first & 0xf800) === 0xd800 ? null : first, start);
    }
    if (at < bytes.length) visit(null, at);
  };
}

function utf32(isLittle: boolean): Decoder {
  return (bytes, visit) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    for (; at + 4 <= bytes.length; at += 4) {
      const code = view.getUint32(at, isLittle);
      visit(isScalar(code) ? code : null, at);
    }
    if (at < bytes.length) visit(null, at);
  };
}

/** Of an encoding with characters of one to four bytes: the shortest bytes that make one. */
function byPlatform(decoder: TextDecoder): Decoder {
  return (bytes, visit) => {
    for (let at = 0; at < bytes.length; ) {
      let code: number | null = null;
      let length = 0;
      while (code === null && length < 4 && at + length < bytes.length) {
        length++;
        try {
          code = decoder.decode(bytes.subarray(at, at + length)).codePointAt(0) ?? null;
        } catch {
          // More bytes are needed, or none will do.
        }
      }
      visit(code, at);
      at += code === null ? 1 : length;
    }
  };
}

/** The scripts by their ISO 15924 names, each with ICU's number. */
const SCRIPTS =
  'Zyyy0 Zinh1 Arab2 Armn3 Beng4 Bopo5 Cher6 Copt7 Cyrl8 Dsrt9 Deva10 Ethi11 Geor12 Goth13 Grek14 Gujr15 Guru16 ' +
  'Hani17 Hang18 Hebr19 Hira20 Knda21 Kana22 Khmr23 Laoo24 Latn25 Mlym26 Mong27 Mymr28 Ogam29 Ital30 Orya31 ' +
  'Runr32 Sinh33 Syrc34 Taml35 Telu36 Thaa37 Thai38 Tibt39 Cans40 Yiii41 Tglg42 Hano43 Buhd44 Tagb45 Brai46 ' +
  'Cprt47 Limb48 Linb49 Osma50 Shaw51 Tale52 Ugar53 Bugi55 Glag56 Khar57 Sylo58 Talu59 Tfng60 Xpeo61 Bali62 ' +
  'Batk63 Brah65 Cham66 Egyp71 Hmng75 Hung76 Java78 Kali79 Lepc82 Lina83 Mand84 Mero86 Nkoo87 Orkh88 Perm89 ' +
  'Phag90 Phnx91 Plrd92 Vaii99 Xsux101 Cari104 Lana106 Lyci107 Lydi108 Olck109 Rjng110 Saur111 Sgnw112 Sund113 ' +
  'Mtei115 Armi116 Avst117 Cakm118 Kthi120 Mani121 Phli122 Phlp123 Prti125 Samr126 Tavt127 Bamu130 Lisu131 ' +
  'Sarb133 Bass134 Dupl135 Elba136 Gran137 Mend140 Merc141 Narb142 Nbat143 Palm144 Sind145 Wara146 Mroo149 ' +
  'Nshu150 Shrd151 Sora152 Takr153 Tang154 Hluw156 Khoj157 Tirh158 Aghb159 Mahj160 Ahom161 Hatr162 Modi163 ' +
  'Mult164 Pauc165 Sidd166 Adlm167 Bhks168 Marc169 Newa170 Osge171 Gonm175 Soyo176 Zanb177 Dogr178 Gong179 ' +
  'Maka180 Medf181 Rohg182 Sogd183 Sogo184 Elym185 Hmnp186 Nand187 Wcho188 Chrs189 Diak190 Kits191 Yezi192';

let scripts: readonly (readonly [RegExp, number])[] | null = null;

/** Scripts that this platform does not know are left out. */
function scriptTable(): readonly (readonly [RegExp, number])[] {
  scripts ??= SCRIPTS.split(' ').flatMap((entry) => {
    try {
      return [[new RegExp(`^\\p{Script=${entry.slice(0, 4)}}$`, 'u'), Number(entry.slice(4))] as const];
    } catch {
      return [];
    }
  });
  return scripts;
}

const UNKNOWN_SCRIPT = 103;
const NO_CHARACTER = -1;

function scriptOf(code: number): number {
  if (code < 0 || code > 0x10ffff) return NO_CHARACTER;
  const character = String.fromCodePoint(code);
  return scriptTable().find(([pattern]) => pattern.test(character))?.[1] ?? UNKNOWN_SCRIPT;
}
