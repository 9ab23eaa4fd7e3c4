/**
 * Values as expressions of GLSL ES 3.0, four places at a time: floats are a `vec4`, integers an `ivec4`, truth values a
 * `bvec4`. Where places are and how inputs are read is `render.ts`'s business.
 *
 * The language leaves open what `min`, `max`, `isnan` and the elementary functions make of NaN and infinity, so that none of
 * it is left to them here.
 */
import type { ElementType, Op } from '../values.ts';

export const VECTOR: Readonly<Record<ElementType, string>> = { f32: 'vec4', i32: 'ivec4', bool: 'bvec4' };

/** Functions that expressions call, by name; each may call those before it. */
const FUNCTIONS: ReadonlyMap<string, string> = new Map([
  [
    'isNaN4',
    // By its bits: a comparison of a value with itself is what drivers leave out.
    'bvec4 isNaN4(vec4 x) { return greaterThan(floatBitsToUint(x) & uvec4(0x7fffffffu), uvec4(0x7f800000u)); }',
  ],
  ['both4', 'bvec4 both4(bvec4 a, bvec4 b) { return bvec4(uvec4(a) & uvec4(b)); }'],
  ['either4', 'bvec4 either4(bvec4 a, bvec4 b) { return bvec4(uvec4(a) | uvec4(b)); }'],
  [
    'choose4',
    'ivec4 choose4(bvec4 c, ivec4 a, ivec4 b) { ivec4 m = -ivec4(c); return (a & m) | (b & ~m); }\n' +
      'bvec4 choose4(bvec4 c, bvec4 a, bvec4 b) { return bvec4((uvec4(a) & uvec4(c)) | (uvec4(b) & uvec4(not(c)))); }',
  ],
  ['max4', 'vec4 max4(vec4 a, vec4 b) { return mix(a, b, either4(greaterThan(b, a), isNaN4(b))); }'],
  ['min4', 'vec4 min4(vec4 a, vec4 b) { return mix(a, b, either4(lessThan(b, a), isNaN4(b))); }'],
  ['exp4', 'vec4 exp4(vec4 x) { return mix(exp(x), x, isNaN4(x)); }'],
  [
    'log4',
    `vec4 log4(vec4 x) {
  vec4 special = mix(uintBitsToFloat(uvec4(0xff800000u)), uintBitsToFloat(uvec4(0x7fc00000u)), lessThan(x, vec4(0.0)));
  vec4 y = mix(special, log(x), greaterThan(x, vec4(0.0)));
  return mix(y, x, either4(isNaN4(x), equal(x, uintBitsToFloat(uvec4(0x7f800000u)))));
}`,
  ],
  // e^-|x| does not overflow.
  [
    'sigmoid4',
    `vec4 sigmoid4(vec4 x) {
  vec4 z = exp4(-abs(x));
  return mix(vec4(1.0), z, lessThan(x, vec4(0.0))) / (1.0 + z);
}`,
  ],
  // A rational approximation (Eigen's), exact to a few units of the last place; near 0 the function is its argument.
  [
    'tanh4',
    `vec4 tanh4(vec4 x) {
  vec4 a = mix(x, sign(x) * 7.905311, greaterThan(abs(x), vec4(7.905311)));
  vec4 s = a * a;
  vec4 p = ((((((-2.76076847742355e-16 * s + 2.00018790482477e-13) * s - 8.60467152213735e-11) * s + 5.12229709037114e-8)
    * s + 1.48572235717979e-5) * s + 6.37261928875436e-4) * s + 4.89352455891786e-3);
  vec4 q = ((1.19825839466702e-6 * s + 1.18534705686654e-4) * s + 2.268434632439e-3) * s + 4.89352518554385e-3;
  return mix(a * p / q, x, either4(lessThan(abs(x), vec4(4e-4)), isNaN4(x)));
}`,
  ],
]);

/** The functions that the text calls, those they call first. */
export function functionsFor(text: string): string {
  const found: string[] = [];
  let all = text;
  for (const [name, code] of [...FUNCTIONS].reverse()) {
    if (!all.includes(`${name}(`)) continue;
    found.unshift(code);
    all += code;
  }
  return found.join('\n');
}

const compare =
  (name: string) =>
  (a: string, b: string): string =>
    `${name}(${a}, ${b})`;

/** The expression of an op; null for ops that only other targets are given. */
export function expression(op: Op, args: readonly string[], types: readonly ElementType[]): string | null {
  const [a, b, c] = args;
  const [type] = types;
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
      return `${op}4(${a})`;
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
      return isFloat ? `${op}4(${a}, ${b})` : `${op}(${a}, ${b})`;
    case 'lt':
      return compare('lessThan')(a, b);
    case 'le':
      return compare('lessThanEqual')(a, b);
    case 'gt':
      return compare('greaterThan')(a, b);
    case 'ge':
      return compare('greaterThanEqual')(a, b);
    case 'eq':
      return isFloat && a === b ? `not(isNaN4(${a}))` : compare('equal')(a, b);
    case 'ne':
      return isFloat && a === b ? `isNaN4(${a})` : compare('notEqual')(a, b);
    case 'and':
      return `both4(${a}, ${b})`;
    case 'or':
      return `either4(${a}, ${b})`;
    case 'not':
      return `not(${a})`;
    case 'select':
      return types[1] === 'f32' ? `mix(${c}, ${b}, ${a})` : `choose4(${a}, ${b}, ${c})`;
    case 'toFloat':
      return `vec4(${a})`;
    case 'toInt':
      return `ivec4(${a})`;
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
