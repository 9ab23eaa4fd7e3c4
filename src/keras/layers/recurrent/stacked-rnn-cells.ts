/** Cells on top of each other, as one cell. What each computes is its own. */
import { getDefaultGraph } from '../../../graph/default-graph.ts';
import type { Tensor } from '../../../graph/graph.ts';
import { flatten, isPlainNode, pack } from '../../../ops/nest.ts';
import { bind, type Rest } from '../../../ops/tensor-like.ts';
import { Layer, type LayerOptions } from '../../engine/layer.ts';
import { type LayerShape, type ShapeNest, type StateNest, type StepResult, singleShape } from '../../engine/nest.ts';
import { type Config, isSerialized, type Serialized } from '../../serialization.ts';
import { deserializeLayer } from '../lookup.ts';
import {
  AbstractRNNCell,
  type CellCallOptions,
  checkCell,
  dimsOf,
  flatSizes,
  type InitialStateOptions,
  initialStates,
  outputSizeOf,
  type RNNCell,
  runCell,
  type StateSize,
  withSettledType,
} from './cell.ts';

export interface StackedRNNCellsOptions extends LayerOptions {
  /** The cells, the first gets the inputs. */
  readonly cells?: readonly (RNNCell | Serialized)[];
}

/**
 * Cells of which each gets what the one before gave; the states are a list of each one's states. Throws `ValueError` for what
 * is no cell.
 *
 *     const cell = new tf.keras.layers.StackedRNNCells([new tf.keras.layers.LSTMCell(8), new tf.keras.layers.GRUCell(4)]);
 */
export class StackedRNNCells extends AbstractRNNCell {
  static override readonly className: string = 'StackedRNNCells';
  readonly cells: readonly RNNCell[];

  constructor(...rest: Rest<[cells: readonly (RNNCell | Serialized)[]], StackedRNNCellsOptions>) {
    const options = bind<StackedRNNCellsOptions>(['cells'], rest);
    super(options);
    this.cells = (options.cells ?? []).map((cell) =>
      checkCell(isSerialized(cell) ? deserializeLayer(cell) : cell, {
        call: 'All cells must have a `call` method. Received cell without a `call` method: ',
        stateSize: 'All cells must have a `state_size` attribute. Received cell without a `state_size`: ',
      }),
    );
    if (this.cells.length === 0) throw new TypeError('StackedRNNCells takes at least one cell.');
  }

  get stateSize(): readonly StateSize[] {
    return this.cells.map(({ stateSize }) => stateSize);
  }
  get outputSize(): StateSize {
    return outputSizeOf(this.cells[this.cells.length - 1]);
  }

  override build(inputShape: ShapeNest): void {
    let shape: LayerShape = singleShape(inputShape);
    for (const cell of this.cells) {
      const given = shape;
      if (cell instanceof Layer) getDefaultGraph().nameScope(cell.name, () => cell.ensureBuilt(given));
      shape = [given[0], ...dimsOf(flatSizes(outputSizeOf(cell))[0])];
    }
    super.build(inputShape);
  }

  override getInitialState(options: InitialStateOptions = {}): StateNest {
    return this.cells.map((cell) => {
      const states = initialStates(cell, options);
      return isPlainNode(cell.stateSize) ? states : (states[0] as Tensor);
    });
  }

  override call(inputs: Tensor, { states = [], constants, training }: CellCallOptions): StepResult {
    const nested = pack<Tensor>(this.stateSize, flatten<Tensor>(states as never)) as StateNest;
    let output: StepResult[0] = inputs;
    const after = this.cells.map((cell, i) => {
      const own = nested[i];
      const list = (isPlainNode(own) ? own : [own]) as StateNest;
      const [given, next] = runCell(cell, output, { states: list, training, ...(constants ? { constants } : {}) });
      output = given;
      return next;
    });
    return [output, pack<Tensor>(this.stateSize, flatten<Tensor>(after as never)) as StateNest];
  }

  override getConfig(): Config {
    const cells = this.cells.map((cell) => {
      if (cell instanceof Layer) return withSettledType(cell as unknown as Layer);
      throw new TypeError('A cell that is not a layer has no configuration.');
    });
    // Nothing settles the type of a stack: its cells have the weights.
    return { ...super.getConfig(), dtype: this.settledDtype?.name ?? null, cells };
  }
}
