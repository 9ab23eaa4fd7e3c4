/**
 * `ExecutionPlan`: what the executor runs. Data, no closures: instructions over slots, each slot written once and freed
 * exactly once, right after its last use, never if it is fetched or constant.
 */
import type { Endpoint, NodeId } from '../../src/graph/node.ts';
import type { DType } from '../../src/util/dtype.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import type { KnownShape, Shape } from '../../src/util/shape.ts';

export type Slot = number;

export interface SlotInfo {
  readonly dtype: DType;
  /** Concrete, except where it depends on data. */
  readonly shape: Shape;
}

/** A variable of the session: container and shared name. */
export interface ResourceKey {
  readonly container: string;
  readonly name: string;
}

interface Step {
  readonly inputs: readonly Slot[];
  readonly outputs: readonly Slot[];
  /** Slots whose last use this is; outputs that nobody uses are among them. */
  readonly frees: readonly Slot[];
  /** The graph node that errors and profiles name. */
  readonly origin: NodeId;
  readonly name: string;
}

/** A kernel of the backend, called on tensor infos. */
export interface KernelStep extends Step {
  readonly kind: 'kernel';
  readonly kernel: string;
  /** The kernel's names for the inputs; null: it takes them as a list. */
  readonly names: readonly string[] | null;
  readonly attrs: Readonly<Record<string, unknown>>;
  /** Shapes under which inputs are passed, where they differ from the slots' own; null entries pass as they are. */
  readonly inputShapes: readonly (KnownShape | null)[] | null;
  /** Shapes under which outputs are kept, where they differ from what the kernel says. */
  readonly outputShapes: readonly (KnownShape | null)[] | null;
}

/**
 * The buffer of the first input under another shape, as a reference of its own. Where the shape depends on data it is
 * the value of `shapeFrom`, which then is the second input.
 */
export interface AliasStep extends Step {
  readonly kind: 'alias';
  readonly shape: KnownShape | null;
  readonly shapeFrom: Slot | null;
}

/** A host kernel, called on arrays: types and ops that the backend lacks. */
export interface HostStep extends Step {
  readonly kind: 'host';
  /** The op type, which is the name of the host kernel. */
  readonly kernel: string;
  readonly attrs: Readonly<Record<string, unknown>>;
}

/** The present value of a variable. */
export interface ReadStep extends Step {
  readonly kind: 'read';
  readonly resource: ResourceKey;
}

/** A new value for a variable, visible to later steps and, when the run has succeeded, to later runs. */
export interface AssignStep extends Step {
  readonly kind: 'assign';
  readonly resource: ResourceKey;
}

/** Whether a variable has a value. */
export interface InitializedStep extends Step {
  readonly kind: 'initialized';
  readonly resource: ResourceKey;
}

/** Drops a variable's value. */
export interface DestroyStep extends Step {
  readonly kind: 'destroy';
  readonly resource: ResourceKey;
  readonly ignoreLookupError: boolean;
}

export type Instruction = KernelStep | AliasStep | HostStep | ReadStep | AssignStep | InitializedStep | DestroyStep;

export interface ExecutionPlan {
  readonly slots: readonly SlotInfo[];
  /** Values that every run starts with; uploaded once and kept with the plan. */
  readonly constants: readonly { readonly slot: Slot; readonly value: NdArray }[];
  /** The fed values that something takes or fetches; of the others the plan knows nothing. */
  readonly feeds: readonly { readonly slot: Slot; readonly endpoint: Endpoint }[];
  readonly fetches: readonly Slot[];
  readonly instructions: readonly Instruction[];
  /** The name of the target it was compiled for. */
  readonly target: string;
}
