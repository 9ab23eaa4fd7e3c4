/**
 * Features from messages of type `Example`: the ops, `tf.parseExample` and `tf.parseSingleExample`. Messages are read by the
 * runtime. Not there: `SparseFeature` and `RaggedFeature`.
 */
import type { Tensor } from '../graph/graph.ts';
import { toNdArray } from '../util/array-convert.ts';
import { asDType, type DType, type DTypeLike, int64, string } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { NdArray } from '../util/ndarray.ts';
import { pythonTypeName } from '../util/python-names.ts';
import { asShape, isFullyDefined, type Shape, type ShapeLike } from '../util/shape.ts';
import { convertToTensor, emit, emitOne, opScope } from './emit.ts';
import { vector } from './indices.ts';
import { defineOp, type InferContext, type Inferred, sample } from './opdef/define.ts';
import { withRank, withRankAtMost } from './opdef/shape-rules.ts';
import { SparseTensor } from './sparse-tensor.ts';
import { bind, isSymbolic, type Rest, type TensorLike } from './tensor-like.ts';

const TYPES = 'list({float32, int64, string}) >= 0';

/** Shapes of sparse indices, values and shapes, then of dense values; `batch` is null for an unknown rank. */
function inferFeatures(op: InferContext, batch: Shape, sparse: number): Shape[] {
  const rank = batch === null ? null : batch.length + 1;
  const times = (shape: Shape): Shape[] => Array.from({ length: sparse }, () => shape);
  const dense = op.attr<readonly Shape[]>('dense_shapes');
  return [
    ...times([null, rank]),
    ...times([null]),
    ...times([rank]),
    ...dense.map((shape) => (batch === null || shape === null ? null : [...batch, ...shape])),
  ];
}

function inferV2(op: InferContext): Inferred {
  const batch = withRankAtMost(op.shape(0), 1);
  const ragged = op.attr<readonly DType[]>('ragged_value_types').length;
  const splits: Shape = batch?.length === 1 && batch[0] !== null ? [batch[0] + 1] : [null];
  return [
    ...inferFeatures(op, batch, op.attr<number>('num_sparse')),
    ...Array.from({ length: ragged }, (): Shape => [null]),
    ...Array.from({ length: ragged }, () => splits),
  ];
}

/** `{a: ['x']}` */
const TEXTS = '\n\x0c\n\n\n\x01a\x12\x05\n\x03\n\x01x';

defineOp({
  name: 'ParseExampleV2',
  doc: 'The features of messages of type Example: sparse, dense, ragged.',
  inputs: [
    'serialized: string',
    'names: string',
    'sparse_keys: string',
    'dense_keys: string',
    'ragged_keys: string',
    'dense_defaults: Tdense',
  ],
  outputs: [
    'sparse_indices: num_sparse * int64',
    'sparse_values: sparse_types',
    'sparse_shapes: num_sparse * int64',
    'dense_values: Tdense',
    'ragged_values: ragged_value_types',
    'ragged_row_splits: ragged_split_types',
  ],
  attrs: [
    `Tdense: ${TYPES}`,
    'num_sparse: int >= 0',
    `sparse_types: ${TYPES}`,
    `ragged_value_types: ${TYPES}`,
    'ragged_split_types: list({int32, int64}) >= 0',
    'dense_shapes: list(shape) >= 0',
  ],
  infer: inferV2,
  grad: null,
  samples: [
    {
      inputs: [
        sample(string, [1], [TEXTS]),
        sample(string, [0], []),
        sample(string, [1], ['a']),
        sample(string, [0], []),
        sample(string, [0], []),
      ],
      attrs: {
        num_sparse: 1,
        sparse_types: [string],
        Tdense: [],
        ragged_value_types: [],
        ragged_split_types: [],
        dense_shapes: [],
      },
      outputs: [sample(int64, [1, 2], [0, 0]), sample(string, [1], ['x']), sample(int64, [2], [1, 1])],
    },
  ],
});

defineOp({
  name: 'ParseExample',
  doc: 'The features of messages of type Example: sparse and dense.',
  inputs: [
    'serialized: string',
    'names: string',
    'sparse_keys: Nsparse * string',
    'dense_keys: Ndense * string',
    'dense_defaults: Tdense',
  ],
  outputs: [
    'sparse_indices: Nsparse * int64',
    'sparse_values: sparse_types',
    'sparse_shapes: Nsparse * int64',
    'dense_values: Tdense',
  ],
  attrs: [
    'Nsparse: int >= 0',
    'Ndense: int >= 0',
    `sparse_types: ${TYPES}`,
    `Tdense: ${TYPES}`,
    'dense_shapes: list(shape) >= 0',
  ],
  infer: (op) => inferFeatures(op, withRank(op.shape(0), 1), op.attr<number>('Nsparse')),
  grad: null,
  samples: [
    {
      inputs: [
        sample(string, [1], [TEXTS]),
        sample(string, [0], []),
        sample(string, [], ['a']),
        sample(string, [], ['b']),
        sample(int64, [], [7]),
      ],
      attrs: { Nsparse: 1, Ndense: 1, sparse_types: [string], Tdense: [int64], dense_shapes: [[]] },
      outputs: [
        sample(int64, [1, 2], [0, 0]),
        sample(string, [1], ['x']),
        sample(int64, [2], [1, 1]),
        sample(int64, [1], [7]),
      ],
    },
  ],
});

defineOp({
  name: 'ParseSingleExample',
  doc: 'The features of one message of type Example: sparse and dense.',
  inputs: ['serialized: string', 'dense_defaults: Tdense'],
  outputs: [
    'sparse_indices: num_sparse * int64',
    'sparse_values: sparse_types',
    'sparse_shapes: num_sparse * int64',
    'dense_values: Tdense',
  ],
  attrs: [
    'num_sparse: int >= 0',
    'sparse_keys: list(string) >= 0',
    'dense_keys: list(string) >= 0',
    `sparse_types: ${TYPES}`,
    `Tdense: ${TYPES}`,
    'dense_shapes: list(shape) >= 0',
  ],
  infer: (op) => inferFeatures(op, withRank(op.shape(0), 0), op.attr<number>('num_sparse')),
  grad: null,
  samples: [
    {
      inputs: [sample(string, [], [TEXTS])],
      attrs: {
        num_sparse: 1,
        sparse_keys: ['a'],
        dense_keys: [],
        sparse_types: [string],
        Tdense: [],
        dense_shapes: [],
      },
      outputs: [sample(int64, [1, 1], [0]), sample(string, [1], ['x']), sample(int64, [1], [1])],
    },
  ],
});

/**
 * A feature of so many values in each message: a dense tensor. Without a default the feature is required. Types are
 * float32, int64 and string.
 *
 *     new tf.FixedLenFeature([2], tf.float32)
 */
export class FixedLenFeature {
  readonly shape: Shape;
  readonly dtype: DType;
  constructor(
    shape: ShapeLike,
    dtype: DTypeLike,
    readonly defaultValue: TensorLike | null = null,
  ) {
    this.shape = asShape(shape);
    this.dtype = asDType(dtype);
  }
}

/**
 * A feature of rows of a shape, whose number varies: a dense tensor, filled up to the longest with the default value (zero
 * or empty without one). `allowMissing` must be true.
 *
 *     new tf.FixedLenSequenceFeature([], tf.int64, true)
 */
export class FixedLenSequenceFeature {
  readonly shape: Shape;
  readonly dtype: DType;
  constructor(
    shape: ShapeLike,
    dtype: DTypeLike,
    readonly allowMissing = false,
    readonly defaultValue: TensorLike | null = null,
  ) {
    this.shape = asShape(shape);
    this.dtype = asDType(dtype);
  }
}

/**
 * A feature whose number of values varies: a sparse tensor.
 *
 *     new tf.VarLenFeature(tf.string)
 */
export class VarLenFeature {
  readonly dtype: DType;
  constructor(dtype: DTypeLike) {
    this.dtype = asDType(dtype);
  }
}

export type ParsedFeature = FixedLenFeature | FixedLenSequenceFeature | VarLenFeature;
export type ParseFeatures = Readonly<Record<string, ParsedFeature>>;

export interface ParseExampleOptions {
  readonly name?: string | null;
  /** Names of the messages, for errors. */
  readonly exampleNames?: TensorLike | null;
}

type ParseRest = Rest<[name: string | null, exampleNames: TensorLike | null], ParseExampleOptions>;

/** What a feature becomes. */
export type Parsed<F extends ParseFeatures> = {
  [K in keyof F]: F[K] extends VarLenFeature
    ? F[K] extends { readonly shape: unknown }
      ? Tensor
      : SparseTensor
    : Tensor;
};

interface DenseFeature {
  readonly key: string;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly defaultValue: TensorLike | null;
}

function denseFeature(key: string, feature: FixedLenFeature | FixedLenSequenceFeature): DenseFeature {
  const { dtype, shape, defaultValue } = feature;
  if (shape === null) throw new ValueError(`Missing shape for feature ${key}. Received feature=${describe(feature)}.`);
  if (feature instanceof FixedLenSequenceFeature) {
    if (!feature.allowMissing) {
      throw new ValueError('Unsupported: FixedLenSequenceFeature requires allow_missing to be True.');
    }
    return { key, dtype, shape: [null, ...shape], defaultValue };
  }
  if (shape[0] === null) {
    throw new ValueError(
      `First dimension of shape for feature ${key} unknown. Consider using FixedLenSequenceFeature. Received feature=${describe(feature)}.`,
    );
  }
  if (!isFullyDefined(shape)) {
    const known = `[${shape.map((d) => d ?? 'None').join(', ')}]`;
    throw new ValueError(`All dimensions of shape for feature ${key} need to be known but received ${known}.`);
  }
  return { key, dtype, shape, defaultValue };
}

function describe({ constructor, shape, dtype, defaultValue }: FixedLenFeature | FixedLenSequenceFeature): string {
  const dims = shape === null ? 'None' : `[${shape.map((d) => d ?? 'None').join(', ')}]`;
  const preset = defaultValue === null ? 'None' : String(defaultValue);
  return `${constructor.name}(shape=${dims}, dtype=tf.${dtype.name}, default_value=${preset})`;
}

/** The default as the op wants it: a scalar where the length varies, an empty tensor for none. */
function presetOf({ key, dtype, shape, defaultValue }: DenseFeature): Tensor {
  const varies = shape?.[0] === null;
  if (defaultValue === null) {
    if (varies) return convertToTensor(toNdArray(dtype === string ? '' : 0, dtype));
    return convertToTensor(NdArray.zeros(dtype, [0]));
  }
  const clean = key.replace(/[^A-Za-z0-9_.\-/]/g, '_');
  if (isSymbolic(defaultValue) && !varies) return convertToTensor(defaultValue);
  const value = convertToTensor(defaultValue, { dtype, name: `${varies ? 'padding' : 'key'}_${clean}` });
  return emitOne('Reshape', [value, vector(...(varies ? [] : (shape as readonly number[])))]);
}

function keysTensor(keys: readonly string[]): NdArray {
  return toNdArray([...keys], string, [keys.length]);
}

/**
 * The features of messages of type `Example`, given as a vector of texts (or one text): an object of tensors under the
 * names of the features, dense for `FixedLenFeature` and `FixedLenSequenceFeature`, sparse for `VarLenFeature`. Throws
 * `ValueError` for no features, unknown shapes, and other kinds of feature; a message that lacks a required feature or has
 * another type of it fails the run.
 *
 *     const {x, tags} = tf.parseExample(serialized, {
 *       x: new tf.FixedLenFeature([2], tf.float32),
 *       tags: new tf.VarLenFeature(tf.string),
 *     });
 */
export function parseExample<F extends ParseFeatures>(
  serialized: TensorLike,
  features: F,
  ...rest: ParseRest
): Parsed<F> {
  const { name, exampleNames = null } = bind<ParseExampleOptions>(['name', 'exampleNames'], rest);
  const entries = Object.entries(features ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) throw new ValueError('Argument `features` cannot be None or falsy. Got {}');
  const sparse: { readonly key: string; readonly dtype: DType }[] = [];
  const dense: DenseFeature[] = [];
  for (const [key, feature] of entries) {
    if (feature instanceof VarLenFeature) sparse.push({ key, dtype: feature.dtype });
    else if (feature instanceof FixedLenFeature || feature instanceof FixedLenSequenceFeature) {
      dense.push(denseFeature(key, feature));
    } else throw new ValueError(`Unsupported ${pythonTypeName(feature)} ${String(feature)} for key '${key}'`);
  }
  return opScope(name, 'ParseExample', [serialized, exampleNames], () => {
    const texts = convertToTensor(serialized, { name: 'serialized' });
    const presets = dense.map(presetOf);
    const { outputs } = emit(
      'ParseExampleV2',
      [
        texts,
        exampleNames ?? keysTensor([]),
        keysTensor(sparse.map(({ key }) => key)),
        keysTensor(dense.map(({ key }) => key)),
        keysTensor([]),
        presets,
      ],
      {
        num_sparse: sparse.length,
        sparse_types: sparse.map(({ dtype }) => dtype),
        dense_shapes: dense.map(({ shape }) => shape),
        ragged_value_types: [],
        ragged_split_types: [],
      },
      name,
    );
    const count = sparse.length;
    return Object.fromEntries([
      ...sparse.map(({ key }, i) => [key, new SparseTensor(outputs[i], outputs[count + i], outputs[2 * count + i])]),
      ...dense.map(({ key }, i) => [key, outputs[3 * count + i]]),
    ]) as Parsed<F>;
  });
}

/**
 * The features of one message of type `Example`, a scalar text. See `parseExample`.
 *
 *     const {x} = tf.parseSingleExample(serialized, {x: new tf.FixedLenFeature([2], tf.float32)});
 */
export function parseSingleExample<F extends ParseFeatures>(
  serialized: TensorLike,
  features: F,
  ...rest: ParseRest
): Parsed<F> {
  const { name, exampleNames = null } = bind<ParseExampleOptions>(['name', 'exampleNames'], rest);
  if (features == null) throw new ValueError('Invalid argument: features cannot be None.');
  if (Object.keys(features).length === 0) throw new ValueError('Invalid argument: features cannot be empty.');
  return opScope(name, 'ParseSingleExample', [serialized, exampleNames], () => {
    const text = convertToTensor(serialized, { name: 'serialized' });
    if (text.shape !== null && text.shape.length > 0) {
      throw new ValueError('Input serialized must be a scalar');
    }
    return parseExample(text, features, { name, exampleNames });
  });
}
