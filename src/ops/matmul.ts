/**
 * Matrix products: `MatMul` and the batched ones, and the functions made of them (`tensordot`). Convolutions and fused
 * products are elsewhere.
 */
import { Tensor } from '../graph/graph.ts';
import { asDType, type DTypeLike, float32, int32 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { NdArray } from '../util/ndarray.ts';
import { type Dim, isFullyDefined, type Shape, sameShape, sizeOf } from '../util/shape.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { defineOp, type GradFn, type InferContext, type Inferred, type OpView, sample } from './opdef/define.ts';
import { broadcastPair, merge, mergeDim, withRank, withRankAtLeast } from './opdef/shape-rules.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';
import { bind, type Rest, renamed, type TensorLike } from './tensor-like.ts';

const a22 = sample(float32, [2, 2], [1, 2, 3, 4]);
const b22 = sample(float32, [2, 2], [5, 6, 7, 8]);

function conjugate<V>($: Vocabulary<V>, x: V): V {
  return $.dtypeOf(x).isComplex ? $.op('Conj', [x]) : x;
}

/** The matrices of the last two axes transposed and conjugated; null where the rank is not known. */
function adjoint<V>($: Vocabulary<V>, x: V): V | null {
  const shape = $.shapeOf(x);
  if (shape === null) return null;
  const perm = shape.map((_, i) => i);
  const rank = perm.length;
  [perm[rank - 2], perm[rank - 1]] = [rank - 1, rank - 2];
  return conjugate($, $.transpose(x, perm));
}

const matMulGrad: GradFn = (op, [dy], $) => {
  const [tA, tB] = [op.attr<boolean>('transpose_a'), op.attr<boolean>('transpose_b')];
  const a = conjugate($, op.inputs[0]);
  const b = conjugate($, op.inputs[1]);
  const product = (x: typeof dy, y: typeof dy, transposeX: boolean, transposeY: boolean, isA: boolean) =>
    $.op('MatMul', [x, y], { transpose_a: transposeX, transpose_b: transposeY, grad_a: isA, grad_b: !isA });
  return [
    tA ? product(b, dy, tB, true, true) : product(dy, b, false, !tB, true),
    tB ? product(dy, a, true, tA, false) : product(a, dy, !tA, false, false),
  ];
};

defineOp({
  name: 'MatMul',
  doc: 'The product of two matrices.',
  inputs: ['a: T', 'b: T'],
  outputs: ['product: T'],
  attrs: [
    'transpose_a: bool = false',
    'transpose_b: bool = false',
    'T: {bfloat16, float16, float32, float64, int32, int64, uint8, uint16, uint32, uint64, complex64, complex128}',
    'grad_a: bool = false',
    'grad_b: bool = false',
  ],
  infer: (op) => {
    const a = withRank(op.shape(0), 2);
    const b = withRank(op.shape(1), 2);
    const [tA, tB] = [op.attr<boolean>('transpose_a') ? 1 : 0, op.attr<boolean>('transpose_b') ? 1 : 0];
    mergeDim(a[1 - tA], b[tB]);
    return [[a[tA], b[1 - tB]]];
  },
  grad: matMulGrad,
  decompose: (op, $) => {
    const [tA, tB] = [op.attr<boolean>('transpose_a'), op.attr<boolean>('transpose_b')];
    if (!tA && !tB) return null;
    const [a, b] = op.inputs;
    return [$.matmul(tA ? $.transpose(a, [1, 0]) : a, tB ? $.transpose(b, [1, 0]) : b)];
  },
  samples: [{ inputs: [a22, b22], outputs: [sample(float32, [2, 2], [19, 22, 43, 50])] }],
});

function inferBatch(op: InferContext, combine: (a: Shape, b: Shape) => Shape): Inferred {
  const x = withRankAtLeast(op.shape(0), 2);
  const y = withRankAtLeast(op.shape(1), 2);
  const [adjX, adjY] = [op.attr<boolean>('adj_x'), op.attr<boolean>('adj_y')];
  const row = x === null ? null : x[x.length - (adjX ? 1 : 2)];
  const column = y === null ? null : y[y.length - (adjY ? 2 : 1)];
  mergeDim(x === null ? null : x[x.length - (adjX ? 2 : 1)], y === null ? null : y[y.length - (adjY ? 1 : 2)]);
  const batch = combine(x?.slice(0, -2) ?? null, y?.slice(0, -2) ?? null);
  return [batch === null ? null : [...batch, row, column]];
}

/** The two products of a batched gradient, before broadcast axes are summed. */
function batchProducts<V>(op: OpView<V>, dy: V, $: Vocabulary<V>, type: string): readonly [V, V] {
  const [x, y] = op.inputs;
  const [adjX, adjY] = [op.attr<boolean>('adj_x'), op.attr<boolean>('adj_y')];
  const product = (a: V, b: V, adjA: boolean, adjB: boolean, isX: boolean) => {
    const attrs = { adj_x: adjA, adj_y: adjB, grad_x: isX, grad_y: !isX };
    const typed = type === 'BatchMatMulV3' ? { ...attrs, Tout: $.dtypeOf(isX ? x : y) } : attrs;
    return $.op(type, [a, b], typed, 'MatMul');
  };
  return [
    adjX ? product(y, dy, adjY, true, true) : product(dy, y, false, !adjY, true),
    adjY ? product(dy, x, true, adjX, false) : product(x, dy, !adjX, false, false),
  ];
}

const batchGrad =
  (type: string): GradFn =>
  (op, [dy], $) => {
    const [x, y] = op.inputs;
    const [gx, gy] = batchProducts(op, dy, $, type);
    const [a, b] = [$.shapeOf(x), $.shapeOf(y)];
    const batchX = a?.slice(0, -2) ?? null;
    const batchY = b?.slice(0, -2) ?? null;
    const plain = a !== null && b !== null && a.length <= 2 && b.length <= 2;
    const same = isFullyDefined(batchX) && isFullyDefined(batchY) && batchX.join() === batchY.join();
    if (type === 'BatchMatMul' || plain || same) return [gx, gy];
    const [sx, sy] = [$.shape(x), $.shape(y)];
    const head = (shape: typeof sx) =>
      $.op('StridedSlice', [shape, vector(0), vector(-2), vector(1)], { begin_mask: 1 }, 'strided_slice');
    const [rx, ry] = $.ops('BroadcastGradientArgs', [head(sx), head(sy)]);
    const reducedX = $.reshape($.sum(gx, rx), sx);
    return [reducedX, $.reshape($.sum(gy, ry), sy)];
  };

function vector(...values: number[]): NdArray {
  return new NdArray(int32, [values.length], Int32Array.from(values));
}

/** Transposes first, then broadcasts, so that a plain batch of products is left. */
function decomposeBatch<V>(op: OpView<V>, $: Vocabulary<V>): readonly V[] | null {
  const [x, y] = op.inputs;
  const [adjX, adjY] = [op.attr<boolean>('adj_x'), op.attr<boolean>('adj_y')];
  const out = $.dtypeOf(op.outputs[0]);
  if ($.dtypeOf(x) !== out || $.dtypeOf(y) !== out) {
    return [$.op('BatchMatMulV2', [$.cast(x, out), $.cast(y, out)], { adj_x: adjX, adj_y: adjY })];
  }
  if (adjX || adjY) {
    const left = adjX ? adjoint($, x) : x;
    const right = adjY ? adjoint($, y) : y;
    return left === null || right === null ? null : [$.op('BatchMatMulV2', [left, right])];
  }
  const [a, b] = [$.shapeOf(x), $.shapeOf(y)];
  if (!isFullyDefined(a) || !isFullyDefined(b)) return null;
  const [batchX, batchY] = [a.slice(0, -2), b.slice(0, -2)];
  // One matrix on the right needs no copies: the batch on the left is one tall matrix.
  if (sameShape(batchX, batchY) || sizeOf(batchY) === 1) return null;
  const batch = broadcastPair(batchX, batchY) as readonly number[];
  const expand = (value: V, shape: readonly number[], own: readonly number[]): V =>
    sameShape(own, batch) ? value : $.broadcastTo(value, [...batch, ...shape.slice(-2)]);
  return [$.op('BatchMatMulV2', [expand(x, a, batchX), expand(y, b, batchY)])];
}

const ADJOINTS = ['adj_x: bool = false', 'adj_y: bool = false', 'grad_x: bool = false', 'grad_y: bool = false'];
const batchSample = {
  inputs: [sample(float32, [1, 2, 2], a22.data), sample(float32, [1, 2, 2], b22.data)],
  outputs: [sample(float32, [1, 2, 2], [19, 22, 43, 50])],
};

defineOp({
  name: 'BatchMatMul',
  doc: 'The products of two batches of matrices of one batch shape.',
  inputs: ['x: T', 'y: T'],
  outputs: ['output: T'],
  attrs: ['T: {bfloat16, float16, float32, float64, int32, int64, complex64, complex128}', ...ADJOINTS],
  infer: (op) => inferBatch(op, merge),
  grad: batchGrad('BatchMatMul'),
  decompose: decomposeBatch,
  samples: [batchSample],
});

defineOp({
  name: 'BatchMatMulV2',
  doc: 'The products of two batches of matrices; batch shapes are broadcast.',
  inputs: ['x: T', 'y: T'],
  outputs: ['output: T'],
  attrs: [
    'T: {bfloat16, float16, float32, float64, int16, int32, int64, uint8, uint16, uint32, uint64, complex64, complex128}',
    ...ADJOINTS,
  ],
  infer: (op) => inferBatch(op, broadcastPair),
  grad: batchGrad('BatchMatMulV2'),
  decompose: decomposeBatch,
  samples: [batchSample],
});

const V3 = 'bfloat16, float16, float32, float64, uint8, int8, int16, int32, int64, complex64, complex128';

defineOp({
  name: 'BatchMatMulV3',
  doc: 'The products of two batches of matrices of perhaps different types, as a third type.',
  inputs: ['x: Ta', 'y: Tb'],
  outputs: ['output: Tout'],
  attrs: [
    `Ta: {${V3}}`,
    `Tb: {${V3}}`,
    'Tout: {bfloat16, float16, float32, float64, int16, int32, int64, complex64, complex128}',
    ...ADJOINTS,
  ],
  infer: (op) => inferBatch(op, broadcastPair),
  grad: batchGrad('BatchMatMulV3'),
  decompose: decomposeBatch,
  samples: [{ ...batchSample, attrs: { Tout: float32 } }],
});

export interface MatmulOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** Transpose and conjugate: not together with `transposeA`. */
  readonly adjointA?: boolean;
  readonly adjointB?: boolean;
  /** A hint that most elements are zero; it has no effect. */
  readonly aIsSparse?: boolean;
  readonly bIsSparse?: boolean;
  /** The element type of the result, where it is not that of `a`. */
  readonly outputType?: DTypeLike | null;
  readonly name?: string | null;
}

/**
 * The product of two matrices, or of two batches of them: inputs of rank 3 and more are batches over their leading axes,
 * which are broadcast. Both inputs have one number type. Throws `ValueError` where the inner lengths differ.
 *
 *     tf.matmul(x, w)                          // [n, k] by [k, m]
 *     tf.matmul(a, b, {transposeB: true})
 *     tf.matmul(queries, keys, false, true)    // [batch, n, k] by [batch, m, k]
 */
export function matmul(
  a: TensorLike,
  b: TensorLike,
  ...rest: Rest<
    [
      transposeA: boolean,
      transposeB: boolean,
      adjointA: boolean,
      adjointB: boolean,
      aIsSparse: boolean,
      bIsSparse: boolean,
      name: string | null,
    ],
    MatmulOptions
  >
): Tensor {
  const given = bind<MatmulOptions>(
    ['transposeA', 'transposeB', 'adjointA', 'adjointB', 'aIsSparse', 'bIsSparse', 'name'],
    rest,
  );
  let { transposeA = false, transposeB = false, adjointA = false, adjointB = false } = given;
  for (const [side, transpose, adjoint] of [
    ['a', transposeA, adjointA],
    ['b', transposeB, adjointB],
  ] as const) {
    if (transpose && adjoint) {
      throw new ValueError(
        `Only one of \`transpose_${side}\` and \`adjoint_${side}\` can be True. Received \`transpose_${side}\`=True, \`adjoint_${side}\`=True.`,
      );
    }
  }
  return opScope(given.name, 'MatMul', [a, b], (scope) => {
    let x = convertToTensor(a, { name: 'a' });
    let y = convertToTensor(b, { name: 'b', preferredDtype: x.dtype });
    const output = given.outputType ? asDType(given.outputType) : x.dtype;
    const conj = (t: Tensor): Tensor => (t.dtype.isComplex ? emitOne('Conj', [t]) : t);
    const batched = x.shape === null || y.shape === null || x.shape.length > 2 || y.shape.length > 2;
    if (batched || output !== x.dtype) {
      // The batched ops know adjoints only: a transpose is the adjoint of the conjugate.
      if (transposeA) x = conj(x);
      if (transposeB) y = conj(y);
      const attrs = { adj_x: adjointA || transposeA, adj_y: adjointB || transposeB };
      if (output !== x.dtype) return emitOne('BatchMatMulV3', [x, y], { ...attrs, Tout: output }, scope);
      return emitOne('BatchMatMulV2', [x, y], attrs, scope);
    }
    if (adjointA) [x, transposeA] = [conj(x), true];
    if (adjointB) [y, transposeB] = [conj(y), true];
    return emitOne('MatMul', [x, y], { transpose_a: transposeA, transpose_b: transposeB }, scope);
  });
}

export interface TensordotOptions {
  readonly name?: string | null;
}

/**
 * The sum of products over pairs of axes: `axes` is how many last axes of `a` meet how many first ones of `b`, or a pair
 * of an axis (or list of axes) of each. The result has the other axes of `a`, then those of `b`. Throws `ValueError` for
 * axes that do not pair or exceed the rank, or for an unknown rank.
 *
 *     tf.tensordot(x, w, 1)                    // [..., k] by [k, m]
 *     tf.tensordot(a, b, [[0, 2], [1, 0]])
 */
export function tensordot(
  a: TensorLike,
  b: TensorLike,
  axes: number | readonly [number | readonly number[], number | readonly number[]],
  ...rest: Rest<[name: string | null], TensordotOptions>
): Tensor {
  const { name } = bind<TensordotOptions>(['name'], rest);
  return opScope(name, 'Tensordot', [a, b], (scope) => {
    const x = convertToTensor(a, { name: 'a' });
    const y = convertToTensor(b, { name: 'b', preferredDtype: x.dtype });
    const [axesX, axesY] = tensordotAxes(x, axes);
    const left = flattened(x, axesX, false);
    const right = flattened(y, axesY, true);
    const product = matmul(left.matrix, right.matrix);
    const shape: readonly Dim[] = [...left.free, ...right.free];
    if (isFullyDefined(shape)) {
      if (sameShape(product.shape, shape)) return product;
      return emitOne('Reshape', [product, convertToTensor(vector(...shape), { name: 'shape' })], {}, scope);
    }
    const parts = [left.freeShape, right.freeShape];
    const lengths = parts.map((part) => (part instanceof Tensor ? part : convertToTensor(part)));
    const concat = emitOne('ConcatV2', [lengths, new NdArray(int32, [], Int32Array.of(0))], {}, 'concat');
    const result = emitOne('Reshape', [product, concat], {}, scope);
    result.setShape(shape);
    return result;
  });
}

function tensordotAxes(
  a: Tensor,
  axes: number | readonly [number | readonly number[], number | readonly number[]],
): readonly [readonly number[], readonly number[]] {
  if (typeof axes === 'number') {
    if (axes < 0) throw new ValueError(`\`axes\` must be at least 0. Received: ${axes}.`);
    if (a.shape === null) throw new ValueError(`tensordot needs the rank of 'a', which is not known: ${a.name}`);
    const rank = a.shape.length;
    if (axes > rank) {
      throw new ValueError(
        `\`axes\` must not be larger than the number of dimensions of tensor ${a}. Received: ${axes}.`,
      );
    }
    const count = Array.from({ length: axes }, (_, i) => i);
    return [count.map((i) => rank - axes + i), count];
  }
  if (axes.length !== 2) {
    throw new ValueError(`\`axes\` must be an integer or have length 2. Received ${JSON.stringify(axes)}.`);
  }
  const [x, y] = axes.map((list) => (typeof list === 'number' ? [list] : list));
  if (x.length !== y.length) {
    throw new ValueError(`Different number of contraction axes \`a\` and \`b\`, ${x.length} != ${y.length}.`);
  }
  return [x, y];
}

interface Flattened {
  readonly matrix: Tensor;
  readonly free: readonly Dim[];
  /** The lengths of the free axes: an array where they are known. */
  readonly freeShape: Tensor | NdArray;
}

/** `x` as a matrix: free axes by contracted ones, or the other way round for the right operand. */
function flattened(x: Tensor, given: readonly number[], contractedFirst: boolean): Flattened {
  const { shape } = x;
  if (shape === null) throw new ValueError(`tensordot needs the rank of ${x.name}, which is not known.`);
  const axes = given.map((axis) => {
    if (axis < -shape.length || axis >= shape.length) {
      throw new ValueError(`Axis ${axis} is out of range for a tensor of rank ${shape.length}.`);
    }
    return axis < 0 ? axis + shape.length : axis;
  });
  const free = shape.map((_, i) => i).filter((i) => !axes.includes(i));
  if (!isFullyDefined(shape)) return flattenedByRun(x, axes, free, contractedFirst);
  const perm = contractedFirst ? [...axes, ...free] : [...free, ...axes];
  const moved = perm.every((axis, i) => axis === i) ? x : emitOne('Transpose', [x, vector(...perm)], {}, 'transpose');
  const freeDims = free.map((axis) => shape[axis]);
  const size = sizeOf(axes.map((axis) => shape[axis]));
  const target = contractedFirst ? [size, sizeOf(freeDims)] : [sizeOf(freeDims), size];
  const matrix = sameShape(moved.shape, target) ? moved : emitOne('Reshape', [moved, vector(...target)]);
  return { matrix, free: freeDims, freeShape: vector(...freeDims) };
}

/** The same where lengths are only known in the run. */
function flattenedByRun(
  x: Tensor,
  axes: readonly number[],
  free: readonly number[],
  contractedFirst: boolean,
): Flattened {
  const zero = new NdArray(int32, [], Int32Array.of(0));
  const axesTensor = convertToTensor(vector(...axes), { name: 'axes' });
  const freeTensor = convertToTensor(vector(...free), { name: 'free' });
  const dims = emitOne('Shape', [x]);
  const freeShape = emitOne('GatherV2', [dims, freeTensor, zero]);
  const axesShape = emitOne('GatherV2', [dims, axesTensor, zero]);
  const sizes = [freeShape, axesShape].map((lengths) => emitOne('Prod', [lengths, convertToTensor(vector(0))]));
  const order = <T>(parts: T[]): T[] => (contractedFirst ? parts.reverse() : parts);
  const perm = emitOne('ConcatV2', [order([freeTensor, axesTensor]), zero], {}, 'concat');
  const target = emitOne('Pack', [order(sizes)], {}, 'stack');
  const matrix = emitOne('Reshape', [emitOne('Transpose', [x, perm], {}, 'transpose'), target]);
  return { matrix, free: free.map((axis) => (x.shape as readonly Dim[])[axis]), freeShape };
}

export interface NormOptions {
  readonly ord?: 'euclidean' | 'fro' | number;
  readonly axis?: number | readonly number[] | null;
  readonly keepdims?: boolean | null;
  readonly name?: string | null;
  /** The old name of `keepdims`. */
  readonly keepDims?: boolean | null;
}

/**
 * The norm of vectors along one axis, of matrices along two, or of all elements: `ord` is `'euclidean'` (of a matrix its
 * Frobenius norm), 1, 2, another positive number, or Infinity. The spectral norm (2 on matrices) is not available.
 *
 *     tf.norm([3, 4])                          // 5
 *     tf.norm(x, {ord: 1, axis: 1})
 */
export function norm(
  tensor: TensorLike,
  ...rest: Rest<
    [
      ord: 'euclidean' | 'fro' | number,
      axis: number | readonly number[] | null,
      keepdims: boolean | null,
      name: string | null,
    ],
    NormOptions
  >
): Tensor {
  const given = bind<NormOptions>(['ord', 'axis', 'keepdims', 'name'], rest);
  const { ord = 'euclidean', axis = null, name } = given;
  const keepdims = renamed(['keepdims', 'keep_dims'], given.keepdims, given.keepDims) ?? false;
  const isMatrix = Array.isArray(axis) && axis.length === 2;
  if (typeof ord === 'string' ? !['euclidean', 'fro'].includes(ord) : !(ord > 0)) {
    throw new ValueError(`'ord' must be a supported vector norm or a positive number. Received: ${ord}.`);
  }
  if (isMatrix && (ord === 2 || (typeof ord === 'number' && ord !== 1 && ord !== Infinity))) {
    throw new ValueError(`'ord' must be a supported matrix norm in ['euclidean', 'fro', 1, np.inf], got ${ord}`);
  }
  return opScope(name, 'norm', [tensor], () => {
    const x = convertToTensor(tensor);
    const reduce = (type: string, input: Tensor, along: number | readonly number[] | null): Tensor => {
      const list = along === null ? (x.shape ?? []).map((_, i) => i) : typeof along === 'number' ? [along] : along;
      if (along === null && x.shape === null) throw new ValueError('norm over all axes needs a known rank.');
      return emitOne(type, [input, vector(...list)], { keep_dims: true });
    };
    let result: Tensor;
    if (typeof ord === 'string' || ord === 2) {
      const squares = emitOne('Mul', [x, x.dtype.isComplex ? emitOne('Conj', [x]) : x], {}, 'mul');
      result = emitOne('Sqrt', [reduce('Sum', squares, axis)]);
    } else {
      const magnitude = x.dtype.isComplex ? emitOne('ComplexAbs', [x], {}, 'Abs') : emitOne('Abs', [x]);
      const [rows, columns] = isMatrix ? (axis as readonly number[]) : [axis, axis];
      if (ord === 1) {
        result = reduce('Sum', magnitude, rows);
        if (isMatrix) result = reduce('Max', result, columns);
      } else if (ord === Infinity) {
        if (isMatrix) result = reduce('Max', reduce('Sum', magnitude, columns), rows);
        else result = reduce('Max', magnitude, axis);
      } else {
        const power = (t: Tensor, exponent: number): Tensor => emitOne('Pow', [t, exponent], {}, 'pow');
        result = power(reduce('Sum', power(magnitude, ord), axis), 1 / ord);
      }
    }
    if (keepdims) return result;
    const dropped = axis === null ? [] : typeof axis === 'number' ? [axis] : axis;
    return emitOne('Squeeze', [result], { squeeze_dims: dropped });
  });
}
