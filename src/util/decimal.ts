/**
 * The decimal digits of binary floating-point numbers: the fewest that tell a number from its neighbours in its type,
 * cut at a precision with exact rounding (ties to even).
 */

/** A floating-point type, as the digits need to know it. */
export interface FloatSpec {
  /** The nearest number of the type. */
  round(x: number): number;
  /** The most digits that any of its numbers needs. */
  readonly digits: number;
  /** From this magnitude on a number by itself is printed in scientific form. */
  readonly limit: number;
}

export const float64Spec: FloatSpec = { round: (x) => x, digits: 17, limit: 1e16 };
export const float32Spec: FloatSpec = { round: Math.fround, digits: 9, limit: 1e6 };

/** A type with `bits` significant bits whose smallest normal exponent is `least`. */
export function halfSpec(bits: number, least: number): FloatSpec {
  const round = (x: number) => {
    if (x === 0 || !Number.isFinite(x)) return x;
    const unit = 2 ** (Math.max(Math.floor(Math.log2(Math.abs(x))), least) - bits + 1);
    const scaled = x / unit;
    const floor = Math.floor(scaled);
    const rest = scaled - floor;
    return (rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor) * unit;
  };
  return { round, digits: 5, limit: 1e3 };
}

/** `0.d₁d₂… × 10^point`, as `digits` and `point`; no trailing zeros. */
interface Digits {
  readonly digits: string;
  readonly point: number;
}

/** The fewest digits that read back as the number. */
function shortest(x: number, spec: FloatSpec): Digits {
  const magnitude = Math.abs(x);
  if (magnitude === 0) return { digits: '', point: 1 };
  if (spec.digits > 9) return parse(magnitude.toExponential());
  for (let count = 1; count < spec.digits; count++) {
    const text = magnitude.toExponential(count - 1);
    if (spec.round(Number(text)) === magnitude) return parse(text);
  }
  return parse(magnitude.toExponential(spec.digits - 1));
}

function parse(text: string): Digits {
  const [mantissa, exponent] = text.split('e');
  const digits = mantissa.replace('.', '').replace(/0+$/, '');
  return { digits, point: Number(exponent) + 1 };
}

/** The number rounded to `count` significant digits, exactly, ties to even. */
function rounded(x: number, count: number): Digits {
  const magnitude = Math.abs(x);
  if (count < 0) return { digits: '', point: 1 };
  // `toExponential` gives the exact expansion's digits; enough of them tell a tie from what only looks like one.
  const exact = parse(magnitude.toExponential(100));
  if (exact.digits.length <= count) return exact;
  const kept = exact.digits.slice(0, count);
  const rest = exact.digits.slice(count);
  const odd = count > 0 && Number(kept[count - 1]) % 2 === 1;
  const up = rest > '5' || (rest === '5' && odd);
  if (!up) return { digits: kept.replace(/0+$/, ''), point: exact.point };
  const raised = String(BigInt(kept || '0') + 1n).padStart(count, '0');
  const carried = raised.length > count ? 1 : 0;
  return { digits: raised.replace(/0+$/, ''), point: exact.point + carried };
}

export interface Positional {
  /** The digits before the point, with a minus sign. */
  readonly whole: string;
  /** The digits after it, without trailing zeros. */
  readonly fraction: string;
}

const minus = (x: number) => (x < 0 || Object.is(x, -0) ? '-' : '');

/** `12.5` as `12` and `5`, with at most `precision` digits after the point. */
export function positional(x: number, spec: FloatSpec, precision: number): Positional {
  let { digits, point } = shortest(x, spec);
  if (digits.length - point > precision) ({ digits, point } = rounded(x, point + precision));
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0';
  const fraction = point > 0 ? digits.slice(point) : digits === '' ? '' : '0'.repeat(-point) + digits;
  return { whole: minus(x) + (whole || '0'), fraction };
}

export interface Scientific extends Positional {
  readonly sign: '+' | '-';
  /** The digits of the exponent, at least two. */
  readonly exponent: string;
}

/** `1.25e-07` in its parts, with at most `most` digits after the point; at least `least`, by the exact value. */
export function scientific(x: number, spec: FloatSpec, most: number, least = 0): Scientific {
  let { digits, point } = shortest(x, spec);
  if (digits.length > most + 1) ({ digits, point } = rounded(x, most + 1));
  else if (digits !== '' && digits.length < least + 1) ({ digits, point } = rounded(x, least + 1));
  const power = point - 1;
  return {
    whole: minus(x) + (digits[0] ?? '0'),
    fraction: digits.slice(1),
    sign: power < 0 ? '-' : '+',
    exponent: String(Math.abs(power)).padStart(2, '0'),
  };
}

/** A number by itself, as NumPy prints scalars; `suffix` is what a whole number ends in. */
export function scalarText(x: number, spec: FloatSpec, suffix: '.0' | ''): string {
  if (Number.isNaN(x)) return 'nan';
  if (!Number.isFinite(x)) return x < 0 ? '-inf' : 'inf';
  const magnitude = Math.abs(x);
  if (magnitude !== 0 && (magnitude < 1e-4 || magnitude >= spec.limit)) {
    const { whole, fraction, sign, exponent } = scientific(x, spec, 100);
    return `${whole}${fraction && `.${fraction}`}e${sign}${exponent}`;
  }
  const { whole, fraction } = positional(x, spec, 100);
  return fraction ? `${whole}.${fraction}` : `${whole}${suffix}`;
}
