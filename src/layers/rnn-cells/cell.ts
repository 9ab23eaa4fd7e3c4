/**
 * The base of the cells of recurrent networks: layers that take an input and a state, and give an output and the next state.
 * What a cell computes is each subclass's own; running one over a sequence is the business of `rnn/`.
 */
import { getDefaultGraph } from '../../graph/default-graph.ts';
import type { Tensor } from '../../graph/graph.ts';
import { commonGraph } from '../../graph/graph-of.ts';
import type { LayerShape } from '../../keras/engine/nest.ts';
import { append, atomically } from '../../keras/engine/undo.ts';
import { classNameOf } from '../../keras/serialization.ts';
import { convertToTensor } from '../../ops/emit.ts';
import { flatten } from '../../ops/nest.ts';
import { shape as shapeIn } from '../../ops/shaping.ts';
import { constantValue } from '../../ops/static-value.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import { asDType, type DTypeLike } from '../../util/dtype.ts';
import { NotImplementedError, TypeError, ValueError } from '../../util/errors.ts';
import type { VariableScope } from '../../variables/scope-object.ts';
import type { Variable } from '../../variables/variable.ts';
import { getVariableScope, variableScope } from '../../variables/variable-scope.ts';
import type { CustomGetter, Reuse } from '../../variables/variable-store.ts';
import { Layer, type LayerOptions, partsOf } from '../layer.ts';
import { type SizeStructure, type TensorStructure, tensorsIn, zeroStateTensors } from './structure.ts';

/** What a step of a cell gives: the output, and the state for the next step. */
export type StepResult = readonly [output: TensorStructure, state: TensorStructure];

/** What every cell takes. */
export interface CellOptions extends LayerOptions {
  /** True: the weights must exist in the cell's scope; AUTO_REUSE: make them if need be. */
  readonly reuse?: Reuse;
}

interface InitialStateOptions {
  readonly inputs?: TensorLike | null;
  readonly batchSize?: TensorLike | null;
  readonly dtype?: DTypeLike | null;
}

/** What running a network asks of a cell; those of `tf.nn.rnnCell` are such, and so is any other object. */
export interface CellLike {
  /** The size of the state of a row, or a structure of sizes. */
  readonly stateSize: SizeStructure;
  /** The size of the output for a row, or a structure of sizes. */
  readonly outputSize: SizeStructure;
  zeroState?(batchSize: TensorLike, dtype: DTypeLike): TensorStructure;
  getInitialState?(options: InitialStateOptions): TensorStructure;
  apply(inputs: never, state: never, scope?: null): StepResult;
}

/** A cell takes and gives other things than a layer; all else of it is a layer's. */
interface CellBase extends Omit<Layer, 'apply' | 'call' | 'computeOutputShape'> {}
type CellBaseConstructor = new (options?: LayerOptions) => CellBase & Protected;
interface Protected {
  /** @internal */
  invoke: Layer['invoke' & keyof Layer];
}
export type { CellBaseConstructor, LayerShape, Variable, VariableScope, CustomGetter };
