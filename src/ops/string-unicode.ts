/**
 * Texts in encodings and as code points. Which encodings there are is the runtime's business; functions whose results would
 * be ragged take single texts only.
 */
import type { Tensor } from '../graph/graph.ts';
import { int32, int64, string } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import type { Dim } from '../util/shape.ts';
import { convertToTensor, emit, emitOne, opScope } from './emit.ts';
import { asIndices, vector } from './indices.ts';
import { defineOp, type InferContext, type Inferred, sample } from './opdef/define.ts';
import { unchanged, withRank } from './opdef/shape-rules.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

const ENCODED = 'output_encoding: {"UTF-8", "UTF-16-BE", "UTF-32-BE"}';
const REPLACEMENT = 'replacement_char: int = 65533';
const CONTROLS = 'replace_control_characters: bool = false';
const SPLITS = 'Tsplits: {int32, int64} = int64';
const ERRORS = 'errors: {"strict", "replace", "ignore"} = "replace"';

/** One more split than texts, and all characters in a row. */
function inferDecode(op: InferContext): Inferred {
  const [length] = withRank(op.shape(0), 1);
  const splits: Dim = length === null ? null : length + 1;
  return op.type === 'UnicodeDecode' ? [[splits], [null]] : [[splits], [null], [null]];
}

const word = sample(string, [2], ['aé', '漢']);
const splits = sample(int64, [3], [0, 2, 3]);
const characters = sample(int32, [3], [97, 233, 28450]);

defineOp({
  name: 'UnicodeDecode',
  doc: 'The code points of texts in a row, and where each text ends.',
  inputs: ['input: string'],
  outputs: ['row_splits: Tsplits', 'char_values: int32'],
  attrs: ['input_encoding: string', ERRORS, REPLACEMENT, CONTROLS, SPLITS],
  infer: inferDecode,
  grad: null,
  samples: [{ inputs: [word], attrs: { input_encoding: 'UTF-8' }, outputs: [splits, characters] }],
});

defineOp({
  name: 'UnicodeDecodeWithOffsets',
  doc: 'The code points of texts in a row, where each text ends, and at which byte each character starts.',
  inputs: ['input: string'],
  outputs: ['row_splits: Tsplits', 'char_values: int32', 'char_to_byte_starts: int64'],
  attrs: ['input_encoding: string', ERRORS, REPLACEMENT, CONTROLS, SPLITS],
  infer: inferDecode,
  grad: null,
  samples: [
    {
      inputs: [word],
      attrs: { input_encoding: 'UTF-8' },
      outputs: [splits, characters, sample(int64, [3], [0, 1, 0])],
    },
  ],
});

defineOp({
  name: 'UnicodeEncode',
  doc: 'The texts of rows of code points.',
  inputs: ['input_values: int32', 'input_splits: Tsplits'],
  outputs: ['output: string'],
  attrs: ['errors: {"ignore", "replace", "strict"} = "replace"', ENCODED, REPLACEMENT, SPLITS],
  infer: (op) => {
    withRank(op.shape(0), 1);
    const [length] = withRank(op.shape(1), 1);
    return [[length === null ? null : length - 1]];
  },
  grad: null,
  samples: [{ inputs: [characters, splits], attrs: { output_encoding: 'UTF-8' }, outputs: [word] }],
});

defineOp({
  name: 'UnicodeTranscode',
  doc: 'The texts in another encoding.',
  inputs: ['input: string'],
  outputs: ['output: string'],
  attrs: ['input_encoding: string', ENCODED, ERRORS, REPLACEMENT, CONTROLS],
  infer: unchanged,
  grad: null,
  samples: [{ inputs: [word], attrs: { input_encoding: 'UTF-8', output_encoding: 'UTF-8' }, outputs: [word] }],
});

defineOp({
  name: 'UnicodeScript',
  doc: 'The number that ICU has for the script of each code point.',
  inputs: ['input: int32'],
  outputs: ['output: int32'],
  infer: unchanged,
  grad: null,
  samples: [{ inputs: [sample(int32, [2], [97, 945])], outputs: [sample(int32, [2], [25, 14])] }],
});

/** What becomes of bytes or code points that are no characters. */
export type UnicodeErrors = 'strict' | 'replace' | 'ignore';
export type UnicodeEncoding = 'UTF-8' | 'UTF-16-BE' | 'UTF-32-BE';

export interface UnicodeEncodeOptions {
  /** `'replace'` without it; `'strict'` fails the run. */
  readonly errors?: UnicodeErrors;
  readonly replacementChar?: number;
  readonly name?: string | null;
}

export interface UnicodeDecodeOptions extends UnicodeEncodeOptions {
  readonly replaceControlCharacters?: boolean;
}

type DecodeRest = Rest<
  [errors: UnicodeErrors, replacementChar: number, replaceControlCharacters: boolean, name: string | null],
  UnicodeDecodeOptions
>;
const DECODE = ['errors', 'replacementChar', 'replaceControlCharacters', 'name'] as const;

function decodeAttrs(encoding: string, given: UnicodeDecodeOptions) {
  return {
    input_encoding: encoding,
    errors: given.errors,
    replacement_char: given.replacementChar,
    replace_control_characters: given.replaceControlCharacters,
  };
}

/**
 * The texts in another encoding: `UTF-8`, `UTF-16-BE` or `UTF-32-BE`, from any that the platform can read.
 *
 *     tf.strings.unicodeTranscode(['aé'], 'UTF-8', 'UTF-16-BE')
 */
export function unicodeTranscode(
  input: TensorLike,
  inputEncoding: string,
  outputEncoding: UnicodeEncoding,
  ...rest: DecodeRest
): Tensor {
  const given = bind<UnicodeDecodeOptions>([...DECODE], rest);
  const attrs = { ...decodeAttrs(inputEncoding, given), output_encoding: outputEncoding };
  return emitOne('UnicodeTranscode', [input], attrs, given.name);
}

/** The number that ICU has for the script of each code point (int32): 25 is Latin, 14 Greek; -1 for what is none. */
export function unicodeScript(
  input: TensorLike,
  ...rest: Rest<[name: string | null], { readonly name?: string | null }>
): Tensor {
  return emitOne('UnicodeScript', [asIndices(input)], {}, bind<{ readonly name?: string | null }>(['name'], rest).name);
}

function singleText(input: TensorLike): Tensor {
  const text = convertToTensor(input, { dtype: string, name: 'input' });
  if (text.shape === null) throw new ValueError('Rank of `input` must be statically known.');
  if (text.shape.length > 0) {
    throw new ValueError(
      `\`input\` must be a scalar, not of rank ${text.shape.length}: there are no ragged tensors yet.`,
    );
  }
  return emitOne('Reshape', [text, vector(-1)]);
}

/**
 * The code points of one text, an int32 vector. Throws `ValueError` for texts of rank 1 and more, whose result would be
 * ragged.
 *
 *     tf.strings.unicodeDecode('aé', 'UTF-8')      // [97, 233]
 */
export function unicodeDecode(input: TensorLike, inputEncoding: string, ...rest: DecodeRest): Tensor {
  const given = bind<UnicodeDecodeOptions>([...DECODE], rest);
  return opScope(given.name, 'UnicodeDecode', [input], () => {
    return emit('UnicodeDecode', [singleText(input)], decodeAttrs(inputEncoding, given)).output(1);
  });
}

/** The code points of one text, and at which byte each starts (int64). See `unicodeDecode`. */
export function unicodeDecodeWithOffsets(
  input: TensorLike,
  inputEncoding: string,
  ...rest: DecodeRest
): [codePoints: Tensor, offsets: Tensor] {
  const given = bind<UnicodeDecodeOptions>([...DECODE], rest);
  return opScope(given.name, 'UnicodeDecodeWithOffsets', [input], () => {
    const attrs = decodeAttrs(inputEncoding, given);
    const { outputs } = emit('UnicodeDecodeWithOffsets', [singleText(input)], attrs);
    return [outputs[1], outputs[2]];
  });
}

/**
 * The texts whose code points are along the last axis of a dense tensor.
 *
 *     tf.strings.unicodeEncode([[97, 98], [99, 100]], 'UTF-8')      // ['ab', 'cd']
 */
export function unicodeEncode(
  input: TensorLike,
  outputEncoding: UnicodeEncoding,
  ...rest: Rest<[errors: UnicodeErrors, replacementChar: number, name: string | null], UnicodeEncodeOptions>
): Tensor {
  const given = bind<UnicodeEncodeOptions>(['errors', 'replacementChar', 'name'], rest);
  return opScope(given.name, 'UnicodeEncode', [input], () => {
    const points = convertToTensor(asIndices(input));
    if (points.shape === null) throw new ValueError('Rank of input_tensor must be statically known.');
    if (points.shape.length === 0) throw new ValueError("input_tensor's rank must be at least 1.");
    const last = points.shape.length - 1;
    const shape = emitOne('Shape', [points]);
    const outer = emitOne('Slice', [shape, vector(0), vector(last)]);
    const [length] = emit('Unpack', [emitOne('Slice', [shape, vector(last), vector(1)])], { num: 1, axis: 0 }).outputs;
    const rows = emitOne('AddV2', [emitOne('Prod', [outer, vector(0)]), asIndices(1)]);
    const ends = emitOne('Mul', [emitOne('Range', [asIndices(0), rows, asIndices(1)]), length]);
    const attrs = { errors: given.errors, replacement_char: given.replacementChar, output_encoding: outputEncoding };
    const texts = emitOne('UnicodeEncode', [emitOne('Reshape', [points, vector(-1)]), ends], attrs);
    return emitOne('Reshape', [texts, outer]);
  });
}
