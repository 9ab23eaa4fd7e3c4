/**
 * Functions that processors lack (`exp`, `log`, `tanh`, `sigmoid`) in terms of those they have. For renderers without such
 * functions of their own.
 *
 * Polynomials: `exp` and `log` after S. Moshier's Cephes library (expf, logf), which stay within two units of the last place;
 * `tanh` the rational approximation of Eigen (generic_fast_tanh_float), within a few.
 */
import { type Op, type Value, type ValueId, Values } from './values.ts';

/** The same values, with elementary functions worked out; and by old value, which new one it is. */
export function expand(list: readonly Value[]): {
  readonly values: readonly Value[];
  readonly ids: readonly ValueId[];
} {
  const $ = new Values();
  const ids: ValueId[] = [];
  for (const value of list) {
    if (value.kind === 'load') ids.push($.load(value.type, value.input));
    else if (value.kind === 'scalar') ids.push($.scalar(value.type, value.scalar));
    else if (value.kind === 'constant') ids.push($.constant(value.value, value.type));
    else if (value.kind === 'index') ids.push($.index(value.axis));
    else if (value.kind === 'reduced') ids.push($.reduced(value.type, value.stage));
    else {
      const args = value.args.map((arg) => ids[arg]);
      const rule = RULES[value.op];
      ids.push(rule ? rule($, args[0]) : $.op(value.op, ...args));
    }
  }
  return { values: $.list, ids };
}

type Rule = ($: Values, x: ValueId) => ValueId;

const RULES: Partial<Record<Op, Rule>> = { exp, log, tanh, sigmoid };

/** The polynomial with these coefficients, that of the highest power first, by Horner's rule. */
function polynomial($: Values, x: ValueId, coefficients: readonly number[]): ValueId {
  let sum = $.constant(coefficients[0]);
  for (const coefficient of coefficients.slice(1)) sum = $.op('multiplyAdd', sum, x, $.constant(coefficient));
  return sum;
}

/** ln 2 in two parts; the first has so few digits that a multiple of it is exact. */
const [LN2_HIGH, LN2_LOW] = [0.693359375, -2.1219444e-4];

function exp($: Values, x: ValueId): ValueId {
  // Beyond these, the result is 0 and infinity. A NaN passes through both.
  const { n, power } = parts($, $.op('max', $.op('min', x, $.constant(89)), $.constant(-104)));
  // In two steps, since 2^n itself may be out of range where the result is denormal, or just inside.
  const half = $.op('floor', $.op('mul', n, $.constant(0.5)));
  return $.op('mul', $.op('mul', power, $.op('exp2', half)), $.op('exp2', $.op('sub', n, half)));
}

/** Below this e to the power of a float32 is denormal. */
const LEAST = -87.33654;

/** e to the power of what is at most 0; denormal results are 0, as in TensorFlow. */
function expBelow($: Values, x: ValueId): ValueId {
  const { n, power } = parts($, $.op('max', x, $.constant(LEAST)));
  const result = $.op('mul', power, $.op('exp2', n));
  return $.op('select', $.op('lt', x, $.constant(LEAST)), $.constant(0), result);
}

/** An integer, and a number near 1 that e to the power of x is 2 to the power of the integer times. */
function parts($: Values, x: ValueId): { readonly n: ValueId; readonly power: ValueId } {
  const n = $.op('nearest', $.op('mul', x, $.constant(Math.LOG2E)));
  const rough = $.op('multiplyAdd', n, $.constant(-LN2_HIGH), x);
  const r = $.op('multiplyAdd', n, $.constant(-LN2_LOW), rough);
  const p = polynomial($, r, [1.9875691e-4, 1.3981999e-3, 8.333452e-3, 4.1665795e-2, 1.6666665e-1, 5.0000001e-1]);
  const power = $.op('multiplyAdd', p, $.op('mul', r, r), $.op('add', r, $.constant(1)));
  return { n, power };
}

function log($: Values, x: ValueId): ValueId {
  // Denormal numbers are brought into the range of the others first.
  const isTiny = $.op('lt', x, $.constant(2 ** -126));
  const scaled = $.op('select', isTiny, $.op('mul', x, $.constant(2 ** 24)), x);
  const mantissa = $.op('mantissa', scaled);
  const isLow = $.op('lt', mantissa, $.constant(Math.SQRT1_2));
  const m = $.op('sub', $.op('add', mantissa, $.op('select', isLow, mantissa, $.constant(0))), $.constant(1));
  const shift = $.op(
    'add',
    $.op('select', isLow, $.constant(1), $.constant(0)),
    $.op('select', isTiny, $.constant(24), $.constant(0)),
  );
  const e = $.op('sub', $.op('exponent', scaled), shift);
  const z = $.op('mul', m, m);
  const p = polynomial(
    $,
    m,
    [
      7.0376836e-2, -1.151461e-1, 1.1676999e-1, -1.2420141e-1, 1.4249323e-1, -1.6668058e-1, 2.0000715e-1, -2.4999994e-1,
      3.3333331e-1,
    ],
  );
  const small = $.op('add', $.op('mul', $.op('mul', p, m), z), $.op('mul', e, $.constant(LN2_LOW)));
  const rest = $.op('sub', small, $.op('mul', z, $.constant(0.5)));
  const result = $.op('add', $.op('add', m, rest), $.op('mul', e, $.constant(LN2_HIGH)));
  const isInside = $.op('and', $.op('gt', x, $.constant(0)), $.op('lt', x, $.constant(Infinity)));
  // Of infinity and NaN itself, of 0 minus infinity, of what is below NaN.
  const isZero = $.op('eq', x, $.constant(0));
  const isBelow = $.op('lt', x, $.constant(0));
  const special = $.op('select', isZero, $.constant(-Infinity), $.op('select', isBelow, $.constant(NaN), x));
  return $.op('select', isInside, result, special);
}

/** Where tanh is 1 within the error of the ratio. */
const TANH_LIMIT = 7.905311107635498;

function tanh($: Values, x: ValueId): ValueId {
  const square = $.op('mul', x, x);
  const odd = [
    -2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-8, 1.48572235717979e-5,
    6.37261928875436e-4, 4.89352455891786e-3,
  ];
  const even = [1.19825839466702e-6, 1.18534705686654e-4, 2.268434632439e-3, 4.89352518554385e-3];
  const ratio = $.op('div', $.op('mul', x, polynomial($, square, odd)), polynomial($, square, even));
  const size = $.op('abs', x);
  // Far out the function is its limit, and near 0 its argument, neither of which the ratio gives exactly.
  const limit = $.op('max', $.op('min', x, $.constant(1)), $.constant(-1));
  const inside = $.op('select', $.op('lt', size, $.constant(TANH_LIMIT)), ratio, limit);
  return $.op('select', $.op('lt', size, $.constant(4e-4)), x, inside);
}

/** In terms of exp(-|x|), which does not overflow. */
function sigmoid($: Values, x: ValueId): ValueId {
  const z = expBelow($, $.op('neg', $.op('abs', x)));
  const above = $.op('select', $.op('lt', x, $.constant(0)), z, $.constant(1));
  return $.op('div', above, $.op('add', $.constant(1), z));
}
