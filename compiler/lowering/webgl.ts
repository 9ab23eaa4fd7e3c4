/**
 * The lowering table of the webgl backend: the shared rows, and what differs here.
 */
import { int32 } from '../../src/util/dtype.ts';
import { withFewAxes } from './few-axes.ts';
import { isMarker, type LoweringRule, type LoweringTable } from './lowering.ts';
import { tfjsTable } from './tfjs.ts';
import { webglArrayRows } from './tfjs-array.ts';
import { webglFusedRows } from './tfjs-fused.ts';
import { webglLinearRows } from './tfjs-linear.ts';
import { webglMathRows } from './tfjs-math.ts';
import { webglNnRows } from './tfjs-nn.ts';

/** Kernels of tfjs whose programs stop at four axes: coordinates are vectors there. */
export const ELEMENTWISE: ReadonlySet<string> = new Set(
  (
    'Abs Acos Acosh Add AddN Asin Asinh Atan Atan2 Atanh Cast Ceil ClipByValue Cos Cosh Elu EluGrad Equal Erf Exp Expm1 ' +
    'Floor Greater GreaterEqual IsFinite IsInf IsNan LeakyRelu Less LessEqual Log Log1p LogicalAnd LogicalNot LogicalOr ' +
    'Maximum Minimum Multiply Neg NotEqual Pow RealDiv Reciprocal Relu Relu6 Round Rsqrt Select Selu Sigmoid Sin Sinh ' +
    'Softplus Sqrt Square SquaredDifference Sub Tan Tanh'
  ).split(' '),
);

/** Kernels that take integers small enough for a float, positions and truth values among them, or make such. */
const SMALL_INTEGERS: ReadonlySet<string> = new Set(['Cast', 'GatherV2', 'OneHot']);

/** The row without integers: textures hold floats, which have 24 bits. */
export const ofFloats =
  (row: LoweringRule): LoweringRule =>
  (op) => {
    const lowered = row(op);
    if (lowered?.kind !== 'kernel' || SMALL_INTEGERS.has(lowered.kernel)) return lowered;
    const hasIntegers = op.outputDType(0) === int32 || lowered.inputs.some((input) => op.dtype(input) === int32);
    return hasIntegers ? null : lowered;
  };

const rows: LoweringTable = {
  ...withFewAxes(
    {
      ...tfjsTable,
      ...webglMathRows,
      ...webglLinearRows,
      ...webglNnRows,
      ...webglFusedRows,
    },
    { elementwise: ELEMENTWISE, axes: 4 },
  ),
  // These have limits of their own.
  ...webglArrayRows,
};

export const webglTable: LoweringTable = Object.fromEntries(
  Object.entries(rows).map(([op, row]) => [op, isMarker(row) ? row : ofFloats(row)]),
);
