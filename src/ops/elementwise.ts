/**
 * What the element-wise families share: lists of element types for signatures, folding of small integers, gradients
 * under the control dependency that TensorFlow gives them. The ops are in the families' files.
 */
import type { Tensor } from '../graph/graph.ts';
import { int32, int64 } from '../util/dtype.ts';
import { allocate, NdArray, type NumericData } from '../util/ndarray.ts';
import { broadcastShapes, type KnownShape, sizeOf } from '../util/shape.ts';
import { emitOne } from './emit.ts';
import type { GradFn, InferContext, OpView } from './opdef/define.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

export const FLOATS = 'bfloat16, float16, float32, float64';
export const COMPLEX = 'complex64, complex128';
export const FLOATS_AND_COMPLEX = `${FLOATS}, ${COMPLEX}`;
export const SIGNED = `${FLOATS}, int8, int16, int32, int64`;

/** The trailing arguments of functions whose only option is the op's name. */
export type NameRest = Rest<[name: string | null], NameOption>;
export interface NameOption {
  readonly name?: string | null;
}

export function nameOf(rest: readonly unknown[]): string | null {
  if (rest.length === 0) return null;
  return bind<NameOption>(['name'], rest).name ?? null;
}

/** Builds a one-operand op under a name from the trailing arguments. */
export function unary(type: string, x: TensorLike, rest: readonly unknown[], name = type): Tensor {
  return emitOne(type, [x], {}, nameOf(rest) || name);
}

/** Builds a two-operand op under a name from the trailing arguments. */
export function binary(type: string, x: TensorLike, y: TensorLike, rest: readonly unknown[], name = type): Tensor {
  return emitOne(type, [x, y], {}, nameOf(rest) || name);
}

/** The complex conjugate; the value itself where it is real. */
export function conj<V>(x: V, $: Vocabulary<V>): V {
  return $.dtypeOf(x).isComplex ? $.op('Conj', [x]) : x;
}

/** No gradient, in silence: steps, comparisons. */
export const noGradient: GradFn = (op) => op.inputs.map(() => null);

/** The gradient of a one-operand op from its input; what it builds runs after `dy`. */
export function fromInput(build: <V>(x: V, dy: V, $: Vocabulary<V>) => V): GradFn {
  return (op, [dy], $) => [$.after([dy], () => build(conj(op.inputs[0], $), dy, $))];
}

/** The gradient of a one-operand op from its output; what it builds runs after `dy`. */
export function fromOutput(build: <V>(y: V, dy: V, $: Vocabulary<V>) => V): GradFn {
  return (op, [dy], $) => [$.after([dy], () => build(conj(op.outputs[0], $), dy, $))];
}

/**
 * The gradient of a two-operand op from the gradients before broadcasting is undone; `evenBuildsNothing` as for
 * `unbroadcast`.
 */
export function fromOperands(
  build: <V>(op: OpView<V>, dy: V, $: Vocabulary<V>) => readonly [V, V],
  evenBuildsNothing = false,
): GradFn {
  return (op, [dy], $) => {
    const [x, y] = op.inputs;
    let built: readonly [typeof dy, typeof dy] | null = null;
    const both = () => (built ??= build(op, dy, $));
    return $.unbroadcast(
      x,
      y,
      () => both()[0],
      () => both()[1],
      evenBuildsNothing,
    );
  };
}

/** More elements than shapes and sizes have are left to the run. */
const FOLD_LIMIT = 1024;

/** Folding of two small integer operands, for arithmetic on shapes; what does not fit the type is left to the run. */
export function foldIntegers(fn: (x: bigint, y: bigint) => bigint | null): (op: InferContext) => (NdArray | null)[] {
  return (op) => {
    const dtype = op.dtype(0);
    if (dtype !== int32 && dtype !== int64) return [null];
    const [x, y] = [op.constant(0), op.constant(1)];
    if (!x || !y) return [null];
    const shape = broadcastShapes(x.shape, y.shape) as KnownShape | undefined;
    if (!shape || sizeOf(shape) > FOLD_LIMIT) return [null];
    const out = allocate(dtype, sizeOf(shape)) as NumericData;
    for (let i = 0; i < out.length; i++) {
      const value = fn(elementFor(x, shape, i), elementFor(y, shape, i));
      if (value === null || value < BigInt(dtype.min) || value > BigInt(dtype.max)) return [null];
      if (out instanceof BigInt64Array) out[i] = value;
      else (out as Int32Array)[i] = Number(value);
    }
    return [new NdArray(dtype, shape, out)];
  };
}

/** The element of a broadcast operand that stands at a position of the result. */
function elementFor(x: NdArray, shape: KnownShape, position: number): bigint {
  let index = 0;
  let step = 1;
  let rest = position;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const at = rest % shape[axis];
    rest = (rest - at) / shape[axis];
    const length = x.shape[axis - shape.length + x.rank] ?? 1;
    if (length !== 1) index += at * step;
    step *= length;
  }
  return BigInt(x.data[index] as number);
}
