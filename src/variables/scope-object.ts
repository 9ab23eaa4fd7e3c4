/**
 * `VariableScope`: a prefix for variable names and the settings that go with it. Opening and leaving scopes is
 * `variable-scope.ts`'s business.
 */
import { getDefaultGraph } from '../graph/default-graph.ts';
import type { Tensor } from '../graph/graph.ts';
import { GraphKeys } from '../graph/graph-keys.ts';
import type { DeviceLike } from '../graph/placement.ts';
import { convertToTensor } from '../ops/emit.ts';
import { isSymbolic } from '../ops/tensor-like.ts';
import { type ArrayValue, toNdArray } from '../util/array-convert.ts';
import { asDType, type DType, type DTypeLike, float32 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import type { Partitioner } from './partitioned.ts';
import type { Variable } from './variable.ts';
import type {
  CustomGetter,
  InitializerLike,
  Regularizer,
  Reuse,
  VariableRequest,
  VariableStore,
} from './variable-store.ts';

/** What a variable scope passes on to the variables and scopes inside it. */
export interface Settings {
  reuse: Reuse;
  initializer: InitializerLike | null;
  regularizer: Regularizer | null;
  cachingDevice: DeviceLike;
  partitioner: Partitioner | null;
  customGetter: CustomGetter | null;
  dtype: DType;
  useResource: boolean | null;
  constraint: ((value: Tensor) => Tensor) | null;
}

export const ROOT: Settings = {
  reuse: false,
  initializer: null,
  regularizer: null,
  cachingDevice: null,
  partitioner: null,
  customGetter: null,
  dtype: float32,
  useResource: null,
  constraint: null,
};

export interface GetVariableOptions extends Omit<VariableRequest, 'reuse'> {
  readonly customGetter?: CustomGetter | null;
  readonly reuse?: Reuse;
}

/** A prefix for variable names with the settings that variables made in it get. */
export class VariableScope {
  private readonly settings: Settings;

  constructor(
    reuse: Reuse,
    /** The prefix, without a final slash; empty at the root. */
    readonly name: string = '',
    /** The name scope that was opened when the scope was first entered, with a final slash. */
    readonly originalNameScope: string = '',
    settings: Partial<Settings> = {},
  ) {
    this.settings = { ...ROOT, ...settings, reuse };
  }

  get reuse(): Reuse {
    return this.settings.reuse;
  }
  get initializer(): InitializerLike | null {
    return this.settings.initializer;
  }
  get regularizer(): Regularizer | null {
    return this.settings.regularizer;
  }
  get cachingDevice(): DeviceLike {
    return this.settings.cachingDevice;
  }
  get partitioner(): Partitioner | null {
    return this.settings.partitioner;
  }
  get customGetter(): CustomGetter | null {
    return this.settings.customGetter;
  }
  get dtype(): DType {
    return this.settings.dtype;
  }
  get useResource(): boolean | null {
    return this.settings.useResource;
  }
  get constraint(): ((value: Tensor) => Tensor) | null {
    return this.settings.constraint;
  }

  /** From now on variables of this scope must exist. */
  reuseVariables(): void {
    this.settings.reuse = true;
  }
  setInitializer(initializer: InitializerLike | null): void {
    this.settings.initializer = initializer;
  }
  setRegularizer(regularizer: Regularizer | null): void {
    this.settings.regularizer = regularizer;
  }
  setCachingDevice(cachingDevice: DeviceLike): void {
    this.settings.cachingDevice = cachingDevice;
  }
  setPartitioner(partitioner: Partitioner | null): void {
    this.settings.partitioner = partitioner;
  }
  setCustomGetter(customGetter: CustomGetter | null): void {
    this.settings.customGetter = customGetter;
  }
  setDtype(dtype: DTypeLike): void {
    this.settings.dtype = asDType(dtype);
  }
  setUseResource(useResource: boolean | null): void {
    this.settings.useResource = useResource;
  }

  /** The items of a collection whose names lie in this scope. */
  getCollection(name: string): unknown[] {
    return getDefaultGraph().getCollection(name, this.name ? `${escapePattern(this.name)}/` : null);
  }
  globalVariables(): Variable[] {
    return this.getCollection(GraphKeys.GLOBAL_VARIABLES) as Variable[];
  }
  trainableVariables(): Variable[] {
    return this.getCollection(GraphKeys.TRAINABLE_VARIABLES) as Variable[];
  }
  localVariables(): Variable[] {
    return this.getCollection(GraphKeys.LOCAL_VARIABLES) as Variable[];
  }

  /** The variable `name` of this scope in a store, made or found under the scope's settings. */
  getVariable(store: VariableStore, name: string, options: GetVariableOptions = {}): Variable {
    const { settings } = this;
    const fullName = this.name ? `${this.name}/${name}` : name;
    // Variable names follow variable scopes alone: the name scope does not count while the variable is made.
    return getDefaultGraph().nameScope(null, () => {
      const { dtype } = options;
      const explicit = dtype === null || dtype === undefined ? null : asDType(dtype);
      const request: VariableRequest = {
        shape: options.shape,
        dtype: explicit ?? settings.dtype,
        initializer: typedInitializer(options.initializer ?? null, explicit) ?? settings.initializer,
        regularizer: options.regularizer ?? settings.regularizer,
        reuse: options.reuse ?? settings.reuse,
        trainable: options.trainable,
        collections: options.collections,
        cachingDevice: options.cachingDevice ?? settings.cachingDevice,
        partitioner: options.partitioner ?? settings.partitioner,
        validateShape: options.validateShape,
        useResource: options.useResource ?? settings.useResource,
        constraint: options.constraint ?? settings.constraint,
      };
      const found = store.getVariable(fullName, request, options.customGetter ?? settings.customGetter);
      // A custom getter may return something else; the caller who set it knows.
      return found as Variable;
    });
  }

  /** A copy at the same prefix with some settings changed. */
  derive(name: string, originalNameScope: string, changes: Partial<Settings>): VariableScope {
    return new VariableScope(changes.reuse ?? this.reuse, name, originalNameScope, { ...this.settings, ...changes });
  }
}

/** An initial value of the explicit type; a tensor of another type is refused. */
function typedInitializer(initializer: InitializerLike | null, dtype: DType | null): InitializerLike | null {
  if (initializer === null || dtype === null || typeof initializer === 'function') return initializer;
  if (!isSymbolic(initializer)) {
    return Array.isArray(initializer) ? initializer : toNdArray(initializer as ArrayValue, dtype);
  }
  const own = 'dtype' in initializer ? initializer.dtype : convertToTensor(initializer).dtype;
  if (own !== dtype) {
    throw new ValueError(`Initializer type '${own}' and explicit dtype '${dtype}' don't match.`);
  }
  return initializer;
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
