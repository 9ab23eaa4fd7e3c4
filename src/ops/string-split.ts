/**
 * Splitting texts into parts, n-grams of neighbours, and the edit distance of sequences. Where parts are of different
 * number the result is sparse.
 */
import type { Tensor } from '../graph/graph.ts';
import { float32, int64, string } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { noGradient } from './elementwise.ts';
import { convertToTensor, emit, emitOne, opScope } from './emit.ts';
import { asIndices, vector } from './indices.ts';
import { defineOp, type InferContext, type Inferred, sample } from './opdef/define.ts';
import { withRank } from './opdef/shape-rules.ts';
import { SparseTensor } from './sparse-tensor.ts';
import { bind, type Rest, renamed, type TensorLike } from './tensor-like.ts';

function inferSplit(op: InferContext): Inferred {
  withRank(op.shape(0), 1);
  withRank(op.shape(1), 0);
  return [[null, 2], [null], [2]];
}

const parts = [
  sample(int64, [3, 2], [0, 0, 0, 1, 1, 0]),
  sample(string, [3], ['a', 'b', 'c']),
  sample(int64, [2], [2, 2]),
];

defineOp({
  name: 'StringSplit',
  doc: 'The parts of texts between delimiters of one byte, as a sparse matrix.',
  inputs: ['input: string', 'delimiter: string'],
  outputs: ['indices: int64', 'values: string', 'shape: int64'],
  attrs: ['skip_empty: bool = true'],
  infer: inferSplit,
  grad: noGradient,
  samples: [{ inputs: [sample(string, [2], ['a,b', 'c,']), sample(string, [], [','])], outputs: parts }],
});

defineOp({
  name: 'StringSplitV2',
  doc: 'The parts of texts between separators, or without one between white space, as a sparse matrix.',
  inputs: ['input: string', 'sep: string'],
  outputs: ['indices: int64', 'values: string', 'shape: int64'],
  attrs: ['maxsplit: int = -1'],
  infer: inferSplit,
  grad: null,
  samples: [{ inputs: [sample(string, [2], ['a<>b', 'c']), sample(string, [], ['<>'])], outputs: parts }],
});

defineOp({
  name: 'StringNGrams',
  doc: 'Neighbouring texts of each row joined, for one or several numbers of neighbours.',
  inputs: ['data: string', 'data_splits: Tsplits'],
  outputs: ['ngrams: string', 'ngrams_splits: Tsplits'],
  attrs: [
    'separator: string',
    'ngram_widths: list(int) >= 0',
    'left_pad: string',
    'right_pad: string',
    'pad_width: int',
    'preserve_short_sequences: bool',
    'Tsplits: {int32, int64} = int64',
  ],
  infer: (op) => {
    withRank(op.shape(0), 1);
    return [[null], withRank(op.shape(1), 1)];
  },
  grad: null,
  samples: [
    {
      inputs: [sample(string, [3], ['a', 'b', 'c']), sample(int64, [2], [0, 3])],
      attrs: {
        separator: '|',
        ngram_widths: [2],
        left_pad: '',
        right_pad: '',
        pad_width: 0,
        preserve_short_sequences: false,
      },
      outputs: [sample(string, [2], ['a|b', 'b|c']), sample(int64, [2], [0, 2])],
    },
  ],
});

defineOp({
  name: 'EditDistance',
  doc: 'The Levenshtein distances of the sequences of two sparse tensors.',
  inputs: [
    'hypothesis_indices: int64',
    'hypothesis_values: T',
    'hypothesis_shape: int64',
    'truth_indices: int64',
    'truth_values: T',
    'truth_shape: int64',
  ],
  outputs: ['output: float32'],
  attrs: ['normalize: bool = true', 'T: type'],
  infer: (op) => {
    for (const first of [0, 3]) {
      withRank(op.shape(first), 2);
      withRank(op.shape(first + 1), 1);
      withRank(op.shape(first + 2), 1);
    }
    const [h, t] = [op.constant(2), op.constant(5)];
    if (!h || !t || h.size !== t.size) return [null];
    const size = (data: ArrayLike<unknown>, i: number) => Number(data[i]);
    return [Array.from({ length: h.size - 1 }, (_, i) => Math.max(size(h.data, i), size(t.data, i)))];
  },
  grad: noGradient,
  samples: [
    {
      inputs: [
        sample(int64, [1, 2], [0, 0]),
        sample(string, [1], ['a']),
        sample(int64, [2], [1, 1]),
        sample(int64, [2, 2], [0, 0, 0, 1]),
        sample(string, [2], ['a', 'b']),
        sample(int64, [2], [1, 2]),
      ],
      outputs: [sample(float32, [1], [0.5])],
    },
  ],
});

function sparseOf(
  type: string,
  inputs: readonly Tensor[],
  attrs: Readonly<Record<string, number | boolean | undefined>>,
) {
  const [indices, values, shape] = emit(type, inputs, attrs).outputs;
  return new SparseTensor(indices, values, shape);
}

/** What a function gives: only sparse tensors so far. */
function checkResult(resultType: string): void {
  if (resultType === 'RaggedTensor')
    throw new ValueError("result_type 'RaggedTensor': there are no ragged tensors yet.");
  if (resultType !== 'SparseTensor') throw new ValueError("result_type must be 'RaggedTensor' or 'SparseTensor'.");
}

export interface StringSplitV1Options {
  /** The delimiter, a space without it. Each byte of it delimits; of an empty one every byte is a part. */
  readonly sep?: TensorLike | null;
  readonly skipEmpty?: boolean;
  readonly delimiter?: TensorLike | null;
  readonly resultType?: string;
  readonly name?: string | null;
}

/**
 * The parts of the texts of a vector between delimiters, as a sparse matrix with a row for each text; empty parts are left
 * out.
 *
 *     tf.stringSplit(['hello world', 'a b c'])
 */
export function stringSplit(
  source: TensorLike,
  ...rest: Rest<
    [sep: TensorLike | null, skipEmpty: boolean, delimiter: TensorLike | null, resultType: string, name: string | null],
    StringSplitV1Options
  >
): SparseTensor {
  const names = ['sep', 'skipEmpty', 'delimiter', 'resultType', 'name'] as const;
  const given = bind<StringSplitV1Options>([...names], rest);
  const sep = renamed(['sep', 'delimiter'], given.sep, given.delimiter) ?? ' ';
  checkResult(given.resultType ?? 'SparseTensor');
  return opScope(given.name, 'StringSplit', [source, sep], () => {
    const by = convertToTensor(sep, { dtype: string });
    const texts = convertToTensor(source, { dtype: string });
    return sparseOf('StringSplit', [texts, by], { skip_empty: given.skipEmpty });
  });
}

export interface StringSplitOptions {
  /** The separator; runs of white space without it. */
  readonly sep?: TensorLike | null;
  /** The most splits of a text; all without it. */
  readonly maxsplit?: number;
  readonly resultType?: string;
  readonly name?: string | null;
}

/**
 * The parts of the texts of a vector (or of one text), as Python's `str.split` gives them: a sparse matrix with a row for
 * each text. Throws `ValueError` for texts of rank 2 and more, whose result would be ragged.
 *
 *     tf.strings.split(['a,b', 'c'], ',')
 */
export function stringSplitV2(
  input: TensorLike,
  ...rest: Rest<[sep: TensorLike | null, maxsplit: number, resultType: string], StringSplitOptions>
): SparseTensor {
  const { sep, maxsplit, resultType, name } = bind<StringSplitOptions>(['sep', 'maxsplit', 'resultType'], rest);
  checkResult(resultType ?? 'SparseTensor');
  return opScope(name, 'StringSplit', [input, sep], () => {
    let texts = convertToTensor(input, { dtype: string, name: 'input' });
    if (texts.rank === 0) texts = emitOne('ExpandDims', [texts, asIndices(0)]);
    const by = convertToTensor(sep ?? '', { dtype: string });
    return sparseOf('StringSplitV2', [texts, by], { maxsplit });
  });
}

export interface NgramsOptions {
  readonly separator?: string;
  /** What stands before and after each row: one text for both sides, or two. */
  readonly padValues?: string | readonly [string, string] | null;
  /** How often it does; one time less than the width without it. */
  readonly paddingWidth?: number | null;
  /** Whether a row too short for a width gives one n-gram of all it has. */
  readonly preserveShortSequences?: boolean;
  readonly name?: string | null;
}

/**
 * Neighbouring texts along the last axis joined: windows of `ngramWidth`, or of each of several widths.
 *
 *     tf.strings.ngrams(['a', 'b', 'c'], 2)      // ['a b', 'b c']
 */
export function ngrams(
  data: TensorLike,
  ngramWidth: number | readonly number[],
  ...rest: Rest<
    [
      separator: string,
      padValues: string | readonly [string, string] | null,
      paddingWidth: number | null,
      preserveShortSequences: boolean,
      name: string | null,
    ],
    NgramsOptions
  >
): Tensor {
  const names = ['separator', 'padValues', 'paddingWidth', 'preserveShortSequences', 'name'] as const;
  const given = bind<NgramsOptions>([...names], rest);
  const { padValues = null, paddingWidth = null } = given;
  const pads = typeof padValues === 'string' ? [padValues, padValues] : (padValues ?? ['', '']);
  if (pads.some((pad) => typeof pad !== 'string')) {
    throw new TypeError('pad_values must be a string, tuple of strings, or None.');
  }
  if (paddingWidth !== null && paddingWidth < 1) throw new ValueError('padding_width must be greater than 0.');
  if (paddingWidth !== null && padValues === null) {
    throw new ValueError('pad_values must be provided if padding_width is set.');
  }
  const widths = typeof ngramWidth === 'number' ? [ngramWidth] : [...ngramWidth];
  if (widths.some((width) => width < 1)) {
    const shown = typeof ngramWidth === 'number' ? ngramWidth : `[${widths.join(', ')}]`;
    throw new ValueError(`All ngram_widths must be greater than 0. Got ${shown}`);
  }
  return opScope(given.name, 'StringNGrams', [data], () => {
    const texts = convertToTensor(data, { dtype: string, name: 'data' });
    if (texts.shape === null) throw new ValueError('Rank of data must be known.');
    if (texts.shape.length === 0) throw new ValueError('Data must have rank>0');
    const last = texts.shape.length - 1;
    const shape = emitOne('Shape', [texts], { out_type: int64 });
    const [length] = emit('Unpack', [emitOne('Slice', [shape, vector(last), vector(1)])], { num: 1, axis: 0 }).outputs;
    const flat = emitOne('Reshape', [texts, vector(-1)]);
    const one = convertToTensor(1n);
    // Rows of one length: their ends are the multiples of it.
    const count = emitOne('Prod', [emitOne('Slice', [shape, vector(0), vector(last)]), vector(0)]);
    const ends = emitOne('Mul', [emitOne('Range', [convertToTensor(0n), emitOne('AddV2', [count, one]), one]), length]);
    const joined = emitOne('StringNGrams', [flat, ends], {
      separator: given.separator ?? ' ',
      ngram_widths: widths,
      left_pad: pads[0],
      right_pad: pads[1],
      pad_width: padValues === null ? 0 : (paddingWidth ?? -1),
      preserve_short_sequences: given.preserveShortSequences ?? false,
    });
    const outer = emitOne('Slice', [shape, vector(0), vector(last)]);
    const rest = emitOne('Fill', [vector(1), convertToTensor(-1n)]);
    return emitOne('Reshape', [joined, emitOne('ConcatV2', [[outer, rest], asIndices(0)])]);
  });
}

export interface EditDistanceOptions {
  /** Whether distances are divided by the length of the truth; true without it. */
  readonly normalize?: boolean;
  readonly name?: string | null;
}

/**
 * The Levenshtein distances between the sequences (along the last axis) of two sparse tensors of one type and rank.
 * Divided by the length of the truth, infinite where that is empty and the hypothesis is not. Throws `TypeError` for
 * anything but sparse tensors.
 *
 *     tf.editDistance(hypothesis, truth, {normalize: false})
 */
export function editDistance(
  hypothesis: SparseTensor,
  truth: SparseTensor,
  ...rest: Rest<[normalize: boolean, name: string | null], EditDistanceOptions>
): Tensor {
  const { normalize, name } = bind<EditDistanceOptions>(['normalize', 'name'], rest);
  if (!(hypothesis instanceof SparseTensor)) throw new TypeError('Hypothesis must be a SparseTensor.');
  if (!(truth instanceof SparseTensor)) throw new TypeError('Truth must be a SparseTensor.');
  const inputs = [hypothesis, truth].flatMap(({ indices, values, denseShape }) => [indices, values, denseShape]);
  return emitOne('EditDistance', inputs, { normalize }, name ?? 'edit_distance');
}
