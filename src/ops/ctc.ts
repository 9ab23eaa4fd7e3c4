/**
 * Connectionist temporal classification: the loss, the decoders, and the functions of `tf.nn` on them. Kernels are the
 * host's.
 */
import type { Tensor } from '../graph/graph.ts';
import { bfloat16, float16, float32, int32, int64 } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import type { Dim } from '../util/shape.ts';
import { cast } from './cast.ts';
import { convertToTensor, emit, emitOne, opScope } from './emit.ts';
import { booleanMask } from './gather.ts';
import { vector } from './indices.ts';
import { concat } from './joining.ts';
import { defineOp, type GradFn, type InferContext, type Inferred, sample } from './opdef/define.ts';
import { mergeDim, withRank } from './opdef/shape-rules.ts';
import { sequenceMask, where } from './selection.ts';
import { shape, transpose } from './shaping.ts';
import { slice } from './slicing.ts';
import { SparseTensor } from './sparse-tensor.ts';
import { bind, type Rest, renamed, type TensorLike } from './tensor-like.ts';

const FLAGS = [
  'preprocess_collapse_repeated: bool = false',
  'ctc_merge_repeated: bool = true',
  'ignore_longer_outputs_than_inputs: bool = false',
];
const FLOATS = 'T: {float32, float64} = float32';
const SECOND =
  "Currently there is no way to take the second  derivative of ctc_loss due to the fused implementation's interaction  with tf.gradients()";

/** The batch, from the logits and from the lengths that stand at the given input. */
function batchOf(op: InferContext, lengths: number): Dim {
  const [, batch] = withRank(op.shape(0), 3);
  return mergeDim(batch, withRank(op.shape(lengths), 1)[0]);
}

const lossShapes = (op: InferContext): Inferred => {
  const [time, , classes] = withRank(op.shape(0), 3);
  mergeDim(withRank(op.shape(1), 2)[0], withRank(op.shape(2), 1)[0]);
  const batch = batchOf(op, 3);
  return [[batch], [time, batch, classes]];
};

/** The op has computed its gradient already; it cannot be differentiated once more. */
const lossGradient: GradFn = (op, [dLoss], $) => {
  const kept = $.op('PreventGradient', [op.outputs[1]], { message: SECOND });
  return [$.mul($.expandDims($.expandDims(dLoss, 0), -1), kept, 'mul'), null, null, null];
};

for (const [name, dtype, attrs] of [
  ['CTCLoss', 'T', [...FLAGS, FLOATS]],
  ['CTCLossV2', 'float32', FLAGS],
] as const) {
  const blank = name === 'CTCLoss' ? 'last' : 'first';
  defineOp({
    name,
    doc: `How unlikely the labels are for the logits, per sequence, and the gradient of that; the ${blank} class is blank.`,
    inputs: [`inputs: ${dtype}`, 'labels_indices: int64', 'labels_values: int32', 'sequence_length: int32'],
    outputs: [`loss: ${dtype}`, `gradient: ${dtype}`],
    attrs,
    infer: lossShapes,
    grad: lossGradient,
    samples: [
      {
        inputs: [
          sample(float32, [2, 1, 2], [0, 0, 0, 0]),
          sample(int64, [1, 2], [0n, 0n]),
          sample(int32, [1], [name === 'CTCLoss' ? 0 : 1]),
          sample(int32, [1], [2]),
        ],
        // Three of four equally likely paths hold the label once.
        outputs: [
          sample(float32, [1], [0.28768207]),
          sample(
            float32,
            [2, 1, 2],
            name === 'CTCLoss' ? [-1 / 6, 1 / 6, -1 / 6, 1 / 6] : [1 / 6, -1 / 6, 1 / 6, -1 / 6],
          ),
        ],
        // The second output has no gradient.
        differentiable: false,
      },
    ],
  });
}

const logits = sample(float32, [3, 1, 3], [2, 0, 0, 0, 0, 1, 0, 3, 0]);
const lengths = sample(int32, [1], [3]);
const pair = sample(int64, [2, 2], [0n, 0n, 0n, 1n]);

defineOp({
  name: 'CTCGreedyDecoder',
  doc: 'The classes with the greatest logits of each sequence without the blanks, as a sparse matrix, and what they sum to.',
  inputs: ['inputs: T', 'sequence_length: int32'],
  outputs: ['decoded_indices: int64', 'decoded_values: int64', 'decoded_shape: int64', 'log_probability: T'],
  attrs: ['merge_repeated: bool = false', 'blank_index: int = -1', FLOATS],
  infer: (op) => [[null, 2], [null], [2], [batchOf(op, 1), 1]],
  grad: () => [null, null],
  samples: [
    {
      inputs: [logits, lengths],
      outputs: [pair, sample(int64, [2], [0n, 1n]), sample(int64, [2], [1n, 2n]), sample(float32, [1, 1], [-6])],
    },
  ],
});

defineOp({
  name: 'CTCBeamSearchDecoder',
  doc: 'The most probable label sequences for the logits, found by a search of limited width, as sparse matrices.',
  inputs: ['inputs: T', 'sequence_length: int32'],
  outputs: [
    'decoded_indices: top_paths * int64',
    'decoded_values: top_paths * int64',
    'decoded_shape: top_paths * int64',
    'log_probability: T',
  ],
  attrs: ['beam_width: int >= 1', 'top_paths: int >= 1', 'merge_repeated: bool = true', FLOATS],
  infer: (op) => {
    const batch = batchOf(op, 1);
    const paths = Number(op.attr<number | bigint>('top_paths'));
    const each = (dims: readonly Dim[]): Inferred => new Array(paths).fill(dims);
    return [...each([null, 2]), ...each([null]), ...each([2]), [batch, paths]];
  },
  grad: () => [null, null],
  samples: [
    {
      inputs: [logits, lengths],
      attrs: { beam_width: 3, top_paths: 1 },
      outputs: [
        pair,
        sample(int64, [2], [0n, 1n]),
        sample(int64, [2], [1n, 2n]),
        sample(float32, [1, 1], [-0.29598296]),
      ],
    },
  ],
});

// Functions

export interface CtcLossOptions {
  readonly inputs?: TensorLike;
  readonly sequenceLength?: TensorLike;
  /** Merges equal labels that follow each other before the loss is computed. */
  readonly preprocessCollapseRepeated?: boolean;
  /** Without it, equal classes that follow each other count as different labels. */
  readonly ctcMergeRepeated?: boolean;
  /** Gives sequences that are shorter than their labels no loss, where the run would fail. */
  readonly ignoreLongerOutputsThanInputs?: boolean;
  /** Whether logits are [time, batch, classes] (the default) or [batch, time, classes]. */
  readonly timeMajor?: boolean;
  /** The same as `inputs`. */
  readonly logits?: TensorLike;
}

/**
 * The loss of each sequence, float [batch], by connectionist temporal classification: minus the logarithm of how probable
 * its labels are, in their order with blanks and repeats anywhere between. `labels` is a sparse int32 matrix
 * [batch, labels], `inputs` are logits [time, batch, classes] of which the last class is the blank. Throws `TypeError` for
 * dense labels; a run fails with `InvalidArgumentError` where there are more labels than time steps.
 *
 *     const loss = tf.reduceMean(tf.nn.ctcLoss(labels, logits, lengths));
 */
export function ctcLoss(
  labels: SparseTensor,
  ...rest: Rest<
    [
      inputs: TensorLike,
      sequenceLength: TensorLike,
      preprocessCollapseRepeated: boolean,
      ctcMergeRepeated: boolean,
      ignoreLongerOutputsThanInputs: boolean,
      timeMajor: boolean,
      logits: TensorLike,
    ],
    CtcLossOptions
  >
): Tensor {
  const names = [
    'inputs',
    'sequenceLength',
    'preprocessCollapseRepeated',
    'ctcMergeRepeated',
    'ignoreLongerOutputsThanInputs',
    'timeMajor',
    'logits',
  ] as const;
  const given = bind<CtcLossOptions>(names, rest);
  if (!(labels instanceof SparseTensor)) {
    throw new TypeError(
      `Expected argument \`labels\` to be a SparseTensor. Received labels=${String(labels)} of type: ${typeof labels}`,
    );
  }
  const inputs = renamed(['inputs', 'logits'], given.inputs, given.logits) as TensorLike;
  return opScope(null, 'CTCLoss', [labels.values, inputs, given.sequenceLength], (scope) => {
    let x = convertToTensor(inputs, { name: 'logits' });
    if (given.timeMajor === false) x = transpose(x, [1, 0, 2]);
    const { dtype } = x;
    const isNarrow = dtype === float16 || dtype === bfloat16;
    if (isNarrow) x = cast(x, float32);
    const attrs = {
      preprocess_collapse_repeated: given.preprocessCollapseRepeated ?? false,
      ctc_merge_repeated: given.ctcMergeRepeated ?? true,
      ignore_longer_outputs_than_inputs: given.ignoreLongerOutputsThanInputs ?? false,
    };
    const lengths = given.sequenceLength as TensorLike;
    const loss = emitOne('CTCLoss', [x, labels.indices, labels.values, lengths], attrs, isNarrow ? null : scope);
    return isNarrow ? cast(loss, dtype) : loss;
  });
}

export interface CtcLossV2Options {
  /** Whether logits are [time, batch, classes] (the default) or [batch, time, classes]. */
  readonly logitsTimeMajor?: boolean;
  /** Not used: it is a hint for other devices. */
  readonly unique?: readonly [Tensor, Tensor] | null;
  /** The class that is blank: 0 for dense labels, to be given for sparse ones; negative ones count from the end. */
  readonly blankIndex?: number | null;
  readonly name?: string | null;
}

/**
 * As `ctcLoss`, also for dense labels: int [batch, labels], of which the first `labelLength` of each row count; and with
 * the blank at any index. Throws `ValueError` for sparse labels without `blankIndex`.
 *
 *     tf.nn.ctcLossV2(labels, logits, labelLength, logitLength)
 */
export function ctcLossV2(
  labels: SparseTensor | TensorLike,
  logits: TensorLike,
  labelLength: TensorLike | null,
  logitLength: TensorLike,
  ...rest: Rest<
    [
      logitsTimeMajor: boolean,
      unique: readonly [Tensor, Tensor] | null,
      blankIndex: number | null,
      name: string | null,
    ],
    CtcLossV2Options
  >
): Tensor {
  const names = ['logitsTimeMajor', 'unique', 'blankIndex', 'name'] as const;
  const { logitsTimeMajor = true, blankIndex = null, name } = bind<CtcLossV2Options>(names, rest);
  const isSparse = labels instanceof SparseTensor;
  if (isSparse && blankIndex === null) {
    throw new ValueError('Argument `blank_index` must be provided when labels is a SparseTensor.');
  }
  const symbols = [logits, isSparse ? labels.values : labels, labelLength, logitLength];
  return opScope(name, 'ctc_loss_dense', symbols, () => {
    let x = convertToTensor(logits, { name: 'logits' });
    if (!logitsTimeMajor) x = transpose(x, [1, 0, 2]);
    const classes = x.shape?.[2] ?? null;
    if (classes === null) throw new ValueError('The number of classes of the logits must be known.');
    const asked = blankIndex ?? 0;
    const blank = asked < 0 ? asked + classes : asked;
    const sparse = isSparse ? labels : fromDense(labels, labelLength as TensorLike);
    if (blank === classes - 1) return ctcLoss(sparse, x, logitLength);
    const parts = [
      slice(x, [0, 0, 0], [-1, -1, blank]),
      slice(x, [0, 0, blank + 1], [-1, -1, -1]),
      slice(x, [0, 0, blank], [-1, -1, 1]),
    ];
    const { values } = sparse;
    const less = emitOne('Less', [values, blank]);
    const moved = where(less, values, emitOne('Sub', [values, 1]));
    return ctcLoss(sparse.withValues(moved), concat(parts, 2), logitLength);
  });
}

/** The first `lengths` labels of each row. */
function fromDense(labels: TensorLike, lengths: TensorLike): SparseTensor {
  const dense = convertToTensor(labels, { name: 'labels' });
  const dims = shape(dense, { outType: int64 });
  const width = emitOne('StridedSlice', [shape(dense), vector(1), vector(2), vector(1)], { shrink_axis_mask: 1 });
  const mask = sequenceMask(convertToTensor(lengths, { name: 'label_length' }), width);
  return new SparseTensor(where(mask), cast(booleanMask(dense, mask), int32), dims);
}

/** Label sequences as sparse int64 matrices [batch, longest], and a matrix of how probable they are. */
export type Decoded = readonly [decoded: readonly SparseTensor[], probabilities: Tensor];

export interface CtcGreedyOptions {
  /** Merges equal classes that follow each other; true without it. */
  readonly mergeRepeated?: boolean;
  /** The class that is blank, the last without it; negative ones count from the end. */
  readonly blankIndex?: number | null;
}

/**
 * The class with the greatest logit at each step, without blanks and repeats: one sparse int64 matrix [batch, longest],
 * and a float matrix [batch, 1] of minus the sum of the greatest logits. `inputs` are logits [time, batch, classes].
 *
 *     const [[decoded], negSumLogits] = tf.nn.ctcGreedyDecoder(logits, lengths);
 */
export function ctcGreedyDecoder(
  inputs: TensorLike,
  sequenceLength: TensorLike,
  ...rest: Rest<[mergeRepeated: boolean, blankIndex: number | null], CtcGreedyOptions>
): Decoded {
  const { mergeRepeated = true, blankIndex } = bind<CtcGreedyOptions>(['mergeRepeated', 'blankIndex'], rest);
  const attrs = { merge_repeated: mergeRepeated, blank_index: blankIndex ?? -1 };
  const [indices, values, dims, sums] = emit('CTCGreedyDecoder', [inputs, sequenceLength], attrs).outputs;
  return [[new SparseTensor(indices, values, dims)], sums];
}

export interface CtcBeamSearchOptions {
  /** How many candidates are kept at each step; 100 without it. */
  readonly beamWidth?: number;
  /** How many sequences come out; 1 without it. */
  readonly topPaths?: number;
  /** Merges equal labels that follow each other in the results; true without it. */
  readonly mergeRepeated?: boolean;
}

/**
 * The `topPaths` most probable label sequences, each a sparse int64 matrix [batch, longest], and their log probabilities,
 * float [batch, topPaths]. `inputs` are logits [time, batch, classes], the last class the blank. A run fails with
 * `InvalidArgumentError` where fewer sequences are found.
 *
 *     const [decoded, logProbabilities] = tf.nn.ctcBeamSearchDecoder(logits, lengths, 100, 3);
 */
export function ctcBeamSearchDecoder(
  inputs: TensorLike,
  sequenceLength: TensorLike,
  ...rest: Rest<[beamWidth: number, topPaths: number, mergeRepeated: boolean], CtcBeamSearchOptions>
): Decoded {
  const names = ['beamWidth', 'topPaths', 'mergeRepeated'] as const;
  const { beamWidth = 100, topPaths = 1, mergeRepeated = true } = bind<CtcBeamSearchOptions>(names, rest);
  const attrs = { beam_width: beamWidth, top_paths: topPaths, merge_repeated: mergeRepeated };
  const { outputs } = emit('CTCBeamSearchDecoder', [inputs, sequenceLength], attrs);
  const decoded = Array.from(
    { length: topPaths },
    (_, k) => new SparseTensor(outputs[k], outputs[topPaths + k], outputs[2 * topPaths + k]),
  );
  return [decoded, outputs[3 * topPaths]];
}

/**
 * As `ctcBeamSearchDecoder`, with equal labels that follow each other kept as they are.
 *
 *     const [decoded] = tf.nn.ctcBeamSearchDecoderV2(logits, lengths);
 */
export function ctcBeamSearchDecoderV2(
  inputs: TensorLike,
  sequenceLength: TensorLike,
  ...rest: Rest<[beamWidth: number, topPaths: number], Omit<CtcBeamSearchOptions, 'mergeRepeated'>>
): Decoded {
  const given = bind<CtcBeamSearchOptions>(['beamWidth', 'topPaths'], rest);
  return ctcBeamSearchDecoder(inputs, sequenceLength, { ...given, mergeRepeated: false });
}
