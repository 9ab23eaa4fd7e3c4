/**
 * Losses over many classes that look at a few sampled ones: noise-contrastive estimation and sampled softmax. The samplers
 * are in `candidate-samplers.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { int32, int64 } from '../util/dtype.ts';
import { type Candidates, computeAccidentalHits, logUniformCandidateSampler } from './candidate-samplers.ts';
import { cast } from './cast.ts';
import { sigmoidCrossEntropyWithLogits, softmaxCrossEntropyWithLogitsV2 } from './cross-entropy.ts';
import { embeddingLookup } from './embedding.ts';
import { convertToTensor, emitOne, graphOf, opScope } from './emit.ts';
import { asIndices, vector } from './indices.ts';
import { concat } from './joining.ts';
import { expandDims, reshape, shape as shapeOf } from './shaping.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

export interface NceLossOptions {
  /** How many true classes each row has. */
  readonly numTrue?: number;
  /** What a candidate sampler gave; `logUniformCandidateSampler` draws unique classes without them. */
  readonly sampledValues?: Candidates | null;
  /** Whether sampled classes that are true ones of the row are left out. */
  readonly removeAccidentalHits?: boolean;
  readonly partitionStrategy?: 'mod' | 'div';
  readonly name?: string | null;
}

export interface SampledSoftmaxLossOptions extends NceLossOptions {
  readonly seed?: number | null;
}

type NceArguments = Rest<
  [
    numTrue: number,
    sampledValues: Candidates | null,
    removeAccidentalHits: boolean,
    partitionStrategy: 'mod' | 'div',
    name: string | null,
  ],
  NceLossOptions
>;
type SoftmaxArguments = Rest<
  [
    numTrue: number,
    sampledValues: Candidates | null,
    removeAccidentalHits: boolean,
    partitionStrategy: 'mod' | 'div',
    name: string | null,
    seed: number | null,
  ],
  SampledSoftmaxLossOptions
>;

interface Given {
  readonly weights: TensorLike | readonly TensorLike[];
  readonly biases: TensorLike;
  readonly labels: TensorLike;
  readonly inputs: TensorLike;
  readonly numSampled: number;
  readonly numClasses: number;
}

/** The sums of the rows of a matrix; as a product, whose gradient is the cheaper one. */
function sumRows(x: Tensor): Tensor {
  const columns = emitOne(
    'StridedSlice',
    [shapeOf(x), vector(1), vector(2), vector(1)],
    { shrink_axis_mask: 1 },
    'strided_slice',
  );
  const ones = emitOne('Fill', [emitOne('Pack', [[columns, 1]], {}, 'stack'), convertToTensor(1, { dtype: x.dtype })]);
  return reshape(emitOne('MatMul', [x, ones]), [-1]);
}

/** Logits and labels of the true classes, which come first, and of the sampled ones. */
function sampledLogits(given: Given, options: SampledSoftmaxLossOptions, removesHits: boolean): [Tensor, Tensor] {
  const { weights, biases, numSampled, numClasses } = given;
  const { numTrue = 1, partitionStrategy = 'mod', seed, name } = options;
  return opScope(name, 'compute_sampled_logits', [weights, biases, given.labels, given.inputs], () => {
    const inputs = convertToTensor(given.inputs, { name: 'inputs' });
    const labels = cast(convertToTensor(asIndices(given.labels), { name: 'labels' }), int64);
    const flat = reshape(labels, [-1]);
    const [sampled, trueCount, sampledCount] = (
      options.sampledValues ?? logUniformCandidateSampler(labels, numTrue, numSampled, true, numClasses, { seed })
    ).map((value) => emitOne('StopGradient', [value]));
    const ids = cast(sampled, int64);
    const all = concat([flat, ids], 0);
    const rows = cast(embeddingLookup(weights as TensorLike, all, { partitionStrategy }), inputs.dtype);
    const count = shapeOf(flat);
    const trueRows = emitOne('Slice', [rows, vector(0, 0), concat([count, vector(-1)], 0)]);
    const sampledRows = emitOne('Slice', [rows, concat([count, vector(0)], 0), vector(-1, -1)]);
    const products = emitOne('MatMul', [inputs, sampledRows], { transpose_b: true });
    const offsets = cast(embeddingLookup(biases, all, { partitionStrategy }), inputs.dtype);
    const width = emitOne('Slice', [shapeOf(trueRows), vector(1), vector(1)]);
    const byRow = reshape(trueRows, concat([vector(-1, numTrue), width], 0));
    const dots = reshape(emitOne('Mul', [expandDims(inputs, 1), byRow]), concat([vector(-1), width], 0));
    const trueOffsets = reshape(emitOne('Slice', [offsets, vector(0), count]), [-1, numTrue]);
    const sampledOffsets = emitOne('Slice', [offsets, count, vector(-1)]);
    let trueLogits = emitOne('AddV2', [reshape(sumRows(dots), [-1, numTrue]), trueOffsets], {}, 'add');
    let logits = emitOne('AddV2', [products, sampledOffsets], {}, 'add');
    if (removesHits) logits = emitOne('AddV2', [logits, hits(labels, ids, numTrue, logits)], {}, 'add');
    trueLogits = emitOne('Sub', [trueLogits, emitOne('Log', [cast(trueCount, inputs.dtype)])], {}, 'sub');
    logits = emitOne('Sub', [logits, emitOne('Log', [cast(sampledCount, inputs.dtype)])], {}, 'sub');
    const share = emitOne('RealDiv', [emitOne('OnesLike', [trueLogits], {}, 'ones_like'), numTrue], {}, 'truediv');
    const targets = concat([share, emitOne('ZerosLike', [logits], {}, 'zeros_like')], 1);
    return [concat([trueLogits, logits], 1), targets];
  });
}

/** What rules sampled true classes out, of the shape of the logits; a hit that repeats counts once. */
function hits(labels: Tensor, sampled: Tensor, numTrue: number, logits: Tensor): Tensor {
  const [rows, places, weights] = computeAccidentalHits(labels, sampled, numTrue);
  const at = concat([reshape(rows, [-1, 1]), reshape(cast(places, int32), [-1, 1])], 1);
  const zeros = emitOne('ZerosLike', [logits], {}, 'zeros_like');
  return emitOne('TensorScatterUpdate', [zeros, at, cast(weights, logits.dtype)]);
}

/**
 * The loss of noise-contrastive estimation, a number per row: a binary classifier tells the true classes from
 * `numSampled` sampled ones. `weights` [numClasses, width] (or parts of it), `biases` [numClasses], `labels` (integers)
 * [rows, numTrue], `inputs` [rows, width]. Classes should be sorted by falling frequency where no `sampledValues` are given.
 *
 *     const loss = tf.reduceMean(tf.nn.nceLoss(weights, biases, labels, embedded, 64, 50000));
 */
export function nceLoss(
  weights: TensorLike | readonly TensorLike[],
  biases: TensorLike,
  labels: TensorLike,
  inputs: TensorLike,
  numSampled: number,
  numClasses: number,
  ...rest: NceArguments
): Tensor {
  const names = ['numTrue', 'sampledValues', 'removeAccidentalHits', 'partitionStrategy', 'name'] as const;
  const options = bind<NceLossOptions>(names, rest);
  const given = { weights, biases, labels, inputs, numSampled, numClasses };
  return atomically(given, () => {
    const named = { ...options, name: options.name === undefined ? 'nce_loss' : options.name };
    const [logits, targets] = sampledLogits(given, named, options.removeAccidentalHits ?? false);
    return sumRows(sigmoidCrossEntropyWithLogits({ labels: targets, logits, name: 'sampled_losses' }));
  });
}

/**
 * The softmax loss over the true classes and `numSampled` sampled ones, a number per row: for training only. Arguments are
 * those of `nceLoss`; sampled classes that are true ones of the row are left out unless `removeAccidentalHits` is false.
 *
 *     tf.nn.sampledSoftmaxLoss(weights, biases, labels, hidden, 64, 50000, {seed: 1})
 */
export function sampledSoftmaxLoss(
  weights: TensorLike | readonly TensorLike[],
  biases: TensorLike,
  labels: TensorLike,
  inputs: TensorLike,
  numSampled: number,
  numClasses: number,
  ...rest: SoftmaxArguments
): Tensor {
  const names = ['numTrue', 'sampledValues', 'removeAccidentalHits', 'partitionStrategy', 'name', 'seed'] as const;
  const options = bind<SampledSoftmaxLossOptions>(names, rest);
  const given = { weights, biases, labels, inputs, numSampled, numClasses };
  return atomically(given, () => {
    const named = { ...options, name: options.name === undefined ? 'sampled_softmax_loss' : options.name };
    const [logits, targets] = sampledLogits(given, named, options.removeAccidentalHits ?? true);
    const fixed = emitOne('StopGradient', [targets], {}, 'labels_stop_gradient');
    return softmaxCrossEntropyWithLogitsV2({ labels: fixed, logits });
  });
}

/** All or nothing, on the graph of the arguments, without a scope of its own. */
function atomically(given: Given, body: () => Tensor): Tensor {
  const graph = graphOf([given.weights, given.biases, given.labels, given.inputs]);
  return graph.atomic(() => graph.asDefault(body));
}
