/** Host kernels of diagonals and bands of batches of matrices, of any element type. */
import { allocate, NdArray } from '../../src/util/ndarray.ts';
import { type KnownShape, sameShape, sizeOf } from '../../src/util/shape.ts';
import { brackets, copyOf, copyRun, invalid, scalarOf, widthOf } from './elements.ts';
import { defineHostKernels, type HostKernel, type HostOp } from './registry.ts';

function needMatrices(input: NdArray): readonly [rows: number, columns: number] {
  if (input.rank < 2) throw invalid(`input must be at least 2-dim, received shape: ${brackets(input.shape)}`);
  return [input.shape[input.rank - 2], input.shape[input.rank - 1]];
}

const bandPart: HostKernel = ([input, numLower, numUpper]) => {
  const [rows, columns] = needMatrices(input);
  const [lower, upper] = [
    ['num_lower', numLower, rows, 'rows'],
    ['num_upper', numUpper, columns, 'columns'],
  ].map(([name, value, size, what]) => {
    const count = value as NdArray;
    if (count.rank !== 0) throw invalid(`${name} must be scalar, got shape ${brackets(count.shape)}`);
    const n = scalarOf(count);
    if (n > (size as number)) {
      throw invalid(`${name} must be negative or less or equal to number of ${what} (${size}) got: ${n}`);
    }
    return n < 0 ? Number.POSITIVE_INFINITY : n;
  });
  const { dtype, shape } = input;
  const width = widthOf(dtype);
  const data = allocate(dtype, input.size);
  const matrices = sizeOf(shape.slice(0, -2));
  for (let i = 0, row = 0; i < matrices * rows; i++, row = i % rows) {
    const from = Math.min(columns, Math.max(0, row - lower));
    const to = Math.max(from, Math.min(columns, row + upper + 1));
    copyRun(input.data, (i * columns + from) * width, data, (i * columns + from) * width, (to - from) * width);
  }
  return [new NdArray(dtype, shape, data)];
};

/** The diagonals from `lower` to `upper` of matrices, and where each lies in its row of the packed form. */
interface Band {
  readonly lower: number;
  readonly upper: number;
  readonly rows: number;
  readonly columns: number;
  readonly leftAbove: boolean;
  readonly leftBelow: boolean;
}

function longest({ lower, upper, rows, columns }: Band): number {
  return Math.min(rows + Math.min(upper, 0), columns - Math.max(lower, 0));
}

/** Calls `visit` with the position in one matrix and in its packed diagonals, in elements, of every element. */
function eachElement(band: Band, visit: (inMatrix: number, inDiagonals: number) => void): void {
  const { lower, upper, rows, columns } = band;
  const length = longest(band);
  for (let d = upper; d >= lower; d--) {
    const [top, left] = [Math.max(-d, 0), Math.max(d, 0)];
    const count = Math.min(rows - top, columns - left);
    const aligned = (d >= 0 && band.leftAbove) || (d <= 0 && band.leftBelow);
    const start = (upper - d) * length + (aligned ? 0 : length - count);
    for (let i = 0; i < count; i++) visit((top + i) * columns + left + i, start + i);
  }
}

function alignment(op: HostOp): Pick<Band, 'leftAbove' | 'leftBelow'> {
  // The first ops have one diagonal, the second ones begin at the left.
  const align = op.type.endsWith('V3') ? op.attr<string>('align') : 'LEFT_LEFT';
  return { leftAbove: align.startsWith('LEFT'), leftBelow: align.endsWith('LEFT') };
}

function indexRange(k: NdArray | undefined, empty: string): readonly [lower: number, upper: number] {
  if (k === undefined) return [0, 0];
  if (k.rank > 1) throw invalid(`diag_index must be a scalar or vector, received shape: ${brackets(k.shape)}`);
  if (k.size === 0) throw invalid(empty);
  if (k.size > 2) throw invalid(`diag_index must have only one or two elements, received ${k.size} elements.`);
  const [lower, upper] = [Number(k.data[0]), Number(k.data[k.size - 1])];
  if (lower > upper) throw invalid(`lower_diag_index must not be larger than upper_diag_index: ${lower} > ${upper}`);
  return [lower, upper];
}

const EMPTY = 'Expected diag_index to have at least 1 element';

function checkBounds(lower: number, upper: number, rows: number, columns: number, stop: string): void {
  for (const [name, index] of [
    ['lower', lower],
    ['upper', upper],
  ] as const) {
    if (index !== 0 && (index <= -rows || index >= columns)) {
      throw invalid(`${name}_diag_index is out of bound: ${index}${stop} It must be between ${-rows} and ${columns}`);
    }
  }
}

/** An array full of the padding; of zeros without one. */
function filled(like: NdArray, shape: KnownShape, padding: NdArray | null): NdArray {
  const count = sizeOf(shape);
  const data = allocate(like.dtype, count);
  if (padding === null) return new NdArray(like.dtype, shape, data);
  const width = widthOf(like.dtype);
  for (let i = 0; i < count; i++) copyRun(padding.data, 0, data, i * width, width);
  return new NdArray(like.dtype, shape, data);
}

const diag: HostKernel = ([diagonal, k, numRows, numCols, padding], op) => {
  if (diagonal.rank < 1) throw invalid(`diagonal must be at least 1-dim, received shape: ${brackets(diagonal.shape)}`);
  const [lower, upper] = indexRange(k, EMPTY);
  for (const [name, value] of [
    ['num_rows', numRows],
    ['num_cols', numCols],
  ] as const) {
    if (value !== undefined && value.rank !== 0) throw invalid(`${name} must be a scalar`);
  }
  const { rank, shape } = diagonal;
  if (lower < upper && (rank < 2 || shape[rank - 2] !== upper - lower + 1)) {
    throw invalid(
      'The number of diagonals provided in the input does not match the lower_diag_index and upper_diag_index range.',
    );
  }
  const length = shape[rank - 1];
  const leastRows = length - Math.min(upper, 0);
  const leastColumns = length + Math.max(lower, 0);
  let [rows, columns] = [numRows ? scalarOf(numRows) : -1, numCols ? scalarOf(numCols) : -1];
  if (rows !== -1 && rows < leastRows) throw invalid('The number of rows is too small.');
  if (columns !== -1 && columns < leastColumns) throw invalid('The number of columns is too small.');
  if (rows === -1 && columns === -1) rows = columns = Math.max(leastRows, leastColumns);
  if (rows === -1) rows = leastRows;
  if (columns === -1) columns = leastColumns;
  if (rows !== leastRows && columns !== leastColumns) {
    throw invalid('The number of rows or columns is not consistent with the specified d_lower, d_upper, and diagonal.');
  }
  const batch = shape.slice(0, lower < upper ? -2 : -1);
  const out = filled(diagonal, [...batch, rows, columns], padding ?? null);
  const band = { lower, upper, rows, columns, ...alignment(op) };
  const width = widthOf(diagonal.dtype);
  const run = length * (upper - lower + 1);
  for (let b = 0; b < sizeOf(batch); b++) {
    eachElement(band, (at, from) => {
      copyRun(diagonal.data, (b * run + from) * width, out.data, (b * rows * columns + at) * width, width);
    });
  }
  return [out];
};

const diagPart: HostKernel = ([input, k, padding], op) => {
  const [rows, columns] = needMatrices(input);
  const [lower, upper] = indexRange(k, EMPTY);
  checkBounds(lower, upper, rows, columns, '.');
  const band = { lower, upper, rows, columns, ...alignment(op) };
  const length = longest(band);
  const batch = input.shape.slice(0, -2);
  const count = upper - lower + 1;
  const out = filled(input, [...batch, ...(count > 1 ? [count] : []), length], padding ?? null);
  const width = widthOf(input.dtype);
  for (let b = 0; b < sizeOf(batch); b++) {
    eachElement(band, (at, to) => {
      copyRun(input.data, (b * rows * columns + at) * width, out.data, (b * count * length + to) * width, width);
    });
  }
  return [out];
};

const setDiag: HostKernel = ([input, diagonal, k], op) => {
  const [rows, columns] = needMatrices(input);
  if (diagonal.rank < 1) throw invalid(`diagonal must be at least 1-dim, received shape: ${brackets(diagonal.shape)}`);
  const [lower, upper] = indexRange(k, 'diag_index must have at least one element');
  checkBounds(lower, upper, rows, columns, '');
  const count = upper - lower + 1;
  if (count > 1 && (diagonal.rank < 2 || diagonal.shape[diagonal.rank - 2] !== count)) {
    throw invalid(
      'The number of diagonals provided in `diag` is not consistent with `lower_diag_index` and `upper_diag_index`',
    );
  }
  const band = { lower, upper, rows, columns, ...alignment(op) };
  const length = longest(band);
  const batch = input.shape.slice(0, -2);
  const expected = [...batch, ...(count > 1 ? [count] : []), length];
  if (!sameShape(diagonal.shape, expected)) {
    throw invalid(
      "Either first dimensions of diagonal don't match input.shape[:-2], or diagonal.shape[:-1] is not equal to the longests diagonal in range [lower_diag_index:upper_diag_index]." +
        `\nInput shape: ${brackets(input.shape)}\nDiagonal shape: ${brackets(diagonal.shape)}\nExpected diagonal shape: ${brackets(expected)}`,
    );
  }
  const data = copyOf(input.data);
  const width = widthOf(input.dtype);
  for (let b = 0; b < sizeOf(batch); b++) {
    eachElement(band, (at, from) => {
      copyRun(diagonal.data, (b * count * length + from) * width, data, (b * rows * columns + at) * width, width);
    });
  }
  return [new NdArray(input.dtype, input.shape, data)];
};

defineHostKernels({
  MatrixBandPart: bandPart,
  MatrixDiag: diag,
  MatrixDiagV2: diag,
  MatrixDiagV3: diag,
  MatrixDiagPart: diagPart,
  MatrixDiagPartV2: diagPart,
  MatrixDiagPartV3: diagPart,
  MatrixSetDiag: setDiag,
  MatrixSetDiagV2: setDiag,
  MatrixSetDiagV3: setDiag,
});
