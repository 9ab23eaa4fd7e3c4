/**
 * What a generated kernel computes for each element, as data: values in order, each of one op on earlier ones. Lists and not
 * trees, so that nothing that walks them recurses. Which elements they are computed for is `kernel.ts`'s business, turning
 * them into code that of the renderers.
 */

/** The type of an element: a float or integer of 32 bits, or a truth value. */
export type ElementType = 'f32' | 'i32' | 'bool';

/** Ops on floats, integers or truth values, by the number of arguments; integers wrap around at 32 bits. */
export const OPS = {
  neg: 1,
  abs: 1,
  sqrt: 1,
  floor: 1,
  ceil: 1,
  /** To the nearest integer, halves to the even one. */
  nearest: 1,
  exp: 1,
  log: 1,
  tanh: 1,
  sigmoid: 1,
  add: 2,
  sub: 2,
  mul: 2,
  div: 2,
  /** NaN where either argument is. */
  min: 2,
  max: 2,
  lt: 2,
  le: 2,
  gt: 2,
  ge: 2,
  eq: 2,
  ne: 2,
  and: 2,
  or: 2,
  not: 1,
  /** The second argument where the first is true, else the third. */
  select: 3,
  /** Of integers, bit by bit. */
  xor: 2,
  /** The upper half of the product of two integers without a sign. */
  mulHigh: 2,
  toFloat: 1,
  toInt: 1,
  /** 2 to the power of an integer from -126 to 127, of a float that holds the integer plus `EXPONENT`. */
  exp2: 1,
  /** Of a positive float that is not denormal: the mantissa, in [0.5, 1), and the exponent that goes with it. */
  mantissa: 1,
  exponent: 1,
  /** The product of two floats plus a third, rounded once or twice: where only the sum's size matters. */
  multiplyAdd: 3,
} as const;

export type Op = keyof typeof OPS;

/** So large that a sum with it has no room for a fraction, and that its last bits are those of an exponent. */
export const EXPONENT = 1.5 * 2 ** 23 + 127;

/** The number of a value in its list. */
export type ValueId = number;

export type Value =
  /** The element of an input at the present place. */
  | { readonly kind: 'load'; readonly type: ElementType; readonly input: number }
  /** A number that the kernel is called with. */
  | { readonly kind: 'scalar'; readonly type: ElementType; readonly scalar: number }
  | { readonly kind: 'constant'; readonly type: ElementType; readonly value: number }
  /** The number of the present place along an axis of the kernel, from 0, as a float. */
  | { readonly kind: 'index'; readonly type: 'f32'; readonly axis: number }
  /** What an earlier stage reduced to, at the present place. */
  | { readonly kind: 'reduced'; readonly type: ElementType; readonly stage: number }
  | { readonly kind: 'op'; readonly type: ElementType; readonly op: Op; readonly args: readonly ValueId[] };

const COMPARISONS: ReadonlySet<Op> = new Set(['lt', 'le', 'gt', 'ge', 'eq', 'ne']);

/** The type of what an op gives. */
function resultType(op: Op, args: readonly Value[]): ElementType {
  if (COMPARISONS.has(op)) return 'bool';
  if (op === 'toFloat') return 'f32';
  if (op === 'toInt') return 'i32';
  return args[op === 'select' ? 1 : 0].type;
}

/** Makes a list of values in which no value comes twice. */
export class Values {
  readonly list: Value[] = [];
  private readonly known = new Map<string, ValueId>();

  load(type: ElementType, input: number): ValueId {
    return this.intern(`load ${type} ${input}`, { kind: 'load', type, input });
  }
  scalar(type: ElementType, scalar: number): ValueId {
    return this.intern(`scalar ${scalar}`, { kind: 'scalar', type, scalar });
  }
  constant(value: number, type: ElementType = 'f32'): ValueId {
    const sign = Object.is(value, -0) ? '-' : '';
    return this.intern(`${type} ${sign}${value}`, { kind: 'constant', type, value });
  }
  index(axis: number): ValueId {
    return this.intern(`index ${axis}`, { kind: 'index', type: 'f32', axis });
  }
  reduced(type: ElementType, stage: number): ValueId {
    return this.intern(`reduced ${type} ${stage}`, { kind: 'reduced', type, stage });
  }
  op(op: Op, ...args: ValueId[]): ValueId {
    const type = resultType(
      op,
      args.map((id) => this.list[id]),
    );
    return this.intern(`${op} ${args.join(' ')}`, { kind: 'op', type, op, args });
  }
  type(id: ValueId): ElementType {
    return this.list[id].type;
  }

  private intern(key: string, value: Value): ValueId {
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const id = this.list.push(value) - 1;
    this.known.set(key, id);
    return id;
  }
}

/** The values that some need, themselves among them, in order. */
export function needed(list: readonly Value[], roots: Iterable<ValueId>): ValueId[] {
  const marked = new Uint8Array(list.length);
  for (const root of roots) marked[root] = 1;
  for (let id = list.length - 1; id >= 0; id--) {
    const value = list[id];
    if (marked[id] && value.kind === 'op') for (const arg of value.args) marked[arg] = 1;
  }
  return list.flatMap((_, id) => (marked[id] ? [id] : []));
}
