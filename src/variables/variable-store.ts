/**
 * The variables of a graph by name: what `getVariable` creates or finds. Prefixes and inherited settings are
 * `variable-scope.ts`'s business.
 */
import { getDefaultGraph } from '../graph/default-graph.ts';
import type { Graph, Tensor } from '../graph/graph.ts';
import { GraphKeys } from '../graph/graph-keys.ts';
import type { DeviceLike } from '../graph/placement.ts';
import type { TensorLike } from '../ops/tensor-like.ts';
import { isSymbolic } from '../ops/tensor-like.ts';
import { asDType, type DType, type DTypeLike, float32, string } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { asShape, formatShape, isCompatible, isFullyDefined, type Shape, type ShapeLike } from '../util/shape.ts';
import {
  glorotUniformInitializer,
  type InitializerFactory,
  type InitializerFunction,
  isInitializer,
  isInitializerFactory,
  zerosInitializer,
} from './initializers.ts';
import { checkPartitioner, PartitionedVariable, type Partitioner, type Slice, slicesOf } from './partitioned.ts';
import { SaveSliceInfo } from './save-slice-info.ts';
import { Variable } from './variable.ts';

/** How a variable is shared: create or find it, whichever applies. */
export const AUTO_REUSE = Symbol.for('tf.AUTO_REUSE');
/** True: it must exist; false: it must not; AUTO_REUSE or null: create it if need be. */
export type Reuse = boolean | typeof AUTO_REUSE | null;

/** An initializer, a factory of one, a function (of the shape or of nothing), or the initial value itself. */
export type InitializerLike = InitializerFunction | (() => TensorLike) | InitializerFactory<readonly []> | TensorLike;

/**
 * A term of the loss for a variable; null for none. What it gets is the variable, as in TensorFlow, which converts to a
 * tensor wherever ops want one; the type lets functions take it for either.
 */
export type Regularizer = (weights: Variable & Tensor) => Tensor | null;

/** What a variable can be asked for with, besides its name. */
export interface VariableRequest {
  readonly shape?: ShapeLike;
  readonly dtype?: DTypeLike | null;
  readonly initializer?: InitializerLike | null;
  readonly regularizer?: Regularizer | null;
  readonly reuse?: Reuse;
  readonly trainable?: boolean | null;
  readonly collections?: readonly string[] | null;
  readonly cachingDevice?: DeviceLike;
  readonly partitioner?: Partitioner | null;
  readonly validateShape?: boolean;
  readonly useResource?: boolean | null;
  readonly constraint?: ((value: Tensor) => Tensor) | null;
}

/** What a custom getter may return. */
export type GetterResult = Variable | PartitionedVariable | Tensor;
/** Gets a variable by its full name. */
export type Getter = (name: string, request: VariableRequest) => GetterResult;
/** Stands between `getVariable` and the store: `getter` is the next one in. */
export type CustomGetter = (getter: Getter, name: string, request: VariableRequest) => GetterResult;

/** The variables of one graph. */
export class VariableStore {
  private readonly variables = new Map<string, Variable>();
  private readonly partitioned = new Map<string, PartitionedVariable>();

  /**
   * The variable of this full name, made or found as `reuse` says (null: whichever applies). Throws `ValueError` where it
   * may not be made or found, or is of another shape or type.
   */
  getVariable(name: string, request: VariableRequest = {}, customGetter: CustomGetter | null = null): GetterResult {
    if (customGetter === null) return this.get(name, request);
    if (typeof customGetter !== 'function') {
      throw new ValueError(`Passed a custom_getter which is not callable: ${String(customGetter)}`);
    }
    return customGetter((inner, innerRequest) => this.get(inner, innerRequest), name, request);
  }

  private get(name: string, request: VariableRequest): GetterResult {
    const { partitioner = null } = request;
    const shape = asShape(request.shape);
    const isScalar = Array.isArray(request.shape) && request.shape.length === 0;
    if (partitioner !== null && !isScalar) {
      checkPartitioner(partitioner);
      return this.getPartitioned(name, request, shape, partitioner);
    }
    const known = this.alivePartitioned(name);
    if (request.reuse === true && partitioner === null && known) {
      return this.getPartitioned(name, request, shape, null);
    }
    if (this.alive(`${name}/part_0`)) {
      throw new ValueError(
        `No partitioner was provided, but a partitioned version of the variable was found: ${name}/part_0. Perhaps a variable of the same name was already created with partitioning?`,
      );
    }
    return this.getSingle(name, request, null);
  }

  /** The variables of full names, parts of partitioned ones included. */
  list(): ReadonlyMap<string, Variable> {
    for (const name of [...this.variables.keys()]) this.alive(name);
    return this.variables;
  }

  /** A variable that a failed build took back with its nodes is forgotten. */
  private alive(name: string): Variable | undefined {
    const found = this.variables.get(name);
    if (found && !exists(found)) {
      this.variables.delete(name);
      return undefined;
    }
    return found;
  }

  private alivePartitioned(name: string): PartitionedVariable | undefined {
    const found = this.partitioned.get(name);
    if (found?.variables.every(exists) === false) {
      this.partitioned.delete(name);
      return undefined;
    }
    return found;
  }

  private getSingle(name: string, request: VariableRequest, part: Part | null): Variable {
    const { initializer = null, reuse = null } = request;
    const isValue = initializer !== null && typeof initializer !== 'function';
    const shape = asShape(request.shape);
    if (request.shape !== null && request.shape !== undefined && isValue) {
      throw new ValueError('If initializer is a constant, do not specify shape.');
    }
    const dtype = asDType(request.dtype ?? float32);
    const found = this.alive(name);
    if (found) {
      if (reuse === false) {
        throw new ValueError(
          `Variable ${name} already exists, disallowed. Did you mean to set reuse=True or reuse=tf.AUTO_REUSE in VarScope?`,
        );
      }
      checkShared(name, shape, dtype, found);
      return found;
    }
    if (reuse === true) throw missing(name);
    const made = create(name, request, shape, dtype, part);
    this.variables.set(name, made);
    if (request.regularizer) addRegularizationLoss(name, made, request.regularizer);
    return made;
  }

  private getPartitioned(
    name: string,
    request: VariableRequest,
    shape: Shape,
    partitioner: Partitioner | null,
  ): PartitionedVariable {
    const { initializer = null, reuse = null } = request;
    if (initializer !== null && typeof initializer !== 'function' && isSymbolic(initializer) && shape === null) {
      throw new ValueError('A partitioned variable needs a shape: its initializer is called per part.');
    }
    const dtype = asDType(request.dtype ?? float32);
    const found = this.alivePartitioned(name);
    if (found) {
      if (reuse === false) {
        throw new ValueError(
          `Partitioned variable with name ${name} already exists. Did you mean to set reuse=True or reuse=tf.AUTO_REUSE in VarScope?`,
        );
      }
      checkSharedParts(name, shape, dtype, found, partitioner);
      return found;
    }
    if (reuse === true) {
      throw new ValueError(
        `PartitionedVariable ${name} does not exist, or was not created with tf.get_variable(). Did you mean to set reuse=False or reuse=tf.AUTO_REUSE in VarScope?`,
      );
    }
    if (!isFullyDefined(shape)) {
      throw new ValueError(
        `Shape of a new partitioned variable (${name}) must be fully defined, but instead was ${formatShape(shape)}.`,
      );
    }
    const partitions = (partitioner as Partitioner)(shape, dtype);
    const slices = slicesOf(shape, partitions);
    if (this.alive(`${name}/part_0`)) {
      throw new ValueError(
        `Partitioner returned a different partitioning than what was already found. Variable ${name}/part_0 exists.`,
      );
    }
    const parts = slices.map((slice, i) =>
      this.getSingle(
        `${name}/part_${i}`,
        { ...request, shape: slice.shape, partitioner: null },
        { ...slice, whole: shape },
      ),
    );
    parts.forEach((part, i) => {
      part.saveSliceInfo ??= new SaveSliceInfo(name, shape, slices[i].offset, slices[i].shape);
    });
    const made = new PartitionedVariable(name, shape, parts[0].dtype, parts, partitions);
    this.partitioned.set(name, made);
    return made;
  }
}

/** A part to be made of a variable of shape `whole`. */
interface Part extends Slice {
  readonly whole: readonly number[];
}

function exists(variable: Variable): boolean {
  const { op, graph } = variable;
  return op.id < graph.size && graph.operation(op.id) === op;
}

function missing(name: string): ValueError {
  return new ValueError(
    `Variable ${name} does not exist, or was not created with tf.get_variable(). Did you mean to set reuse=tf.AUTO_REUSE in VarScope?`,
  );
}

function checkShared(name: string, shape: Shape, dtype: DType, found: Variable | PartitionedVariable): void {
  if (!isCompatible(shape, found.shape)) {
    throw new ValueError(
      `Trying to share variable ${name}, but specified shape ${formatShape(shape)} and found shape ${formatShape(found.shape)}.`,
    );
  }
  if (dtype !== found.dtype) {
    throw new ValueError(
      `Trying to share variable ${name}, but specified dtype ${dtype.name} and found dtype ${found.dtype.name}.`,
    );
  }
}

function checkSharedParts(
  name: string,
  shape: Shape,
  dtype: DType,
  found: PartitionedVariable,
  partitioner: Partitioner | null,
): void {
  if (!isCompatible(shape, found.shape)) {
    throw new ValueError(
      `Trying to reuse partitioned variable ${name}, but specified shape ${formatShape(shape)} and found shape ${formatShape(found.shape)}.`,
    );
  }
  if (dtype !== found.dtype) {
    throw new ValueError(
      `Trying to reuse partitioned variable ${name}, but specified dtype ${dtype.name} and found dtype ${found.dtype.name}.`,
    );
  }
  if (partitioner && partitioner(found.shape, dtype).join() !== found.partitions.join()) {
    throw new ValueError(
      `Trying to reuse partitioned variable ${name}, but specified partitions [${partitioner(found.shape, dtype).join(', ')}] and found partitions [${found.partitions.join(', ')}].`,
    );
  }
}

function create(name: string, request: VariableRequest, shape: Shape, dtype: DType, part: Part | null): Variable {
  const given = request.initializer ?? defaultInitializer(name, dtype);
  const initializer = isInitializerFactory(given) ? given() : given;
  const options = {
    name,
    trainable: request.trainable ?? true,
    collections: request.collections,
    cachingDevice: request.cachingDevice,
    validateShape: request.validateShape ?? true,
    constraint: request.constraint,
    useResource: request.useResource,
  };
  if (typeof initializer !== 'function') return new Variable(initializer, options);
  if (isFullyDefined(shape)) {
    const partitionInfo = part && { fullShape: part.whole, varOffset: part.offset };
    const build = () => (initializer as InitializerFunction)(shape, { dtype, partitionInfo });
    return new Variable(build, { ...options, dtype });
  }
  if (initializer.length > 0 || isInitializer(initializer)) {
    throw new ValueError(
      `Shape of a new variable (${name}) must be fully defined, but instead was ${formatShape(shape)}.`,
    );
  }
  return new Variable(initializer as () => TensorLike, options);
}

function defaultInitializer(name: string, dtype: DType): InitializerLike {
  if (dtype.isFloating) return glorotUniformInitializer();
  if (dtype.isInteger || dtype.isBool || dtype === string) return zerosInitializer();
  throw new ValueError(`An initializer for variable ${name} of ${dtype} is required`);
}

function addRegularizationLoss(name: string, variable: Variable, regularizer: Regularizer): void {
  if (typeof regularizer !== 'function') {
    throw new TypeError(`regularizer must be callable, but received: ${String(regularizer)}`);
  }
  const { graph } = variable;
  const loss = graph.atomic(() =>
    graph.asDefault(() =>
      graph.controlDependencies(null, () => {
        using _ = graph.colocateWith(variable.op);
        return graph.nameScope(`${name}/Regularizer/`, () => regularizer(variable as Variable & Tensor));
      }),
    ),
  );
  if (loss) graph.addToCollection(GraphKeys.REGULARIZATION_LOSSES, loss);
}

const stores = new WeakMap<Graph, VariableStore>();

/** The store of a graph: of the default graph, without one given. */
export function variableStoreOf({ root: graph }: Graph = getDefaultGraph()): VariableStore {
  let store = stores.get(graph);
  if (!store) {
    store = new VariableStore();
    stores.set(graph, store);
  }
  return store;
}
