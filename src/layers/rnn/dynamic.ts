/**
 * `dynamicRnn` and `bidirectionalDynamicRnn`: a cell run over sequences in a loop of the graph, as many rounds as there are
 * steps in the run. What a step computes is the cell's.
 */

import { getDefaultGraph } from '../../graph/default-graph.ts';
import type { Tensor } from '../../graph/graph.ts';
import { maximum, minimum } from '../../ops/arithmetic.ts';
import { cast } from '../../ops/cast.ts';
import { equal } from '../../ops/comparison.ts';
import { constant } from '../../ops/constants.ts';
import { Assert } from '../../ops/control.ts';
import { convertToTensor } from '../../ops/emit.ts';
import { range, zeros } from '../../ops/filling.ts';
import { identity } from '../../ops/identity.ts';
import { concat, stack } from '../../ops/joining.ts';
import { flatten, pack } from '../../ops/nest.ts';
import { reduceAll, reduceMax, reduceMin } from '../../ops/reductions.ts';
import { rank as rankOf, shape as shapeIn, transpose } from '../../ops/shaping.ts';
import { reverse, reverseSequence } from '../../ops/slicing.ts';
import { TensorArray } from '../../ops/tensor-array.ts';
import { bind, isSymbolic, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import { whileLoop } from '../../ops/while-loop.ts';
import { type DTypeLike, int32 } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import { type Dim, formatShape, isFullyDefined } from '../../util/shape.ts';
import { variableScope } from '../../variables/variable-scope.ts';
import { building, type CellLike, type CellScope, type StepResult } from '../rnn-cells/cell.ts';
import { zeroStateOf } from '../rnn-cells/multi-cell.ts';
import { batchShape, mapStructure, type Size, staticBatchShape, type TensorStructure } from '../rnn-cells/structure.ts';
import { assertLikeCell } from '../rnn-cells/wrappers.ts';
import { inRnnScope, stateDType, stepThrough } from './common.ts';

interface SharedOptions {
  /** The number of steps of each row, an integer vector `[batch]`; all steps without it. */
  readonly sequenceLength?: TensorLike | null;
  /** The type of states and outputs; wanted where no initial state is given. */
  readonly dtype?: DTypeLike | null;
  /** Accepted; steps run one after the other. */
  readonly parallelIterations?: number | null;
  /** Accepted; there is one memory. */
  readonly swapMemory?: boolean;
  /** True: inputs and outputs are `[time, batch, …]`, which saves transposing them. */
  readonly timeMajor?: boolean;
  /** The variable scope of the weights. */
  readonly scope?: CellScope;
}

export interface DynamicRnnOptions<S extends TensorStructure> extends SharedOptions {
  /** The state before the first step; zeros without it. */
  readonly initialState?: S | null;
}

type DynamicArguments<S extends TensorStructure> = Rest<
  [
    sequenceLength: TensorLike | null,
    initialState: S | null,
    dtype: DTypeLike | null,
    parallelIterations: number | null,
    swapMemory: boolean,
    timeMajor: boolean,
    scope: CellScope,
  ],
  DynamicRnnOptions<S>
>;

/**
 * Runs a cell over sequences `[batch, time, …]` in a loop: the outputs of all steps, `[batch, time, …]`, and the last state. Past
 * the end of a sequence (`sequenceLength`) outputs are zero and the state stays, so that the last state is that at the end of
 * each. Inputs may be a structure of tensors; outputs and states are as the cell's sizes. States that are plain objects must
 * come by keyword. Weights are made in the variable scope `rnn`. Throws `TypeError` for what is no cell, `ValueError` for inputs
 * of rank below 3, of unknown depth or of different lengths, and where neither a state nor a type is given; a run fails with
 * `InvalidArgumentError` where `sequenceLength` is not as long as the batch.
 *
 *     const cell = new tf.nn.rnnCell.BasicLSTMCell(64);
 *     const [outputs, {c, h}] = tf.nn.dynamicRnn(cell, x, {sequenceLength: lengths, dtype: tf.float32});
 */
export function dynamicRnn<S extends TensorStructure, O extends TensorStructure>(
  cell: CellLike<S, O>,
  inputs: TensorStructure | TensorLike,
  ...rest: DynamicArguments<S>
): StepResult<O, S> {
  const options = bind<DynamicRnnOptions<S>>(
    ['sequenceLength', 'initialState', 'dtype', 'parallelIterations', 'swapMemory', 'timeMajor', 'scope'],
    rest,
  );
  assertLikeCell('cell', cell);
  return building([inputs, options.initialState ?? []], () => {
    return inRnnScope(options.scope, 'rnn', () => {
      const { timeMajor = false, dtype = null } = options;
      const given = flatten(inputs as Tensor).map((input) => convertToTensor(input));
      const flat = timeMajor ? given : given.map(transposeBatchTime);
      const lengths = lengthsOf(options.sequenceLength ?? null);
      const batchSize = batchSizeOf(flat);
      if (!options.initialState && dtype === null) {
        throw new ValueError('If no initial_state is provided, argument `dtype` must be specified');
      }
      const state = options.initialState ?? zeroStateOf(cell, batchSize, dtype as DTypeLike);
      const sequenceLength = lengths && checkedLengths(lengths, batchSize);
      const [outputs, last] = loop(cell, pack(inputs, flat), state, { ...options, sequenceLength });
      return [timeMajor ? outputs : (mapStructure(transposeBatchTime, outputs) as O), last];
    });
  });
}

/** Batch and time exchanged, of tensors that have both. */
function transposeBatchTime(x: Tensor): Tensor {
  const { shape } = x;
  if (shape !== null && shape.length < 2) return x;
  const rest = range(2, rankOf(x));
  const result = transpose(x, concat([[1, 0], rest], 0));
  if (shape !== null) result.setShape([shape[1], shape[0], ...shape.slice(2)]);
  return result;
}

function lengthsOf(given: TensorLike | null): Tensor | null {
  if (given === null) return null;
  const lengths = isSymbolic(given)
    ? cast(given, int32)
    : getDefaultGraph().nameScope('Cast', () => convertToTensor(given, { dtype: int32, name: 'x' }));
  if (lengths.rank !== null && lengths.rank !== 1) {
    throw new ValueError(
      `Argument sequence_length must be a vector of length batch_size. Received sequence_length=${lengths} of shape: ${formatShape(lengths.shape)}`,
    );
  }
  return identity(lengths, { name: 'sequence_length' });
}

/** The batch size of inputs `[time, batch, …]`: a number where it is known. */
function batchSizeOf(inputs: readonly Tensor[]): number | Tensor {
  for (const input of inputs) {
    const { shape } = input;
    if (shape === null) continue;
    if (shape.length < 2) {
      throw new ValueError(`Input tensor should have rank >= 2. Received input=${input} of rank ${shape.length}`);
    }
    if (shape[1] !== null) return shape[1];
  }
  return shapeIn(inputs[0]).slice(1);
}

/** The lengths, which wait for a check that there is one for each row. */
function checkedLengths(lengths: Tensor, batchSize: number | Tensor): Tensor {
  const own = shapeIn(lengths);
  const wanted =
    typeof batchSize === 'number' ? constant([batchSize], { dtype: int32, name: 'stack' }) : stack([batchSize]);
  const check = Assert(reduceAll(equal(own, wanted)), [
    `Expected shape for Tensor ${lengths.name} is `,
    wanted,
    ' but saw shape: ',
    own,
  ]);
  return getDefaultGraph().controlDependencies([check], () => identity(lengths, { name: 'CheckSeqLen' }));
}

interface LoopOptions {
  readonly sequenceLength: Tensor | null;
  readonly dtype?: DTypeLike | null;
  readonly parallelIterations?: number | null;
  readonly swapMemory?: boolean;
}

function loop<S extends TensorStructure, O extends TensorStructure>(
  cell: CellLike<S, O>,
  inputs: TensorStructure,
  initialState: S,
  options: LoopOptions,
): StepResult<O, S> {
  const { sequenceLength, dtype = null } = options;
  const flat = flatten<Tensor>(inputs);
  const sizes = flatten<Size>(cell.outputSize);
  const timeSteps = shapeIn(flat[0]).slice(0);
  const batchSize = batchSizeOf(flat);
  const [knownSteps, knownBatch] = checkInputs(flat);
  const zeroOutput = mapStructure(
    (size: Size) => zeros(batchShape(batchSize, size), stateDType(dtype, initialState)),
    cell.outputSize,
  ) as O;
  if (sequenceLength) reduceMin(sequenceLength);
  const longest = sequenceLength ? reduceMax(sequenceLength) : timeSteps;
  const time = constant(0, { dtype: int32, name: 'time' });
  // An op with this scope takes the name, as in TensorFlow.
  getDefaultGraph().nameScope('dynamic_rnn', () => {});
  const outputArrays = sizes.map(
    (size) =>
      new TensorArray(stateDType(dtype, initialState), {
        size: timeSteps,
        elementShape: [knownBatch, ...(typeof size === 'number' ? [size] : (size.dims ?? []))],
      }),
  );
  const inputArrays = flat
    .map((input) => new TensorArray(input.dtype, { size: timeSteps, elementShape: input.shape?.slice(1) }))
    .map((array, i) => array.unstack(flat[i]));

  const round = (now: Tensor, arrays: readonly TensorArray[], state: S): unknown => {
    const read = inputArrays.map((array, i) => {
      const input = array.read(now);
      input.setShape(flat[i].shape?.slice(1) ?? null);
      return input;
    });
    const callCell = () => cell.apply(pack(inputs, read) as TensorStructure, state);
    const [output, next] = sequenceLength
      ? stepThrough({ sequenceLength, isOver: now.greaterEqual(sequenceLength), zeroOutput, state, callCell })
      : callCell();
    const written = flatten<Tensor>(output).map((part, i) => arrays[i].write(now, part));
    return [now.add(1), written, next];
  };

  const end = minimum(timeSteps, maximum(1, longest));
  const [, arrays, last] = whileLoop(
    (now) => (now as Tensor).less(end),
    round as (...vars: readonly unknown[]) => unknown,
    [time, outputArrays, initialState] as readonly unknown[],
    {
      parallelIterations: options.parallelIterations || 32,
      maximumIterations: timeSteps,
      swapMemory: options.swapMemory,
    },
  ) as unknown as readonly [Tensor, readonly TensorArray[], S];
  const outputs = arrays.map((array, i) => {
    const output = array.stack();
    output.setShape(staticBatchShape([knownSteps, knownBatch], sizes[i]));
    return output;
  });
  return [pack(cell.outputSize, outputs) as O, last];
}

/** Throws `ValueError` for inputs that cannot be steps of one batch; the number of steps and the batch size, if known. */
function checkInputs(inputs: readonly Tensor[]): readonly [Dim, Dim] {
  const shapes = inputs.map(({ shape }) => {
    if (shape !== null && shape.length < 3) {
      throw new ValueError(`Shape ${formatShape(shape)} must have rank at least 3`);
    }
    return shape;
  });
  shapes.forEach((shape, i) => {
    if (shape === null || !isFullyDefined(shape.slice(2))) {
      throw new ValueError(
        `Input size (depth of inputs) must be accessible via shape inference, but saw value None for input=${inputs[i]}.`,
      );
    }
    if (shape[0] !== shapes[0]?.[0]) {
      throw new ValueError(
        `Time steps is not the same for all the elements in the input in a batch. Received time steps=${shape[0] ?? 'None'} for input=${inputs[i]}.`,
      );
    }
    if (shape[1] !== shapes[0]?.[1]) {
      throw new ValueError(
        `Batch_size is not the same for all the elements in the input. Received batch size=${shape[1] ?? 'None'} for input=${inputs[i]}.`,
      );
    }
  });
  return [shapes[0]?.[0] ?? null, shapes[0]?.[1] ?? null];
}

export interface BidirectionalOptions<F extends TensorStructure, B extends TensorStructure> extends SharedOptions {
  /** The states before the first step; zeros without them. */
  readonly initialStateFw?: F | null;
  readonly initialStateBw?: B | null;
}

/**
 * Runs one cell over sequences from the beginning and another from the end, each sequence from its own (`sequenceLength`): the
 * outputs of both, in the order of the inputs, and the last states of both. Weights are made in the scopes
 * `bidirectional_rnn/fw` and `bidirectional_rnn/bw`. Errors are those of `dynamicRnn`.
 *
 *     const [[forward, backward], [stateFw, stateBw]] =
 *       tf.nn.bidirectionalDynamicRnn(cellFw, cellBw, x, {sequenceLength: lengths, dtype: tf.float32});
 *     const both = tf.concat([forward, backward], 2);
 */
export function bidirectionalDynamicRnn<
  F extends TensorStructure,
  B extends TensorStructure,
  OF extends TensorStructure,
  OB extends TensorStructure,
>(
  cellFw: CellLike<F, OF>,
  cellBw: CellLike<B, OB>,
  inputs: TensorStructure | TensorLike,
  ...rest: Rest<
    [
      sequenceLength: TensorLike | null,
      initialStateFw: F | null,
      initialStateBw: B | null,
      dtype: DTypeLike | null,
      parallelIterations: number | null,
      swapMemory: boolean,
      timeMajor: boolean,
      scope: CellScope,
    ],
    BidirectionalOptions<F, B>
  >
): readonly [outputs: readonly [OF, OB], states: readonly [F, B]] {
  const options = bind<BidirectionalOptions<F, B>>(BIDIRECTIONAL, rest);
  assertLikeCell('cell_fw', cellFw);
  assertLikeCell('cell_bw', cellBw);
  const { initialStateFw, initialStateBw, scope, ...shared } = options;
  const lengths = options.sequenceLength ?? null;
  const [timeAxis, batchAxis] = options.timeMajor ? [0, 1] : [1, 0];
  const backwards = (x: Tensor): Tensor =>
    lengths === null ? reverse(x, [timeAxis]) : reverseSequence(x, lengths, timeAxis, batchAxis);
  return building([inputs, initialStateFw ?? [], initialStateBw ?? []], () => {
    const [fw, bw] = variableScope(scope || 'bidirectional_rnn', () => [
      variableScope('fw', (own) => {
        return dynamicRnn<F, OF>(cellFw, inputs, { ...shared, initialState: initialStateFw, scope: own });
      }),
      variableScope('bw', (own) => {
        const reversed = mapStructure((x: Tensor) => backwards(convertToTensor(x)), inputs as TensorStructure);
        return dynamicRnn<B, OB>(cellBw, reversed, { ...shared, initialState: initialStateBw, scope: own });
      }),
    ]) as [StepResult<OF, F>, StepResult<OB, B>];
    const outputBw = mapStructure(backwards, bw[0]) as OB;
    return [
      [fw[0], outputBw],
      [fw[1], bw[1]],
    ];
  });
}

const BIDIRECTIONAL = [
  'sequenceLength',
  'initialStateFw',
  'initialStateBw',
  'dtype',
  'parallelIterations',
  'swapMemory',
  'timeMajor',
  'scope',
] as const;
