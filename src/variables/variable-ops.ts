/**
 * The ops of a new variable, under TensorFlow's names: initial value, handle, initializer, reads. The object that stands
 * for them is `variable.ts`'s.
 */
import { getDefaultGraph } from '../graph/default-graph.ts';
import type { Graph, Operation, Tensor } from '../graph/graph.ts';
import type { DeviceLike } from '../graph/placement.ts';
import { convertToTensor, emit, emitOne, graphOf } from '../ops/emit.ts';
import '../ops/state.ts';
import type { TensorLike } from '../ops/tensor-like.ts';
import { asDType, type DTypeLike } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { pythonTypeName } from '../util/python-names.ts';
import { asShape, formatShape, isCompatible, isFullyDefined, type Shape, type ShapeLike } from '../util/shape.ts';
import type { VariableDef } from './variable-def.ts';

/** A value, or a function that gives one: it is called where the initializer's ops belong. */
export type InitialValue = TensorLike | (() => TensorLike);

export interface VariableOptions {
  /** Whether optimizers train it; true without it. */
  readonly trainable?: boolean | null;
  /** The collections it is added to; `GraphKeys.GLOBAL_VARIABLES` without it. */
  readonly collections?: readonly string[] | null;
  /** False allows an initial value of unknown shape. */
  readonly validateShape?: boolean;
  /** A device on which the value is cached for reads. */
  readonly cachingDevice?: DeviceLike;
  readonly name?: string | null;
  readonly dtype?: DTypeLike | null;
  /** The shape that the initial value must have. */
  readonly expectedShape?: ShapeLike;
  /** Maps a new value to an allowed one; applied by optimizers. */
  readonly constraint?: ((value: Tensor) => Tensor) | null;
  /** The static shape, where it should say less than the initial value does. */
  readonly shape?: ShapeLike;
  /** Resource variables are the only kind that can be built: true changes nothing, false is refused. */
  readonly useResource?: boolean | null;
  /** A variable whose ops the default graph has: nothing is built then, and nothing but `importScope` counts beside it. */
  readonly variableDef?: VariableDef | null;
  /** The scope that those ops are in, beyond what their names say. */
  readonly importScope?: string | null;
}

/** The ops of a new variable. */
export interface VariableParts {
  readonly handle: Tensor;
  readonly initialValue: Tensor;
  readonly shape: Shape;
  readonly initializer: Operation;
  readonly isInitialized: Tensor;
  readonly read: Tensor;
  readonly cached: Tensor | null;
}

/** Builds them, or nothing where that fails. */
export function buildVariable(initialValue: InitialValue, options: VariableOptions): VariableParts {
  checkOptions(initialValue, options);
  // Variables made in the body of a function are variables of the graph around it.
  const around = typeof initialValue === 'function' ? getDefaultGraph() : graphOf([initialValue]);
  const graph = around.root;
  // Of scopes those of the body count, as an absolute name.
  const inner = around === graph ? null : around.getNameScope();
  const absolute = inner ? `${inner}/` : null;
  const { validateShape = true } = options;
  const build = (scope: string): VariableParts => {
    const initial = graph.device(null, () => initialTensor(graph, initialValue, options));
    const shape = variableShape(initial, options, validateShape);
    const name = scope.slice(0, -1);
    const { dtype } = initial;
    const handle = emitOne('VarHandleOp', [], { shared_name: name, debug_name: name, dtype, shape }, scope);
    const isInitialized = graph.nameScope('IsInitialized', () => emitOne('VarIsInitializedOp', [handle]));
    const initializer = graph.nameScope('Assign', (assign) =>
      graph.device(handle.device, () => emit('AssignVariableOp', [handle, initial], {}, assign)),
    );
    const [read, cached] = graph.nameScope('Read', () => {
      const value = graph.device(handle.device, () => emitOne('ReadVariableOp', [handle], { dtype }));
      const { cachingDevice } = options;
      return [value, cachingDevice ? graph.device(cachingDevice, () => emitOne('Identity', [value])) : null];
    });
    return { handle, initialValue: initial, shape, initializer, isInitialized, read, cached };
  };
  const named = () => graph.nameScope(options.name || 'Variable', build);
  return graph.atomic(() =>
    graph.asDefault(() =>
      // The variable outlives what is open around it: its ops wait for nobody.
      graph.controlDependencies(null, () => (around === graph ? named() : graph.nameScope(absolute, named))),
    ),
  );
}

function checkOptions(initialValue: InitialValue, options: VariableOptions): void {
  if (initialValue === null || initialValue === undefined) {
    throw new ValueError(
      'The `initial_value` arg to `tf.Variable` must be specified except when you are not providing a `variable_def`. You provided neither.',
    );
  }
  const { collections, constraint } = options;
  if (
    collections !== null &&
    collections !== undefined &&
    (typeof collections === 'string' || !(Symbol.iterator in collections))
  ) {
    throw new ValueError(
      `collections argument to Variable constructor must be a list, tuple, or set. Got ${String(collections)} of type ${pythonTypeName(collections)}`,
    );
  }
  if (constraint !== null && constraint !== undefined && typeof constraint !== 'function') {
    throw new ValueError(
      `Argument \`constraint\` must be None or a callable. a callable. Got a ${pythonTypeName(constraint)}:  ${String(constraint)}`,
    );
  }
  if (options.useResource === false) {
    throw new ValueError('Reference variables cannot be built: use_resource must not be False.');
  }
}

function initialTensor(graph: Graph, initialValue: InitialValue, options: VariableOptions): Tensor {
  const dtype = options.dtype === null || options.dtype === undefined ? null : asDType(options.dtype);
  return graph.nameScope('Initializer', () => {
    const given = typeof initialValue === 'function' ? initialValue() : initialValue;
    return convertToTensor(given, { dtype, name: 'initial_value' });
  });
}

function variableShape(initial: Tensor, options: VariableOptions, validateShape: boolean): Shape {
  const wanted = asShape(options.expectedShape);
  if (!isCompatible(initial.shape, wanted)) {
    throw new ValueError(
      `Initial value has shape ${formatShape(initial.shape)}, which is not compatible with expected_shape ${formatShape(wanted)}.`,
    );
  }
  if (options.shape !== undefined) {
    const shape = asShape(options.shape);
    if (!isCompatible(initial.shape, shape)) {
      throw new ValueError(
        `In this \`tf.Variable\` creation, the initial value's shape (${formatShape(initial.shape)}) is not compatible with the explicitly supplied \`shape\` argument (${formatShape(shape)}).`,
      );
    }
    return shape;
  }
  if (!validateShape) return isFullyDefined(initial.shape) ? initial.shape : null;
  if (!isFullyDefined(initial.shape)) {
    throw new ValueError(`initial_value must have a shape specified: ${initial}`);
  }
  return initial.shape;
}
