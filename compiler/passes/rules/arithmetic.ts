/**
 * Algebraic rules of arithmetic and logic. Rules of shapes and types are in `structure.ts`.
 */
import { int32, int64 } from '../../../src/util/dtype.ts';
import type { IrValue } from '../../ir/module.ts';
import { type Match, type Rule, rule } from './match.ts';

/** What is left of a binary op when the constant `number` on either side says nothing. */
function without(m: Match, number: number, side: 'right' | 'either' = 'either'): IrValue | null {
  if (m.is(m.y, number)) return m.alone(m.x, m.y);
  return side === 'either' && m.is(m.x, number) ? m.alone(m.y, m.x) : null;
}

const isExact = (m: Match) => m.dtype.isInteger;
const isUsual = (m: Match) => m.dtype.isFloating || m.dtype === int32 || m.dtype === int64;
const isReal = (m: Match) => m.dtype.isInteger || m.dtype.isFloating;

export const arithmeticRules: readonly Rule[] = [
  // For floats only the negative zero is neutral: -0 + 0 is 0.
  rule('Add AddV2', 'x + 0 = x', (m) => (isReal(m) ? without(m, isExact(m) ? 0 : -0) : null)),
  rule('Sub', 'x - 0 = x', (m) => (isReal(m) ? without(m, 0, 'right') : null)),
  rule('Mul', 'x * 1 = x', (m) => (isReal(m) ? without(m, 1) : null)),
  rule('RealDiv Div', 'x / 1 = x', (m) => (isReal(m) ? without(m, 1, 'right') : null)),
  rule('FloorDiv TruncateDiv', 'x // 1 = x, for integers', (m) => (isExact(m) ? without(m, 1, 'right') : null)),
  // Not for floats: NaN * 0 is NaN.
  rule('Mul', 'x * 0 = 0, for integers', (m, $) => {
    if (!isExact(m)) return null;
    const zero = m.is(m.y, 0) ? m.y : m.is(m.x, 0) ? m.x : null;
    const other = zero === m.y ? m.x : m.y;
    if (!zero) return null;
    return m.alone(zero) ?? (m.alone(other, zero) && $.op('ZerosLike', [other]));
  }),
  rule('Mul', 'x * -1 = -x', (m, $) => {
    if (!isReal(m) || m.dtype.isUnsigned) return null;
    const x = without(m, -1);
    return x && $.neg(x, 'Neg');
  }),
  // A power of two has an exact inverse, and then both round the same quotient.
  rule('RealDiv', 'x / 2^n = x * 2^-n', (m, $) => {
    const divisor = m.splat(m.y);
    if (m.dtype.name !== 'float32' || typeof divisor !== 'number' || divisor === 1) return null;
    const exponent = Math.log2(Math.abs(divisor));
    if (2 ** exponent !== Math.abs(divisor) || Math.abs(exponent) > 126 || !m.alone(m.x, m.y)) return null;
    return $.mul(m.x, $.scalarLike(1 / divisor, m.x), 'Mul');
  }),
  rule('Mul', 'x * x = x²', (m, $) =>
    isUsual(m) && m.x.node === m.y.node && m.x.index === m.y.index ? $.square(m.x) : null,
  ),
  rule('Neg', '--x = x', (m) => m.made(m.x, 'Neg')?.inputs[0] ?? null),
  rule('LogicalNot', '!!x = x', (m) => m.made(m.x, 'LogicalNot')?.inputs[0] ?? null),

  rule('Add AddV2', 'x + -y = x - y', (m, $) => {
    const y = m.made(m.y, 'Neg');
    if (y) return $.sub(m.x, y.inputs[0], 'Sub');
    const x = m.made(m.x, 'Neg');
    return x && $.sub(m.y, x.inputs[0], 'Sub');
  }),
  rule('Sub', 'x - -y = x + y', (m, $) => {
    const y = m.made(m.y, 'Neg');
    return y && $.add(m.x, y.inputs[0], 'Add');
  }),
  rule('Pow', 'x^1 = x, x^2 = x·x, x^-1 = 1/x', (m, $) => {
    if (!isUsual(m) || !m.alone(m.x, m.y)) return null;
    if (m.is(m.y, 1)) return m.x;
    if (m.is(m.y, 2)) return $.square(m.x);
    return m.dtype.isFloating && m.is(m.y, -1) ? $.reciprocal(m.x) : null;
  }),
  rule('Square Abs', 'the sign of x does not matter', (m, $) => {
    const inner = isReal(m) ? m.made(m.x, 'Neg', 'Abs') : null;
    return inner && $.op(m.node.op, [inner.inputs[0]]);
  }),
  rule('Relu Relu6 Abs Sign Floor Ceil Rint Round', 'f(f(x)) = f(x)', (m) => (m.made(m.x, m.node.op) ? m.x : null)),
  rule('Maximum Minimum LogicalAnd LogicalOr', 'f(x, x) = x', (m) =>
    m.x.node === m.y.node && m.x.index === m.y.index ? m.x : null,
  ),
  rule('LogicalAnd', 'x && true = x', (m) => without(m, 1)),
  rule('LogicalOr', 'x || false = x', (m) => without(m, 0)),
  rule('Select SelectV2', 'a known condition selects', (m) => {
    const condition = m.splat(m.x);
    if (condition === undefined) return null;
    return m.alone(m.node.inputs[condition ? 1 : 2]);
  }),
  rule('AddN', 'a sum of one or two', (m, $) => {
    if (m.node.inputs.length === 1) return m.x;
    return m.node.inputs.length === 2 && m.dtype.name !== 'variant' ? $.add(m.x, m.y, 'Add') : null;
  }),
];
