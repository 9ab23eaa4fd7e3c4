/**
 * Cells around a cell: `ResidualWrapper`, `DeviceWrapper`, and the base of wrappers. Dropout has a file of its own; the cell
 * inside keeps its scope and its weights.
 */
import { getDefaultGraph } from '../../graph/default-graph.ts';
import type { Tensor } from '../../graph/graph.ts';
import type { DeviceLike } from '../../graph/placement.ts';
import { flatten } from '../../ops/nest.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import type { DTypeLike } from '../../util/dtype.ts';
import { TypeError, ValueError } from '../../util/errors.ts';
import { formatShape, isCompatible } from '../../util/shape.ts';
import type { Variable } from '../../variables/variable.ts';
import { BaseLayer, type LayerOptions } from '../layer.ts';
import { building, type CellLike, type CellScope, inNameOf, RNNCell, type StepResult } from './cell.ts';
import { zeroStateOf } from './multi-cell.ts';
import { assertSameStructure, mapUpTo, type SizeStructure, type TensorStructure, tensorsIn } from './structure.ts';

/** Throws `TypeError` for what lacks something that a cell has. */
export function assertLikeCell(name: string, cell: unknown): void {
  const has = (key: string) => typeof cell === 'object' && cell !== null && key in cell;
  const missing = [
    has('outputSize') ? null : "'output_size' property is missing",
    has('stateSize') ? null : "'state_size' property is missing",
    has('getInitialState') || has('zeroState') ? null : "either 'zero_state' or 'get_initial_state' method is required",
    has('apply') ? null : 'is not callable',
  ].filter((item) => item !== null);
  if (missing.length === 0) return;
  throw new TypeError(`The argument '${name}' (${String(cell)}) is not an RNNCell: ${missing.join(', ')}.`);
}

/** A step of the cell inside. */
export type InnerStep<S, O> = (inputs: TensorStructure) => StepResult<O, S>;

/** A cell around another, with its sizes, its scope and its weights. */
export abstract class CellWrapper<S extends TensorStructure, O extends TensorStructure> extends RNNCell<S, O> {
  /** The cell inside. */
  readonly cell: CellLike<S, O>;

  constructor(cell: CellLike<S, O> | undefined, options: LayerOptions) {
    super(options as Omit<LayerOptions, 'trainable'>);
    assertLikeCell('cell', cell);
    this.cell = cell as CellLike<S, O>;
  }

  override get stateSize(): SizeStructure {
    return this.cell.stateSize;
  }
  override get outputSize(): SizeStructure {
    return this.cell.outputSize;
  }
  override zeroState(batchSize: TensorLike, dtype: DTypeLike): S {
    return inNameOf(this, () => zeroStateOf(this.cell, batchSize, dtype));
  }

  override apply(inputs: TensorStructure | TensorLike, state: S, scope: CellScope = null): StepResult<O, S> {
    return building([inputs, state], () => {
      const tensors = tensorsIn(inputs);
      return this.around(tensors, (given) => this.cell.apply(given, state, scope));
    });
  }
  /** What the wrapper makes of the step of the cell inside. */
  protected abstract around(inputs: TensorStructure, step: InnerStep<S, O>): StepResult<O, S>;

  override get trainableWeights(): Variable[] {
    return this.trainable && this.cell instanceof BaseLayer ? this.cell.trainableWeights : [];
  }
  override get nonTrainableWeights(): Variable[] {
    if (!(this.cell instanceof BaseLayer)) return [];
    return this.trainable ? this.cell.nonTrainableWeights : this.cell.weights;
  }
}

/** What a residual wrapper makes of inputs and outputs. */
export type ResidualFunction<O = TensorStructure> = (inputs: TensorStructure, outputs: O) => O;

export interface ResidualWrapperOptions<S extends TensorStructure, O extends TensorStructure> extends LayerOptions {
  readonly cell?: CellLike<S, O>;
  /** What becomes of inputs and outputs; their sums without it. */
  readonly residualFn?: ResidualFunction<O> | null;
}

/**
 * A cell whose output is added to its input, or joined with it as `residualFn` says. Throws `TypeError` for what is no cell,
 * `ValueError` for inputs and outputs that differ in structure or shape.
 *
 *     const cell = new tf.nn.rnnCell.ResidualWrapper(new tf.nn.rnnCell.GRUCell(64));
 */
export class ResidualWrapper<
  S extends TensorStructure = TensorStructure,
  O extends TensorStructure = TensorStructure,
> extends CellWrapper<S, O> {
  static override readonly className: string = 'ResidualWrapper';
  readonly #residualFn: ResidualFunction<O> | null;

  constructor(
    ...rest: Rest<[cell: CellLike<S, O>, residualFn: ResidualFunction<O> | null], ResidualWrapperOptions<S, O>>
  ) {
    const [given] = rest;
    // A cell that is a plain object would be taken for keyword arguments.
    const isBare = rest.length === 1 && isCellObject(given);
    const { cell, residualFn, ...options } = isBare
      ? ({ cell: given } as ResidualWrapperOptions<S, O>)
      : bind<ResidualWrapperOptions<S, O>>(['cell', 'residualFn'], rest);
    super(cell, options);
    this.#residualFn = residualFn ?? null;
  }

  protected override around(inputs: TensorStructure, step: InnerStep<S, O>): StepResult<O, S> {
    const [outputs, state] = step(inputs);
    return [(this.#residualFn ?? sumsOf)(inputs, outputs) as O, state];
  }
}

/** Whether a plain object is a cell rather than keyword arguments. */
export function isCellObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'stateSize' in value && 'outputSize' in value;
}

function sumsOf(inputs: TensorStructure, outputs: TensorStructure): TensorStructure {
  assertSameStructure(inputs, outputs);
  const others = flatten<Tensor>(outputs);
  flatten<Tensor>(inputs).forEach(({ shape }, i) => {
    if (isCompatible(shape, others[i].shape)) return;
    throw new ValueError(`Shapes ${formatShape(shape)} and ${formatShape(others[i].shape)} are incompatible`);
  });
  return mapUpTo(inputs, (_, x, y) => (x as Tensor).add(y as Tensor), inputs, outputs);
}

export interface DeviceWrapperOptions<S extends TensorStructure, O extends TensorStructure> extends LayerOptions {
  readonly cell?: CellLike<S, O>;
  readonly device?: DeviceLike;
}

/**
 * A cell whose ops say that they belong to a device, as under `tf.device`. Throws `TypeError` for what is no cell.
 *
 *     const cell = new tf.nn.rnnCell.DeviceWrapper(new tf.nn.rnnCell.GRUCell(64), '/gpu:0');
 */
export class DeviceWrapper<
  S extends TensorStructure = TensorStructure,
  O extends TensorStructure = TensorStructure,
> extends CellWrapper<S, O> {
  static override readonly className: string = 'DeviceWrapper';
  readonly #device: DeviceLike;

  constructor(...rest: Rest<[cell: CellLike<S, O>, device: DeviceLike], DeviceWrapperOptions<S, O>>) {
    const { cell, device, ...options } = bind<DeviceWrapperOptions<S, O>>(['cell', 'device'], rest);
    super(cell, options);
    this.#device = device ?? null;
  }

  override zeroState(batchSize: TensorLike, dtype: DTypeLike): S {
    return inNameOf(this, () => getDefaultGraph().device(this.#device, () => zeroStateOf(this.cell, batchSize, dtype)));
  }
  protected override around(inputs: TensorStructure, step: InnerStep<S, O>): StepResult<O, S> {
    return getDefaultGraph().device(this.#device, () => step(inputs));
  }
}
