/**
 * Features from messages of type `Example`: the ops, `tf.parseExample` and `tf.parseSingleExample`. Messages are read by the
 * runtime. Messages of type `SequenceExample` are `parse-sequence-example.ts`'s. Not there: `RaggedFeature`.
 */
import type { Tensor } from '../graph/graph.ts';
import { toNdArray } from '../util/array-convert.ts';
import { asDType, type DType, type DTypeLike, int64, string } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { NdArray } from '../util/ndarray.ts';
import { pythonTypeName } from '../util/python-names.ts';
import { asShape, isFullyDefined, type Shape, type ShapeLike } from '../util/shape.ts';
import { convertToTensor, emit, emitOne, graphOf, opScope } from './emit.ts';
import { vector } from './indices.ts';
import { defineOp, type InferContext, type Inferred, sample } from './opdef/define.ts';
import { withRank, withRankAtMost } from './opdef/shape-rules.ts';
import { sparseMerge } from './sparse-math.ts';
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

/**
 * A sparse tensor in two features or more: the values, and their indices along an axis of length `size` each. The axes come
 * behind the batch. Values are put in the order of their indices unless `alreadySorted`.
 *
 *     new tf.SparseFeature('ids', 'weights', tf.float32, 1000)
 *     new tf.SparseFeature(['row', 'column'], 'weights', tf.float32, [10, 20])
 */
export class SparseFeature {
  readonly indexKey: string | readonly string[];
  readonly valueKey: string;
  readonly dtype: DType;
  readonly size: number | readonly number[];
  readonly alreadySorted: boolean;
  constructor(
    indexKey: string | readonly string[],
    valueKey: string,
    dtype: DTypeLike,
    size: number | readonly number[],
    alreadySorted = false,
  ) {
    this.indexKey = indexKey;
    this.valueKey = valueKey;
    this.dtype = asDType(dtype);
    this.size = size;
    this.alreadySorted = alreadySorted;
  }

  /** As messages show it. */
  toString(): string {
    const quoted = (key: string) => `'${key}'`;
    const keys =
      typeof this.indexKey === 'string' ? quoted(this.indexKey) : `[${this.indexKey.map(quoted).join(', ')}]`;
    const size = typeof this.size === 'number' ? this.size : `[${this.size.join(', ')}]`;
    const sorted = this.alreadySorted ? 'True' : 'False';
    return `SparseFeature(index_key=${keys}, value_key='${this.valueKey}', dtype=tf.${this.dtype.name}, size=${size}, already_sorted=${sorted})`;
  }
}

export type ParsedFeature = FixedLenFeature | FixedLenSequenceFeature | VarLenFeature | SparseFeature;
export type ParseFeatures = Readonly<Record<string, ParsedFeature>>;

export interface ParseExampleOptions {
  readonly name?: string | null;
  /** Names of the messages, for errors. */
  readonly exampleNames?: TensorLike | null;
}

type ParseRest = Rest<[name: string | null, exampleNames: TensorLike | null], ParseExampleOptions>;

/** What a feature becomes. */
export type Parsed<F extends ParseFeatures> = {
  [K in keyof F]: F[K] extends { readonly shape: unknown } ? Tensor : SparseTensor;
};

export interface DenseFeature {
  readonly key: string;
  /** Whether messages may lack it: it counts for lists of `SequenceExample`s. */
  readonly mayMiss: boolean;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly defaultValue: TensorLike | null;
}

function denseFeature(
  key: string,
  feature: FixedLenFeature | FixedLenSequenceFeature,
  areLists: boolean,
): DenseFeature {
  const { dtype, shape, defaultValue } = feature;
  const mayMiss = feature instanceof FixedLenSequenceFeature && feature.allowMissing;
  if (shape === null) throw new ValueError(`Missing shape for feature ${key}. Received feature=${describe(feature)}.`);
  if (areLists) {
    if (defaultValue !== null) throw new ValueError(`Value feature_list.dense_defaults[${key}] must be None`);
    return { key, mayMiss, dtype, shape, defaultValue };
  }
  if (feature instanceof FixedLenSequenceFeature) {
    if (!feature.allowMissing) {
      throw new ValueError('Unsupported: FixedLenSequenceFeature requires allow_missing to be True.');
    }
    return { key, mayMiss, dtype, shape: [null, ...shape], defaultValue };
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
  return { key, mayMiss, dtype, shape, defaultValue };
}

function describe({ constructor, shape, dtype, defaultValue }: FixedLenFeature | FixedLenSequenceFeature): string {
  const dims = shape === null ? 'None' : `[${shape.map((d) => d ?? 'None').join(', ')}]`;
  const preset = defaultValue === null ? 'None' : String(defaultValue);
  return `${constructor.name}(shape=${dims}, dtype=tf.${dtype.name}, default_value=${preset})`;
}

/** The default as the op wants it: a scalar where the length varies, an empty tensor for none. */
export function presetOf({ key, dtype, shape, defaultValue }: DenseFeature): Tensor {
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

/** What an op is asked for: features by their kinds, each in the order of their names. */
export interface FeatureRequest {
  readonly sparse: readonly { readonly key: string; readonly dtype: DType }[];
  readonly dense: readonly DenseFeature[];
}

type FeatureClass = abstract new (...args: never[]) => ParsedFeature;

/**
 * Throws `ValueError` for features of other classes, and for two that do not go together.
 *
 * @param options.areLists whether they are the lists of `SequenceExample`s: these have no defaults
 */
export function requestOf(
  features: Readonly<Record<string, ParsedFeature>> | null | undefined,
  classes: readonly FeatureClass[],
  { areLists = false } = {},
): FeatureRequest {
  const sparse = new Map<string, DType>();
  const dense: DenseFeature[] = [];
  const addSparse = (key: string, dtype: DType): void => {
    const known = sparse.get(key) ?? dtype;
    if (known !== dtype) {
      throw new ValueError(`Conflicting type <dtype: '${known.name}'> vs <dtype: '${dtype.name}'> for feature ${key}.`);
    }
    sparse.set(key, dtype);
  };
  for (const [key, feature] of byName(features ?? {})) {
    if (!classes.some((type) => feature instanceof type)) {
      throw new ValueError(`Unsupported ${pythonTypeName(feature)} ${shownFeature(feature)} for key '${key}'`);
    }
    if (feature instanceof VarLenFeature) addSparse(key, feature.dtype);
    else if (feature instanceof SparseFeature) {
      if (feature.indexKey.length === 0) throw new ValueError(`Missing index_key for SparseFeature ${feature}.`);
      if (feature.valueKey === '') throw new ValueError(`Missing value_key for SparseFeature ${feature}.`);
      for (const index of [...[feature.indexKey].flat()].sort()) addSparse(index, int64);
      addSparse(feature.valueKey, feature.dtype);
    } else dense.push(denseFeature(key, feature, areLists));
  }
  const both = dense.filter(({ key }) => sparse.has(key)).map(({ key }) => `'${key}'`);
  if (both.length > 0) {
    const listed = (keys: readonly string[]) => `[${keys.map((key) => `'${key}'`).join(', ')}]`;
    throw new ValueError(
      `Dense and sparse keys must not intersect; dense_keys: ${listed(dense.map(({ key }) => key))}, sparse_keys: ${listed([...sparse.keys()])}, intersection: {${both.join(', ')}}`,
    );
  }
  return { sparse: Array.from(sparse, ([key, dtype]) => ({ key, dtype })), dense };
}

function byName<T>(features: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(features).sort(([a], [b]) => (a < b ? -1 : 1));
}

function shownFeature(feature: unknown): string {
  const isDense = feature instanceof FixedLenFeature || feature instanceof FixedLenSequenceFeature;
  return isDense ? describe(feature) : String(feature);
}

/** The tensors under the names of the features; those that were read for `SparseFeature`s alone are gone. */
function composed(
  features: Readonly<Record<string, ParsedFeature>>,
  tensors: ReadonlyMap<string, Tensor | SparseTensor>,
): [string, Tensor | SparseTensor][] {
  return byName(features).map(([key, feature]) => {
    if (!(feature instanceof SparseFeature)) return [key, tensors.get(key) as Tensor | SparseTensor];
    const ids = [feature.indexKey].flat().map((index) => tensors.get(index) as SparseTensor);
    const values = tensors.get(feature.valueKey) as SparseTensor;
    return [key, sparseMerge(ids, values, [feature.size].flat(), { alreadySorted: feature.alreadySorted })];
  });
}

export function keysTensor(keys: readonly string[]): NdArray {
  return toNdArray([...keys], string, [keys.length]);
}

/**
 * The features of messages of type `Example`, given as a vector of texts (or one text): an object of tensors under the
 * names of the features, dense for `FixedLenFeature` and `FixedLenSequenceFeature`, sparse for `VarLenFeature` and
 * `SparseFeature`. Throws
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
  if (Object.keys(features ?? {}).length === 0) {
    throw new ValueError('Argument `features` cannot be None or falsy. Got {}');
  }
  const { sparse, dense } = requestOf(features, [
    VarLenFeature,
    SparseFeature,
    FixedLenFeature,
    FixedLenSequenceFeature,
  ]);
  const isSparse = Object.values(features).some((feature) => feature instanceof SparseFeature);
  return graphOf([serialized, exampleNames]).atomic(() => {
    const tensors = opScope(name, 'ParseExample', [serialized, exampleNames], () =>
      rawFeatures(serialized, { sparse, dense }, exampleNames, name),
    );
    return Object.fromEntries(isSparse ? composed(features, tensors) : tensors) as Parsed<F>;
  });
}

function rawFeatures(
  serialized: TensorLike,
  { sparse, dense }: FeatureRequest,
  exampleNames: TensorLike | null,
  name: string | null | undefined,
): Map<string, Tensor | SparseTensor> {
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
  return new Map<string, Tensor | SparseTensor>([
    ...sparse.map(({ key }, i): [string, SparseTensor] => [
      key,
      new SparseTensor(outputs[i], outputs[count + i], outputs[2 * count + i]),
    ]),
    ...dense.map(({ key }, i): [string, Tensor] => [key, outputs[3 * count + i]]),
  ]);
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
