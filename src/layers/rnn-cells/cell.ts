/**
 * The base of the cells of recurrent networks: layers that take an input and a state, and give an output and the next state.
 * What a cell computes is each subclass's own; running one over a sequence is the business of `rnn/`.
 */
import { getDefaultGraph } from '../../graph/default-graph.ts';
import type { Tensor } from '../../graph/graph.ts';
import { commonGraph } from '../../graph/graph-of.ts';
import { type LayerShape, type ShapeNest, singleShape } from '../../keras/engine/nest.ts';
import { atomically } from '../../keras/engine/undo.ts';
import { classNameOf } from '../../keras/serialization.ts';
import { convertToTensor } from '../../ops/emit.ts';
import { flatten } from '../../ops/nest.ts';
import { shape as shapeIn } from '../../ops/shaping.ts';
import { constantValue } from '../../ops/static-value.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import { asDType, type DType, type DTypeLike } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import type { VariableScope } from '../../variables/scope-object.ts';
import type { Variable } from '../../variables/variable.ts';
import { getVariableScope, variableScope } from '../../variables/variable-scope.ts';
import type { CustomGetter, Reuse } from '../../variables/variable-store.ts';
import { BaseLayer, type LayerOptions, partsOf } from '../layer.ts';
import { type SizeStructure, type TensorStructure, tensorsIn, zeroStateTensors } from './structure.ts';

/** What a step of a cell gives: the output, and the state for the next step. */
export type StepResult<O, S> = readonly [output: O, state: S];

/** What every cell takes. */
export interface CellOptions extends LayerOptions {
  /** True: the weights must exist in the cell's scope; AUTO_REUSE: make them if need be. */
  readonly reuse?: Reuse;
}

export interface InitialStateOptions {
  /** Inputs of the first step, whose batch size and type count. */
  readonly inputs?: TensorLike | null;
  readonly batchSize?: TensorLike | null;
  readonly dtype?: DTypeLike | null;
}

/** The scope of a call: one to be opened for it. */
export type CellScope = string | VariableScope | null;

/** A cell of a recurrent network as its wrappers and the functions that run it see it. */
export interface CellLike<S extends TensorStructure = TensorStructure, O extends TensorStructure = TensorStructure> {
  /** The size of the state of one row, or a structure of sizes. */
  readonly stateSize: SizeStructure;
  /** The size of the output for one row, or a structure of sizes. */
  readonly outputSize: SizeStructure;
  zeroState?(batchSize: TensorLike, dtype: DTypeLike): S;
  getInitialState?(options: InitialStateOptions): S;
  apply(inputs: TensorStructure, state: S, scope?: CellScope): StepResult<O, S>;
}

/**
 * A cell: a layer that takes the input and the state of a step, and gives the output and the next state. Subclasses say
 * `stateSize`, `outputSize` and `call`; variables that `call` gets by `tf.getVariable` are the cell's weights.
 *
 *     class Sum extends tf.nn.rnnCell.RNNCell {
 *       get stateSize() { return 3; }
 *       get outputSize() { return 3; }
 *       call(inputs, state) { const sum = state.add(inputs); return [sum, sum]; }
 *     }
 *     const [outputs, state] = tf.nn.dynamicRnn(new Sum(), x, {dtype: tf.float32});
 */
export class RNNCell<S extends TensorStructure = TensorStructure, O extends TensorStructure = TensorStructure>
  extends BaseLayer
  implements CellLike<S, O>
{
  static readonly className: string = 'RNNCell';
  /** The variable scope of the first call without one, in which all such calls go on. */
  #scope: VariableScope | null = null;

  constructor(
    ...rest: Rest<[trainable: boolean, name: string | null, dtype: DTypeLike | null], Omit<LayerOptions, 'trainable'>>
  ) {
    super(bind<LayerOptions>(['trainable', 'name', 'dtype'], rest));
  }

  /** The size of the state of one row: a number, a `TensorShape`, or a structure of these. */
  get stateSize(): SizeStructure {
    throw abstractMethod();
  }
  /** The size of the output for one row: a number, a `TensorShape`, or a structure of these. */
  get outputSize(): SizeStructure {
    throw abstractMethod();
  }
  /** Builds one step. */
  call(_inputs: TensorStructure, _state: S): StepResult<O, S> {
    throw abstractMethod();
  }

  /**
   * One step (Python's `cell(inputs, state)`): inputs `[batch, …]` and a state as `stateSize` says; the output and the next
   * state. The first call fixes the variable scope and makes the weights; later calls share them. `scope` is one to be used
   * instead of one of the cell's name. Throws `ValueError` for inputs that do not fit; graph and cell are then as before.
   *
   *     const [output, next] = cell.apply(x, cell.zeroState(batch, tf.float32));
   */
  apply(inputs: TensorStructure | TensorLike, state: S, scope: CellScope = null): StepResult<O, S> {
    return building([inputs, state], () => this.inScope(scope, (own) => this.step(inputs, state, own)));
  }

  /** Opens the variable scope that notes the variables of `call` as weights. */
  protected inScope<R>(scope: CellScope, body: (scope: CellScope) => R): R {
    const options = { customGetter: this.#notes };
    if (scope !== null) return variableScope(scope, options, (open) => body(open));
    this.#scope ??= getVariableScope();
    return variableScope(this.#scope, options, () => body(null));
  }

  readonly #notes: CustomGetter = (getter, name, request) => {
    const variable = getter(name, request);
    for (const part of partsOf(variable)) this.note(part);
    return variable;
  };

  private note(variable: Variable): void {
    if (!this.weights.includes(variable)) this.keep(variable);
  }

  /** The step itself, in the layer's scope. */
  protected step(inputs: TensorStructure | TensorLike, state: S, scope: CellScope): StepResult<O, S> {
    return this.invoke(scope, () => {
      const tensors = tensorsIn(inputs);
      const list = flatten(tensors);
      const shapes = list.map((tensor) => tensor.shape ?? []);
      return {
        inputs: list,
        shapes: list.length === 1 ? shapes[0] : shapes,
        call: () => this.call(tensors, state),
        outputsOf: ([output, next]) => [...flatten<Tensor>(output), ...flatten<Tensor>(next)],
      };
    });
  }

  /** Zeros as the state of `batchSize` rows. Throws `ValueError` where the size is null. */
  zeroState(batchSize: TensorLike, dtype: DTypeLike): S {
    return inNameOf(this, () => zeroStateTensors(this.stateSize, batchSize, dtype) as S);
  }

  /**
   * The state before the first step: `zeroState` of a batch size and type, which are given or those of `inputs`. Throws
   * `ValueError` where they are not known, or differ.
   */
  getInitialState(
    ...rest: Rest<
      [inputs: TensorLike | null, batchSize: TensorLike | null, dtype: DTypeLike | null],
      InitialStateOptions
    >
  ): S {
    const options = bind<InitialStateOptions>(['inputs', 'batchSize', 'dtype'], rest);
    let batchSize = options.batchSize ?? null;
    let dtype: DType | null = options.dtype == null ? null : asDType(options.dtype);
    if (options.inputs != null) {
      const inputs = convertToTensor(options.inputs, { name: 'inputs' });
      const own = inputs.shape?.[0] ?? null;
      const wanted = isTensor(batchSize) ? (constantValue(batchSize)?.item() ?? null) : batchSize;
      if (batchSize !== null && own !== wanted) {
        throw new ValueError(
          `batch size from input tensor is different from the input param. Input tensor batch: ${own ?? 'None'}, batch_size: ${batchSize}`,
        );
      }
      if (dtype !== null && dtype !== inputs.dtype) {
        throw new ValueError(
          `dtype from input tensor is different from the input param. Input tensor dtype: ${shown(inputs.dtype)}, dtype: ${shown(dtype)}`,
        );
      }
      batchSize = own || shapeIn(inputs).slice(0);
      dtype = inputs.dtype;
    }
    if (batchSize === null || dtype === null) {
      throw new ValueError(
        `batch_size and dtype cannot be None while constructing initial state: batch_size=${batchSize ?? 'None'}, dtype=${dtype ? shown(dtype) : 'None'}`,
      );
    }
    return this.zeroState(batchSize, dtype);
  }
}

/** A cell whose weights are those that `build` makes, as in other layers. */
export abstract class LayerRNNCell<S extends TensorStructure> extends RNNCell<S, Tensor> {
  constructor(options: CellOptions) {
    const { reuse = null, ...others } = options;
    super({ ...others, _reuse: reuse } as LayerOptions);
    checkFloat(options.dtype == null ? null : asDType(options.dtype));
  }
  protected override inScope<R>(scope: CellScope, body: (scope: CellScope) => R): R {
    return body(scope);
  }

  /** The length of the rows of the inputs. Throws `ValueError` where it is not known. */
  protected depthOf(inputShape: ShapeNest): number {
    const shape: LayerShape = singleShape(inputShape);
    const depth = shape[shape.length - 1] ?? null;
    if (depth === null) {
      const dims = shape.map((d) => d ?? 'None');
      throw new ValueError(
        `Expected inputs.shape[-1] to be known, received shape: (${dims.join(', ')}${dims.length === 1 ? ',' : ''})`,
      );
    }
    checkFloat(this.dtype);
    return depth;
  }
}

/** Builds in the graph of these tensors, or nothing where that fails. */
export function building<R>(structure: unknown, body: () => R): R {
  return atomically(commonGraph(flatten(structure)) ?? getDefaultGraph(), body);
}

/** A name scope for the zeros of a cell. */
export function inNameOf<R>(cell: object, body: () => R): R {
  return getDefaultGraph().nameScope(`${classNameOf(cell.constructor as { readonly name: string })}ZeroState`, body);
}

function abstractMethod(): Error {
  return Object.assign(new Error('Abstract method'), { name: 'NotImplementedError' });
}

function shown(dtype: DType): string {
  return `<dtype: '${dtype.name}'>`;
}

function isTensor(value: unknown): value is Tensor {
  return typeof value === 'object' && value !== null && 'op' in value;
}

function checkFloat(dtype: DType | null): void {
  if (dtype === null || dtype.isFloating || dtype.isComplex) return;
  throw new ValueError(`RNN cell only supports floating point inputs, but received dtype: ${shown(dtype)}`);
}

/** Throws `ValueError` for inputs and states that are no floats. */
export function checkFloats(...structures: readonly TensorStructure[]): void {
  for (const { dtype } of flatten<Tensor>(structures)) checkFloat(dtype);
}
