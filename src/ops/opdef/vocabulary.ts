/**
 * `$`: the small vocabulary in which gradients and decompositions are written. Declared by hand over a builder with
 * two implementations, the graph's and the compiler's, so that neither has to know the other or the op families.
 */
import type { AttrValue, TensorSpec } from '../../graph/node.ts';
import { type ArrayValue, toNdArray } from '../../util/array-convert.ts';
import { type DType, float32, int32 } from '../../util/dtype.ts';
import { NdArray } from '../../util/ndarray.ts';
import { isFullyDefined, type Shape, sameShape, sizeOf } from '../../util/shape.ts';

/** A tensor, a list of them for a list argument, or an array: a constant named after the argument (`Sum/reduction_indices`). */
export type BuildInput<V> = V | readonly V[] | NdArray;
/** An operand of arithmetic: a number becomes a constant of the other operand's type, named `mul/y`. */
export type Operand<V> = V | number;

/** Adds ops; `V` is a handle to an output. */
export interface Builder<V> {
  /** Adds an op with the inputs of its signature (a list for a list argument) and returns its outputs. */
  op(
    type: string,
    inputs: readonly BuildInput<V>[],
    attrs: Readonly<Record<string, AttrValue>>,
    name: string,
  ): readonly V[];
  constant(value: NdArray, name: string): V;
  spec(value: V): TensorSpec;
  /** The value where it is known before any run. */
  constantValue(value: V): NdArray | null;
  /** Ops built by `body` run after these. */
  after<R>(controls: readonly V[], body: () => R): R;
  /** Whether the value is the zeros that stand for the gradient of an output which nothing differentiates. */
  isZeros?(value: V): boolean;
  /** The scope of the call of `tf.gradients` that built the value. */
  gradientScope?(value: V): string;
  /** Whether the key is new here: TensorFlow builds some ops once per graph only. */
  isFirst?(key: string): boolean;
}

/**
 * The vocabulary. Methods are named as in the public API; default op names are those of TensorFlow's own gradient code
 * (`Mul`, `Reshape`), and the last argument overrides them. Arguments of type `number` become constants.
 */
export class Vocabulary<V> {
  constructor(private readonly builder: Builder<V>) {}

  /** Any single-output op by its type. */
  op(type: string, inputs: readonly BuildInput<V>[], attrs: Readonly<Record<string, AttrValue>> = {}, name = type): V {
    return this.builder.op(type, inputs, attrs, name)[0];
  }
  /** Any op by its type, with all its outputs. */
  ops(
    type: string,
    inputs: readonly BuildInput<V>[],
    attrs: Readonly<Record<string, AttrValue>> = {},
    name = type,
  ): readonly V[] {
    return this.builder.op(type, inputs, attrs, name);
  }

  dtypeOf(x: V): DType {
    return this.builder.spec(x).dtype;
  }
  shapeOf(x: V): Shape {
    return this.builder.spec(x).shape;
  }
  specOf(x: V): TensorSpec {
    return this.builder.spec(x);
  }
  /** The value where it is known before any run. */
  constantValue(x: V): NdArray | null {
    return this.builder.constantValue(x);
  }
  after<R>(controls: readonly V[], body: () => R): R {
    return this.builder.after(controls, body);
  }
  /** Whether a `dy` is the zeros that stand for an output which nothing differentiates. */
  isZeros(x: V): boolean {
    return this.builder.isZeros?.(x) ?? false;
  }
  /** What tells the gradients of one call from those of another: the scope of the call that built the value. */
  gradientScope(x: V): string {
    return this.builder.gradientScope?.(x) ?? 'gradients';
  }
  /** Whether what the key stands for is asked for the first time in this graph; never where graphs are not kept. */
  isFirst(key: string): boolean {
    return this.builder.isFirst?.(key) ?? false;
  }

  constant(value: ArrayValue, dtype: DType = float32, name = 'Const'): V {
    return this.builder.constant(numbers(value, dtype), name);
  }
  /** A scalar of the element type of `x`. */
  scalarLike(value: number, x: V, name = 'Const'): V {
    return this.constant(value, this.dtypeOf(x), name);
  }
  /** An int32 vector (or scalar) for axes, shapes and sizes. */
  ints(value: readonly number[] | number, name = 'Const'): V {
    return this.builder.constant(
      toNdArray(value as ArrayValue, int32, typeof value === 'number' ? [] : [value.length]),
      name,
    );
  }

  /** The shape as a tensor: a constant where it is known, as `tf.shape` gives it. */
  shape(x: V, outType: DType = int32, name = 'Shape'): V {
    const known = this.shapeOf(x);
    if (isFullyDefined(known)) return this.builder.constant(toNdArray([...known], outType, [known.length]), name);
    return this.op('Shape', [x], { out_type: outType }, name);
  }
  /** The op `Shape` itself, also where the shape is known. */
  shapeOp(x: V, outType: DType = int32, name = 'Shape'): V {
    return this.op('Shape', [x], { out_type: outType }, name);
  }
  size(x: V, outType: DType = int32, name = 'Size'): V {
    return this.op('Size', [x], { out_type: outType }, name);
  }
  rank(x: V, name = 'Rank'): V {
    const known = this.shapeOf(x);
    return known ? this.ints(known.length, name) : this.op('Rank', [x], {}, name);
  }

  identity(x: V, name = 'Identity'): V {
    return this.op('Identity', [x], {}, name);
  }
  stopGradient(x: V, name = 'StopGradient'): V {
    return this.op('StopGradient', [x], {}, name);
  }
  cast(x: V, dtype: DType, name = 'Cast'): V {
    return this.dtypeOf(x) === dtype ? x : this.op('Cast', [x], { DstT: dtype }, name);
  }
  /** Zeros: a constant where the shape is known, as `tf.zeros_like` gives it. */
  zerosLike(x: V, name = 'zeros_like'): V {
    return this.filledLike(x, 0, name, `${name}/shape_as_tensor`) ?? this.op('ZerosLike', [x], {}, name);
  }
  onesLike(x: V, name = 'ones_like'): V {
    const known = this.filledLike(x, 1, name, `${name}/Shape/shape_as_tensor`);
    if (known !== null) return known;
    const dims = this.shapeOp(x, int32, `${name}/Shape`);
    const { dtype } = this.specOf(x);
    return this.fill(dims, this.constant(dtype.isBool ? true : 1, dtype, `${name}/Const`), name);
  }
  private filledLike(x: V, value: number, name: string, shapeName: string): V | null {
    const { dtype, shape } = this.specOf(x);
    if (!isFullyDefined(shape) || !(dtype.isFloating || dtype.isInteger || dtype.isComplex)) return null;
    if (value === 0 && sizeOf(shape) < SMALL) return this.builder.constant(NdArray.zeros(dtype, shape), name);
    const dims = this.ints(shape, shapeName);
    return this.fill(dims, this.constant(value, dtype, `${name}/Const`), name);
  }
  fill(dims: V, value: V, name = 'Fill'): V {
    return this.op('Fill', [dims, value], {}, name);
  }

  add(x: Operand<V>, y: Operand<V>, name = 'add'): V {
    return this.op('AddV2', this.pair(x, y), {}, name);
  }
  sub(x: Operand<V>, y: Operand<V>, name = 'sub'): V {
    return this.op('Sub', this.pair(x, y), {}, name);
  }
  mul(x: Operand<V>, y: Operand<V>, name = 'mul'): V {
    return this.op('Mul', this.pair(x, y), {}, name);
  }
  div(x: Operand<V>, y: Operand<V>, name = 'truediv'): V {
    return this.op('RealDiv', this.pair(x, y), {}, name);
  }
  floordiv(x: Operand<V>, y: Operand<V>, name = 'floordiv'): V {
    return this.op('FloorDiv', this.pair(x, y), {}, name);
  }
  mod(x: Operand<V>, y: Operand<V>, name = 'mod'): V {
    return this.op('FloorMod', this.pair(x, y), {}, name);
  }
  pow(x: Operand<V>, y: Operand<V>, name = 'pow'): V {
    return this.op('Pow', this.pair(x, y), {}, name);
  }
  maximum(x: Operand<V>, y: Operand<V>, name = 'Maximum'): V {
    return this.op('Maximum', this.pair(x, y), {}, name);
  }
  minimum(x: Operand<V>, y: Operand<V>, name = 'Minimum'): V {
    return this.op('Minimum', this.pair(x, y), {}, name);
  }
  addN(xs: readonly V[], name = 'AddN'): V {
    return this.op('AddN', [xs], {}, name);
  }
  neg(x: V, name = 'Neg'): V {
    return this.op('Neg', [x], {}, name);
  }
  square(x: V, name = 'Square'): V {
    return this.op('Square', [x], {}, name);
  }
  sqrt(x: V, name = 'Sqrt'): V {
    return this.op('Sqrt', [x], {}, name);
  }
  rsqrt(x: V, name = 'Rsqrt'): V {
    return this.op('Rsqrt', [x], {}, name);
  }
  reciprocal(x: V, name = 'Reciprocal'): V {
    return this.op('Reciprocal', [x], {}, name);
  }
  exp(x: V, name = 'Exp'): V {
    return this.op('Exp', [x], {}, name);
  }
  log(x: V, name = 'Log'): V {
    return this.op('Log', [x], {}, name);
  }
  sign(x: V, name = 'Sign'): V {
    return this.op('Sign', [x], {}, name);
  }
  less(x: Operand<V>, y: Operand<V>, name = 'Less'): V {
    return this.op('Less', this.pair(x, y), {}, name);
  }
  lessEqual(x: Operand<V>, y: Operand<V>, name = 'LessEqual'): V {
    return this.op('LessEqual', this.pair(x, y), {}, name);
  }
  greater(x: Operand<V>, y: Operand<V>, name = 'Greater'): V {
    return this.op('Greater', this.pair(x, y), {}, name);
  }
  greaterEqual(x: Operand<V>, y: Operand<V>, name = 'GreaterEqual'): V {
    return this.op('GreaterEqual', this.pair(x, y), {}, name);
  }
  equal(x: Operand<V>, y: Operand<V>, name = 'Equal'): V {
    return this.op('Equal', this.pair(x, y), {}, name);
  }
  notEqual(x: Operand<V>, y: Operand<V>, name = 'NotEqual'): V {
    return this.op('NotEqual', this.pair(x, y), {}, name);
  }
  logicalAnd(x: V, y: V, name = 'LogicalAnd'): V {
    return this.op('LogicalAnd', [x, y], {}, name);
  }
  logicalNot(x: V, name = 'LogicalNot'): V {
    return this.op('LogicalNot', [x], {}, name);
  }
  /** Broadcasting select (`SelectV2`). */
  where(condition: V, x: V, y: V, name = 'SelectV2'): V {
    return this.op('SelectV2', [condition, x, y], {}, name);
  }

  sum(x: V, axis: V | readonly number[], keepDims = false, name = 'Sum'): V {
    return this.op('Sum', [x, this.axes(axis)], { keep_dims: keepDims }, name);
  }
  mean(x: V, axis: V | readonly number[], keepDims = false, name = 'Mean'): V {
    return this.op('Mean', [x, this.axes(axis)], { keep_dims: keepDims }, name);
  }
  max(x: V, axis: V | readonly number[], keepDims = false, name = 'Max'): V {
    return this.op('Max', [x, this.axes(axis)], { keep_dims: keepDims }, name);
  }
  prod(x: V, axis: V | readonly number[], keepDims = false, name = 'Prod'): V {
    return this.op('Prod', [x, this.axes(axis)], { keep_dims: keepDims }, name);
  }
  matmul(a: V, b: V, transposeA = false, transposeB = false, name = 'MatMul'): V {
    return this.op('MatMul', [a, b], { transpose_a: transposeA, transpose_b: transposeB }, name);
  }

  reshape(x: V, shape: V | readonly number[], name = 'Reshape'): V {
    return this.op('Reshape', [x, this.axes(shape)], {}, name);
  }
  transpose(x: V, perm: V | readonly number[], name = 'transpose'): V {
    return this.op('Transpose', [x, this.axes(perm)], {}, name);
  }
  expandDims(x: V, axis: V | number, name = 'ExpandDims'): V {
    return this.op('ExpandDims', [x, this.scalar(axis)], {}, name);
  }
  squeeze(x: V, axes: readonly number[] = [], name = 'Squeeze'): V {
    return this.op('Squeeze', [x], { squeeze_dims: axes }, name);
  }
  tile(x: V, multiples: V | readonly number[], name = 'Tile'): V {
    return this.op('Tile', [x, this.axes(multiples)], {}, name);
  }
  broadcastTo(x: V, shape: V | readonly number[], name = 'BroadcastTo'): V {
    return this.op('BroadcastTo', [x, this.axes(shape)], {}, name);
  }
  concat(xs: readonly V[], axis: V | number, name = 'concat'): V {
    return this.op('ConcatV2', [xs, this.scalar(axis)], {}, name);
  }
  pack(xs: readonly V[], axis = 0, name = 'stack'): V {
    return this.op('Pack', [xs], { axis }, name);
  }
  slice(x: V, begin: V | readonly number[], size: V | readonly number[], name = 'Slice'): V {
    return this.op('Slice', [x, this.axes(begin), this.axes(size)], {}, name);
  }
  gather(x: V, indices: V, axis: V | number = 0, name = 'GatherV2'): V {
    return this.op('GatherV2', [x, indices, this.scalar(axis)], {}, name);
  }
  range(start: V, limit: V, delta: V, name = 'range'): V {
    return this.op('Range', [start, limit, delta], {}, name);
  }

  readVariable(handle: V, dtype: DType, name = 'ReadVariableOp'): V {
    return this.op('ReadVariableOp', [handle], { dtype }, name);
  }
  assignVariable(handle: V, value: V, name = 'AssignVariableOp'): void {
    this.ops('AssignVariableOp', [handle, value], {}, name);
  }

  /**
   * Sums the gradients of a binary op over the axes along which its operands were broadcast, and gives them the operands'
   * shapes: the end of every binary gradient, with the ops that TensorFlow builds for the same static shapes. The
   * gradients are built first; a null one stays null. For some ops nothing is built where all shapes are known and equal.
   */
  unbroadcast(
    x: V,
    y: V,
    gradX: () => V | null,
    gradY: () => V | null,
    evenBuildsNothing = false,
  ): readonly [V | null, V | null] {
    const a = this.shapeOf(x);
    const b = this.shapeOf(y);
    const gx = gradX();
    const gy = gradY();
    if (evenBuildsNothing && isFullyDefined(a) && sameShape(a, b)) return [gx, gy];
    const sx = this.shape(x);
    const sy = this.shape(y);
    const reduce = (grad: V | null, axes: V | readonly number[], shape: V): V | null =>
      grad === null ? null : this.reshape(this.sum(grad, axes, true), shape);
    const known = broadcastAxes(a, b);
    if (!known) {
      const [rx, ry] = this.ops('BroadcastGradientArgs', [sx, sy]);
      const first = reduce(gx, rx, sx);
      return [first, reduce(gy, ry, sy)];
    }
    const [rankX, rankY] = [a?.length as number, b?.length as number];
    const first = known[0].length > 0 || rankX < rankY ? reduce(gx, known[0], sx) : gx;
    return [first, known[1].length > 0 || rankY < rankX ? reduce(gy, known[1], sy) : gy];
  }

  private axes(value: V | readonly number[]): V | NdArray {
    return Array.isArray(value) ? toNdArray(value, int32, [value.length]) : (value as V);
  }
  private scalar(value: V | number): V | NdArray {
    return typeof value === 'number' ? toNdArray(value, int32) : value;
  }
  private pair(x: Operand<V>, y: Operand<V>): readonly BuildInput<V>[] {
    if (typeof x !== 'number') return [x, typeof y === 'number' ? numbers(y, this.dtypeOf(x)) : y];
    return typeof y === 'number' ? [toNdArray(x), toNdArray(y)] : [numbers(x, this.dtypeOf(y)), y];
  }
}

/** Zeros of fewer elements are a constant, else they are filled in by a run. */
const SMALL = 1000;

/** Real numbers as an array of any numeric type. */
function numbers(value: ArrayValue, dtype: DType): NdArray {
  return dtype.isComplex && typeof value === 'number' ? toNdArray(toNdArray(value), dtype) : toNdArray(value, dtype);
}

/** The axes along which two shapes are broadcast against each other; null where only a run can tell. */
function broadcastAxes(a: Shape, b: Shape): readonly [number[], number[]] | null {
  if (a === null || b === null) return null;
  const rank = Math.max(a.length, b.length);
  const axes: [number[], number[]] = [[], []];
  for (let axis = 0; axis < rank; axis++) {
    const d = axis < rank - a.length ? 1 : a[axis - rank + a.length];
    const e = axis < rank - b.length ? 1 : b[axis - rank + b.length];
    if (d === 1 && e !== 1) axes[0].push(axis);
    else if (e === 1 && d !== 1) axes[1].push(axis);
    else if (d === null || e === null) return null;
  }
  return axes;
}
