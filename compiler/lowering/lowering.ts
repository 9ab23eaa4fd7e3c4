/**
 * The vocabulary of lowering tables: how a row says which kernel computes an op. The rows are in `tfjs.ts`, `wasm.ts`,
 * `webgl.ts` and `cpu.ts`.
 */
import type { InferContext } from '../../src/ops/opdef/define.ts';
import type { DType } from '../../src/util/dtype.ts';
import type { KnownShape, Shape } from '../../src/util/shape.ts';

/** An IR node as a lowering rule sees it: what a shape rule sees, and its outputs. */
export interface LowerContext extends InferContext {
  readonly name: string;
  outputShape(output: number): Shape;
}

/** One kernel of the backend. */
export interface KernelCall {
  readonly kind: 'kernel';
  readonly kernel: string;
  /** Which inputs of the op the kernel takes, in order; the others are read at compile time. */
  readonly inputs: readonly number[];
  /** The kernel's names for them; null: it takes a list. */
  readonly names: readonly string[] | null;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly inputShapes?: readonly (KnownShape | null)[];
  readonly outputShapes?: readonly (KnownShape | null)[];
}

/** The buffer of an input under another shape: known now, or the value of input `shapeInput`. */
export interface AliasOf {
  readonly kind: 'alias';
  readonly input: number;
  readonly shape: KnownShape | null;
  readonly shapeInput?: number;
}

export type Lowered = KernelCall | AliasOf;

/** The kernel for this instance of the op; null where the target has none: it is then decomposed or run on the host. */
export type LoweringRule = (op: LowerContext) => Lowered | null;
export type LoweringTable = Readonly<Record<string, LoweringRule>>;

/** A row for ops that the host computes faster than the backend, and than their decomposition. */
export const onHost: LoweringRule = () => null;

/** A row for ops that are decomposed also where some of their values live on the host: the others are not to be fetched. */
export const decomposed: LoweringRule = () => null;

/** Whether a row says nothing but where the op is not computed. */
export const isMarker = (row: LoweringRule): boolean => row === onHost || row === decomposed;

/** The languages that kernels of the compiler's own are written in. */
export type Renderer = 'wasm' | 'webgl';

/** What the compiler knows of the machine it compiles for. */
export interface Target {
  /** `wasm`, `cpu`, `webgl`, or `host` for no backend at all. */
  readonly name: string;
  readonly table: LoweringTable;
  /** Types that backend buffers can hold; values of other types live on the host. */
  readonly dtypes: ReadonlySet<DType>;
  /** Whether products pack their right operand once per buffer: cheap for constants, paid each run for what changes. */
  readonly packsRightOperand: boolean;
  /** Whether all scalars are computed on the host: where a value comes from the backend, and goes there, at little cost. */
  readonly scalarsOnHost: boolean;
  /** Whether the compiler writes kernels of its own for the target, of every kind. */
  readonly generates: boolean;
  /** Who renders the loops that the compiler writes; null where it writes none. */
  readonly renderer: Renderer | null;
  /** Whether the backend has this kernel. */
  hasKernel(kernel: string): boolean;
  /** Whether there is a host kernel for this op type. */
  hasHost(op: string): boolean;
}

/**
 * The commonest row: the kernel takes the op's first inputs under these names, all of one of the given types.
 *
 *     Softplus: kernel('Softplus', ['x'])
 */
export function kernel(
  name: string,
  names: readonly string[],
  attrs: (op: LowerContext) => Readonly<Record<string, unknown>> | null = () => ({}),
): LoweringRule {
  const inputs = names.map((_, i) => i);
  return (op) => {
    const values = attrs(op);
    return values && { kind: 'kernel', kernel: name, inputs, names, attrs: values };
  };
}

/** A row that holds only where the first input has one of these types. */
export function forTypes(types: readonly DType[], rule: LoweringRule): LoweringRule {
  return (op) => (types.includes(op.dtype(0)) ? rule(op) : null);
}

/**
 * XNNPACK, which has kernels of the wasm backend, counts to so many axes. Beyond them it writes nothing, and tfjs prints a
 * line and goes on.
 */
export const XNN_AXES = 6;

/** A row that holds only where the output is known to have at most so many axes. */
export function upToRank(limit: number, rule: LoweringRule): LoweringRule {
  return (op) => {
    const rank = op.outputShape(0)?.length;
    return rank !== undefined && rank <= limit ? rule(op) : null;
  };
}
