/**
 * Functions that processors lack (`exp`, `log`, `tanh`, `sigmoid`) in terms of those they have. For renderers without such
 * functions of their own.
 *
 * `log` is after S. Moshier's Cephes library (logf), as is how `exp` takes its argument apart; the polynomial of `exp` and the
 * ratio of `tanh` have the least greatest relative error of their degrees (found with J. Lawson's weights, 1961). They stay
 * within three units of the last place, `tanh` within six.
 */
import { EXPONENT, type Op, type Value, type ValueId, Values } from './values.ts';

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
  const { shifted, n, power } = parts($, $.op('max', $.op('min', x, $.constant(89)), $.constant(-104)), 1);
  // In two steps, since 2^n itself may be out of range where the result is denormal, or just inside.
  const half = $.op('floor', $.op('mul', n, $.constant(0.5)));
  const rest = $.op('exp2', $.op('sub', shifted, half));
  return $.op('mul', $.op('mul', power, $.op('exp2', $.op('add', half, $.constant(EXPONENT)))), rest);
}

/** Below this e to the power of a float32 is denormal. */
const LEAST = -87.33654;

/** Of e to the power of x near 0, by the power of x from the sixth down. */
const POWER = [1.3814467e-3, 8.3687805e-3, 4.1668394e-2, 1.666652e-1, 4.9999993e-1, 1, 1];

/**
 * e to the power of x, or of minus x, as a number near 1 times 2 to the power of n, which is given alone and as `exp2` takes
 * it.
 */
function parts($: Values, x: ValueId, sign: 1 | -1): Record<'shifted' | 'n' | 'power', ValueId> {
  const shifted = $.op('multiplyAdd', x, $.constant(sign * Math.LOG2E), $.constant(EXPONENT));
  const n = $.op('sub', shifted, $.constant(EXPONENT));
  const rough = $.op('multiplyAdd', n, $.constant(-sign * LN2_HIGH), x);
  const r = $.op('multiplyAdd', n, $.constant(-sign * LN2_LOW), rough);
  const coefficients = POWER.map((coefficient, i) => (i % 2 === 0 ? coefficient : sign * coefficient));
  return { shifted, n, power: polynomial($, r, coefficients) };
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

/** Where tanh is 1 to the last place. */
const TANH_LIMIT = 9.02;
/** A ratio that tanh(x) / x is up to there within 2.2e-8 of it, by the power of x squared from the fourth down. */
const TANH_ABOVE = [1.33842917e-8, 2.06358232e-5, 3.49745773e-3, 1.33826873e-1, 1];
const TANH_BELOW = [7.79024954e-7, 3.28851743e-4, 2.58843612e-2, 4.67160086e-1, 1];

function tanh($: Values, x: ValueId): ValueId {
  const square = $.op('min', $.op('mul', x, x), $.constant(TANH_LIMIT ** 2));
  const ratio = $.op('div', $.op('mul', x, polynomial($, square, TANH_ABOVE)), polynomial($, square, TANH_BELOW));
  // Farther out the ratio grows on, and near the limit it may be rounded to more than that.
  return $.op('max', $.op('min', ratio, $.constant(1)), $.constant(-1));
}

/** 1 / (1 + exp(-x)); denormal results are 0, as in TensorFlow. */
function sigmoid($: Values, x: ValueId): ValueId {
  const limited = $.op('max', $.op('min', x, $.constant(-LEAST)), $.constant(LEAST));
  const { shifted, power } = parts($, limited, -1);
  const z = $.op('mul', power, $.op('exp2', shifted));
  const result = $.op('div', $.constant(1), $.op('add', $.constant(1), z));
  return $.op('select', $.op('lt', x, $.constant(LEAST)), $.constant(0), result);
}
