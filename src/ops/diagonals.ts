/**
 * Diagonals and bands of batches of matrices: `MatrixBandPart`, `MatrixDiag`, `MatrixDiagPart`, `MatrixSetDiag` in their
 * versions, and the trace. Tensors with their own dimensions doubled (`Diag`) are in `linalg.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { toNdArray } from '../util/array-convert.ts';
import { bool, float32, int32, int64 } from '../util/dtype.ts';
import type { NdArray } from '../util/ndarray.ts';
import type { Dim, Shape } from '../util/shape.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { diagPart, setDiag } from './matrix-vocabulary.ts';
import { defineOp, type InferContext, type Inferred, type OpView, ShapeError, sample } from './opdef/define.ts';
import { merge, mergeDim, withRank, withRankAtLeast, withRankAtMost } from './opdef/shape-rules.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

const ALIGN = 'align: {"LEFT_RIGHT", "RIGHT_LEFT", "LEFT_LEFT", "RIGHT_RIGHT"} = "RIGHT_LEFT"';

const m33 = sample(float32, [3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]);
const v3 = sample(float32, [3], [1, 2, 3]);
const v2 = sample(float32, [2], [1, 2]);
const whole = (value: number) => sample(int32, [], [value]);
const zero = sample(float32, [], [0]);
/** For inputs that are not to be moved: a small step in them would be another example. */
const fixed = { differentiable: false };

const int = (value: number): NdArray => toNdArray(value, int32);

/**
 * The alignment that gradients use. The second versions align to the left, but TensorFlow's gradients of them are written
 * with the default of the third: for bands of diagonals of several lengths they differ from the derivative.
 */
function alignmentOf<V>(op: OpView<V>): string {
  return op.type.endsWith('V3') ? op.attr<string>('align') : 'RIGHT_LEFT';
}

// Bands

defineOp({
  name: 'MatrixBandPart',
  doc: 'The input with zeros outside of a band about the diagonals of its matrices.',
  inputs: ['input: T', 'num_lower: Tindex', 'num_upper: Tindex'],
  outputs: ['band: T'],
  attrs: ['T: type', 'Tindex: {int32, int64} = int64'],
  infer: (op) => [op.shape(0)],
  grad: (op, [dy], $) => [$.op('MatrixBandPart', [dy, op.inputs[1], op.inputs[2]]), null, null],
  samples: [
    {
      inputs: [m33, sample(int64, [], [0n]), sample(int64, [], [-1n])],
      outputs: [sample(float32, [3, 3], [1, 2, 3, 0, 5, 6, 0, 0, 9])],
    },
  ],
});

// Matrices from diagonals

defineOp({
  name: 'MatrixDiag',
  doc: 'Matrices with the rows of the input on their diagonals and zeros elsewhere.',
  inputs: ['diagonal: T'],
  outputs: ['output: T'],
  attrs: ['T: type'],
  infer: (op) => {
    const shape = withRankAtLeast(op.shape(0), 1);
    return [shape && [...shape, shape[shape.length - 1]]];
  },
  grad: (_op, [dy], $) => [diagPart($, dy)],
  samples: [{ inputs: [v2], outputs: [sample(float32, [2, 2], [1, 0, 0, 2])] }],
});

/** The first and last diagonal, where known. */
function range(op: InferContext, input: number): readonly [lower: number, upper: number] | null {
  const k = op.constant(input);
  if (k === null) return null;
  if (k.size < 1 || k.size > 2) {
    throw new ShapeError(`diag_index must be a vector with one or two elements. It has ${k.size} elements.`);
  }
  const [lower, upper] = [Number(k.data[0]), Number(k.data[k.size - 1])];
  if (lower > upper) throw new ShapeError('lower_diag_index is greater than upper_diag_index');
  return [lower, upper];
}

function inferDiag(op: InferContext): Inferred {
  const shape = withRankAtLeast(op.shape(0), 1);
  withRankAtMost(op.shape(1), 1);
  for (const input of [2, 3, 4]) withRank(op.shape(input), 0);
  if (shape === null) return [null];
  const k = range(op, 1);
  if (k === null) return [null];
  const [lower, upper] = k;
  const { length } = shape;
  const longest = shape[length - 1];
  if (lower < upper) {
    const count = shape[Math.max(length - 2, 0)];
    if (length === 1 || (count !== null && count !== upper - lower + 1)) {
      throw new ShapeError(
        "The number of rows of `diagonal` doesn't match the number of diagonals implied from `d_lower` and `d_upper`." +
          `\nnum_diags = ${count}, d_lower = ${lower}, d_upper = ${upper} ${length} ${longest}`,
      );
    }
  }
  const batch = shape.slice(0, lower < upper ? -2 : -1);
  const [rows, columns] = [2, 3].map((input) => op.constant(input)).map((v) => v && Number(v.data[0]));
  if (longest === null || rows === null || columns === null) return [[...batch, given(rows), given(columns)]];
  return [[...batch, ...matrixSize(longest, lower, upper, rows, columns)]];
}

/** A number of rows or columns that is asked for; -1 leaves it open. */
function given(size: number | null): Dim {
  return size === null || size < 0 ? null : size;
}

function matrixSize(longest: number, lower: number, upper: number, rows: number, columns: number): [number, number] {
  const leastRows = longest - Math.min(upper, 0);
  const leastColumns = longest + Math.max(lower, 0);
  if (rows === -1 && columns === -1) {
    const size = Math.max(leastRows, leastColumns);
    return [size, size];
  }
  const height = rows === -1 ? leastRows : rows;
  const width = columns === -1 ? leastColumns : columns;
  if (height < leastRows) throw new ShapeError('num_rows is too small');
  if (width < leastColumns) throw new ShapeError('num_cols is too small.');
  if (height !== leastRows && width !== leastColumns) {
    throw new ShapeError(
      'num_rows and num_cols are not consistent with lower_diag_index, upper_diag_index, and the length of the given diagonals.' +
        `\nnum_rows = ${height} != min_num_rows = ${leastRows}, num_cols = ${width} != min_num_cols = ${leastColumns}`,
    );
  }
  return [height, width];
}

for (const version of ['V2', 'V3'] as const) {
  const later = version === 'V3';
  defineOp({
    name: `MatrixDiag${version}`,
    doc: 'Matrices with given diagonals, from the k[0]-th to the k[1]-th, and a padding value elsewhere.',
    inputs: ['diagonal: T', 'k: int32', 'num_rows: int32', 'num_cols: int32', 'padding_value: T'],
    outputs: ['output: T'],
    attrs: later ? ['T: type', ALIGN] : ['T: type'],
    infer: inferDiag,
    grad: (op, [dy], $) => {
      const align = alignmentOf(op);
      return [diagPart($, dy, op.inputs[1], align), null, null, null, null];
    },
    samples: [
      {
        inputs: [v2, whole(1), whole(-1), whole(-1), zero],
        outputs: [sample(float32, [3, 3], [0, 1, 0, 0, 0, 2, 0, 0, 0])],
        ...fixed,
      },
      {
        inputs: [
          sample(float32, [2, 2], later ? [9, 1, 2, 3] : [1, 9, 2, 3]),
          sample(int32, [2], [0, 1]),
          ...[whole(-1), whole(-1), zero],
        ],
        outputs: [sample(float32, [2, 2], [2, 1, 0, 3])],
        ...fixed,
      },
    ],
  });
}

// Diagonals of matrices

defineOp({
  name: 'MatrixDiagPart',
  doc: 'The diagonals of matrices.',
  inputs: ['input: T'],
  outputs: ['diagonal: T'],
  attrs: ['T: type'],
  infer: (op) => {
    const shape = withRankAtLeast(op.shape(0), 2);
    return [shape && [...shape.slice(0, -2), shorter(shape)]];
  },
  grad: (op, [dy], $) => {
    const shape = $.shapeOf(op.inputs[0])?.slice(-2);
    if (!shape || shape[0] === null || shape[0] !== shape[1]) return [setDiag($, $.zerosLike(op.inputs[0]), dy)];
    return [$.op('MatrixDiagV3', [dy, int(0), int(-1), int(-1), $.scalarLike(0, dy)], {}, 'diag')];
  },
  samples: [{ inputs: [sample(float32, [2, 3], [1, 2, 3, 4, 5, 6])], outputs: [sample(float32, [2], [1, 5])] }],
});

function shorter(shape: readonly Dim[]): Dim {
  const [rows, columns] = shape.slice(-2);
  return rows === null || columns === null ? null : Math.min(rows, columns);
}

function checkBounds([lower, upper]: readonly [number, number], shape: readonly Dim[]): void {
  const [rows, columns] = shape.slice(-2);
  if (rows === null || columns === null) return;
  for (const [name, index] of [
    ['lower', lower],
    ['upper', upper],
  ] as const) {
    if (index !== 0 && (index <= -rows || index >= columns)) {
      throw new ShapeError(`${name}_diag_index is out of bound.`);
    }
  }
}

function inferPart(op: InferContext): Inferred {
  const shape = withRankAtLeast(op.shape(0), 2);
  withRankAtMost(op.shape(1), 1);
  withRank(op.shape(2), 0);
  if (shape === null) return [null];
  const k = range(op, 1);
  if (k === null) return [null];
  const [lower, upper] = k;
  checkBounds(k, shape);
  const [rows, columns] = shape.slice(-2);
  const longest =
    rows === null || columns === null ? null : Math.min(rows + Math.min(upper, 0), columns - Math.max(lower, 0));
  return [[...shape.slice(0, -2), ...(lower === upper ? [] : [upper - lower + 1]), longest]];
}

for (const version of ['V2', 'V3'] as const) {
  const later = version === 'V3';
  defineOp({
    name: `MatrixDiagPart${version}`,
    doc: 'The diagonals of matrices from the k[1]-th down to the k[0]-th as rows, padded with a value.',
    inputs: ['input: T', 'k: int32', 'padding_value: T'],
    outputs: ['diagonal: T'],
    attrs: later ? ['T: type', ALIGN] : ['T: type'],
    infer: inferPart,
    grad: (op, [dy], $) => {
      const [x, k] = op.inputs;
      const align = alignmentOf(op);
      const [rows, columns] = $.shapeOf(x)?.slice(-2) ?? [null, null];
      if (rows === null || columns === null) return [setDiag($, $.zerosLike(x), dy, k, align), null, null];
      const inputs = [dy, k, int(rows), int(columns), $.scalarLike(0, dy, 'diag/padding_value')];
      return [$.op('MatrixDiagV3', inputs, { align }, 'diag'), null, null];
    },
    samples: [
      { inputs: [m33, whole(1), zero], outputs: [sample(float32, [2], [2, 6])], ...fixed },
      {
        inputs: [m33, sample(int32, [2], [-1, 1]), zero],
        outputs: [sample(float32, [3, 3], later ? [0, 2, 6, 1, 5, 9, 4, 8, 0] : [2, 6, 0, 1, 5, 9, 4, 8, 0])],
        ...fixed,
      },
    ],
  });
}

// Matrices with other diagonals

defineOp({
  name: 'MatrixSetDiag',
  doc: 'The input with other diagonals of its matrices.',
  inputs: ['input: T', 'diagonal: T'],
  outputs: ['output: T'],
  attrs: ['T: type'],
  infer: (op) => {
    let shape = withRankAtLeast(op.shape(0), 2);
    const diagonal = withRankAtLeast(op.shape(1), 1);
    if (shape !== null) {
      withRank(diagonal, shape.length - 1);
      if (diagonal !== null) mergeDim(shorter(shape), diagonal[diagonal.length - 1]);
    }
    if (diagonal !== null) shape = merge(shape, [...diagonal.slice(0, -1), null, null]);
    return [shape];
  },
  grad: (op, [dy], $) => [setDiag($, dy, $.zerosLike(op.inputs[1])), diagPart($, dy)],
  samples: [{ inputs: [m33, v3], outputs: [sample(float32, [3, 3], [1, 2, 3, 4, 2, 6, 7, 8, 3])] }],
});

function inferSet(op: InferContext): Inferred {
  const shape = withRankAtLeast(op.shape(0), 2);
  const diagonal = withRankAtLeast(op.shape(1), 1);
  withRankAtMost(op.shape(2), 1);
  if (shape !== null) {
    withRankAtLeast(diagonal, shape.length - 1);
    withRankAtMost(diagonal, shape.length);
  }
  const k = range(op, 2);
  if (k === null) return [shape];
  const single = k[0] === k[1];
  if (shape !== null) {
    checkBounds(k, shape);
    withRank(diagonal, single ? shape.length - 1 : shape.length);
  }
  if (diagonal === null || (!single && diagonal.length < 2)) return [shape];
  const known: Shape = [...diagonal.slice(0, single ? -1 : -2), null, null];
  return [shape?.every((d) => d !== null) ? shape : merge(shape, known)];
}

for (const version of ['V2', 'V3'] as const) {
  const later = version === 'V3';
  defineOp({
    name: `MatrixSetDiag${version}`,
    doc: 'The input with other diagonals, from the k[0]-th to the k[1]-th, in its matrices.',
    inputs: ['input: T', 'diagonal: T', 'k: int32'],
    outputs: ['output: T'],
    attrs: later ? ['T: type', ALIGN] : ['T: type'],
    infer: inferSet,
    grad: (op, [dy], $) => {
      const align = alignmentOf(op);
      const k = op.inputs[2];
      return [setDiag($, dy, $.zerosLike(op.inputs[1]), k, align), diagPart($, dy, k, align), null];
    },
    samples: [
      { inputs: [m33, v2, whole(-1)], outputs: [sample(float32, [3, 3], [1, 2, 3, 1, 5, 6, 7, 2, 9])], ...fixed },
    ],
  });
}

// Functions

interface NameOption {
  readonly name?: string | null;
}

/**
 * Batches of matrices with zeros outside of a band: `numLower` diagonals below the main one and `numUpper` above it stay;
 * a negative number keeps all. Integers; a number greater than the matrix fails the run.
 *
 *     tf.matrixBandPart(x, -1, 0)              // the lower triangle
 */
export function matrixBandPart(
  input: TensorLike,
  numLower: TensorLike,
  numUpper: TensorLike,
  ...rest: Rest<[name: string | null], NameOption>
): Tensor {
  return emitOne('MatrixBandPart', [input, numLower, numUpper], {}, bind<NameOption>(['name'], rest).name);
}

/** Which diagonals: one, or the first and last of a band, counted upward from the main one. */
export type DiagonalIndex = TensorLike;

/** How short diagonals lie in their rows: those above the main one, then those below it. */
export type DiagonalAlign = 'LEFT_RIGHT' | 'RIGHT_LEFT' | 'LEFT_LEFT' | 'RIGHT_RIGHT';

export interface MatrixDiagOptions extends NameOption {
  readonly k?: DiagonalIndex;
  /** -1, as without it, is the least that fits. */
  readonly numRows?: TensorLike;
  readonly numCols?: TensorLike;
  /** What is outside of the diagonals: 0 without it. */
  readonly paddingValue?: TensorLike;
  readonly align?: DiagonalAlign;
}

/**
 * Matrices [..., n, n] with the rows of `diagonal` [..., n] on their diagonals. With a pair of `k`, `diagonal` is
 * [..., diagonals, length], the uppermost first. Throws `ValueError` for sizes that do not fit.
 *
 *     tf.matrixDiag([1, 2])                    // [[1, 0], [0, 2]]
 *     tf.matrixDiag([1, 2], {k: 1})            // above the main diagonal, 3 by 3
 */
export function matrixDiag(
  diagonal: TensorLike,
  ...rest: Rest<
    [
      name: string | null,
      k: DiagonalIndex,
      numRows: TensorLike,
      numCols: TensorLike,
      paddingValue: TensorLike,
      align: DiagonalAlign,
    ],
    MatrixDiagOptions
  >
): Tensor {
  const names = ['name', 'k', 'numRows', 'numCols', 'paddingValue', 'align'] as const;
  const { name, k = 0, numRows = -1, numCols = -1, paddingValue, align } = bind<MatrixDiagOptions>([...names], rest);
  const inputs = [diagonal, k, numRows, numCols, padding(diagonal, paddingValue)];
  return emitOne('MatrixDiagV3', inputs, { align }, name || 'diag');
}

/** Booleans are padded with one. */
function padding(x: TensorLike, value: TensorLike = 0): TensorLike {
  const isBool = (x as { dtype?: unknown } | null)?.dtype === bool;
  return isBool && typeof value === 'number' ? value !== 0 : value;
}

export interface MatrixDiagPartOptions extends NameOption {
  readonly k?: DiagonalIndex;
  /** What fills up short diagonals: 0 without it. */
  readonly paddingValue?: TensorLike;
  readonly align?: DiagonalAlign;
}

/**
 * The diagonals [..., min(rows, columns)] of matrices [..., rows, columns]. With a pair of `k` those of a band,
 * [..., diagonals, length], the uppermost first. Throws `ValueError` for diagonals outside of the matrix.
 *
 *     tf.matrixDiagPart(x, {k: [-1, 1]})
 */
export function matrixDiagPart(
  input: TensorLike,
  ...rest: Rest<
    [name: string | null, k: DiagonalIndex, paddingValue: TensorLike, align: DiagonalAlign],
    MatrixDiagPartOptions
  >
): Tensor {
  const names = ['name', 'k', 'paddingValue', 'align'] as const;
  const { name, k = 0, paddingValue, align } = bind<MatrixDiagPartOptions>([...names], rest);
  return emitOne('MatrixDiagPartV3', [input, k, padding(input, paddingValue)], { align }, name || 'diag_part');
}

export interface MatrixSetDiagOptions extends NameOption {
  readonly k?: DiagonalIndex;
  readonly align?: DiagonalAlign;
}

/**
 * Matrices [..., rows, columns] with `diagonal` [..., min(rows, columns)] in place of their diagonals; with `k`, of
 * another one, or of the band from `k[0]` to `k[1]`. Throws `ValueError` where the shapes do not fit.
 *
 *     tf.matrixSetDiag(x, tf.zeros([3]))
 */
export function matrixSetDiag(
  input: TensorLike,
  diagonal: TensorLike,
  ...rest: Rest<[name: string | null, k: DiagonalIndex, align: DiagonalAlign], MatrixSetDiagOptions>
): Tensor {
  const { name, k = 0, align } = bind<MatrixSetDiagOptions>(['name', 'k', 'align'], rest);
  return emitOne('MatrixSetDiagV3', [input, diagonal, k], { align }, name || 'set_diag');
}

/** The sums [...] of the diagonals of matrices [..., rows, columns]. */
export function trace(x: TensorLike, ...rest: Rest<[name: string | null], NameOption>): Tensor {
  return opScope(bind<NameOption>(['name'], rest).name, 'Trace', [x], (scope) => {
    const diagonal = matrixDiagPart(convertToTensor(x, { name: 'x' }));
    return emitOne('Sum', [diagonal, toNdArray([-1], int32, [1])], {}, scope);
  });
}
