/**
 * The variables that optimizers and averages keep beside a variable, named after it. What is kept in them is up to their
 * makers.
 */
import type { Tensor } from '../graph/graph.ts';
import { constantOp, emit, emitOne } from '../ops/emit.ts';
import type { TensorLike } from '../ops/tensor-like.ts';
import { toNdArray } from '../util/array-convert.ts';
import type { DType } from '../util/dtype.ts';
import { isFullyDefined, type KnownShape } from '../util/shape.ts';
import { getVariable, variableScope } from '../variables/index.ts';
import { type Initializer, zerosInitializer } from '../variables/initializers.ts';
import type { Variable } from '../variables/variable.ts';

/** How a slot starts: a tensor, or an initializer that is called with the slot's shape and type. */
export type SlotStart = Tensor | Initializer | ((shape: KnownShape, dtype: DType) => TensorLike);

export interface SlotOptions {
  readonly shape?: KnownShape | null;
  readonly dtype?: DType | null;
  /** Whether the slot is placed with its variable; true without it. */
  readonly colocate?: boolean;
}

/** What a slot is kept for: a variable, or for averages any tensor. */
export type Primary = Variable | Tensor;

/**
 * A variable that is not trained, called `<primary>/<name>` (inside an open variable scope, with its prefix), on the graph
 * of the primary and placed with it. Its shape and type are the primary's unless given.
 */
export function createSlot(primary: Primary, start: SlotStart, name: string, options: SlotOptions = {}): Variable {
  const shape = options.shape ?? (isFullyDefined(primary.shape) ? primary.shape : null);
  const dtype = options.dtype ?? primary.dtype;
  const initializer = startOf(primary, start, shape, dtype);
  const { graph } = primary;
  return graph.asDefault(() =>
    variableScope(null, { defaultName: `${primary.op.name}/${name}` }, () => {
      const dims = typeof initializer === 'function' ? { shape, dtype } : {};
      const build = () =>
        getVariable('', { initializer, trainable: false, validateShape: shape !== null, partitioner: null, ...dims });
      return options.colocate === false ? build() : graph.colocateWith(primary.op, false, build);
    }),
  );
}

/** An initializer, or the initial value itself where the shape is known only in a run. */
function startOf(primary: Primary, start: SlotStart, shape: KnownShape | null, dtype: DType) {
  if (typeof start !== 'function') return start;
  if (!shape) return emitOne('ZerosLike', [primary]);
  return 'getConfig' in start ? start : (dims: KnownShape) => start(dims, dtype);
}

/** Whether the graph still has the variable: a failed build takes back what it made. */
export function exists({ graph, op }: Variable): boolean {
  return op.id < graph.size && graph.operation(op.id) === op;
}

/** A slot that starts at zero. */
export function createZerosSlot(primary: Primary, name: string, options: SlotOptions = {}): Variable {
  return createSlot(primary, zerosInitializer(), name, options);
}

/** A read of the present value, under the name `ReadVariableOp`, placed with nothing. */
export function readOf(variable: Variable): Tensor {
  const { graph } = variable;
  return graph.colocateWith(null, true, () =>
    emitOne('ReadVariableOp', [variable.handle], { dtype: variable.dtype }, 'ReadVariableOp'),
  );
}

/** The value in the type: a tensor or variable of that type as it is. */
export function castTo(value: Tensor | Variable, dtype: DType): Tensor | Variable {
  return value.dtype === dtype ? value : emitOne('Cast', [value], { DstT: dtype }, 'Cast');
}

/** Adds to a variable. The name may end in a slash: it is then taken as it is. */
export function assignAdd(variable: Variable, delta: number, name: string) {
  const value = constantOp(toNdArray(delta, variable.dtype), 'Const');
  return emit('AssignAddVariableOp', [variable.handle, value], {}, name);
}
