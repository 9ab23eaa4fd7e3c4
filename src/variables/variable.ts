/**
 * `Variable`: a tensor whose value a session keeps from run to run. It builds the handle, the initializer and reads;
 * sharing by name is `variable-store.ts`'s business, the values are the session's.
 */
import type { Evaluator } from '../graph/evaluator.ts';
import type { Graph, Operation, Tensor } from '../graph/graph.ts';
import { GraphKeys } from '../graph/graph-keys.ts';
import { buildingGraph } from '../graph/graph-of.ts';
import { Chainable } from '../graph/operators.ts';
import type { DeviceLike } from '../graph/placement.ts';
import { cond } from '../ops/cond.ts';
import { convertToTensor, emit, emitOne } from '../ops/emit.ts';
import { asIndices } from '../ops/indices.ts';
import { bind, type Rest, type TensorConvertible, type TensorLike } from '../ops/tensor-like.ts';
import { toNdArray } from '../util/array-convert.ts';
import { type DType, int32, resource } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { formatShape, isCompatible, isFullyDefined, type Shape, TensorShape } from '../util/shape.ts';
import type { SaveSliceInfo } from './save-slice-info.ts';
import { findVariable, referenceForm, referenceInBody, type VariableDef, variableDef } from './variable-def.ts';
import { buildVariable, type InitialValue, type VariableOptions } from './variable-ops.ts';

/** Rows of a gradient or update, as `tf.IndexedSlices` holds them. */
export interface SparseDelta {
  readonly values: TensorLike;
  readonly indices: TensorLike;
}

type VariableArguments = Rest<
  [
    trainable: boolean | null,
    collections: readonly string[] | null,
    validateShape: boolean,
    cachingDevice: DeviceLike,
    name: string | null,
  ],
  VariableOptions & { readonly initialValue?: InitialValue }
>;

export interface AssignOptions {
  readonly useLocking?: boolean | null;
  readonly name?: string | null;
  /** False gives the assigning operation alone, without a read of the new value. */
  readonly readValue?: boolean;
}
type AssignArguments = Rest<[useLocking: boolean | null, name: string | null, readValue: boolean], AssignOptions>;

/** What reads of a variable have in common: the handle, and the ways to read and to write. */
abstract class BaseVariable extends Chainable<Tensor> implements TensorConvertible {
  constructor(
    /** The resource handle, or the reference of a reference variable. */
    readonly handle: Tensor,
    readonly dtype: DType,
    readonly shape: Shape,
  ) {
    super();
  }

  /** The tensor that a fetch of the variable evaluates. */
  protected abstract get element(): Tensor;
  /** What reads have to wait for. */
  protected abstract get after(): Operation | null;
  abstract get op(): Operation;
  abstract get name(): string;

  get graph(): Graph {
    return this.handle.graph;
  }
  /** Whether it is one of the reference variables that only files have. */
  protected get isReference(): boolean {
    return this.handle.dtype !== resource;
  }
  /** Where ops on the variable are built now: its graph, or the body of a function inside of it. */
  protected get place(): Graph {
    return buildingGraph(this.graph);
  }
  get device(): string {
    return this.handle.device;
  }
  getShape(): TensorShape {
    return new TensorShape(this.shape);
  }
  /** The rank; null where it is not known. */
  get rank(): number | null {
    return this.shape?.length ?? null;
  }

  /** A read of the present value; each call builds its own. */
  value(): Tensor {
    return this.read('ReadVariableOp');
  }
  /** A read that later control dependencies can order; each call builds its own. */
  readValue(): Tensor {
    const value = this.place.nameScope('Read', () => this.read('ReadVariableOp'));
    return emitOne('Identity', [value]);
  }
  private read(name: string): Tensor {
    const { after } = this;
    const build = () =>
      this.isReference
        ? emitOne('Identity', [this.handle], {}, name)
        : emitOne('ReadVariableOp', [this.handle], { dtype: this.dtype }, name);
    const value = after ? this.place.controlDependencies([after], build) : build();
    if (!this.isReference && this.handle.spec.handle?.shape === null && this.shape !== null) value.setShape(this.shape);
    return value;
  }
  /** The rows at `indices`, without reading the rest. */
  sparseRead(indices: TensorLike, name?: string | null): Tensor {
    if (this.isReference) return emitOne('GatherV2', [this.value(), asIndices(indices), toNdArray(0, int32)], {}, name);
    return this.place.nameScope(name || 'Gather', (scope) =>
      emitOne('ResourceGather', [this.handle, asIndices(indices)], { dtype: this.dtype }, scope),
    );
  }
  /** The slices at full or partial indices, without reading the rest. */
  gatherNd(indices: TensorLike, name?: string | null): Tensor {
    if (this.isReference) return emitOne('GatherNd', [this.value(), asIndices(indices)], {}, name);
    const value = this.place.nameScope(name || 'GatherNd', (scope) =>
      emitOne('ResourceGatherNd', [this.handle, asIndices(indices)], { dtype: this.dtype }, scope),
    );
    return emitOne('Identity', [value]);
  }

  /** For functions that take tensors: a fresh read. Throws `ValueError` for another type than the variable's. */
  asTensor(dtype?: DType | null): Tensor {
    if (dtype && dtype !== this.dtype) {
      throw new ValueError(
        `Incompatible type conversion requested to type '${dtype.name}' for \`tf.Variable of type '${this.dtype.name}'. (Variable: ${this})`,
      );
    }
    return this.value();
  }
  asGraphElement(): Tensor | Operation {
    return this.element;
  }

  /** The value in `session`, or in the default one. Throws `ValueError` where there is none for this graph. */
  eval(session?: Evaluator | null): Promise<unknown> {
    return this.element.eval(undefined, session);
  }

  /**
   * Gives the variable a new value. What comes back is the variable after it: to be run, or read for the new value.
   * Throws `ValueError` for a value of another shape, `TypeError` or `ValueError` for one of another type.
   *
   *     await sess.run(v.assign([1, 2]))    // the new value
   *     await sess.run(v.assign([1, 2]).op) // null
   */
  assign(value: TensorLike, ...rest: AssignArguments): AssignedVariable {
    const { name, readValue = true } = assignOptions(rest);
    const tensor = this.convert(value);
    if (!isCompatible(this.shape, tensor.shape)) {
      throw new ValueError(
        `Cannot assign value to variable ' ${this.name}': Shape mismatch.The variable shape ${formatShape(this.shape)}, and the assigned value shape ${formatShape(tensor.shape)} are incompatible.`,
      );
    }
    const validate = isFullyDefined(this.shape);
    return this.update('AssignVariableOp', [tensor], name, readValue, { validate_shape: validate });
  }
  /** Adds to the variable; as `assign` otherwise. */
  assignAdd(delta: TensorLike, ...rest: AssignArguments): AssignedVariable {
    const { name, readValue = true } = assignOptions(rest);
    return this.update('AssignAddVariableOp', [this.convert(delta)], name, readValue);
  }
  /** Subtracts from the variable; as `assign` otherwise. */
  assignSub(delta: TensorLike, ...rest: AssignArguments): AssignedVariable {
    const { name, readValue = true } = assignOptions(rest);
    return this.update('AssignSubVariableOp', [this.convert(delta)], name, readValue);
  }

  /** Subtracts the rows of a sparse update. The run fails for indices out of range. */
  scatterSub(delta: SparseDelta, useLocking = false, name?: string | null): AssignedVariable {
    return this.scatter('ResourceScatterSub', delta, name, useLocking);
  }
  scatterAdd(delta: SparseDelta, useLocking = false, name?: string | null): AssignedVariable {
    return this.scatter('ResourceScatterAdd', delta, name, useLocking);
  }
  scatterMul(delta: SparseDelta, useLocking = false, name?: string | null): AssignedVariable {
    return this.scatter('ResourceScatterMul', delta, name, useLocking);
  }
  scatterDiv(delta: SparseDelta, useLocking = false, name?: string | null): AssignedVariable {
    return this.scatter('ResourceScatterDiv', delta, name, useLocking);
  }
  scatterMax(delta: SparseDelta, useLocking = false, name?: string | null): AssignedVariable {
    return this.scatter('ResourceScatterMax', delta, name, useLocking);
  }
  scatterMin(delta: SparseDelta, useLocking = false, name?: string | null): AssignedVariable {
    return this.scatter('ResourceScatterMin', delta, name, useLocking);
  }
  /** Replaces rows. Of several updates of one row the last counts. */
  scatterUpdate(delta: SparseDelta, useLocking = false, name?: string | null): AssignedVariable {
    return this.scatter('ResourceScatterUpdate', delta, name, useLocking);
  }
  private scatter(type: string, delta: SparseDelta, name: string | null | undefined, _useLocking: boolean) {
    if (typeof delta !== 'object' || delta === null || !('indices' in delta && 'values' in delta)) {
      throw new TypeError(`Argument \`sparse_delta\` must be a \`tf.IndexedSlices\`. Received arg: ${String(delta)}`);
    }
    return this.update(type, [asIndices(delta.indices), this.convert(delta.values)], name, true);
  }
  /** Replaces slices at full or partial indices. */
  scatterNdUpdate(indices: TensorLike, updates: TensorLike, name?: string | null): AssignedVariable {
    return this.update('ResourceScatterNdUpdate', [asIndices(indices), this.convert(updates)], name, true);
  }
  scatterNdAdd(indices: TensorLike, updates: TensorLike, name?: string | null): AssignedVariable {
    return this.update('ResourceScatterNdAdd', [asIndices(indices), this.convert(updates)], name, true);
  }
  scatterNdSub(indices: TensorLike, updates: TensorLike, name?: string | null): AssignedVariable {
    return this.update('ResourceScatterNdSub', [asIndices(indices), this.convert(updates)], name, true);
  }

  /** The value before it is raised by one. The run fails with `OutOfRangeError` where it is not below `limit`. */
  countUpTo(limit: number, ...rest: Rest<[name: string | null], { readonly name?: string | null }>): Tensor {
    const { name } = bind<{ name: string | null }>(['name'], rest);
    return emitOne(this.form('ResourceCountUpTo'), [this.handle], { limit, T: this.dtype }, name);
  }

  /** Whether the session has a value for it. */
  isInitialized(name?: string | null): Tensor {
    return emitOne(this.form('VarIsInitializedOp'), [this.handle], {}, name);
  }
  private form(type: string): string {
    return this.isReference ? referenceForm(type) : type;
  }

  private convert(value: TensorLike): Tensor {
    return this.place.asDefault(() => convertToTensor(value, { dtype: this.dtype }));
  }

  /** Adds an updating op, and the read that is the value of the result. Without the read, the op stands for it. */
  private update(
    type: string,
    inputs: readonly TensorLike[],
    name: string | null | undefined,
    readValue: boolean,
    attrs: Readonly<Record<string, boolean>> = {},
  ): AssignedVariable {
    return this.place.atomic(() => {
      const build = () => emit(this.form(type), [this.handle, ...inputs], attrs, name);
      const op = this.after ? this.place.controlDependencies([this.after], build) : build();
      return new AssignedVariable(this, op, readValue);
    });
  }

  [Symbol.iterator](): never {
    throw new TypeError("'Variable' object is not iterable.");
  }

  [Symbol.toPrimitive](hint: string): string {
    if (hint === 'string') return this.toString();
    throw new TypeError(
      `Using the variable ${this.name} as a JavaScript value is not allowed. Use its methods (v.add(y)), or run it in a session.`,
    );
  }
}

function assignOptions(rest: readonly unknown[]): Partial<AssignOptions> {
  return bind<AssignOptions>(['useLocking', 'name', 'readValue'], rest);
}

/**
 * A variable as it is after an update: running it runs the update, every read of it comes after. Without `readValue`
 * only `op` is there to be run.
 */
export class AssignedVariable extends BaseVariable {
  private readonly fetched: Tensor | null;

  constructor(
    variable: BaseVariable,
    /** The updating operation. */
    readonly op: Operation,
    readValue: boolean,
  ) {
    super(variable.handle, variable.dtype, variable.shape);
    this.fetched = readValue ? this.value() : null;
  }

  get name(): string {
    return this.op.name;
  }
  protected get after(): Operation {
    return this.op;
  }
  protected get element(): Tensor {
    if (!this.fetched) throw new ValueError(`${this.op} was built with readValue false: it has no value to fetch.`);
    return this.fetched;
  }
  override asGraphElement(): Tensor | Operation {
    return this.fetched ?? this.op;
  }
  override toString(): string {
    return `<tf.Variable '${this.handle.op.name}:0' shape=${formatShape(this.shape)} dtype=${this.dtype.name} after ${this.op.name}>`;
  }
}

/**
 * A variable. Its initial value is set by running its `initializer` (or `tf.globalVariablesInitializer()`), per session.
 *
 *     const w = new tf.Variable(tf.zeros([784, 10]), {name: 'w'});
 *     const y = tf.matmul(x, w);
 *     await sess.run(w.initializer);
 *
 * Throws `ValueError` where the initial value has no fully known shape, unless `validateShape` is false.
 */
export class Variable extends BaseVariable {
  /** The place in the whole, for a part of a partitioned variable. */
  saveSliceInfo: SaveSliceInfo | null = null;
  readonly trainable: boolean;
  readonly constraint: ((value: Tensor) => Tensor) | null;
  private initial: { readonly value: Tensor | null; readonly initializer: Operation };
  private isInitializedTensor: Tensor | null;
  private readonly graphElement: Tensor;
  private readonly cached: Tensor | null;
  /** What files say of replicas. */
  private readonly replicas: { readonly synchronization: number; readonly aggregation: number };

  constructor(initialValue: InitialValue, ...rest: VariableArguments) {
    const options = bind<VariableOptions & { initialValue: InitialValue }>(
      ['trainable', 'collections', 'validateShape', 'cachingDevice', 'name'],
      rest,
    );
    const def = options.variableDef ?? null;
    const parts = def
      ? { ...findVariable(def, options.importScope ?? null), isInitialized: null }
      : { ...buildVariable(options.initialValue ?? initialValue, options), dtype: null, saveSliceInfo: null };
    super(parts.handle, parts.dtype ?? (parts.initialValue as Tensor).dtype, parts.shape);
    this.initial = { value: parts.initialValue, initializer: parts.initializer };
    this.isInitializedTensor = parts.isInitialized;
    this.graphElement = parts.read;
    this.cached = parts.cached;
    this.saveSliceInfo = parts.saveSliceInfo;
    this.trainable = def ? def.trainable : (options.trainable ?? true);
    this.constraint = options.constraint ?? null;
    this.replicas = { synchronization: def?.synchronization ?? 0, aggregation: def?.aggregation ?? 0 };
    if (def) return;
    const collections = new Set(options.collections ?? [GraphKeys.GLOBAL_VARIABLES]);
    if (this.trainable) collections.add(GraphKeys.TRAINABLE_VARIABLES);
    this.graph.addToCollections(collections, this);
  }

  /**
   * The variable of ops that the default graph has, with `importScope` before their names. It comes into no collection.
   * Throws `KeyError` where the graph does not have them.
   */
  static fromProto(variableDef: VariableDef, importScope: string | null = null): Variable {
    return new Variable(0, { variableDef, importScope });
  }
  /** The names of the variable's ops, without `exportScope`; null where the variable is not in that scope. */
  toProto(exportScope: string | null = null): VariableDef | null {
    const { handle, initial, graphElement: read, cached, saveSliceInfo, trainable } = this;
    const ops = { handle, read, cached, initialValue: initial.value, initializer: initial.initializer };
    return variableDef(
      { ...ops, ...this.replicas, saveSliceInfo, trainable, isResource: !this.isReference },
      exportScope,
    );
  }

  /** The operation that gives the variable its initial value. */
  get initializer(): Operation {
    return this.initial.initializer;
  }
  /** Throws `ValueError` for a variable from a file that does not tell it. */
  get initialValue(): Tensor {
    const { value } = this.initial;
    if (!value) throw new ValueError(`The definition of ${this.name} has no initial value.`);
    return value;
  }
  /** The value of the variable, and before it has one its initial value, without setting it. */
  initializedValue(): Tensor {
    const { initialValue } = this;
    const read = () =>
      this.isReference
        ? emitOne('Identity', [emitOne('VariableV2', [], referenceInBody(this.handle))])
        : this.readValue();
    return cond(this.isInitialized(), read, () => initialValue);
  }
  /** Has the variable initialized otherwise from now on: `initializer` assigns `value` to it. */
  initializeBy(initializer: Operation, value: Tensor): void {
    this.initial = { value, initializer };
  }

  /** The name of the handle: `v:0`. */
  get name(): string {
    return this.handle.name;
  }
  /** The operation of the handle. */
  get op(): Operation {
    return this.handle.op;
  }
  protected get after(): null {
    return null;
  }
  protected get element(): Tensor {
    return this.isReference ? this.handle : this.graphElement;
  }
  override value(): Tensor {
    if (this.isReference) return this.graphElement;
    // Where the variable is, whatever the open scopes say.
    return this.cached ?? this.place.colocateWith(null, true, () => super.value());
  }
  /** The tensor that tells whether the session has a value, built with the variable. */
  get initialized(): Tensor {
    this.isInitializedTensor ??= this.isInitialized();
    return this.isInitializedTensor;
  }

  /**
   * Sets the value in `session`, or in the default one, without adding to the graph. Throws `ValueError` where there is
   * no session.
   */
  async load(value: unknown, session?: Evaluator | null): Promise<void> {
    const key = this.initializer.inputs[1];
    await this.initializer.run([[key, value]], session);
  }

  override toString(): string {
    return `<tf.Variable '${this.name}' shape=${formatShape(this.shape)} dtype=${this.dtype.name}>`;
  }
}
