/** `MultiRNNCell`: cells on top of each other, as one. What each computes is its own. */
import type { Tensor } from '../../graph/graph.ts';
import { concat } from '../../ops/joining.ts';
import { isPlainNode } from '../../ops/nest.ts';
import { slice } from '../../ops/slicing.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import type { DTypeLike } from '../../util/dtype.ts';
import { TypeError, ValueError } from '../../util/errors.ts';
import type { Variable } from '../../variables/variable.ts';
import { variableScope } from '../../variables/variable-scope.ts';
import { BaseLayer } from '../layer.ts';
import { type CellLike, inNameOf, RNNCell, type StepResult } from './cell.ts';
import type { SizeStructure, TensorStructure } from './structure.ts';

export interface MultiRNNCellOptions {
  readonly cells?: readonly CellLike[];
  /** False: the states of all cells are one tensor, side by side. */
  readonly stateIsTuple?: boolean;
}

/** The states of all cells: a list, or with `stateIsTuple` false one tensor. */
export type MultiState = Tensor | readonly TensorStructure[];

/**
 * Cells in a row: each takes what the one before gives. The state is a list of their states. Weights are in scopes
 * `multi_rnn_cell/cell_0` and so on. Throws `ValueError` without cells, and for states that cannot be joined where
 * `stateIsTuple` is false; `TypeError` for what is no list.
 *
 *     const cell = new tf.nn.rnnCell.MultiRNNCell([64, 32].map((n) => new tf.nn.rnnCell.GRUCell(n)));
 *     const [outputs, [first, second]] = tf.nn.dynamicRnn(cell, x, {dtype: tf.float32});
 */
export class MultiRNNCell<S extends MultiState = readonly TensorStructure[]> extends RNNCell<S> {
  static override readonly className: string = 'MultiRNNCell';
  readonly #cells: readonly CellLike[];
  readonly #stateIsTuple: boolean;

  constructor(...rest: Rest<[cells: readonly CellLike[], stateIsTuple: boolean], MultiRNNCellOptions>) {
    super();
    const { cells, stateIsTuple = true } = bind<MultiRNNCellOptions>(['cells', 'stateIsTuple'], rest);
    if (!cells || (Array.isArray(cells) && cells.length === 0)) {
      throw new ValueError('Must specify at least one cell for MultiRNNCell.');
    }
    if (!Array.isArray(cells)) throw new TypeError(`cells must be a list or tuple, but received: ${String(cells)}.`);
    this.#cells = [...cells];
    this.#stateIsTuple = stateIsTuple;
    if (!stateIsTuple && this.#cells.some((cell) => isPlainNode(cell.stateSize))) {
      const sizes = this.#cells.map(({ stateSize }) => String(stateSize));
      throw new ValueError(
        `Some cells return tuples of states, but the flag state_is_tuple is not set. State sizes are: [${sizes.join(', ')}]`,
      );
    }
  }

  override get stateSize(): SizeStructure {
    const sizes = this.#cells.map(({ stateSize }) => stateSize);
    return this.#stateIsTuple ? sizes : sizes.reduce<number>((sum, size) => sum + (size as number), 0);
  }
  override get outputSize(): SizeStructure {
    return this.#cells[this.#cells.length - 1].outputSize;
  }

  override zeroState(batchSize: TensorLike, dtype: DTypeLike): S {
    if (!this.#stateIsTuple) return inNameOf(this, () => super.zeroState(batchSize, dtype));
    return inNameOf(this, () => this.#cells.map((cell) => zeroStateOf(cell, batchSize, dtype)) as unknown as S);
  }

  override get trainableWeights(): Variable[] {
    return this.trainable ? this.#layers.flatMap((cell) => cell.trainableWeights) : [];
  }
  override get nonTrainableWeights(): Variable[] {
    const others = this.#layers.flatMap((cell) => cell.nonTrainableWeights);
    return this.trainable ? others : [...this.#layers.flatMap((cell) => cell.trainableWeights), ...others];
  }
  get #layers(): readonly BaseLayer[] {
    return this.#cells.filter((cell) => cell instanceof BaseLayer);
  }

  override call(inputs: TensorStructure, state: S): StepResult<TensorStructure, S> {
    let output = inputs;
    let column = 0;
    const states = this.#cells.map((cell, i) =>
      variableScope(`cell_${i}`, () => {
        const own = this.#stateIsTuple
          ? this.#stateOf(state, i)
          : slice(state as Tensor, [0, column], [-1, cell.stateSize as number]);
        if (!this.#stateIsTuple) column += cell.stateSize as number;
        const [given, next] = cell.apply(output, own);
        output = given;
        return next;
      }),
    );
    return [output, (this.#stateIsTuple ? states : concat(states as Tensor[], 1)) as S];
  }

  #stateOf(state: S, i: number): TensorStructure {
    if (isPlainNode(state)) return (state as readonly TensorStructure[])[i];
    throw new ValueError(`Expected state to be a tuple of length ${this.#cells.length}, but received: ${state}`);
  }
}

/** Zeros for any cell. */
export function zeroStateOf<S extends TensorStructure>(cell: CellLike<S>, batchSize: TensorLike, dtype: DTypeLike): S {
  if (cell.getInitialState) return cell.getInitialState({ inputs: null, batchSize, dtype });
  return (cell.zeroState as NonNullable<typeof cell.zeroState>)(batchSize, dtype);
}
