/**
 * The functions that move the elements of sparse tensors: to and from dense ones, into order, into other shapes, cut and
 * joined. The ops are in `sparse-layout.ts`; functions that compute are in `sparse-math.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { toNdArray } from '../util/array-convert.ts';
import { int32, int64 } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { NdArray } from '../util/ndarray.ts';
import { type Dim, formatShape, isFullyDefined, type Shape, sizeOf } from '../util/shape.ts';
import { cast } from './cast.ts';
import { assertEqual, assertLessEqual } from './checks.ts';
import { notEqual } from './comparison.ts';
import { withDependencies } from './control.ts';
import { convertToTensor, emit, emitOne, graphOf, opScope } from './emit.ts';
import { onesLike, zerosLike } from './filling.ts';
import { gather, gatherNd } from './gather.ts';
import { IndexedSlices } from './indexed-slices.ts';
import { asIndices, vector } from './indices.ts';
import { reduceMax } from './reductions.ts';
import { whereV2 } from './selection.ts';
import { shape as shapeOf } from './shaping.ts';
import { asSparse, checkDims, SparseTensor, type SparseTensorLike } from './sparse-tensor.ts';
import { constantShape, constantValue } from './static-value.ts';
import { bind, isSymbolic, type Rest, renamed, type TensorLike } from './tensor-like.ts';

interface Named {
  readonly name?: string | null;
}

type NameRest = Rest<[name: string | null], Named>;

const nameOf = (rest: NameRest) => bind<Named>(['name'], rest).name;

/** All or nothing, in the current name scope. */
function atomically<R>(inputs: readonly unknown[], body: () => R): R {
  const graph = graphOf(inputs);
  return graph.atomic(() => graph.asDefault(body));
}

/** A part of a vector, `vector[begin:end]`. */
function part(x: Tensor, begin: number, end: number | null): Tensor {
  const attrs = { begin_mask: begin === 0 ? 1 : 0, end_mask: end === null ? 1 : 0 };
  return emitOne('StridedSlice', [x, vector(begin), vector(end ?? 0), vector(1)], attrs, 'strided_slice');
}

function int64Tensor(value: TensorLike, name?: string): Tensor {
  return convertToTensor(value, { dtype: int64, name });
}

export interface SparseToDenseOptions extends Named {
  readonly defaultValue?: TensorLike;
  readonly validateIndices?: boolean;
}

type ToDenseRest = Rest<
  [defaultValue: TensorLike, validateIndices: boolean, name: string | null],
  SparseToDenseOptions
>;

const TO_DENSE = ['defaultValue', 'validateIndices', 'name'] as const;

/**
 * The dense tensor of `outputShape` with `sparseValues` (a vector, or a scalar for all) at `sparseIndices` (a matrix, a
 * vector of places in a vector, or a scalar), and `defaultValue` (without it 0) elsewhere. Indices that are out of order,
 * repeated or outside the shape fail the run; without `validateIndices` only those outside.
 *
 *     tf.sparseToDense([[0], [2]], [3], [1, 2])      // [1, 0, 2]
 */
export function sparseToDense(
  sparseIndices: TensorLike,
  outputShape: TensorLike,
  sparseValues: TensorLike,
  ...rest: ToDenseRest
): Tensor {
  const { defaultValue = 0, validateIndices = true, name } = bind<SparseToDenseOptions>(TO_DENSE, rest);
  const inputs = [asIndices(sparseIndices), asIndices(outputShape), sparseValues, defaultValue];
  return emitOne('SparseToDense', inputs, { validate_indices: validateIndices }, name);
}

/**
 * The dense tensor of a sparse one, with `defaultValue` (without it 0, false or an empty string) where it has no element.
 * Indices that are out of order or repeated fail the run, unless `validateIndices` is false.
 *
 *     tf.sparse.toDense(new tf.SparseTensor([[0, 1]], [5], [2, 2]))      // [[0, 5], [0, 0]]
 */
export function sparseTensorToDense(spInput: SparseTensorLike, ...rest: ToDenseRest): Tensor {
  const { defaultValue, validateIndices = true, name } = bind<SparseToDenseOptions>(TO_DENSE, rest);
  return atomically([spInput.values], () => {
    const { indices, values, denseShape } = asSparse(spInput);
    const preset = defaultValue ?? convertToTensor(NdArray.zeros(values.dtype, []), { name: 'zeros' });
    const attrs = { validate_indices: validateIndices };
    return emitOne('SparseToDense', [indices, denseShape, values, preset], attrs, name);
  });
}

/**
 * The sparse tensor of the elements that are not zero.
 *
 *     tf.sparse.fromDense([[0, 5], [0, 0]])      // indices [[0, 1]], values [5]
 */
export function fromDense(tensor: TensorLike, ...rest: NameRest): SparseTensor {
  return opScope(nameOf(rest), 'dense_to_sparse', [tensor], () => {
    const x = convertToTensor(tensor);
    const indices = whereV2(notEqual(x, zerosLike(x)));
    return new SparseTensor(indices, gatherNd(x, indices), shapeOf(x, { outType: int64 }));
  });
}

/**
 * The same elements in row-major order.
 *
 *     tf.sparse.reorder(new tf.SparseTensor([[1, 0], [0, 0]], [1, 2], [2, 2]))      // values [2, 1]
 */
export function sparseReorder(spInput: SparseTensorLike, ...rest: NameRest): SparseTensor {
  return atomically([spInput.values], () => {
    const sparse = asSparse(spInput);
    const { indices, values, denseShape, shape } = sparse;
    const [at, entries] = emit('SparseReorder', [indices, values, denseShape], {}, nameOf(rest)).outputs;
    if (isFullyDefined(shape)) return new SparseTensor(at, entries, [...shape]);
    const ordered = new SparseTensor(at, entries, emitOne('Identity', [denseShape]));
    ordered.setShape(shape);
    return ordered;
  });
}

/**
 * The elements under another shape of the same size; one length may be -1. Throws `ValueError` where the static shapes do
 * not fit; others fail the run.
 *
 *     tf.sparse.reshape(new tf.SparseTensor([[1, 0]], [1], [2, 3]), [3, -1])      // indices [[1, 1]]
 */
export function sparseReshape(spInput: SparseTensorLike, shape: TensorLike, ...rest: NameRest): SparseTensor {
  return atomically([spInput.values, shape], () => {
    const sparse = asSparse(spInput);
    const to = cast(asIndices(shape), int64);
    return opScope(nameOf(rest), 'SparseReshape', [sparse.values], (scope) => {
      const inputs = [sparse.indices, sparse.denseShape, to];
      const [indices, computed] = emit('SparseReshape', inputs, {}, scope).outputs;
      const known = knownReshape(sparse.shape, constantShape(to), constantValue(to));
      const denseShape = known ? convertToTensor(toNdArray(known, int64, [known.length]), { name: 'Const' }) : computed;
      return new SparseTensor(indices, emitOne('Identity', [sparse.values]), denseShape);
    });
  });
}

/** The new shape where both are known; throws where they are, and do not fit. */
function knownReshape(from: Shape, to: Shape, given: NdArray | null): number[] | null {
  if (to === null || !isFullyDefined(from)) return null;
  const implied = to.filter((d) => d === null).length;
  if (given && Array.from(given.data as BigInt64Array).filter((d) => d === -1n).length > 1) {
    throw new ValueError(`At most one dimension can be inferred (-1). Found: ${given}`);
  }
  if (implied > 1 || (implied === 1 && to.includes(0))) return null;
  const size = sizeOf(from);
  const others = to.reduce<number>((product, d) => product * (d ?? 1), 1);
  const known = to.map((d) => d ?? Math.floor(size / others));
  if (sizeOf(known) === size) return known;
  const shown = `[${to.map((d) => d ?? 'None').join(', ')}]`;
  throw new ValueError(`Cannot reshape a tensor with ${size} elements to shape ${shown} (${sizeOf(known)} elements).`);
}

export interface SparseConcatOptions extends Named {
  /** Whether the other axes may differ in length: the result has the longest. */
  readonly expandNonconcatDim?: boolean;
  readonly concatDim?: number | null;
  readonly expandNonconcatDims?: boolean | null;
}

/**
 * Sparse tensors one after another along `axis`; the lengths of the other axes must agree, else the run fails.
 *
 *     tf.sparse.concat(1, [a, b])
 */
export function sparseConcat(
  axis: number | null,
  spInputs: readonly SparseTensorLike[],
  ...rest: Rest<
    [name: string | null, expandNonconcatDim: boolean, concatDim: number | null, expandNonconcatDims: boolean | null],
    SparseConcatOptions
  >
): SparseTensor {
  const names = ['name', 'expandNonconcatDim', 'concatDim', 'expandNonconcatDims'] as const;
  const options = bind<SparseConcatOptions>(names, rest);
  const expand = options.expandNonconcatDims ?? options.expandNonconcatDim ?? false;
  const along = renamed(['axis', 'concat_dim'], axis, options.concatDim) as number;
  if (!Array.isArray(spInputs)) throw new TypeError('Inputs must be a list or tuple.');
  const given = spInputs as readonly SparseTensorLike[];
  return atomically(
    given.map((sparse) => sparse.values),
    () => {
      const all = given.map(asSparse);
      if (all.length === 1) return all[0];
      let shapes = all.map((sparse) => sparse.denseShape);
      if (expand) {
        const rows = shapes.map((shape) => emitOne('Reshape', [shape, vector(1, -1)]));
        const longest = emitOne('Max', [emitOne('ConcatV2', [rows, toNdArray(0, int32)], {}, 'concat'), vector(0)]);
        shapes = shapes.map((shape) => {
          const tail = along === -1 ? [] : [part(longest, along + 1, null)];
          const parts = [part(longest, 0, along), part(shape, along, along === -1 ? null : along + 1), ...tail];
          return emitOne('ConcatV2', [parts, toNdArray(0, int32)], {}, 'concat');
        });
      }
      const inputs = [all.map((sparse) => sparse.indices), all.map((sparse) => sparse.values), shapes];
      const [indices, values, computed] = emit('SparseConcat', inputs, { concat_dim: along }, options.name).outputs;
      const known = joinedShape(
        all.map((sparse) => sparse.shape),
        along,
        expand,
      );
      if (all.every((sparse) => isFullyDefined(sparse.shape)) && isFullyDefined(known)) {
        const denseShape = convertToTensor(toNdArray([...known], int64, [known.length]), { name: 'Const' });
        return new SparseTensor(indices, values, denseShape);
      }
      const joined = new SparseTensor(indices, values, computed);
      joined.setShape(known);
      return joined;
    },
  );
}

function joinedShape(shapes: readonly Shape[], axis: number, expand: boolean): Shape {
  const known = shapes.filter((shape) => shape !== null);
  if (known.length < shapes.length) return null;
  const [first] = known;
  const combine = (k: number, step: (a: number, b: number) => number): Dim =>
    known.map((shape) => shape[k] ?? null).reduce((a, b) => (a === null || b === null ? null : step(a, b)));
  const along = axis < 0 ? axis + first.length : axis;
  return first.map((d, k) => {
    if (k === along) return combine(k, (a, b) => a + b);
    return expand ? combine(k, Math.max) : d;
  });
}

export interface SparseSplitOptions extends Named {
  readonly spInput: SparseTensorLike;
  /** How many parts. */
  readonly numSplit: number;
  readonly axis?: TensorLike | null;
  readonly splitDim?: TensorLike | null;
}

/**
 * Parts of a sparse tensor along an axis; the first are longer by one where the length does not divide. All arguments are
 * keywords. Throws `ValueError` without them.
 *
 *     const [top, bottom] = tf.sparse.split({spInput: x, numSplit: 2, axis: 0});
 */
export function sparseSplit(options: SparseSplitOptions): SparseTensor[] {
  if (options === null || typeof options !== 'object' || options instanceof SparseTensor) {
    throw new ValueError('Keyword arguments are required for this function.');
  }
  if (options.spInput == null) throw new ValueError('sp_input is required');
  if (options.numSplit == null) throw new ValueError('num_split is required');
  const axis = renamed(['axis', 'split_dim'], options.axis, options.splitDim);
  if (axis === null) throw new ValueError('axis is required');
  return atomically([options.spInput.values], () => {
    const { indices, values, denseShape } = asSparse(options.spInput);
    const n = options.numSplit;
    const found = emit('SparseSplit', [axis, indices, values, denseShape], { num_split: n }, options.name).outputs;
    return Array.from({ length: n }, (_, i) => new SparseTensor(found[i], found[n + i], found[2 * n + i]));
  });
}

/**
 * The elements from `start` on, `size` (int64 vectors) or as far as the tensor goes, counted from `start`.
 *
 *     tf.sparse.slice(x, [0, 2], [2, 2])
 */
export function sparseSlice(
  spInput: SparseTensorLike,
  start: TensorLike,
  size: TensorLike,
  ...rest: NameRest
): SparseTensor {
  return atomically([spInput.values, start, size], () => {
    const { indices, values, denseShape } = asSparse(spInput);
    const inputs = [indices, values, denseShape, int64Tensor(start), int64Tensor(size)];
    const found = emit('SparseSlice', inputs, {}, nameOf(rest));
    return new SparseTensor(found.output(0), found.output(1), found.output(2));
  });
}

/**
 * The elements with `defaultValue` in the first column of every row that has none, and which rows these are (bool). Rows
 * are along the first axis.
 *
 *     const [filled, isEmpty] = tf.sparse.fillEmptyRows(x, 0);
 */
export function sparseFillEmptyRows(
  spInput: SparseTensorLike,
  defaultValue: TensorLike,
  ...rest: NameRest
): readonly [filled: SparseTensor, emptyRowIndicator: Tensor] {
  return opScope(nameOf(rest), 'SparseFillEmptyRows', [spInput.values, defaultValue], () => {
    const { indices, values, denseShape } = asSparse(spInput);
    const preset = convertToTensor(defaultValue, { dtype: values.dtype });
    const found = emit('SparseFillEmptyRows', [indices, values, denseShape, preset]);
    return [new SparseTensor(found.output(0), found.output(1), denseShape), found.output(2)] as const;
  });
}

/**
 * The elements for which `toRetain` (a bool for each) is true. Throws `ValueError` where it is known to have another length.
 *
 *     tf.sparse.retain(x, [true, false, true])
 */
export function sparseRetain(spInput: SparseTensorLike, toRetain: TensorLike): SparseTensor {
  return atomically([spInput.values, toRetain], () => {
    const { indices, values, denseShape } = asSparse(spInput);
    const kept = convertToTensor(toRetain);
    if (kept.shape && kept.shape.length !== 1) {
      throw new ValueError(`Shape ${formatShape(kept.shape)} must have rank 1`);
    }
    checkDims(values.shape?.[0] ?? null, kept.shape?.[0] ?? null);
    const at = emitOne('Reshape', [whereV2(kept), vector(-1)]);
    return new SparseTensor(gather(indices, at), gather(values, at), emitOne('Identity', [denseShape]));
  });
}

/**
 * The same elements in a whole of another size: of `newShape`, which must be nowhere less than the old one, or, without
 * it, of the least that holds the elements. Throws `ValueError` where static shapes do not fit; others fail the run.
 *
 *     tf.sparse.resetShape(x, [10, 10])
 */
export function sparseResetShape(
  spInput: SparseTensorLike,
  ...rest: Rest<[newShape: TensorLike | null], { readonly newShape?: TensorLike | null }>
): SparseTensor {
  const { newShape = null } = bind<{ newShape: TensorLike | null }>(['newShape'], rest);
  return atomically([spInput.values, newShape], () => {
    const sparse = asSparse(spInput);
    const parts = [sparse.indices, sparse.values, sparse.denseShape];
    const [indices, values, shape] = parts.map((tensor) => emitOne('Identity', [tensor]));
    if (newShape === null) {
      const last = reduceMax(indices, { axis: 0 });
      const zero = convertToTensor(toNdArray(0, int64));
      const next = emitOne('AddV2', [last, onesLike(shape)], {}, 'Add');
      return new SparseTensor(indices, values, emitOne('Maximum', [zero, next]));
    }
    const given = convertToTensor(asIndices(newShape));
    if (given.shape && given.shape.length !== 1) {
      throw new ValueError(`Shape ${formatShape(given.shape)} must have rank 1`);
    }
    const wanted = cast(given, int64);
    checkDims(wanted.shape?.[0] ?? null, shape.shape?.[0] ?? null);
    const known = constantValue(wanted);
    const old = sparse.shape;
    if (known && isFullyDefined(old)) {
      const lengths = Array.from(known.data as BigInt64Array, Number);
      if (old.some((d, k) => d > lengths[k])) {
        const shown = (dims: readonly number[]) => `[${dims.join(' ')}]`;
        throw new ValueError(
          `Requested new_shape should have dimension sizes >= sp_input.shape.  Found new_shape (${shown(old)}), sp_input.shape (${shown(lengths)}).`,
        );
      }
      return new SparseTensor(indices, values, known);
    }
    const sized = withDependencies([assertEqual(shapeOf(shape), shapeOf(wanted))], wanted) as Tensor;
    const checked = withDependencies([assertLessEqual(shape, sized)], sized) as Tensor;
    return new SparseTensor(indices, values, checked);
  });
}

export interface SparseTransposeOptions extends Named {
  readonly perm?: TensorLike | null;
}

/**
 * The axes in another order: axis `i` of the result is axis `perm[i]`; without `perm` the axes are reversed.
 *
 *     tf.sparse.transpose(x, [1, 0])
 */
export function sparseTranspose(
  spInput: SparseTensorLike,
  ...rest: Rest<[perm: TensorLike | null, name: string | null], SparseTransposeOptions>
): SparseTensor {
  const { perm, name } = bind<SparseTransposeOptions>(['perm', 'name'], rest);
  return opScope(name, 'SparseTranspose', [spInput.values, perm], () => {
    const sparse = asSparse(spInput);
    const { indices, denseShape, values } = sparse;
    const order = perm == null ? reversedAxes(sparse) : asIndices(perm);
    const turned = (matrix: Tensor) => emitOne('Transpose', [matrix, vector(1, 0)], {}, 'transpose');
    const moved = turned(gather(turned(indices), order));
    const axes = isSymbolic(order)
      ? constantValue(convertToTensor(order))
      : toNdArray(order as readonly number[], int32);
    const known = sparse.shape;
    const shape =
      axes && isFullyDefined(known)
        ? Array.from(axes.data as Int32Array, (axis) => known[Number(axis)])
        : gather(denseShape, order);
    return sparseReorder(new SparseTensor(moved, values, shape));
  });
}

function reversedAxes({ shape, denseShape }: SparseTensor): TensorLike {
  if (shape) return vector(...shape.map((_, axis) => shape.length - 1 - axis));
  const rank = emitOne('Size', [denseShape], {}, 'Rank');
  const axes = emitOne('Range', [toNdArray(0, int32), rank, toNdArray(1, int32)], {}, 'range');
  return emitOne('Sub', [emitOne('Sub', [rank, 1], {}, 'sub'), axes], {}, 'sub');
}

export interface SparseExpandDimsOptions extends Named {
  readonly axis?: TensorLike | null;
}

/**
 * The same elements with an axis of length 1 more, before `axis` (without it at the end).
 *
 *     tf.sparse.expandDims(x, 0)
 */
export function sparseExpandDims(
  spInput: SparseTensorLike,
  ...rest: Rest<[axis: TensorLike | null, name: string | null], SparseExpandDimsOptions>
): SparseTensor {
  const { axis, name } = bind<SparseExpandDimsOptions>(['axis', 'name'], rest);
  return opScope(name, 'expand_dims', [spInput.values, axis], () => {
    const sparse = asSparse(spInput);
    const { indices, values, denseShape } = sparse;
    const known = denseShape.shape?.[0] ?? null;
    const rank = known ?? emitOne('Size', [denseShape]);
    const given = convertToTensor(asIndices(axis ?? -1), { name: 'axis' });
    const fromEnd = emitOne('AddV2', [emitOne('AddV2', [given, rank], {}, 'add'), 1], {}, 'add');
    const at = emitOne('SelectV2', [emitOne('GreaterEqual', [given, 0]), given, fromEnd]);
    const [zero, all, one] = [toNdArray(0, int32), toNdArray(-1, int32), toNdArray(1, int32)];
    const count = part(shapeOf(indices), 0, 1);
    const column = emitOne('Fill', [
      emitOne('ConcatV2', [[count, vector(1)], zero], {}, 'concat'),
      toNdArray(0, int64),
    ]);
    const pair = (a: TensorLike, b: TensorLike) => emitOne('Pack', [[a, b]], { axis: 0 }, 'packed');
    const before = emitOne('Slice', [indices, vector(0, 0), pair(all, at)]);
    const after = emitOne('Slice', [indices, pair(zero, at), vector(-1, -1)]);
    const start = emitOne('ExpandDims', [at, zero]);
    const lengths = [
      emitOne('Slice', [denseShape, vector(0), start]),
      toNdArray([1], int64),
      emitOne('Slice', [denseShape, start, vector(-1)]),
    ];
    const expanded = new SparseTensor(
      emitOne('ConcatV2', [[before, column, after], one], {}, 'concat'),
      values,
      emitOne('ConcatV2', [lengths, zero], {}, 'concat'),
    );
    const place = constantValue(given)?.data[0];
    if (sparse.shape && place !== undefined) {
      const k = Number(place) < 0 ? Number(place) + sparse.shape.length + 1 : Number(place);
      expanded.setShape([...sparse.shape.slice(0, k), 1, ...sparse.shape.slice(k)]);
    }
    return expanded;
  });
}

/**
 * The slices of `a` whose index is not among `maskIndices`.
 *
 *     tf.sparse.mask(slices, [12, 45])
 */
export function sparseMask(a: IndexedSlices, maskIndices: TensorLike, ...rest: NameRest): IndexedSlices {
  return opScope(nameOf(rest), 'sparse_mask', [a.values, maskIndices], (scope) => {
    const [indices, kept] = emit('ListDiff', [a.indices, asIndices(maskIndices)]).outputs;
    return new IndexedSlices(gather(a.values, kept, { name: scope }), indices, a.denseShape);
  });
}
