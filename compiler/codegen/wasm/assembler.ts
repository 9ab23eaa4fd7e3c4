/**
 * Writes WebAssembly modules: functions on a memory that they import, without results. What the functions compute is the
 * business of the renderers beside this file.
 *
 * The form is that of the WebAssembly core specification, version 2, chapter 5.
 */
import { Bytes } from './bytes.ts';
import {
  I32,
  LANE_MEMORY,
  LANES,
  type Lane,
  type LaneMemory,
  MEMORY,
  type Memory,
  PLAIN,
  type Plain,
  SIMD,
  type ValueType,
} from './opcodes.ts';

const SIMD_PREFIX = 0xfd;
const VOID = 0x40;

/** A local variable or parameter of a function. */
export type Local = number;

/** How often something is done: a number, or a local that holds it. */
export type Count = number | { readonly local: Local };

/** The body of one function, instruction by instruction. */
export class FunctionBuilder {
  readonly code = new Bytes();
  readonly locals: ValueType[] = [];

  constructor(
    readonly name: string,
    readonly params: readonly ValueType[],
  ) {}

  local(type: ValueType): Local {
    return this.params.length + this.locals.push(type) - 1;
  }

  get(local: Local): this {
    this.code.byte(0x20).unsigned(local);
    return this;
  }
  set(local: Local): this {
    this.code.byte(0x21).unsigned(local);
    return this;
  }
  /** Sets the local and leaves the value on the stack. */
  tee(local: Local): this {
    this.code.byte(0x22).unsigned(local);
    return this;
  }

  i32(value: number): this {
    this.code.byte(0x41).signed(value);
    return this;
  }
  f32(value: number): this {
    this.code.byte(0x43).float32(value);
    return this;
  }
  /** The float in all four lanes. */
  f32x4(value: number): this {
    this.code.byte(SIMD_PREFIX).unsigned(0x0c);
    for (let lane = 0; lane < 4; lane++) this.code.float32(value);
    return this;
  }
  /** The integer in all four lanes. */
  i32x4(value: number): this {
    this.code.byte(SIMD_PREFIX).unsigned(0x0c);
    for (let lane = 0; lane < 4; lane++) this.code.int32(value);
    return this;
  }

  /** A number in each lane. */
  numbers(lanes: readonly [number, number, number, number]): this {
    this.code.byte(SIMD_PREFIX).unsigned(0x0c);
    for (const lane of lanes) this.code.int32(lane);
    return this;
  }

  op(name: Plain): this {
    if (name in PLAIN) this.code.byte(PLAIN[name as keyof typeof PLAIN]);
    else this.code.byte(SIMD_PREFIX).unsigned(SIMD[name as keyof typeof SIMD]);
    return this;
  }
  /** Calls the function with this number in the module. */
  call(index: number): this {
    this.code.byte(0x10).unsigned(index);
    return this;
  }
  lane(name: Lane, lane: number): this {
    this.code.byte(SIMD_PREFIX).unsigned(LANES[name]).byte(lane);
    return this;
  }
  /** A load or store at the address on the stack, plus so many bytes. */
  memory(name: Memory, offset = 0): this {
    const { code, simd, align } = MEMORY[name];
    if (simd) this.code.byte(SIMD_PREFIX).unsigned(code);
    else this.code.byte(code);
    this.code.unsigned(align).unsigned(offset);
    return this;
  }
  laneMemory(name: LaneMemory, lane: number, offset = 0): this {
    const { code, align } = LANE_MEMORY[name];
    this.code.byte(SIMD_PREFIX).unsigned(code).unsigned(align).unsigned(offset).byte(lane);
    return this;
  }
  /** Four lanes out of the eight of two vectors. */
  shuffle(lanes: readonly [number, number, number, number]): this {
    this.code.byte(SIMD_PREFIX).unsigned(0x0d);
    for (const lane of lanes) for (let byte = 0; byte < 4; byte++) this.code.byte(4 * lane + byte);
    return this;
  }

  /** `local += bytes`. */
  advance(local: Local, bytes: number): this {
    return bytes === 0 ? this : this.get(local).i32(bytes).op('i32.add').set(local);
  }

  /** Puts a multiple of a count on the stack. */
  times(count: Count, factor: number): this {
    if (typeof count === 'number') return this.i32(count * factor);
    this.get(count.local);
    return factor === 1 ? this : this.i32(factor).op('i32.mul');
  }
  /** `local += count * bytes`. */
  advanceBy(local: Local, count: Count, bytes: number): this {
    if (typeof count === 'number') return this.advance(local, count * bytes);
    return bytes === 0 ? this : this.get(local).times(count, bytes).op('i32.add').set(local);
  }

  /** Runs the body while `counter < end`, with the step added after each round; both hold unsigned numbers. */
  loopTo(counter: Local, end: Local, step: number, body: () => void): this {
    this.code.byte(0x02).byte(VOID); // block
    this.get(counter).get(end).op('i32.ge_u').branchIf(0);
    this.code.byte(0x03).byte(VOID); // loop
    body();
    this.get(counter).i32(step).op('i32.add').tee(counter).get(end).op('i32.lt_u').branchIf(0);
    return this.end().end();
  }
  /** Runs the body `count` times, at least once; the counter goes from 0 in steps. */
  repeat(counter: Local, count: Count, step: number, body: () => void): this {
    this.i32(0).set(counter);
    this.code.byte(0x03).byte(VOID); // loop
    body();
    this.get(counter).i32(step).op('i32.add').tee(counter).times(count, step).op('i32.ne').branchIf(0);
    return this.end();
  }
  /** Runs the body, at least once, until it has moved the pointer to the end; `leave` in the body ends it as well. */
  until(pointer: Local, end: Local, body: () => void): this {
    this.code.byte(0x02).byte(VOID).byte(0x03).byte(VOID); // block, loop
    body();
    this.get(pointer).get(end).op('i32.ne').branchIf(0);
    return this.end().end();
  }
  /** In the body of `until`: goes on after it where the number on the stack is not 0. */
  leave(): this {
    return this.branchIf(1);
  }
  /** Runs the body unless the count is 0. */
  ifAny(count: Count, body: () => void): this {
    if (typeof count !== 'number') return this.get(count.local).when(body);
    if (count > 0) body();
    return this;
  }
  /** Runs the body where the number on the stack is not 0. */
  when(body: () => void): this {
    this.code.byte(0x04).byte(VOID);
    body();
    return this.end();
  }
  private branchIf(depth: number): this {
    this.code.byte(0x0d).unsigned(depth);
    return this;
  }
  private end(): this {
    this.code.byte(0x0b);
    return this;
  }
}

/** Pages of 64 kB that a memory of 32-bit addresses has at most. */
const MOST_PAGES = 65536;

/**
 * The bytes of a module that imports the memory `e.m` and exports the functions under their names.
 *
 * @param isShared whether the memory is one that threads share: an import says so, and names a maximum
 */
export function assemble(functions: readonly FunctionBuilder[], isShared = false): Uint8Array<ArrayBuffer> {
  const module = new Bytes().append(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  const section = (id: number, write: (bytes: Bytes) => void): void => {
    const bytes = new Bytes();
    write(bytes);
    module.byte(id).block(bytes.view());
  };
  section(1, (types) => {
    types.unsigned(functions.length);
    for (const { params } of functions) {
      types.byte(0x60).unsigned(params.length);
      for (const type of params) types.byte(type);
      types.unsigned(0);
    }
  });
  section(2, (imports) => {
    imports.unsigned(1).text('e').text('m').byte(0x02);
    if (isShared) imports.byte(0x03).unsigned(0).unsigned(MOST_PAGES);
    else imports.byte(0x00).unsigned(0);
  });
  section(3, (indices) => {
    indices.unsigned(functions.length);
    for (const i of functions.keys()) indices.unsigned(i);
  });
  section(7, (exports) => {
    exports.unsigned(functions.length);
    for (const [i, { name }] of functions.entries()) exports.text(name).byte(0x00).unsigned(i);
  });
  section(10, (bodies) => {
    bodies.unsigned(functions.length);
    for (const { locals, code } of functions) {
      const body = new Bytes().unsigned(locals.length);
      for (const type of locals) body.unsigned(1).byte(type);
      bodies.block(body.append(code.view()).byte(0x0b).view());
    }
  });
  return module.view().slice() as Uint8Array<ArrayBuffer>;
}

/** The type of addresses. */
export const ADDRESS = I32;
