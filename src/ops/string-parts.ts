/**
 * Texts element by element: joins, case, parts, numbers, base64, hash buckets. Patterns are in `string-regex.ts`, splits in
 * `string-split.ts`, encodings in `string-unicode.ts`; bytes are computed by the runtime.
 */
import type { Tensor } from '../graph/graph.ts';
import { asDType, type DTypeLike, float32, int32, int64, string } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { noGradient } from './elementwise.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { asIndices, vector } from './indices.ts';
import { defineOp, type InferContext, type Inferred, ShapeError, sample } from './opdef/define.ts';
import { broadcastPair, merge, unchanged, withRank } from './opdef/shape-rules.ts';
import { inferReduction } from './reductions.ts';
import { bind, type Rest, renamed, type TensorLike } from './tensor-like.ts';

const pair = sample(string, [2], ['Ab c', 'ä']);

for (const [name, doc, results] of [
  ['StringLower', 'The texts in lower case.', ['ab c', 'ä']],
  ['StringUpper', 'The texts in upper case.', ['AB C', 'ä']],
] as const) {
  defineOp({
    name,
    doc,
    inputs: ['input: string'],
    outputs: ['output: string'],
    attrs: ['encoding: string = ""'],
    infer: unchanged,
    grad: null,
    samples: [{ inputs: [pair], outputs: [sample(string, [2], results)] }],
  });
}

defineOp({
  name: 'StringStrip',
  doc: 'The texts without white space at their ends.',
  inputs: ['input: string'],
  outputs: ['output: string'],
  infer: unchanged,
  grad: null,
  samples: [{ inputs: [sample(string, [2], [' a b\n', ''])], outputs: [sample(string, [2], ['a b', ''])] }],
});

defineOp({
  name: 'StringJoin',
  doc: 'The texts of several tensors, element by element one after the other; scalars count for all elements.',
  inputs: ['inputs: N * string'],
  outputs: ['output: string'],
  attrs: ['N: int >= 0', 'separator: string = ""'],
  infer: (op) => {
    let shape: ReturnType<InferContext['shape']> = [];
    let isScalar = true;
    for (let i = 0; i < op.inputCount; i++) {
      const input = op.shape(i);
      if (input === null) {
        // It may be a scalar or not.
        if (isScalar) shape = null;
        continue;
      }
      if (input.length === 0) continue;
      shape = isScalar ? input : merge(shape, input);
      isScalar = false;
    }
    return [shape];
  },
  grad: noGradient,
  samples: [
    {
      inputs: [sample(string, [2], ['a', 'b']), sample(string, [], ['x'])],
      attrs: { separator: '-' },
      outputs: [sample(string, [2], ['a-x', 'b-x'])],
    },
  ],
});

function inferSubstr(op: InferContext): Inferred {
  const [pos, len] = [op.shape(1), op.shape(2)];
  if (pos !== null && len !== null) {
    withRank(pos, len.length);
    if (pos.some((d, i) => d !== len[i])) {
      const show = (shape: readonly (number | null)[]) => `[${shape.map((d) => d ?? '?').join(',')}]`;
      throw new ShapeError(`pos and len shapes must match: ${show(pos)} vs. ${show(len)}`);
    }
  }
  return [broadcastPair(op.shape(0), pos)];
}

defineOp({
  name: 'Substr',
  doc: 'Part of each text: so many bytes or characters from a position on.',
  inputs: ['input: string', 'pos: T', 'len: T'],
  outputs: ['output: string'],
  attrs: ['T: {int32, int64}', 'unit: {"BYTE", "UTF8_CHAR"} = "BYTE"'],
  infer: inferSubstr,
  grad: null,
  samples: [
    {
      inputs: [sample(string, [2], ['hello', 'worlds']), sample(int32, [], [-3]), sample(int32, [], [2])],
      outputs: [sample(string, [2], ['ll', 'ld'])],
    },
  ],
});

defineOp({
  name: 'StringToNumber',
  doc: 'The number that each text holds.',
  inputs: ['string_tensor: string'],
  outputs: ['output: out_type'],
  attrs: ['out_type: {float32, float64, int32, int64, uint32, uint64} = float32'],
  infer: unchanged,
  grad: noGradient,
  samples: [{ inputs: [sample(string, [2], ['1.5', ' -3 '])], outputs: [sample(float32, [2], [1.5, -3])] }],
});

defineOp({
  name: 'ReduceJoin',
  doc: 'The texts along axes, one after the other.',
  inputs: ['inputs: string', 'reduction_indices: int32'],
  outputs: ['output: string'],
  attrs: ['keep_dims: bool = false', 'separator: string = ""'],
  infer: inferReduction,
  grad: noGradient,
  samples: [
    {
      inputs: [sample(string, [2, 2], ['a', 'b', 'c', 'd']), sample(int32, [2], [0, 1])],
      outputs: [sample(string, [], ['acbd'])],
    },
  ],
});

defineOp({
  name: 'UnsortedSegmentJoin',
  doc: 'The texts with the same segment number, one after the other.',
  inputs: ['inputs: string', 'segment_ids: Tindices', 'num_segments: Tnumsegments'],
  outputs: ['output: string'],
  attrs: ['separator: string = ""', 'Tindices: {int32, int64}', 'Tnumsegments: {int32, int64} = int32'],
  infer: (op) => {
    const [data, ids] = [op.shape(0), op.shape(1)];
    withRank(op.shape(2), 0);
    const count = op.constant(2);
    if (data === null || ids === null) return [null];
    ids.forEach((d, i) => {
      const other = data[i];
      if (d !== null && other !== null && other !== undefined && d !== other) {
        throw new ShapeError(`Dimensions must be equal, but are ${other} and ${d}`);
      }
    });
    return [[count ? Number(count.data[0] as number | bigint) : null, ...data.slice(ids.length)]];
  },
  grad: null,
  samples: [
    {
      inputs: [sample(string, [3], ['a', 'b', 'c']), sample(int32, [3], [1, 0, 1]), sample(int32, [], [2])],
      attrs: { separator: ':' },
      outputs: [sample(string, [2], ['b', 'a:c'])],
    },
  ],
});

defineOp({
  name: 'EncodeBase64',
  doc: 'The texts in base64, in the alphabet for addresses.',
  inputs: ['input: string'],
  outputs: ['output: string'],
  attrs: ['pad: bool = false'],
  infer: unchanged,
  grad: noGradient,
  samples: [{ inputs: [sample(string, [2], ['ab', ''])], outputs: [sample(string, [2], ['YWI', ''])] }],
});

defineOp({
  name: 'DecodeBase64',
  doc: 'What the texts are base64 of.',
  inputs: ['input: string'],
  outputs: ['output: string'],
  infer: unchanged,
  grad: noGradient,
  samples: [{ inputs: [sample(string, [2], ['YWI', 'YWI='])], outputs: [sample(string, [2], ['ab', 'ab'])] }],
});

defineOp({
  name: 'StringToHashBucket',
  doc: 'The bucket of each text by the first hash that TensorFlow had.',
  inputs: ['string_tensor: string'],
  outputs: ['output: int64'],
  attrs: ['num_buckets: int >= 1'],
  infer: unchanged,
  grad: noGradient,
  samples: [
    {
      inputs: [sample(string, [3], ['hello', '', 'world'])],
      attrs: { num_buckets: 1000 },
      outputs: [sample(int64, [3], [938, 899, 861])],
    },
  ],
});

defineOp({
  name: 'StringToHashBucketStrong',
  doc: 'The bucket of each text by SipHash with a key.',
  inputs: ['input: string'],
  outputs: ['output: int64'],
  attrs: ['num_buckets: int >= 1', 'key: list(int)'],
  infer: unchanged,
  grad: noGradient,
  samples: [
    {
      inputs: [sample(string, [3], ['hello', '', 'world'])],
      attrs: { num_buckets: 1000, key: [1, 2] },
      outputs: [sample(int64, [3], [622, 435, 990])],
    },
  ],
});

interface Named {
  readonly name?: string | null;
}

/** How texts are counted: in bytes, or in characters of UTF-8. */
export type TextUnit = 'BYTE' | 'UTF8_CHAR';

export interface AsStringOptions extends Named {
  /** Digits after the point; 6 without it. */
  readonly precision?: number;
  readonly scientific?: boolean;
  readonly shortest?: boolean;
  readonly width?: number;
  /** What fills up to the width: a space without it, `'0'`, `'-'` for the right side. */
  readonly fill?: string;
}

/**
 * The elements as texts, of the same shape: numbers as C's `printf` writes them, `true` and `false`.
 *
 *     tf.asString([1.5, 2])                        // ['1.500000', '2.000000']
 *     tf.asString([3.14159], {precision: 2})       // ['3.14']
 */
export function asString(
  input: TensorLike,
  ...rest: Rest<
    [precision: number, scientific: boolean, shortest: boolean, width: number, fill: string, name: string | null],
    AsStringOptions
  >
): Tensor {
  const names = ['precision', 'scientific', 'shortest', 'width', 'fill', 'name'] as const;
  const { name, ...attrs } = bind<AsStringOptions>([...names], rest);
  return emitOne('AsString', [input], attrs, name);
}

export interface StringJoinOptions extends Named {
  readonly separator?: string;
}

/**
 * The texts of a list of tensors, element by element one after the other with `separator` between them. The shapes must
 * be equal; scalars count for all elements.
 *
 *     tf.strings.join(['a', ['x', 'y']], '/')      // ['a/x', 'a/y']
 */
export function stringJoin(
  inputs: readonly TensorLike[],
  ...rest: Rest<[separator: string, name: string | null], StringJoinOptions>
): Tensor {
  const { separator, name } = bind<StringJoinOptions>(['separator', 'name'], rest);
  return emitOne('StringJoin', [inputs], { separator }, name);
}

export interface StringLengthOptions extends Named {
  readonly unit?: TextUnit;
}

/** The number of bytes of each text (int32), or with `unit: 'UTF8_CHAR'` of characters. */
export function stringLength(
  input: TensorLike,
  ...rest: Rest<[name: string | null, unit: TextUnit], StringLengthOptions>
): Tensor {
  const { unit, name } = bind<StringLengthOptions>(['name', 'unit'], rest);
  return emitOne('StringLength', [input], { unit }, name);
}

export interface StringCaseOptions extends Named {
  /** `'utf-8'`: all letters change. Without it only those of ASCII do. */
  readonly encoding?: '' | 'utf-8';
}

type CaseRest = Rest<[encoding: '' | 'utf-8', name: string | null], StringCaseOptions>;

/** The texts in lower case: letters of ASCII, or all with `encoding: 'utf-8'`. */
export function stringLower(input: TensorLike, ...rest: CaseRest): Tensor {
  const { encoding, name } = bind<StringCaseOptions>(['encoding', 'name'], rest);
  return emitOne('StringLower', [input], { encoding }, name);
}

/** The texts in upper case: letters of ASCII, or all with `encoding: 'utf-8'`. */
export function stringUpper(input: TensorLike, ...rest: CaseRest): Tensor {
  const { encoding, name } = bind<StringCaseOptions>(['encoding', 'name'], rest);
  return emitOne('StringUpper', [input], { encoding }, name);
}

/** The texts without white space at their ends. */
export function stringStrip(input: TensorLike, ...rest: Rest<[name: string | null], Named>): Tensor {
  return emitOne('StringStrip', [input], {}, bind<Named>(['name'], rest).name);
}

/**
 * Part of each text: `len` bytes (characters with `unit: 'UTF8_CHAR'`) from `pos` on, fewer at the end of the text; a
 * negative `pos` counts from the end. `pos` and `len` have one shape, which broadcasts with that of the texts. A position
 * outside a text fails the run.
 *
 *     tf.strings.substr(['hello', 'worlds'], -3, 2)      // ['ll', 'ld']
 */
export function substr(
  input: TensorLike,
  pos: TensorLike,
  len: TensorLike,
  ...rest: Rest<[name: string | null, unit: TextUnit], StringLengthOptions>
): Tensor {
  const { unit, name } = bind<StringLengthOptions>(['name', 'unit'], rest);
  return emitOne('Substr', [input, asIndices(pos), asIndices(len)], { unit }, name);
}

export interface StringToNumberOptions extends Named {
  readonly outType?: DTypeLike;
}

/**
 * The number that each text holds: float32, or `outType` (float64, int32, int64, uint32, uint64). White space around it is
 * left aside; anything else that is no number fails the run.
 *
 *     tf.strings.toNumber(['1.5', ' -3 '])
 */
export function stringToNumber(
  stringTensor: TensorLike,
  ...rest: Rest<[outType: DTypeLike, name: string | null], StringToNumberOptions>
): Tensor {
  const { outType, name } = bind<StringToNumberOptions>(['outType', 'name'], rest);
  return emitOne('StringToNumber', [stringTensor], { out_type: asDType(outType ?? float32) }, name);
}

export interface ReduceJoinOptions extends Named {
  readonly axis?: TensorLike | null;
  readonly keepDims?: boolean | null;
  readonly separator?: string;
  readonly reductionIndices?: TensorLike | null;
  readonly keepdims?: boolean | null;
}

/**
 * The texts along the axes, one after the other in the order of the axes; along all of them, in the order of the elements,
 * without `axis`.
 *
 *     tf.reduceJoin([['a', 'b'], ['c', 'd']], 1)         // ['ab', 'cd']
 *     tf.reduceJoin([['a', 'b'], ['c', 'd']], [0, 1])    // 'acbd'
 */
export function reduceJoin(
  inputs: TensorLike,
  ...rest: Rest<
    [
      axis: TensorLike | null,
      keepDims: boolean | null,
      separator: string,
      name: string | null,
      reductionIndices: TensorLike | null,
      keepdims: boolean | null,
    ],
    ReduceJoinOptions
  >
): Tensor {
  const names = ['axis', 'keepDims', 'separator', 'name', 'reductionIndices', 'keepdims'] as const;
  const given = bind<ReduceJoinOptions>([...names], rest);
  const axis = renamed(['axis', 'reduction_indices'], given.axis, given.reductionIndices);
  const keepDims = renamed(['keepdims', 'keep_dims'], given.keepdims, given.keepDims) ?? false;
  return opScope(null, 'ReduceJoin', [inputs, axis], () => {
    const texts = convertToTensor(inputs);
    const attrs = { keep_dims: keepDims, separator: given.separator };
    return emitOne('ReduceJoin', [texts, axis === null ? allAxes(texts) : asIndices(axis)], attrs, given.name);
  });
}

/** The last axis first, so that texts join in the order of elements. */
function allAxes(texts: Tensor): Tensor {
  const { shape } = texts;
  if (shape !== null) return convertToTensor(vector(...shape.map((_, i) => shape.length - 1 - i)));
  const last = emitOne('Sub', [emitOne('Rank', [texts]), asIndices(1)], {}, 'sub');
  return emitOne('Range', [last, asIndices(-1), asIndices(-1)], {}, 'range');
}

/**
 * The texts with the same number in `segmentIds`, one after the other with `separator` between them: row `i` of the
 * result belongs to segment `i`. A number below 0 or above the last fails the run.
 *
 *     tf.strings.unsortedSegmentJoin(['a', 'b', 'c'], [1, 0, 1], 2, ':')      // ['b', 'a:c']
 */
export function unsortedSegmentJoin(
  inputs: TensorLike,
  segmentIds: TensorLike,
  numSegments: TensorLike,
  ...rest: Rest<[separator: string, name: string | null], StringJoinOptions>
): Tensor {
  const { separator, name } = bind<StringJoinOptions>(['separator', 'name'], rest);
  return emitOne('UnsortedSegmentJoin', [inputs, asIndices(segmentIds), asIndices(numSegments)], { separator }, name);
}

export interface EncodeBase64Options extends Named {
  readonly pad?: boolean;
}

/** The texts in base64 with `-` and `_`; with `pad` filled up by `=`. */
export function encodeBase64(
  input: TensorLike,
  ...rest: Rest<[pad: boolean, name: string | null], EncodeBase64Options>
): Tensor {
  const { pad, name } = bind<EncodeBase64Options>(['pad', 'name'], rest);
  return emitOne('EncodeBase64', [input], { pad }, name);
}

/** What the texts are base64 of, with padding or without. Anything else fails the run. */
export function decodeBase64(input: TensorLike, ...rest: Rest<[name: string | null], Named>): Tensor {
  return emitOne('DecodeBase64', [input], {}, bind<Named>(['name'], rest).name);
}

function bucketsOf(numBuckets: number | undefined, name: string): number {
  if (numBuckets === undefined) throw new ValueError(`${name}() missing 1 required positional argument: 'num_buckets'`);
  return numBuckets;
}

/** The bucket of each text, 0 to `numBuckets` - 1 (int64). A former hash: `stringToHashBucketFast` is the better one. */
export function stringToHashBucket(
  stringTensor: TensorLike,
  numBuckets: number,
  ...rest: Rest<[name: string | null], Named>
): Tensor {
  const buckets = bucketsOf(numBuckets, 'string_to_hash_bucket');
  return emitOne('StringToHashBucket', [stringTensor], { num_buckets: buckets }, bind<Named>(['name'], rest).name);
}

/**
 * The bucket of each text, 0 to `numBuckets` - 1 (int64), the same in all runs and on all machines.
 *
 *     tf.strings.toHashBucketFast(['hello', 'world'], 1000)      // [296, 598]
 */
export function stringToHashBucketFast(
  input: TensorLike,
  numBuckets: number,
  ...rest: Rest<[name: string | null], Named>
): Tensor {
  const buckets = bucketsOf(numBuckets, 'string_to_hash_bucket_fast');
  return emitOne('StringToHashBucketFast', [input], { num_buckets: buckets }, bind<Named>(['name'], rest).name);
}

/** The bucket of each text by a hash with a key of two integers, so that nobody without it can make texts collide. */
export function stringToHashBucketStrong(
  input: TensorLike,
  numBuckets: number,
  key: readonly (number | bigint)[],
  ...rest: Rest<[name: string | null], Named>
): Tensor {
  const buckets = bucketsOf(numBuckets, 'string_to_hash_bucket_strong');
  const attrs = { num_buckets: buckets, key: [...key] };
  return emitOne('StringToHashBucketStrong', [input], attrs, bind<Named>(['name'], rest).name);
}
