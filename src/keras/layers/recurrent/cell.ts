/**
 * What recurrent cells have in common: the sizes of their states, how they are called, and the states to begin with. The
 * cells are in the files by kind, what goes over the steps is `rnn.ts`.
 */
import type { Tensor } from '../../../graph/graph.ts';
import { zeros } from '../../../ops/filling.ts';
import { flatten, isPlainNode, pack } from '../../../ops/nest.ts';
import { shape as shapeIn } from '../../../ops/shaping.ts';
import type { TensorLike } from '../../../ops/tensor-like.ts';
import type { DTypeLike } from '../../../util/dtype.ts';
import { UnimplementedError, ValueError } from '../../../util/errors.ts';
import { asShape, type Dim, type TensorShape } from '../../../util/shape.ts';
import { type CallOptions, Layer } from '../../engine/layer.ts';
import type { StateNest, StepResult, TensorNest } from '../../engine/nest.ts';
import type { Serialized } from '../../serialization.ts';
import { serializeLayer } from '../lookup.ts';

/** How long a state is, without the batch: a number, or a `TensorShape` for more axes; lists of these for several states. */
export type StateSize = number | TensorShape | readonly StateSize[];

/** What a cell is called with beside the inputs of a step. */
export interface CellCallOptions extends CallOptions {
  /** The states before the step, as `stateSize` has them: a list also where there is one. */
  readonly states?: StateNest;
  /** Tensors that are the same in all steps. */
  readonly constants?: readonly Tensor[] | null;
}

/** For how many examples the states are, and of which type; `inputs`, where they are given, say it. */
export interface InitialStateOptions {
  readonly inputs?: Tensor | null;
  readonly batchSize?: TensorLike | null;
  readonly dtype?: DTypeLike | null;
}

/** What `RNN` takes for a cell: a layer, or another object with these members. */
export interface RNNCell {
  readonly stateSize: StateSize;
  /** That of the first state, where it is not said. */
  readonly outputSize?: StateSize | null;
  call(inputs: Tensor, options: CellCallOptions): StepResult;
  /** Zeros where it is not said. */
  getInitialState?(options: InitialStateOptions): StateNest | Tensor;
}

/**
 * The base of cells. A subclass has `stateSize` and `outputSize` and says in `call` what one step computes: from the inputs
 * of the step, `[batch, …]`, and the states before it, the output and the states after it.
 *
 *     class MinimalCell extends tf.keras.layers.AbstractRNNCell {
 *       stateSize = 8;
 *       outputSize = 8;
 *       build(shape) { this.w = this.addWeight('w', {shape: [shape.at(-1) + 8, 8]}); super.build(shape); }
 *       call(x, {states: [h]}) {
 *         const next = tf.tanh(tf.matmul(tf.concat([x, h], 1), this.w));
 *         return [next, [next]];
 *       }
 *     }
 *     const y = new tf.keras.layers.RNN(new MinimalCell()).apply(x);
 */
export abstract class AbstractRNNCell extends Layer<StepResult> implements RNNCell {
  static readonly className: string = 'AbstractRNNCell';
  abstract readonly stateSize: StateSize;
  abstract readonly outputSize: StateSize;

  override call(_inputs: TensorNest, _options: CellCallOptions): StepResult {
    throw new UnimplementedError(null, `${this.constructor.name} has no method \`call\`.`);
  }

  /** States to begin with: zeros, for the batch of the inputs or of the size given. */
  getInitialState(options: InitialStateOptions = {}): StateNest | Tensor {
    return zeroStates(this.stateSize, options);
  }
}

/** Throws `ValueError` for what cannot be a cell; `words` begins the message. */
export function checkCell(cell: unknown, words: { readonly call: string; readonly stateSize: string }): RNNCell {
  const has = (name: string) => typeof cell === 'object' && cell !== null && name in cell;
  if (!has('call')) throw new ValueError(`${words.call}${String(cell)}`);
  if (!has('stateSize')) throw new ValueError(`${words.stateSize}${String(cell)}`);
  return cell as RNNCell;
}

/** One step of the cell: of a layer in its name scope. */
export function runCell(cell: RNNCell, inputs: TensorNest, options: CellCallOptions): StepResult {
  return cell instanceof Layer
    ? (cell as unknown as Layer<StepResult>).apply(inputs as Tensor, options)
    : cell.call(inputs as Tensor, options);
}

/** The states that the cell begins with. */
export function initialStates(cell: RNNCell, options: InitialStateOptions): StateNest {
  const made = cell.getInitialState ? cell.getInitialState(options) : zeroStates(cell.stateSize, options);
  return isPlainNode(made) ? (made as StateNest) : [made as Tensor];
}

export function zeroStates(
  stateSize: StateSize,
  { inputs, batchSize, dtype }: InitialStateOptions,
): StateNest | Tensor {
  const batch = inputs ? (inputs.shape?.[0] ?? shapeIn(inputs).slice(0)) : (batchSize ?? null);
  const type = inputs ? inputs.dtype : (dtype ?? null);
  if (batch === null || type === null) {
    throw new ValueError(
      `batch_size and dtype cannot be None while constructing initial state. Received: batch_size=${batch ?? 'None'}, dtype=${type ?? 'None'}`,
    );
  }
  const sizes = flatten<number | TensorShape>(stateSize as never);
  const states = sizes.map((size) => zeros([batch, ...dimsOf(size)] as TensorLike, type));
  return pack<Tensor>(stateSize, states) as StateNest | Tensor;
}

/** The axes of one state, without the batch. */
export function dimsOf(size: number | TensorShape): readonly Dim[] {
  return asShape(size) ?? [];
}

/** The sizes of states one by one. */
export function flatSizes(stateSize: StateSize): readonly (number | TensorShape)[] {
  return flatten<number | TensorShape>(stateSize as never);
}

/** The size of the output: as said, else that of the first state. */
export function outputSizeOf({ outputSize, stateSize }: RNNCell): StateSize {
  return outputSize ?? (Array.isArray(stateSize) ? (stateSize as readonly StateSize[])[0] : stateSize);
}

/** A layer as its class's name and configuration, without an element type where nothing has settled one yet. */
export function withSettledType(layer: Layer<TensorNest>): Serialized {
  const { className, config } = serializeLayer(layer);
  return { className, config: { ...config, dtype: layer.settledDtype?.name ?? null } };
}
