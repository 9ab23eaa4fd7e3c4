/**
 * Features from messages of type `SequenceExample`: the op, `tf.io.parseSequenceExample` and `parseSingleSequenceExample`.
 * Messages are read by the runtime; the kinds of features are `parse-example.ts`'s.
 */
import type { Tensor } from '../graph/graph.ts';
import { toNdArray } from '../util/array-convert.ts';
import { bool, type DType, int64, string } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import type { Shape } from '../util/shape.ts';
import { convertToTensor, emit, opScope } from './emit.ts';
import { defineOp, type InferContext, type Inferred, sample } from './opdef/define.ts';
import { withRankAtMost } from './opdef/shape-rules.ts';
import {
  type FeatureRequest,
  FixedLenFeature,
  FixedLenSequenceFeature,
  keysTensor,
  type Parsed,
  presetOf,
  requestOf,
  VarLenFeature,
} from './parse-example.ts';
import { SparseTensor } from './sparse-tensor.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

const TYPES = 'list({float32, int64, string}) >= 0 = []';
const SPLITS = 'list({int32, int64}) >= 0 = []';

function infer(op: InferContext): Inferred {
  const batch = withRankAtMost(op.shape(0), 1);
  const rank = batch === null ? null : batch.length;
  const count = (attr: string) => op.attr<number>(attr);
  const length = (attr: string) => op.attr<readonly DType[]>(attr).length;
  const shapes = (attr: string) => op.attr<readonly Shape[]>(attr);
  const times = (n: number, shape: Shape): Shape[] => Array.from({ length: n }, () => shape);
  const sparse = (n: number, more: number): Shape[] => {
    const width = rank === null ? null : rank + more;
    return [...times(n, [null, width]), ...times(n, [null]), ...times(n, [width])];
  };
  const behind = (...shape: readonly (number | null)[]): Shape => (batch === null ? null : [...batch, ...shape]);
  const splits: Shape = batch?.length === 1 && batch[0] !== null ? [batch[0] + 1] : [null];
  const [ragged, listRagged] = [length('context_ragged_value_types'), length('feature_list_ragged_value_types')];
  return [
    ...sparse(count('Ncontext_sparse'), 1),
    ...shapes('context_dense_shapes').map((shape) => (shape === null ? null : behind(...shape))),
    ...times(ragged, [null]),
    ...times(ragged, splits),
    ...sparse(count('Nfeature_list_sparse'), 2),
    ...shapes('feature_list_dense_shapes').map((shape) => (shape === null ? null : behind(null, ...shape))),
    ...times(count('Nfeature_list_dense'), batch),
    ...times(listRagged, [null]),
    ...times(listRagged, splits),
    ...times(listRagged, [null]),
  ];
}

/** Of the context `{a: [1]}`, of the lists `{b: [['x'], []]}`. */
const TEXT =
  '\n\f\n\n\n\u0001a\u0012\u0005\u001a\u0003\n\u0001\u0001\u0012\u0010\n\u000e\n\u0001b\u0012\t\n\u0005\n\u0003\n\u0001x\n\0';

const none = sample(string, [0], []);

defineOp({
  name: 'ParseSequenceExampleV2',
  doc: 'The features of messages of type SequenceExample: sparse, dense, ragged.',
  inputs: [
    'serialized: string',
    'debug_name: string',
    'context_sparse_keys: string',
    'context_dense_keys: string',
    'context_ragged_keys: string',
    'feature_list_sparse_keys: string',
    'feature_list_dense_keys: string',
    'feature_list_ragged_keys: string',
    'feature_list_dense_missing_assumed_empty: bool',
    'context_dense_defaults: Tcontext_dense',
  ],
  outputs: [
    'context_sparse_indices: Ncontext_sparse * int64',
    'context_sparse_values: context_sparse_types',
    'context_sparse_shapes: Ncontext_sparse * int64',
    'context_dense_values: Tcontext_dense',
    'context_ragged_values: context_ragged_value_types',
    'context_ragged_row_splits: context_ragged_split_types',
    'feature_list_sparse_indices: Nfeature_list_sparse * int64',
    'feature_list_sparse_values: feature_list_sparse_types',
    'feature_list_sparse_shapes: Nfeature_list_sparse * int64',
    'feature_list_dense_values: feature_list_dense_types',
    'feature_list_dense_lengths: Nfeature_list_dense * int64',
    'feature_list_ragged_values: feature_list_ragged_value_types',
    'feature_list_ragged_outer_splits: feature_list_ragged_split_types',
    'feature_list_ragged_inner_splits: feature_list_ragged_split_types',
  ],
  attrs: [
    'Ncontext_sparse: int >= 0 = 0',
    `Tcontext_dense: ${TYPES}`,
    `context_sparse_types: ${TYPES}`,
    `context_ragged_value_types: ${TYPES}`,
    `context_ragged_split_types: ${SPLITS}`,
    'context_dense_shapes: list(shape) >= 0 = []',
    'Nfeature_list_sparse: int >= 0 = 0',
    'Nfeature_list_dense: int >= 0 = 0',
    `feature_list_dense_types: ${TYPES}`,
    `feature_list_sparse_types: ${TYPES}`,
    `feature_list_ragged_value_types: ${TYPES}`,
    `feature_list_ragged_split_types: ${SPLITS}`,
    'feature_list_dense_shapes: list(shape) >= 0 = []',
  ],
  infer,
  grad: null,
  samples: [
    {
      inputs: [
        sample(string, [], [TEXT]),
        none,
        sample(string, [1], ['a']),
        none,
        none,
        sample(string, [1], ['b']),
        none,
        none,
        sample(bool, [0], []),
      ],
      attrs: {
        Ncontext_sparse: 1,
        context_sparse_types: [int64],
        Nfeature_list_sparse: 1,
        feature_list_sparse_types: [string],
        Tcontext_dense: [],
      },
      outputs: [
        sample(int64, [1, 1], [0]),
        sample(int64, [1], [1]),
        sample(int64, [1], [1]),
        sample(int64, [1, 2], [0, 0]),
        sample(string, [1], ['x']),
        sample(int64, [2], [2, 1]),
      ],
    },
  ],
});

export type ContextFeatures = Readonly<Record<string, FixedLenFeature | VarLenFeature>>;
export type SequenceFeatures = Readonly<Record<string, FixedLenSequenceFeature | VarLenFeature>>;

type NoFeatures = Readonly<Record<never, never>>;

export interface ParseSequenceOptions<C extends ContextFeatures, S extends SequenceFeatures> {
  /** Features of the whole: `FixedLenFeature` and `VarLenFeature`. */
  readonly contextFeatures?: C | null;
  /** Features of the steps: `FixedLenSequenceFeature` and `VarLenFeature`. */
  readonly sequenceFeatures?: S | null;
  /** Names of the messages, for errors. */
  readonly exampleNames?: TensorLike | null;
  readonly name?: string | null;
}

/** How many steps each dense list of each message has. */
export type SequenceLengths = Readonly<Record<string, Tensor>>;

/**
 * The features of messages of type `SequenceExample`, given as a vector of texts: those of the context, those of the lists,
 * and the lengths of the dense lists, three objects of tensors. Lists become dense tensors with an axis for the steps, filled
 * with zeros up to the longest (`FixedLenSequenceFeature`; without `allowMissing` a message that lacks one fails the run), or
 * sparse ones (`VarLenFeature`). Throws `ValueError` for no features, unknown shapes, and other kinds of features.
 *
 *     const [context, lists, lengths] = tf.io.parseSequenceExample(serialized, {
 *       contextFeatures: {label: new tf.FixedLenFeature([], tf.int64)},
 *       sequenceFeatures: {tokens: new tf.FixedLenSequenceFeature([], tf.int64)},
 *     });
 */
export function parseSequenceExample<C extends ContextFeatures = NoFeatures, S extends SequenceFeatures = NoFeatures>(
  serialized: TensorLike,
  ...rest: Rest<
    [contextFeatures: C | null, sequenceFeatures: S | null, exampleNames: TensorLike | null, name: string | null],
    ParseSequenceOptions<C, S>
  >
): [context: Parsed<C>, lists: Parsed<S>, lengths: SequenceLengths] {
  const options = readOptions<C, S>(rest, 'exampleNames');
  const { context, lists } = requests(
    options,
    'Both `context_features` and `sequence_features` argument are None, but at least one should have values.',
  );
  const { name, exampleNames = null } = options;
  return opScope(name, 'ParseSequenceExample', [serialized, exampleNames], () =>
    opScope(name, 'ParseSequenceExample', [], () => {
      const texts = convertToTensor(serialized, { name: 'serialized' });
      return parsed<C, S>(texts, context, lists, exampleNames, name);
    }),
  );
}

export interface ParseSingleSequenceOptions<C extends ContextFeatures, S extends SequenceFeatures> {
  readonly contextFeatures?: C | null;
  readonly sequenceFeatures?: S | null;
  /** The name of the message, for errors. */
  readonly exampleName?: TensorLike | null;
  readonly name?: string | null;
}

/**
 * The features of one message of type `SequenceExample`, a scalar text: those of the context and those of the lists. See
 * `parseSequenceExample`.
 *
 *     const [context, lists] = tf.parseSingleSequenceExample(serialized, {
 *       sequenceFeatures: {tokens: new tf.FixedLenSequenceFeature([], tf.int64)},
 *     });
 */
export function parseSingleSequenceExample<
  C extends ContextFeatures = NoFeatures,
  S extends SequenceFeatures = NoFeatures,
>(
  serialized: TensorLike,
  ...rest: Rest<
    [contextFeatures: C | null, sequenceFeatures: S | null, exampleName: TensorLike | null, name: string | null],
    ParseSingleSequenceOptions<C, S>
  >
): [context: Parsed<C>, lists: Parsed<S>] {
  const options = readOptions<C, S>(rest, 'exampleName');
  const { context, lists } = requests(
    options,
    'Both context_features and sequence_features are None, but at least one should have values.',
  );
  const { name, exampleNames = null } = options;
  return opScope(name, 'ParseSingleSequenceExample', [serialized, exampleNames], () => {
    const text = opScope(name, 'ParseSingleExample', [], () => convertToTensor(serialized, { name: 'serialized' }));
    if (text.shape !== null && text.shape.length > 0) throw new ValueError('Input serialized must be a scalar');
    const [values, steps] = opScope(name, 'ParseSequenceExample', [], () =>
      parsed<C, S>(text, context, lists, exampleNames, name),
    );
    return [values, steps];
  });
}

/** Features are plain objects as options are: what has none of the options' names is features. */
function readOptions<C extends ContextFeatures, S extends SequenceFeatures>(
  rest: readonly unknown[],
  namesKey: 'exampleName' | 'exampleNames',
): ParseSequenceOptions<C, S> {
  const keys = ['contextFeatures', 'sequenceFeatures', namesKey, 'name'];
  const last = rest[rest.length - 1];
  const isOptions = typeof last === 'object' && last !== null && Object.keys(last).every((key) => keys.includes(key));
  // A null at the end keeps `bind` from reading features as options.
  const bound = bind<Record<string, unknown>>(keys, isOptions ? rest : [...rest, null]);
  return { ...bound, exampleNames: bound[namesKey] } as ParseSequenceOptions<C, S>;
}

function requests(
  { contextFeatures, sequenceFeatures }: ParseSequenceOptions<ContextFeatures, SequenceFeatures>,
  message: string,
): { context: FeatureRequest; lists: FeatureRequest } {
  const count = Object.keys(contextFeatures ?? {}).length + Object.keys(sequenceFeatures ?? {}).length;
  if (count === 0) throw new ValueError(message);
  return {
    context: requestOf(contextFeatures, [VarLenFeature, FixedLenFeature]),
    lists: requestOf(sequenceFeatures, [VarLenFeature, FixedLenSequenceFeature], { areLists: true }),
  };
}

function parsed<C extends ContextFeatures, S extends SequenceFeatures>(
  texts: Tensor,
  context: FeatureRequest,
  lists: FeatureRequest,
  names: TensorLike | null,
  name: string | null | undefined,
): [Parsed<C>, Parsed<S>, SequenceLengths] {
  const keys = (features: readonly { readonly key: string }[]) => keysTensor(features.map(({ key }) => key));
  const types = (features: readonly { readonly dtype: DType }[]) => features.map(({ dtype }) => dtype);
  const mayMiss = lists.dense.map(({ mayMiss: may }) => may);
  const { outputs } = emit(
    'ParseSequenceExampleV2',
    [
      texts,
      names ?? keysTensor([]),
      keys(context.sparse),
      keys(context.dense),
      keysTensor([]),
      keys(lists.sparse),
      keys(lists.dense),
      keysTensor([]),
      toNdArray(mayMiss, bool, [mayMiss.length]),
      context.dense.map(presetOf),
    ],
    {
      Ncontext_sparse: context.sparse.length,
      Nfeature_list_sparse: lists.sparse.length,
      Nfeature_list_dense: lists.dense.length,
      context_sparse_types: types(context.sparse),
      feature_list_dense_types: types(lists.dense),
      feature_list_sparse_types: types(lists.sparse),
      context_dense_shapes: context.dense.map(({ shape }) => shape),
      feature_list_dense_shapes: lists.dense.map(({ shape }) => shape),
    },
    name,
  );
  let at = 0;
  const take = (count: number): readonly Tensor[] => {
    at += count;
    return outputs.slice(at - count, at);
  };
  const sparse = (features: FeatureRequest['sparse']): [string, SparseTensor][] => {
    const [indices, values, shapes] = [take(features.length), take(features.length), take(features.length)];
    return features.map(({ key }, i) => [key, new SparseTensor(indices[i], values[i], shapes[i])]);
  };
  const dense = (features: FeatureRequest['dense']): [string, Tensor][] => {
    const tensors = take(features.length);
    return features.map(({ key }, i) => [key, tensors[i]]);
  };
  const contextOutput = [...sparse(context.sparse), ...dense(context.dense)];
  const listOutput = [...sparse(lists.sparse), ...dense(lists.dense)];
  return [
    Object.fromEntries(contextOutput) as Parsed<C>,
    Object.fromEntries(listOutput) as Parsed<S>,
    Object.fromEntries(dense(lists.dense)),
  ];
}
