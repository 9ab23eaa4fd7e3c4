/**
 * Python's `str.format` for numbers: what file names of checkpoints are made with, and how callbacks print numbers. The
 * digits of a number are `util/decimal.ts`'s.
 */
import { float64Spec, positional, scalarText, scientific } from '../../util/decimal.ts';
import { KeyError, ValueError } from '../../util/errors.ts';

/** Python's type of a number, which JavaScript's does not tell. */
export type NumberKind = 'int' | 'float';

export interface Field {
  readonly value: number;
  readonly kind: NumberKind;
}

/** `1` as `1.0`, `0.00001` as `1e-05`: a float as Python prints it. */
export function floatText(x: number): string {
  return scalarText(x, float64Spec, '.0');
}

/** Digits of a number that is finite and not negative, `precision` of them after the point; ties go to even. */
function fixedDigits(x: number, precision: number): string {
  const point = precision > 0 ? '.' : '';
  if (x >= 2 ** 53) return `${BigInt(x)}${point}${'0'.repeat(precision)}`;
  if (precision > 15) return x.toFixed(Math.min(precision, 100)).padEnd(precision, '0');
  const { whole, fraction } = positional(x, float64Spec, precision);
  return `${whole}${point}${fraction.padEnd(precision, '0')}`;
}

function exponentDigits(x: number, precision: number): string {
  const { whole, fraction, sign, exponent } = scientific(x, float64Spec, precision, precision);
  return `${whole}${precision > 0 ? '.' : ''}${fraction.padEnd(precision, '0')}e${sign}${exponent}`;
}

/** `%.4f`. */
export function fixed(x: number, precision: number): string {
  return finite(x, (magnitude) => fixedDigits(magnitude, precision));
}

/** `%.4e`. */
export function exponential(x: number, precision: number): string {
  return finite(x, (magnitude) => exponentDigits(magnitude, precision));
}

function finite(x: number, digits: (magnitude: number) => string): string {
  if (!Number.isFinite(x)) return floatText(x);
  return `${x < 0 || Object.is(x, -0) ? '-' : ''}${digits(Math.abs(x))}`;
}

/** The shorter of both forms. `repr` has a digit after the point at least, and goes over to exponents one digit earlier. */
function generalDigits(
  x: number,
  precision: number,
  { keepZeros, repr }: { keepZeros: boolean; repr: boolean },
): string {
  const count = precision === 0 ? 1 : precision;
  const [mantissa, exponent] = exponentDigits(x, count - 1).split('e');
  const power = Number(exponent);
  const trim = (text: string) => (keepZeros || !text.includes('.') ? text : text.replace(/\.?0+$/, ''));
  if (power < -4 || power >= count - (repr ? 1 : 0)) return `${trim(mantissa)}e${exponent}`;
  const text = trim(fixedDigits(x, count - 1 - power));
  return repr && !text.includes('.') ? `${text}.0` : text;
}

const SPEC = /^(?:(.)?([<>=^]))?([+\- ])?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([a-zA-Z%])?$/su;

interface Spec {
  readonly fill: string;
  readonly align: string;
  readonly sign: string;
  readonly alternate: boolean;
  readonly width: number;
  readonly grouping: string;
  readonly precision: number | null;
  readonly type: string;
}

function parseSpec(text: string, kind: NumberKind): Spec {
  const found = SPEC.exec(text);
  if (!found) throw new ValueError(`Invalid format specifier '${text}' for object of type '${kind}'`);
  const [, fill, align, sign, alternate, zero, width, grouping, precision, type] = found;
  return {
    fill: fill ?? (zero ? '0' : ' '),
    align: align ?? (zero && fill === undefined ? '=' : '>'),
    sign: sign ?? '-',
    alternate: alternate !== undefined,
    width: Number(width ?? 0),
    grouping: grouping ?? '',
    precision: precision === undefined ? null : Number(precision),
    type: type ?? '',
  };
}

const BASES: Readonly<Record<string, number>> = { b: 2, o: 8, x: 16, X: 16 };

/** A number by a format such as `.2f` or `02d`. Throws `ValueError` where Python does. */
export function formatNumber({ value, kind }: Field, text: string): string {
  const spec = parseSpec(text, kind);
  const { type } = spec;
  const unknown = () => new ValueError(`Unknown format code '${type}' for object of type '${kind}'`);
  if (kind === 'int' && (type === '' || 'dnbcoxX'.includes(type))) return formatInteger(value, spec);
  if (type !== '' && !'eEfFgGn%'.includes(type)) throw unknown();
  const body = floatBody(Math.abs(value), spec);
  const negative = value < 0 || Object.is(value, -0);
  return padded(negative, '', /[A-Z]/.test(type) ? body.toUpperCase() : body, spec, 3);
}

function formatInteger(value: number, spec: Spec): string {
  const { type, precision, grouping } = spec;
  if (precision !== null) throw new ValueError('Precision not allowed in integer format specifier');
  if (grouping !== '' && (type === 'n' || type === 'c' || (grouping === ',' && type in BASES))) {
    throw new ValueError(`Cannot specify '${grouping}' with '${type}'.`);
  }
  if (type === 'c' && !(value >= 0 && value < 0x110000)) throw new ValueError('%c arg not in range(0x110000)');
  if (type === 'c') return padded(false, '', String.fromCodePoint(value), spec, 3);
  const base = BASES[type] ?? 10;
  const digits = BigInt(Math.abs(value)).toString(base);
  const prefix = spec.alternate && type in BASES ? `0${type}` : '';
  return padded(value < 0, prefix, type === 'X' ? digits.toUpperCase() : digits, spec, base === 10 ? 3 : 4);
}

function floatBody(x: number, { type, precision, alternate }: Spec): string {
  if (!Number.isFinite(x)) return `${floatText(x)}${type === '%' ? '%' : ''}`;
  const point = alternate ? '.' : '';
  const withPoint = (text: string) => (text.includes('.') ? text : text.replace(/(?=e|$)/, point));
  switch (type.toLowerCase()) {
    case '':
      if (precision === null) return floatText(x);
      return withPoint(generalDigits(x, precision, { keepZeros: alternate, repr: true }));
    case 'e':
      return withPoint(exponentDigits(x, precision ?? 6));
    case 'f':
      return withPoint(fixedDigits(x, precision ?? 6));
    case '%': {
      const percent = x * 100;
      return `${Number.isFinite(percent) ? withPoint(fixedDigits(percent, precision ?? 6)) : 'inf'}%`;
    }
    default:
      return withPoint(generalDigits(x, precision ?? 6, { keepZeros: alternate, repr: false }));
  }
}

/** Sign, prefix and digits, in groups, filled up to the width. */
function padded(negative: boolean, prefix: string, body: string, spec: Spec, group: number): string {
  const { fill, align, width, grouping } = spec;
  const head = `${negative ? '-' : spec.sign === '-' ? '' : spec.sign}${prefix}`;
  const [, whole, rest] = /^([0-9a-fA-F]*)(.*)$/su.exec(body) as unknown as [string, string, string];
  let digits = whole;
  if (grouping !== '') {
    const grouped = (text: string) => text.replace(new RegExp(`\\B(?=(?:[0-9a-fA-F]{${group}})+$)`, 'g'), grouping);
    digits = grouped(whole);
    // Zeros in front are digits too, and grouped with the others.
    for (let count = whole.length + 1; fill === '0' && align === '='; count++) {
      if (head.length + digits.length + rest.length >= width) break;
      digits = grouped(whole.padStart(count, '0'));
    }
  }
  const missing = Math.max(width - head.length - digits.length - [...rest].length, 0);
  const left = align === '>' ? missing : align === '^' ? Math.floor(missing / 2) : 0;
  if (align === '=') return `${head}${fill.repeat(missing)}${digits}${rest}`;
  return `${fill.repeat(left)}${head}${digits}${rest}${fill.repeat(missing - left)}`;
}

const PART = /\{\{|\}\}|\{([^{}!:]*)(?:!([a-z]))?(?::([^{}]*))?\}|[{}]/gsu;

/**
 * Fills in a template such as `'w.{epoch:02d}-{val_loss:.2f}.h5'`. Throws `KeyError` for a name that has no value, and
 * `ValueError` for a format that does not fit the number.
 */
export function formatTemplate(template: string, fields: ReadonlyMap<string, Field>): string {
  return template.replace(PART, (part: string, name?: string, conversion?: string, spec = '') => {
    if (part === '{{' || part === '}}') return part[0];
    if (name === undefined) {
      throw new ValueError(`Single '${part}' encountered in format string`);
    }
    const field = fields.get(name);
    if (!field) throw new KeyError(`'${name}'`);
    if (conversion === undefined) return formatNumber(field, spec);
    const text = field.kind === 'int' ? String(field.value) : floatText(field.value);
    return spec === '' ? text : formatText(text, spec);
  });
}

/** A text by a format: what `!r` and `!s` make of a number. */
function formatText(text: string, given: string): string {
  const { fill, align, width, precision } = parseSpec(given.replace(/s$/, ''), 'float');
  const cut = precision === null ? text : text.slice(0, precision);
  const missing = Math.max(width - cut.length, 0);
  const explicit = /^.?[<>=^]/su.test(given) ? align : '<';
  const left = explicit === '>' ? missing : explicit === '^' ? Math.floor(missing / 2) : 0;
  return `${fill.repeat(left)}${cut}${fill.repeat(missing - left)}`;
}
