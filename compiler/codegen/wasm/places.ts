/**
 * Where the operands of a nest of loops are: their places move along the axes, and elements are read and written there. What
 * is done with the elements is `loops.ts`'s business.
 */
import type { Operand } from '../kernel.ts';
import type { ElementType } from '../values.ts';
import { ADDRESS, type Count, type FunctionBuilder, type Local } from './assembler.ts';
import { I32, V128 } from './opcodes.ts';

const BYTES: Readonly<Record<ElementType, number>> = { f32: 4, i32: 4, bool: 1 };

/** Four elements along the last axis, one of them, or one that is the same for all. */
export type Lanes = 4 | 1 | 'uniform';

export class Places {
  /** Bytes from the start of the row, for elements of 4 bytes. */
  readonly along: Local;
  private readonly pointers: readonly Local[];
  /** By operand, how many bytes further it is read and written where axes are written out. */
  private readonly shifts: number[];

  /** @param parameters by operand, the parameter that is its address */
  constructor(
    private readonly f: FunctionBuilder,
    private readonly operands: readonly Operand[],
    parameters: readonly Local[],
    private readonly last: number,
  ) {
    this.along = f.local(I32);
    this.shifts = operands.map(() => 0);
    this.pointers = operands.map(({ type, offset }, k) => {
      const pointer = f.local(ADDRESS);
      f.get(parameters[k])
        .i32(offset * BYTES[type])
        .op('i32.add')
        .set(pointer);
      return pointer;
    });
  }

  /** Whether all operands lie further on, or at the same place, along an axis. */
  areForward(axis: number): boolean {
    return this.operands.every(({ strides }) => strides[axis] >= 0);
  }
  /** Moves all operands along an axis, so many times so many places. */
  move(axis: number, count: Count, places = 1): void {
    this.operands.forEach(({ type, strides }, k) => {
      this.f.advanceBy(this.pointers[k], count, places * strides[axis] * BYTES[type]);
    });
  }
  /** Moves them for the code that is written next, without any code. */
  shift(axis: number, places: number): void {
    this.operands.forEach(({ type, strides }, k) => {
      this.shifts[k] += places * strides[axis] * BYTES[type];
    });
  }

  /** Puts the address of the element at the present place on the stack. */
  private address(operand: number, lanes: Lanes): void {
    const { f } = this;
    const { type, strides } = this.operands[operand];
    f.get(this.pointers[operand]);
    const stride = this.last < 0 || lanes === 'uniform' ? 0 : strides[this.last];
    if (stride === 0) return;
    f.get(this.along);
    const bytes = stride * BYTES[type];
    if (bytes % 4 !== 0) f.i32(2).op('i32.shr_u').i32(bytes).op('i32.mul');
    else if (bytes !== 4) f.i32(bytes / 4).op('i32.mul');
    f.op('i32.add');
  }

  /** Puts elements of an operand at the present place on the stack: four, or one in all lanes. */
  load(input: number, lanes: Lanes): void {
    const { f } = this;
    const { type, strides } = this.operands[input];
    const shift = this.shifts[input];
    const stride = this.last < 0 || lanes === 'uniform' ? 0 : strides[this.last];
    if (stride === 0 || lanes === 1) {
      this.address(input, lanes);
      if (type === 'bool') f.memory('i32.load8_u', shift).op('i32x4.splat');
      else f.memory('v128.load32_splat', shift);
    } else if (stride === 1) {
      this.address(input, lanes);
      if (type === 'bool') {
        f.memory('v128.load32_zero', shift).op('i16x8.extend_low_i8x16_u').op('i32x4.extend_low_i16x8_u');
      } else f.memory('v128.load', shift);
    } else this.gather(input, stride);
    if (type === 'bool') f.i32x4(0).op('i32x4.ne');
  }
  /** Four elements that do not lie side by side. */
  private gather(input: number, stride: number): void {
    const { f } = this;
    const { type } = this.operands[input];
    const address = f.local(ADDRESS);
    this.address(input, 4);
    f.set(address);
    f.i32x4(0);
    const vector = f.local(V128);
    f.set(vector);
    for (let lane = 0; lane < 4; lane++) {
      f.get(address).get(vector);
      if (type === 'bool') f.laneMemory('v128.load8_lane', 4 * lane, this.shifts[input]);
      else f.laneMemory('v128.load32_lane', lane, this.shifts[input]);
      f.set(vector);
      if (lane < 3) f.advance(address, stride * BYTES[type]);
    }
    f.get(vector);
  }

  /** Writes what is put on the stack to the present place of an operand. */
  store(operand: number, lanes: Lanes, value: () => void): void {
    const { f } = this;
    const { type, strides } = this.operands[operand];
    const shift = this.shifts[operand];
    const stride = this.last < 0 || lanes === 'uniform' ? 0 : strides[this.last];
    const isBool = type === 'bool';
    const put = () => {
      value();
      if (isBool) f.i32x4(1).op('v128.and');
    };
    if (lanes === 4 && stride === 1) {
      this.address(operand, lanes);
      put();
      if (!isBool) {
        f.memory('v128.store', shift);
        return;
      }
      const narrow = f.local(V128);
      f.tee(narrow).get(narrow).op('i16x8.narrow_i32x4_u').tee(narrow).get(narrow).op('i8x16.narrow_i16x8_u');
      f.laneMemory('v128.store32_lane', 0, shift);
      return;
    }
    const address = f.local(ADDRESS);
    this.address(operand, lanes);
    f.set(address);
    const count = lanes === 4 ? 4 : 1;
    for (let lane = 0; lane < count; lane++) {
      f.get(address);
      put();
      if (isBool) f.laneMemory('v128.store8_lane', 4 * lane, shift);
      else f.laneMemory('v128.store32_lane', lane, shift);
      if (lane < count - 1) f.advance(address, stride * BYTES[type]);
    }
  }
}
