/**
 * `defineOp` and the registry: one definition says everything about an op that is the same on every backend: signature,
 * effect, shapes, gradient, folding, decomposition, samples. How a backend computes it is the compiler's lowering.
 */
import type { AttrValue, TensorSpec } from '../../graph/node.ts';
import type { DType } from '../../util/dtype.ts';
import { InternalError, NotFoundError } from '../../util/errors.ts';
import type { NdArray } from '../../util/ndarray.ts';
import type { Shape } from '../../util/shape.ts';
import { type ArgDef, type AttrDef, parseArg, parseAttr } from './signature.ts';
import type { Vocabulary } from './vocabulary.ts';

/**
 * What an op does beside computing its outputs from its inputs. The only source of purity for the compiler:
 * pure: nothing · random: draws from a stream of the session · reads: depends on session state ·
 * writes: changes session state · io: acts on the world or may stop the run.
 */
export type Effect = 'pure' | 'random' | 'reads' | 'writes' | 'io';

/** What a shape rule sees. Rules are total: unknown ranks and dimensions are ordinary, and no backend is touched. */
export interface InferContext {
  readonly type: string;
  readonly inputCount: number;
  shape(input: number): Shape;
  dtype(input: number): DType;
  attr<T extends AttrValue = AttrValue>(name: string): T;
  /** The value of an input where it is known before any run. */
  constant(input: number): NdArray | null;
  /** An integer vector read as a shape, as far as it is known: `-1` and unknown elements are null. */
  constantShape(input: number): Shape;
  /** For a resource input: the element type and shape of what it refers to, where known. */
  handle(input: number): TensorSpec['handle'];
  /** The element type of an output, from the signature. */
  outputDType(output: number): DType;
}

/** A shape per output; for a resource output, what the handle refers to may be added. */
export type Inferred = readonly (Shape | { readonly shape: Shape; readonly handle: TensorSpec['handle'] })[];

/** The op that a gradient or decomposition is built for; `V` is a tensor of the graph or a value of the IR. */
export interface OpView<V> {
  readonly type: string;
  readonly name: string;
  readonly inputs: readonly V[];
  readonly outputs: readonly V[];
  attr<T extends AttrValue = AttrValue>(name: string): T;
}

/** A gradient that touches only some rows: of a gather, `denseShape` rows long. */
export interface Slices<V> {
  readonly values: V;
  readonly indices: V;
  readonly denseShape: V | null;
}

/** What flows to an input: a tensor, rows of one, or null for no gradient. */
export type Cotangent<V> = V | Slices<V> | null;

/**
 * Builds the gradient of an op: a cotangent per input from one per output. Outputs that nothing differentiates have a
 * null `dy` if they are not of a trainable type or if the op has only one output, else zeros.
 */
export type GradFn = <V>(op: OpView<V>, dy: readonly V[], $: Vocabulary<V>) => readonly Cotangent<V>[];

/** An array literal of a sample. Non-finite numbers are written as such. */
export interface SampleValue {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** A string that is no text is given by its bytes. */
  readonly data: readonly (number | bigint | boolean | string | Uint8Array)[];
}

/**
 * An example with its result by real TensorFlow (or by definition, for exact ops). The suite runs each on every backend,
 * checks the shape rule against it, the gradient against finite differences, and folding against execution.
 */
export interface Sample {
  readonly inputs: readonly SampleValue[];
  readonly attrs?: Readonly<Record<string, AttrValue>>;
  /** Null for an output whose value is not fixed (random draws): then only its shape is checked, against `shapes`. */
  readonly outputs: readonly (SampleValue | null)[];
  readonly shapes?: readonly (readonly number[])[];
  /** Relative tolerance for float outputs; 1e-5 without it. */
  readonly tolerance?: number;
  /** False where finite differences do not apply: at a kink, for a step function. */
  readonly differentiable?: boolean;
}

export interface OpInit {
  readonly name: string;
  /** One sentence: what the outputs are. */
  readonly doc: string;
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly attrs?: readonly string[];
  /** Pure unless said otherwise. */
  readonly effect?: Effect;
  readonly infer: (op: InferContext) => Inferred;
  /** Null: not differentiable, an error to ask for. To give no gradient in silence, return nulls. */
  readonly grad: GradFn | null;
  /** Whether `dy` may be handed to `grad` as `Slices`; without it they are made dense first. */
  readonly gradTakesSlices?: boolean;
  /** Outputs that follow from static shapes and constant inputs; null where they do not. */
  readonly fold?: (op: InferContext) => readonly (NdArray | null)[] | null;
  /** The output as a partially known shape, for ops that compute shapes. */
  readonly foldShape?: (op: InferContext) => Shape;
  /** The op in terms of simpler ones, for a target that lacks it; null where this instance cannot be. */
  readonly decompose?: <V>(op: OpView<V>, $: Vocabulary<V>) => readonly V[] | null;
  /** Whether the operands may be swapped, for common-subexpression elimination. */
  readonly commutative?: boolean;
  readonly samples: readonly Sample[];
}

export interface OpDef extends Omit<OpInit, 'inputs' | 'outputs' | 'attrs' | 'effect'> {
  readonly inputs: readonly ArgDef[];
  readonly outputs: readonly ArgDef[];
  readonly attrs: readonly AttrDef[];
  readonly effect: Effect;
}

const registry = new Map<string, OpDef>();

/** Registers an op. Names, arguments, attributes and defaults are TensorFlow's own. */
export function defineOp(init: OpInit): OpDef {
  if (registry.has(init.name)) throw new InternalError(null, `Op ${init.name} is defined twice.`);
  const attrs = (init.attrs ?? []).map(parseAttr);
  const def: OpDef = Object.freeze({
    ...init,
    attrs,
    inputs: (init.inputs ?? []).map((text) => parseArg(text, attrs)),
    outputs: (init.outputs ?? []).map((text) => parseArg(text, attrs)),
    effect: init.effect ?? 'pure',
  });
  registry.set(def.name, def);
  return def;
}

/** The definition of an op type; undefined where none is registered. */
export function findOpDef(name: string): OpDef | undefined {
  return registry.get(name);
}

/** The definition of an op type. Throws `NotFoundError` where none is registered. */
export function getOpDef(name: string): OpDef {
  const def = registry.get(name);
  if (!def) throw new NotFoundError(null, `Op type not registered '${name}'`);
  return def;
}

/** Every registered op, in the order of registration. */
export function opDefs(): OpDef[] {
  return [...registry.values()];
}

/** A sample's array: `sample(float32, [2], [1, 2])`. */
export function sample(dtype: DType, shape: readonly number[], data: SampleValue['data']): SampleValue {
  return { dtype, shape, data };
}

/** Thrown by shape rules; the builder adds the node, its inputs and their shapes to the text. */
export class ShapeError extends Error {
  override name = 'ShapeError';
}
