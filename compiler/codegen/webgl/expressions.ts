/**
 * Values as expressions of GLSL ES 3.0, four places at a time: floats are a `vec4`, integers an `ivec4`, truth values a
 * `bvec4`. Where places are and how inputs are read is `render.ts`'s business.
 * The functions they call are in `functions.ts`.
 */
import type { ElementType, Op } from '../values.ts';

export const VECTOR: Readonly<Record<ElementType, string>> = { f32: 'vec4', i32: 'ivec4', bool: 'bvec4' };

const compare =
  (name: string) =>
  (a: string, b: string): string =>
    `${name}(${a}, ${b})`;

/** An argument of an op. */
export interface Argument {
  readonly name: string;
  readonly type: ElementType;
  /** A constant that is a number. */
  readonly isNumber: boolean;
}

/** The greater or smaller of two floats; NaN where either is. */
function extreme(op: 'min' | 'max', [a, b]: readonly Argument[]): string {
  const first = op === 'max' ? 'greaterThan' : 'lessThan';
  if (b.isNumber) return `mix(${a.name}, ${b.name}, ${first}(${b.name}, ${a.name}))`;
  if (a.isNumber) return `mix(${b.name}, ${a.name}, ${first}(${a.name}, ${b.name}))`;
  return `tf_${op}(${a.name}, ${b.name})`;
}

/** The expression of an op; null for ops that only other targets are given. */
export function expression(op: Op, args: readonly Argument[]): string | null {
  const [a, b, c] = args.map(({ name }) => name);
  const [{ type }] = args;
  const isFloat = type === 'f32';
  switch (op) {
    case 'neg':
      return `-${a}`;
    case 'abs':
    case 'sqrt':
    case 'floor':
    case 'ceil':
      return `${op}(${a})`;
    case 'nearest':
      return `roundEven(${a})`;
    case 'exp':
    case 'log':
    case 'tanh':
    case 'sigmoid':
      return `tf_${op}(${a})`;
    case 'add':
      return `${a} + ${b}`;
    case 'sub':
      return `${a} - ${b}`;
    case 'mul':
      return `${a} * ${b}`;
    case 'div':
      return `${a} / ${b}`;
    case 'multiplyAdd':
      return `${a} * ${b} + ${c}`;
    case 'min':
    case 'max':
      return isFloat ? extreme(op, args) : `${op}(${a}, ${b})`;
    case 'lt':
      return compare('lessThan')(a, b);
    case 'le':
      return compare('lessThanEqual')(a, b);
    case 'gt':
      return compare('greaterThan')(a, b);
    case 'ge':
      return compare('greaterThanEqual')(a, b);
    case 'eq':
      return isFloat && a === b ? `not(tf_nan(${a}))` : compare('equal')(a, b);
    case 'ne':
      return isFloat && a === b ? `tf_nan(${a})` : compare('notEqual')(a, b);
    case 'and':
      return `tf_and(${a}, ${b})`;
    case 'or':
      return `tf_or(${a}, ${b})`;
    case 'not':
      return `not(${a})`;
    case 'select':
      return args[1].type === 'f32' ? `mix(${c}, ${b}, ${a})` : `tf_choose(${a}, ${b}, ${c})`;
    case 'toFloat':
      return `vec4(${a})`;
    case 'toInt':
      return `ivec4(${a})`;
    case 'xor':
    case 'mulHigh':
    case 'exp2':
    case 'mantissa':
    case 'exponent':
      return null;
  }
}

/** The number as a literal. */
export function literal(value: number, type: ElementType): string {
  if (type === 'bool') return `bvec4(${value !== 0})`;
  if (type === 'i32') return value === -(2 ** 31) ? 'ivec4(-2147483647 - 1)' : `ivec4(${value})`;
  if (Number.isNaN(value)) return 'uintBitsToFloat(uvec4(0x7fc00000u))';
  const rounded = Math.fround(value);
  if (rounded === Infinity) return 'uintBitsToFloat(uvec4(0x7f800000u))';
  if (rounded === -Infinity) return 'uintBitsToFloat(uvec4(0xff800000u))';
  const text = `${rounded}`;
  const digits = Object.is(rounded, -0) ? '-0.0' : /[.e]/.test(text) ? text : `${text}.0`;
  return `vec4(${digits})`;
}

/** A texel's value as that of an element. Textures hold floats only. */
export function fromTexel(texel: string, type: ElementType): string {
  return type === 'f32' ? texel : type === 'i32' ? `ivec4(${texel})` : `notEqual(${texel}, vec4(0.0))`;
}
