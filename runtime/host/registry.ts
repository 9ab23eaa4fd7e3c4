/**
 * Host kernels: exact implementations on `NdArray`s, for element types and ops that a backend lacks, for constant
 * folding, and as the reference in tests. The kernels are in the files beside this one, a file per op family.
 */
import type { GraphFunction } from '../../src/graph/function.ts';
import type { AttrValue } from '../../src/graph/node.ts';
import type { DType } from '../../src/util/dtype.ts';
import { InternalError, type OpError } from '../../src/util/errors.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import type { SessionResource } from '../session-resources.ts';
import type { StreamState } from '../stream-state.ts';

/** A stream of random numbers that belongs to one op of one session. */
export interface RandomStream {
  /**
   * The Philox4x32-10 state to draw from: key and counter, four and two uint32 words. Reserves `count` 128-bit blocks,
   * by which the counter moves on; where the run fails, the reservation is taken back.
   */
  reserve(count: number): {
    readonly key: readonly [number, number];
    readonly counter: readonly [number, number, number, number];
  };
}

/** What the session holds beside variables, as a run sees it. Changes are seen at once, by all. */
export interface ResourceAccess {
  /** The resource of this kind, container ('' is the default one) and name; made where there is none yet. */
  lookupOrCreate<T extends SessionResource>(kind: string, container: string, name: string, make: () => T): T;
  /** Takes a change of a resource back where the run fails; the last change comes first. */
  onRollback(undo: () => void): void;
  /** To be done once the run cannot fail any more. */
  onCommit(action: () => void): void;
}

/** Where the random streams of the functions stand that a kernel calls, by op. It outlives the run. */
export type FunctionStreams = Map<string, StreamState>;

/** Calls functions of the graph, in the run that it was asked of. */
export interface FunctionCaller {
  /**
   * The results for these arguments: at once where nothing has to be waited for. Variables are those that the run sees.
   * Errors come with a null op. A promise may go on beside other runs: the kernel has the run wait for it.
   */
  call(
    fn: GraphFunction,
    args: readonly NdArray[],
    streams: FunctionStreams,
  ): readonly NdArray[] | Promise<readonly NdArray[]>;
  /** As `call`, for what is to be done though the run was cancelled, or is over. */
  callDetached(fn: GraphFunction, args: readonly NdArray[]): readonly NdArray[] | Promise<readonly NdArray[]>;
}

/** Something that only other runs can bring about. */
export interface Wait {
  /** Settles when the run can go on. Asked for once. */
  ready(): Promise<void>;
  /** The outputs, once it is ready; or throws what the op fails with. */
  outputs(): readonly NdArray[];
  /** The run ends without them: what was taken for it is given back. */
  cancel(): void;
  /** What the op fails with where the run is cancelled. */
  cancelled(): OpError;
}

/** What a kernel may ask of the run it works in. Folding offers none of it. */
export interface HostServices {
  /**
   * The stream of the op that is running, or of the one that it stands for; `seed` and `seed2` start it on first use (both
   * 0: at random).
   */
  stream(seed: number | bigint, seed2: number | bigint, op?: string): RandomStream;
  /** Writes a line for the user (the `Print` op). */
  print(line: string): void;
  resources(): ResourceAccess;
  functions(): FunctionCaller;
  /**
   * Lets the run wait here, and other runs of the session pass. The kernel then returns nothing; its outputs come from
   * `wait`.
   */
  wait(wait: Wait): void;
}

/** The op that a kernel computes. */
export interface HostOp {
  readonly type: string;
  /** The name of the graph node. */
  readonly name: string;
  readonly services: HostServices;
  attr<T extends AttrValue = AttrValue>(name: string): T;
  outputDType(output: number): DType;
}

/**
 * Computes the outputs from the inputs. It never writes to an input; an output may be an input or share its data. For
 * bad values it throws an `OpError` with a null op: the executor adds the operation.
 */
export type HostKernel = (inputs: readonly NdArray[], op: HostOp) => readonly NdArray[];

const kernels = new Map<string, HostKernel>();

/** Registers the host kernels of a family, by op type. */
export function defineHostKernels(family: Readonly<Record<string, HostKernel>>): void {
  for (const [type, kernel] of Object.entries(family)) {
    if (kernels.has(type)) throw new InternalError(null, `The host kernel of ${type} is defined twice.`);
    kernels.set(type, kernel);
  }
}

/** Where kernels come from that are loaded when a plan asks for them: browsers. */
export interface KernelSource {
  has(type: string): boolean;
  /** Takes note that the kernel is asked for; nothing where the source has none. */
  want(type: string): void;
  /** Loads what was asked for since the last call; null where that is nothing. */
  load(): Promise<void> | null;
}

let source: KernelSource | null = null;

export function setKernelSource(given: KernelSource): void {
  source = given;
}

/** The kernel; undefined where there is none, or it is yet to be loaded: see `loadHostKernels`. */
export function findHostKernel(type: string): HostKernel | undefined {
  const kernel = kernels.get(type);
  if (!kernel) source?.want(type);
  return kernel;
}

export function hasHostKernel(type: string): boolean {
  return kernels.has(type) || (source?.has(type) ?? false);
}

/**
 * Loads the kernels that were looked for and not found since the last call. Null where there are none: then all that was
 * asked for is there, as always in Node.
 */
export function loadHostKernels(): Promise<void> | null {
  return source?.load() ?? null;
}

/** Every op type whose kernel is here now. */
export function hostKernelTypes(): string[] {
  return [...kernels.keys()];
}
