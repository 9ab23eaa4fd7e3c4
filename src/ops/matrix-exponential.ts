/**
 * The exponential of matrices, by Padé approximants and squaring, as TensorFlow builds it of other ops. No op is defined
 * here.
 */
import type { Tensor } from '../graph/graph.ts';
import { complex64, complex128, type DType, float16, float32, float64, int32 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { isFullyDefined } from '../util/shape.ts';
import { cast } from './cast.ts';
import { cond } from './cond.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { eye, fill } from './filling.ts';
import { vector } from './indices.ts';
import { concat } from './joining.ts';
import { matmul } from './matmul.ts';
import { reduceMax, reduceSum } from './reductions.ts';
import { whereV2 } from './selection.ts';
import { expandDims, reshape, shape } from './shaping.ts';
import { matrixSolve } from './solvers.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';
import { whileLoop } from './while-loop.ts';

/** Coefficients of the approximants by their degree, those of even powers and of odd powers in turn. */
const COEFFICIENTS = {
  3: [120, 60, 12, 1],
  5: [30240, 15120, 3360, 420, 30, 1],
  7: [17297280, 8648640, 1995840, 277200, 25200, 1512, 56, 1],
  9: [17643225600, 8821612800, 2075673600, 302702400, 30270240, 2162160, 110880, 3960, 90, 1],
  13: [
    64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
    670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
  ],
} as const;

type Degree = keyof typeof COEFFICIENTS;

/** Which approximant serves matrices of a norm below a bound; the last one serves all, after halving them to its bound. */
interface Plan {
  readonly degrees: readonly Degree[];
  readonly bounds: readonly number[];
  readonly most: number;
}

const SINGLE: Plan = { degrees: [3, 5, 7], bounds: [0.4258730016922831, 1.880152677804762], most: 3.92572478313866 };
const DOUBLE: Plan = {
  degrees: [3, 5, 7, 9, 13],
  bounds: [0.01495585217958292, 0.253939833006323, 0.9504178996162932, 2.097847961257068],
  most: 5.371920351148152,
};

const times = (a: Tensor, b: Tensor | number): Tensor => emitOne('Mul', [a, b]);
const plus = (a: Tensor, b: Tensor): Tensor => emitOne('AddV2', [a, b]);

function planOf(dtype: DType): Plan {
  if ([float16, float32, complex64].includes(dtype)) return SINGLE;
  if ([float64, complex128].includes(dtype)) return DOUBLE;
  throw new ValueError(`tf.linalg.expm does not support matrices of type ${dtype}`);
}

/** The odd part and the even part of an approximant. */
function approximant(matrix: Tensor, unit: Tensor, degree: Degree): readonly [odd: Tensor, even: Tensor] {
  const coefficients = COEFFICIENTS[degree];
  const square = matmul(matrix, matrix);
  const powers = [unit, square];
  const half = (degree - 1) / 2;
  while (powers.length <= half) powers.push(matmul(powers[powers.length - 1], square));
  const sum = (offset: number) =>
    powers.map((power, k) => times(power, coefficients[2 * k + offset])).reduce((a, b) => plus(a, b));
  return [matmul(matrix, sum(1)), sum(0)];
}

/**
 * The exponential of square matrices [..., n, n]: the sum of their powers over factorials. Throws `ValueError` for types
 * that are no floats; what is not finite gives NaN.
 *
 *     tf.linalg.expm([[0, 1], [0, 0]])        // [[1, 1], [0, 1]]
 */
export function expm(
  input: TensorLike,
  ...rest: Rest<[name: string | null], { readonly name?: string | null }>
): Tensor {
  const { name } = bind<{ readonly name?: string | null }>(['name'], rest);
  return opScope(name, 'matrix_exponential', [input], () => {
    const given = convertToTensor(input, { name: 'input' });
    const { dtype } = given;
    const { degrees, bounds, most } = planOf(dtype);
    const sides = given.shape?.slice(-2) ?? null;
    if (sides?.every((d) => d === 0)) return given;
    const dims = shape(given);
    const square = emitOne('StridedSlice', [dims, vector(-2), vector(0), vector(1)], { end_mask: 1 });
    const matrix = reshape(given, concat([[-1], square], 0));
    if (given.shape) matrix.setShape([null, ...(sides as (number | null)[])]);
    const norm = expandDims(expandDims(reduceMax(reduceSum(emitOne('Abs', [matrix]), 1), -1), -1), -1);
    const halvings = halvingsOf(norm, most);
    const scale = cast(emitOne('Pow', [2, halvings]), dtype);
    const side = emitOne('StridedSlice', [square, vector(0), vector(1), vector(1)], { shrink_axis_mask: 1 });
    const unit = expandDims(eye(side, { dtype }), 0);
    const parts = degrees.map((degree, i) => {
      const isLast = i === degrees.length - 1;
      return approximant(isLast ? emitOne('RealDiv', [matrix, scale]) : matrix, unit, degree);
    });
    const [odd, even] = [0, 1].map((part) =>
      choose(
        norm,
        bounds,
        parts.map((pair) => pair[part]),
      ),
    );
    const isFinite = emitOne('IsFinite', [reduceMax(norm)]);
    const start = cond(
      isFinite,
      () => matrixSolve(emitOne('Sub', [even, odd]), plus(odd, even)),
      () => fill(shape(matrix), convertToTensor(Number.NaN, { dtype })),
    ) as Tensor;
    start.setShape(matrix.shape);
    const rounds = whereV2(isFinite, cast(reduceMax(halvings), int32), 0);
    const result = squared(start, halvings, rounds);
    const final = reshape(result, dims);
    if (isFullyDefined(given.shape)) final.setShape(given.shape);
    return final;
  });
}

/** How often matrices of this norm are halved until it is small enough. */
function halvingsOf(norm: Tensor, most: number): Tensor {
  const ratio = emitOne('Log', [emitOne('RealDiv', [norm, most])]);
  return emitOne('Maximum', [emitOne('Floor', [emitOne('RealDiv', [ratio, Math.LN2])]), 0]);
}

function choose(norm: Tensor, bounds: readonly number[], parts: readonly Tensor[]): Tensor {
  return bounds.reduceRight(
    (rest, bound, i) => whereV2(emitOne('Less', [norm, bound]), parts[i], rest),
    parts[parts.length - 1],
  );
}

/** Each matrix squared as often as it was halved. */
function squared(start: Tensor, halvings: Tensor, rounds: Tensor): Tensor {
  const [, result] = whileLoop(
    (i: Tensor) => emitOne('Less', [i, rounds]),
    (i: Tensor, r: Tensor) => {
      const isOn = emitOne('Less', [cast(i, halvings.dtype), halvings]);
      return [emitOne('AddV2', [i, 1]), whereV2(isOn, matmul(r, r), r)];
    },
    [convertToTensor(0, { dtype: int32 }), start] as const,
  ) as unknown as [Tensor, Tensor];
  return result;
}
