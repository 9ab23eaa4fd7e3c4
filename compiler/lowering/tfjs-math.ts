/**
 * Lowering rows of the element-wise families: arithmetic, one-operand mathematics, activations, comparison, casts. A row
 * stands only where the tfjs kernel gives TensorFlow's results, to rounding; the shared rows do so on every backend, the
 * small tables at the end hold what one backend has beyond them or must have otherwise.
 *
 * Left to decomposition or to the host everywhere: integer division and powers, which do not report their errors, casts
 * from floats to integers, which wrap where TensorFlow saturates, and `Sign`, which takes NaN for 0.
 */
import { bool, type DType, float32, int32 } from '../../src/util/dtype.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import {
  forTypes,
  kernel,
  type LowerContext,
  type LoweringRule,
  type LoweringTable,
  upToRank,
  XNN_AXES,
} from './lowering.ts';

const FLOAT = [float32];
const FLOAT_INT = [float32, int32];
const ALL = [float32, int32, bool];

/** Rows `Op: kernel`, or `Op` where the kernel has its name; one operand. */
function unary(ops: string, types: readonly DType[]): LoweringTable {
  return Object.fromEntries(ops.split(' ').map((op) => [op, forTypes(types, kernel(op, ['x']))]));
}

const kernelNames: Readonly<Record<string, string>> = {
  AddV2: 'Add',
  Mul: 'Multiply',
  Div: 'RealDiv',
  FloorMod: 'Mod',
};

function binary(ops: string, types: readonly DType[]): LoweringTable {
  return Object.fromEntries(
    ops.split(' ').map((op) => [op, forTypes(types, kernel(kernelNames[op] ?? op, ['a', 'b']))]),
  );
}

/** All inputs, as a list. */
const sum: LoweringRule = (op) => ({
  kind: 'kernel',
  kernel: 'AddN',
  inputs: Array.from({ length: op.inputCount }, (_, i) => i),
  names: null,
  attrs: {},
});

/** Values that stay what they are: from bool or int32 to a type that holds them. */
const cast =
  (pairs: readonly (readonly [DType, DType])[]): LoweringRule =>
  (op) => {
    const [from, to] = [op.dtype(0), op.outputDType(0)];
    if (!pairs.some(([source, target]) => source === from && target === to)) return null;
    return { kind: 'kernel', kernel: 'Cast', inputs: [0], names: ['x'], attrs: { dtype: to.name } };
  };

/** Limits that are numbers known now. */
const clip: LoweringRule = (op) => {
  const [low, high] = [op.constant(1), op.constant(2)];
  if (op.dtype(0) !== float32 || low?.size !== 1 || high?.size !== 1) return null;
  const [clipValueMin, clipValueMax] = [Number(low.at(0)), Number(high.at(0))];
  if (!(clipValueMin <= clipValueMax)) return null;
  return { kind: 'kernel', kernel: 'ClipByValue', inputs: [0], names: ['x'], attrs: { clipValueMin, clipValueMax } };
};

export const mathRows: LoweringTable = {
  ...unary('Abs Acos Acosh Asin Atan Atanh Ceil Cos Cosh Exp Expm1 Floor IsFinite IsInf IsNan Log Log1p Neg', FLOAT),
  ...unary('Reciprocal Round Rsqrt Sigmoid Sin Sinh Sqrt Square Tan Tanh Relu Relu6 Elu Selu Softplus', FLOAT),
  Inv: forTypes(FLOAT, kernel('Reciprocal', ['x'])),
  Rint: forTypes(FLOAT, kernel('Round', ['x'])),
  LeakyRelu: forTypes(
    FLOAT,
    kernel('LeakyRelu', ['x'], (op) => ({ alpha: op.attr<number>('alpha') })),
  ),
  EluGrad: forTypes(FLOAT, kernel('EluGrad', ['dy', 'y'])),
  ...binary('Add AddV2 Sub Mul RealDiv Div Maximum Minimum SquaredDifference Atan2', FLOAT),
  ...binary('Less LessEqual Greater GreaterEqual', FLOAT),
  Equal: equality('Equal', [float32, bool]),
  NotEqual: equality('NotEqual', [float32, bool]),
  LogicalAnd: kernel('LogicalAnd', ['a', 'b']),
  LogicalOr: kernel('LogicalOr', ['a', 'b']),
  LogicalNot: kernel('LogicalNot', ['x']),
  AddN: forTypes(FLOAT, sum),
  AccumulateNV2: forTypes(FLOAT, sum),
  ClipByValue: clip,
  Cast: cast([[bool, float32]]),
};

/** Shapes that do not fit give a scalar where the op allows them. */
function equality(name: string, types: readonly DType[]): LoweringRule {
  const row = forTypes(types, kernel(name, ['a', 'b']));
  return (op) => (op.attr('incompatible_shape_error') === false ? null : row(op));
}

const integers: LoweringTable = {
  ...binary('Add AddV2 Sub Maximum Minimum', FLOAT_INT),
  ...binary('Less LessEqual Greater GreaterEqual', FLOAT_INT),
  Equal: equality('Equal', ALL),
  NotEqual: equality('NotEqual', ALL),
  AddN: forTypes(FLOAT_INT, sum),
  AccumulateNV2: forTypes(FLOAT_INT, sum),
  Cast: cast([
    [bool, float32],
    [bool, int32],
    [int32, float32],
  ]),
};

const isNonzero = (divisor: NdArray | null): boolean =>
  divisor !== null && (divisor.data as Int32Array).every((x) => x !== 0 && x !== -1);

/** Integers by constants other than 0, which is an error, and -1, which may overflow. */
const remainder: LoweringRule = (op) =>
  op.dtype(0) === int32 && isNonzero(op.constant(1)) ? kernel('Mod', ['a', 'b'])(op) : null;

/** The kernel keeps a NaN of its first operand only: the second must be a constant without one. */
function choice(name: string): LoweringRule {
  const isClean = (op: LowerContext, i: number) => {
    const value = op.constant(i);
    return value !== null && !(value.data as Float32Array).some(Number.isNaN);
  };
  return (op) => {
    if (op.dtype(0) !== float32 && op.dtype(0) !== int32) return null;
    const isPlain = op.dtype(0) === int32 || isClean(op, 1);
    if (!isPlain && !isClean(op, 0)) return null;
    return { kind: 'kernel', kernel: name, inputs: isPlain ? [0, 1] : [1, 0], names: ['a', 'b'], attrs: {} };
  };
}

const none: LoweringRule = () => null;

function xnn(rows: LoweringTable): LoweringTable {
  return Object.fromEntries(Object.entries(rows).map(([op, row]) => [op, upToRank(XNN_AXES, row)]));
}

/** wasm: integers keep 32 bits, but in `Neg` and `FloorDiv` only those of a float; `Relu6` and `ClipByValue` lose NaN. */
export const wasmMathRows: LoweringTable = {
  ...integers,
  ...unary('Asinh Erf', FLOAT),
  ...xnn(binary('Add AddV2 Sub Mul SquaredDifference', FLOAT_INT)),
  ...xnn(binary('RealDiv Div', FLOAT)),
  AddN: upToRank(XNN_AXES, forTypes(FLOAT_INT, sum)),
  AccumulateNV2: upToRank(XNN_AXES, forTypes(FLOAT_INT, sum)),
  ...binary('Pow FloorDiv', FLOAT),
  Square: forTypes(FLOAT_INT, kernel('Square', ['x'])),
  FloorMod: remainder,
  Maximum: choice('Maximum'),
  Minimum: choice('Minimum'),
  Relu6: none,
  ClipByValue: none,
};

/** cpu: products of integers are rounded as doubles, so that wide ones go to the host. */
export const cpuMathRows: LoweringTable = { ...integers, ...unary('Asinh', FLOAT), ...unary('Neg', FLOAT_INT) };

/** webgl: integers live in float textures there and are left to the host. */
export const webglMathRows: LoweringTable = { ...unary('Erf', FLOAT), ...binary('Pow', FLOAT) };
