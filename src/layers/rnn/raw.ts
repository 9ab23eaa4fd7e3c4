/** `rawRnn`: a cell run in a loop of the graph whose inputs, ends and outputs the user's function decides, step by step. */
import type { Tensor } from '../../graph/graph.ts';
import { logicalNot, logicalOr } from '../../ops/comparison.ts';
import { constant } from '../../ops/constants.ts';
import { convertToTensor } from '../../ops/emit.ts';
import { zeros } from '../../ops/filling.ts';
import { flatten, pack, type Structure } from '../../ops/nest.ts';
import { reduceAll } from '../../ops/reductions.ts';
import { shape as shapeIn } from '../../ops/shaping.ts';
import { constantShape } from '../../ops/static-value.ts';
import { TensorArray } from '../../ops/tensor-array.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import { whileLoop } from '../../ops/while-loop.ts';
import { int32 } from '../../util/dtype.ts';
import { TypeError, ValueError } from '../../util/errors.ts';
import { isFullyDefined, type Shape, TensorShape } from '../../util/shape.ts';
import { building, type CellLike, type CellScope } from '../rnn-cells/cell.ts';
import { assertSameStructure, batchShape, mapUpTo, type Size, type TensorStructure } from '../rnn-cells/structure.ts';
import { assertLikeCell } from '../rnn-cells/wrappers.ts';
import { copyWhere, inRnnScope } from './common.ts';

/**
 * Decides on a step. At time 0 it is called with null for output, state and loop state, to say how it begins; it gives what
 * elements of the batch have finished (bool `[batch]`), the next input, the next state, what is emitted (at time 0 an example of
 * the structure without the batch axis, or null for the cell's output), and the next loop state (or null).
 */
export type LoopFunction<S extends TensorStructure, O extends TensorStructure, L> = (
  time: Tensor,
  cellOutput: O | null,
  cellState: S | null,
  loopState: L | null,
) => readonly [
  elementsFinished: TensorLike,
  nextInput: TensorStructure,
  nextState: S,
  emitOutput: TensorStructure | null,
  nextLoopState: L | null,
];

export interface RawRnnOptions {
  /** Accepted; steps run one after the other. */
  readonly parallelIterations?: number | null;
  /** Accepted; there is one memory. */
  readonly swapMemory?: boolean;
  /** The variable scope of the weights. */
  readonly scope?: CellScope;
}

/**
 * Runs a cell in a loop until all elements of the batch have finished, as `loopFn` says: it makes each input, which may depend on
 * the output before, and decides what is emitted. Gives what was emitted, as a `TensorArray` (or a structure of them), the last
 * state, and the last loop state. Elements that have finished emit zeros and keep their state. Throws `TypeError` for what is no
 * cell or no function, `ValueError` for structures that change.
 *
 *     const [emitted, state] = tf.nn.rawRnn(cell, (time, output, state) => {
 *       const next = output === null ? start : tf.layers.dense(output, 8, {reuse: tf.AUTO_REUSE, name: 'next'});
 *       return [time.greaterEqual(lengths), next, state ?? cell.zeroState(batch, tf.float32), output, null];
 *     });
 *     const outputs = emitted.stack();     // [time, batch, …]
 */
export function rawRnn<S extends TensorStructure, O extends TensorStructure, L = null>(
  cell: CellLike<S, O>,
  loopFn: LoopFunction<S, O, L>,
  ...rest: Rest<[parallelIterations: number | null, swapMemory: boolean, scope: CellScope], RawRnnOptions>
): readonly [emitted: Structure<TensorArray>, state: S, loopState: L | null] {
  const options = bind<RawRnnOptions>(['parallelIterations', 'swapMemory', 'scope'], rest);
  assertLikeCell('cell', cell);
  if (typeof loopFn !== 'function') {
    throw new TypeError(`Argument \`loop_fn\` must be a callable. Received: ${String(loopFn)}.`);
  }
  return building([], () => inRnnScope(options.scope, 'rnn', () => run(cell, loopFn, options)));
}

function run<S extends TensorStructure, O extends TensorStructure, L>(
  cell: CellLike<S, O>,
  loopFn: LoopFunction<S, O, L>,
  options: RawRnnOptions,
): readonly [Structure<TensorArray>, S, L | null] {
  const time = constant(0, { dtype: int32 });
  const [finished, firstInput, firstState, emit, firstLoopState] = loopFn(time, null, null, null);
  const loopState = firstLoopState ?? constant(0, { dtype: int32 });
  const inputs = flatten<Tensor>(firstInput);
  const knownBatch = batchOf(inputs);
  const batchSize = knownBatch ?? shapeIn(inputs[0]).slice(0);
  assertSameStructure(firstState, cell.stateSize);
  const state = pack(
    firstState,
    flatten<Tensor>(firstState).map((part) => convertToTensor(part)),
  ) as S;
  const structure = emit ?? cell.outputSize;
  const sizes: readonly (Size | Tensor)[] =
    emit === null
      ? flatten<Size>(cell.outputSize)
      : flatten<Tensor>(emit).map((x) => (isFullyDefined(x.shape) ? new TensorShape(x.shape) : shapeIn(x)));
  const [{ dtype: stateType }] = flatten<Tensor>(state);
  const dtypes = emit === null ? sizes.map(() => stateType) : flatten<Tensor>(emit).map(({ dtype }) => dtype);
  const arrays = pack(
    structure,
    sizes.map((size, i) => {
      const elementShape = new TensorShape([knownBatch]).concatenate(knownSize(size)).dims;
      return new TensorArray(dtypes[i], { dynamicSize: true, size: 0, elementShape, name: `rnn_output_${i}` });
    }),
  );
  const zeroEmit = pack(
    structure,
    sizes.map((size, i) => zeros(batchShape(batchSize, size), dtypes[i])),
  );

  const round = (
    now: Tensor,
    over: Tensor,
    input: TensorStructure,
    emitted: Structure<TensorArray>,
    before: S,
    loopBefore: L,
  ): unknown => {
    const [output, own] = cell.apply(input, before);
    assertSameStructure(before, own);
    assertSameStructure(cell.outputSize, output);
    const later = now.add(1);
    const [nextOver, nextInput, nextState, nextEmit, nextLoopState] = loopFn(later, output, own, loopBefore);
    assertSameStructure(before, nextState);
    assertSameStructure(input, nextInput);
    assertSameStructure(emitted, nextEmit);
    const keep = (old: unknown, made: unknown) => mapUpTo(old, (_, a, b) => copyWhere(over, a, b), old, made);
    const written = mapUpTo(
      emitted,
      (_, array, value) => (array as TensorArray).write(now, value as Tensor),
      emitted,
      keep(zeroEmit, nextEmit),
    );
    const kept = keep(before, nextState);
    return [later, logicalOr(over, nextOver), nextInput, written, kept, nextLoopState ?? loopBefore];
  };

  const vars = [time, finished, firstInput, arrays, state, loopState] as readonly unknown[];
  const last = whileLoop(
    (_now, over) => logicalNot(reduceAll(over as Tensor)),
    round as (...vars: readonly unknown[]) => unknown,
    vars,
    { parallelIterations: options.parallelIterations || 32, swapMemory: options.swapMemory },
  ) as unknown as readonly unknown[];
  return [last[3] as Structure<TensorArray>, last[4] as S, firstLoopState === null ? null : (last[5] as L)];
}

/** The batch size of inputs, if it is known. Throws `ValueError` where they differ. */
function batchOf(inputs: readonly Tensor[]): number | null {
  const known = inputs.map(({ shape }) => shape?.[0] ?? null);
  const [first] = known;
  for (const size of known) {
    if (first !== null && size !== null && size !== first) {
      throw new ValueError(`Dimensions ${first} and ${size} are not compatible`);
    }
  }
  return first;
}

function knownSize(size: Size | Tensor): Shape {
  if (typeof size === 'number') return [size];
  if (size instanceof TensorShape) return size.dims;
  return constantShape(size);
}
