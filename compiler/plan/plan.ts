/**
 * `ExecutionPlan`: what the executor runs. Data, no closures: instructions over slots, each slot written once and freed
 * exactly once, right after its last use, never if it is fetched or constant.
 */
import type { AttrValue, Endpoint, NodeId } from '../../src/graph/node.ts';
import type { GraphSnapshot } from '../../src/graph/snapshot.ts';
import type { DType } from '../../src/util/dtype.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import type { KnownShape, Shape } from '../../src/util/shape.ts';
import type { Kernel, LoopKernel } from '../codegen/kernel.ts';
import type { Guard } from '../codegen/op-kernel.ts';

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
  /** For a reference variable, which no resource of the same name is: the name by which errors call it. */
  readonly reference?: string;
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
  /** Where the target generates kernels, why it is none of these, for people. */
  readonly why?: string;
}

/** A kernel that the compiler describes and the runtime renders for its machine. */
export interface GeneratedStep extends Step {
  readonly kind: 'generated';
  /** The op types that it computes, for people. */
  readonly kernel: string;
  readonly code: Kernel;
  readonly overwrites?: readonly Overwrite[];
  /** Variables that are read later: if they have values nothing can fail from here on, and variables may be updated in place. */
  readonly seals?: readonly ResourceKey[];
  readonly guard?: StepGuard;
}

/** A few scalars, or elements of arrays, computed in JavaScript from one description. */
export interface ScalarsStep extends Step {
  readonly kind: 'scalars';
  /** The op types that it computes, for people. */
  readonly kernel: string;
  readonly code: LoopKernel;
}

/**
 * What must hold of an input of the op, or the host computes it instead. The step then takes what its kernel does not read
 * as well, after what it reads; inputs are said by their numbers in the step.
 */
export interface StepGuard {
  readonly check: Guard;
  readonly host: {
    readonly kernel: string;
    readonly attrs: Readonly<Record<string, AttrValue>>;
    readonly inputs: readonly number[];
  };
}

/** An output that may be written over an input of the same size: both by their numbers in the step. */
export interface Overwrite {
  readonly input: number;
  readonly output: number;
  /** Whether the input is the value of a variable and the output its next one. */
  readonly isUpdate: boolean;
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
  /** Why the backend does not do it, for people. */
  readonly why: string;
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
  /** Where given, the value must have the shape that the variable has: this one, where it has no value yet. */
  readonly shape?: KnownShape;
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

/** A function, compiled, and what it is called with. */
export interface Call {
  readonly plan: ExecutionPlan;
  /** By feed of the plan, which of the caller's values it is. */
  readonly args: readonly number[];
  /** The graph that the origins of the plan's steps are nodes of. */
  readonly body: GraphSnapshot;
}

/** Calls one of several functions. The first input says which: a number, or whether it is true, which is the first. */
export interface BranchStep extends Step {
  readonly kind: 'branch';
  /** Whether the first input is a condition, not a number. */
  readonly byCondition: boolean;
  /** The values of calls are the inputs after the first; the outputs are the fetches. */
  readonly branches: readonly Call[];
}

/**
 * Calls a function again and again. The values are the inputs, after them what the prologues give: each is called once, that
 * of the body only if there is a first round.
 */
export interface LoopStep extends Step {
  readonly kind: 'while';
  readonly cond: Call;
  readonly body: Call;
  readonly condPrologue: Call | null;
  readonly bodyPrologue: Call | null;
  /** By input, the fetch of the body that is its next value; null: it stays as it is. */
  readonly next: readonly (number | null)[];
  /** By output, the value that it is in the end. */
  readonly results: readonly number[];
}

/** An op on lists of tensors, which may hold values on the device and on the host. */
export interface ListStep extends Step {
  readonly kind: 'list';
  /** The op type. */
  readonly op: string;
  readonly attrs: Readonly<Record<string, unknown>>;
}

export type Instruction =
  | KernelStep
  | GeneratedStep
  | ScalarsStep
  | AliasStep
  | HostStep
  | ReadStep
  | AssignStep
  | InitializedStep
  | DestroyStep
  | BranchStep
  | LoopStep
  | ListStep;

/** Memory that the plan may use from its first step to its last. */
export interface Arena {
  /** Bytes. */
  readonly size: number;
  /** By slot, where its value begins; -1 for values with buffers of their own. */
  readonly offsets: readonly number[];
}

export interface ExecutionPlan {
  readonly slots: readonly SlotInfo[];
  /** Values that every run starts with; uploaded once and kept with the plan. */
  readonly constants: readonly { readonly slot: Slot; readonly value: NdArray }[];
  /** The fed values that something takes or fetches; of the others the plan knows nothing. */
  readonly feeds: readonly { readonly slot: Slot; readonly endpoint: Endpoint }[];
  readonly fetches: readonly Slot[];
  readonly instructions: readonly Instruction[];
  /** Where values lie that only generated kernels see; absent where the plan has none. */
  readonly arena?: Arena;
  /** The name of the target it was compiled for. */
  readonly target: string;
}
