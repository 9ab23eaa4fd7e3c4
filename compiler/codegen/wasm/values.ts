/**
 * Writes values as instructions on vectors of four elements. Truth values are masks: all bits of a lane, or none. Where the
 * elements lie is asked of `loops.ts`.
 */
import { InternalError } from '../../../src/util/errors.ts';
import type { ElementType, Op, Value, ValueId } from '../values.ts';
import type { FunctionBuilder, Local } from './assembler.ts';
import type { Features } from './features.ts';
import { type Plain, V128 } from './opcodes.ts';

const ON_FLOATS: Partial<Record<Op, Plain>> = {
  neg: 'f32x4.neg',
  abs: 'f32x4.abs',
  sqrt: 'f32x4.sqrt',
  floor: 'f32x4.floor',
  ceil: 'f32x4.ceil',
  nearest: 'f32x4.nearest',
  add: 'f32x4.add',
  sub: 'f32x4.sub',
  mul: 'f32x4.mul',
  div: 'f32x4.div',
  min: 'f32x4.min',
  max: 'f32x4.max',
  lt: 'f32x4.lt',
  le: 'f32x4.le',
  gt: 'f32x4.gt',
  ge: 'f32x4.ge',
  eq: 'f32x4.eq',
  ne: 'f32x4.ne',
};

const ON_INTEGERS: Partial<Record<Op, Plain>> = {
  neg: 'i32x4.neg',
  abs: 'i32x4.abs',
  add: 'i32x4.add',
  sub: 'i32x4.sub',
  mul: 'i32x4.mul',
  min: 'i32x4.min_s',
  max: 'i32x4.max_s',
  xor: 'v128.xor',
  lt: 'i32x4.lt_s',
  le: 'i32x4.le_s',
  gt: 'i32x4.gt_s',
  ge: 'i32x4.ge_s',
  eq: 'i32x4.eq',
  ne: 'i32x4.ne',
};

const ON_BOOLS: Partial<Record<Op, Plain>> = {
  and: 'v128.and',
  or: 'v128.or',
  not: 'v128.not',
  eq: 'i32x4.eq',
  ne: 'i32x4.ne',
};

const TABLES = { f32: ON_FLOATS, i32: ON_INTEGERS, bool: ON_BOOLS } as const;

/** The instruction for an op on elements of a type; undefined where it takes several, or there is none. */
export function instructionOf(op: Op, type: ElementType): Plain | undefined {
  return TABLES[type][op];
}

/** Puts four times a number on the stack. */
export function putConstant(f: FunctionBuilder, type: ElementType, value: number): void {
  if (type === 'f32') f.f32x4(value);
  else f.i32x4(type === 'bool' ? (value ? -1 : 0) : value);
}

/** Whether the value is a number that others are compared with. */
function isBound(value: Value): boolean {
  return value.kind === 'constant' && !Number.isNaN(value.value);
}

/** Whether the value is 0 with all bits 0. */
function isZero(value: Value): boolean {
  return value.kind === 'constant' && Object.is(value.value, 0);
}

/** Puts the value on the stack, whose arguments are in locals or constants. */
export function putOp(
  f: FunctionBuilder,
  list: readonly Value[],
  { op, args }: Extract<Value, { kind: 'op' }>,
  features: Features,
  put: (id: ValueId) => void,
): void {
  const type = list[args[0]].type;
  const instruction = instructionOf(op, type);
  if (type === 'f32' && (op === 'min' || op === 'max')) {
    const bound = args.findIndex((arg) => isBound(list[arg]));
    if (bound >= 0) {
      // These give their first argument unless the second is beyond it, which keeps a NaN, and take one step where those of
      // the other name take eight on x86.
      put(args[1 - bound]);
      put(args[bound]);
      f.op(op === 'min' ? 'f32x4.pmin' : 'f32x4.pmax');
      return;
    }
  }
  if (instruction) {
    for (const arg of args) put(arg);
    f.op(instruction);
    return;
  }
  switch (op) {
    case 'select':
      // With zeros on one side the mask does it, in one step instead of three.
      if (isZero(list[args[2]])) {
        put(args[1]);
        put(args[0]);
        f.op('v128.and');
        return;
      }
      if (isZero(list[args[1]])) {
        put(args[2]);
        put(args[0]);
        f.op('v128.andnot');
        return;
      }
      put(args[1]);
      put(args[2]);
      put(args[0]);
      f.op('v128.bitselect');
      return;
    case 'toFloat':
      put(args[0]);
      if (type === 'i32') f.op('f32x4.convert_i32x4_s');
      else if (type === 'bool') f.f32x4(1).op('v128.and');
      return;
    case 'toInt':
      put(args[0]);
      if (type === 'f32') f.op('i32x4.trunc_sat_f32x4_s');
      else if (type === 'bool') f.i32x4(1).op('v128.and');
      return;
    case 'mulHigh':
      for (const half of ['low', 'high'] as const) {
        for (const arg of args) put(arg);
        f.op(`i64x2.extmul_${half}_i32x4_u`);
      }
      f.shuffle([1, 3, 5, 7]);
      return;
    case 'exp2':
      put(args[0]);
      f.i32(23).op('i32x4.shl');
      return;
    case 'multiplyAdd':
      if (features.multiplyAdd) {
        for (const arg of args) put(arg);
        f.op('f32x4.relaxed_madd');
      } else {
        put(args[0]);
        put(args[1]);
        f.op('f32x4.mul');
        put(args[2]);
        f.op('f32x4.add');
      }
      return;
    case 'mantissa':
      put(args[0]);
      f.i32x4(0x7fffff).op('v128.and').f32x4(0.5).op('v128.or');
      return;
    case 'exponent':
      put(args[0]);
      f.i32(23).op('i32x4.shr_u').i32x4(-126).op('i32x4.add').op('f32x4.convert_i32x4_s');
      return;
  }
  throw new InternalError(null, `No instruction computes '${op}' of ${type}.`);
}

/** Values in locals, as far as they are known at a place of the code; what was known around it is known in it. */
export class Scope {
  private readonly locals = new Map<ValueId, Local>();

  constructor(private readonly around: Scope | null = null) {}

  local(id: ValueId): Local | undefined {
    return this.locals.get(id) ?? this.around?.local(id);
  }
  /** The value is in this local already. */
  bind(id: ValueId, local: Local): void {
    this.locals.set(id, local);
  }
  /** Takes the value from the stack. */
  define(f: FunctionBuilder, id: ValueId): void {
    const local = f.local(V128);
    f.set(local);
    this.locals.set(id, local);
  }
}
