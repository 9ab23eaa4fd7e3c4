/**
 * Copies the operands of a product into panels, in the order in which tiles go through them. Which operand is copied is
 * decided in `tiling.ts`.
 */
import type { ContractionKernel } from '../kernel.ts';
import { ADDRESS, type Count, type FunctionBuilder, type Local } from './assembler.ts';
import { I32, V128 } from './opcodes.ts';
import { isTurned, ROWS, rightRowBytes, type Tiling } from './tiling.ts';

/** What the copies share with the code around them. */
interface Surroundings {
  /** Where the operands begin, and the room. */
  readonly left: Local;
  readonly right: Local;
  readonly scratch: Local;
  /** Is set to where the panels of the left operand begin. */
  readonly leftPanels: Local;
  // Anything: they are written to.
  readonly a: Local;
  readonly b: Local;
  readonly element: Local;
  /** How many products a sum has, tiles of all rows there are, and places the first axis of sums. */
  readonly depth: Count;
  readonly wholeRows: Count;
  readonly sums: Count;
}

export class Panels {
  constructor(
    private readonly f: FunctionBuilder,
    private readonly kernel: ContractionKernel,
    private readonly tiling: Tiling,
    private readonly at: Surroundings,
  ) {}

  /** Copies the right operand into panels, one after the other, each row by row in the order of the sums. */
  copyRight(): void {
    const { f, kernel, tiling } = this;
    const width = 4 * tiling.vectors;
    const { extent, right } = kernel.columns;
    const whole = Math.floor(extent / width);
    const from = f.local(ADDRESS);
    f.get(this.at.right).set(from).get(this.at.scratch).set(this.at.b);
    if (whole > 0) {
      f.repeat(f.local(I32), whole, 1, () => {
        this.packPanel(from, width);
        f.advance(from, 4 * width * right);
      });
    }
    if (extent > whole * width) this.packPanel(from, extent - whole * width);
  }

  /** Copies the left operand, whose rows lie side by side, into panels as high as a tile. */
  copyLeft(): void {
    const { f, kernel, tiling } = this;
    const [{ left }] = kernel.sums;
    const [from, to] = [f.local(ADDRESS), f.local(ADDRESS)];
    f.get(this.at.scratch)
      .times(this.at.depth, rightRowBytes(kernel, tiling))
      .op('i32.add')
      .tee(this.at.leftPanels)
      .set(to);
    f.get(this.at.left).set(from);
    const copy = (rows: number) => {
      f.get(from).set(this.at.a);
      f.repeat(f.local(I32), this.at.depth, 1, () => {
        f.get(to).get(this.at.a);
        loadVector(f, rows, 0);
        f.memory('v128.store', 0)
          .advance(this.at.a, 4 * left)
          .advance(to, 4 * ROWS);
      });
    };
    f.repeat(f.local(I32), this.at.wholeRows, 1, () => {
      copy(ROWS);
      f.advance(from, 4 * ROWS);
    });
    const rest = kernel.rows.extent % ROWS;
    if (rest > 0) copy(rest);
  }

  private packPanel(from: Local, count: number): void {
    const { f } = this;
    f.get(from).set(this.at.a);
    this.packNest(0, count);
  }

  private packNest(index: number, count: number): void {
    const { f } = this;
    const { sums } = this.kernel;
    const [axis, next] = [sums[index], sums[index + 1]];
    if (next === undefined && isTurned(this.kernel)) {
      this.packTurned(axis.extent, count);
      return;
    }
    f.repeat(f.local(I32), index === 0 ? this.at.sums : axis.extent, 1, () => {
      if (next !== undefined) {
        this.packNest(index + 1, count);
        f.advance(this.at.a, 4 * (axis.right - next.extent * next.right));
        return;
      }
      this.packRow(count);
      f.advance(this.at.a, 4 * axis.right);
    });
  }

  /** One row of a panel, filled up with zeros. */
  private packRow(count: number): void {
    const { f, tiling, kernel } = this;
    const stride = kernel.columns.right;
    for (let v = 0; v < tiling.vectors; v++) {
      const lanes = Math.max(0, Math.min(4, count - 4 * v));
      f.get(this.at.b);
      if (lanes === 0) f.f32x4(0);
      else if (stride === 1) {
        f.get(this.at.a);
        loadVector(f, lanes, 16 * v);
      } else {
        f.f32x4(0).set(this.at.element);
        for (let lane = 0; lane < lanes; lane++) {
          f.get(this.at.a)
            .get(this.at.element)
            .laneMemory('v128.load32_lane', lane, 4 * (4 * v + lane) * stride);
          f.set(this.at.element);
        }
        f.get(this.at.element);
      }
      f.memory('v128.store', 16 * v);
    }
    f.advance(this.at.b, 16 * tiling.vectors);
  }

  /** Rows of a panel that lie as columns: four of them at a time, turned in registers. */
  private packTurned(depth: number, count: number): void {
    const { f, tiling, kernel } = this;
    const stride = kernel.columns.right;
    const [r0, r1, r2, r3, p, q, s, t] = Array.from({ length: 8 }, () => f.local(V128));
    const bytes = 16 * tiling.vectors;
    f.repeat(f.local(I32), Math.floor(depth / 4), 1, () => {
      for (let v = 0; v < tiling.vectors; v++) {
        [r0, r1, r2, r3].forEach((r, lane) => {
          const column = 4 * v + lane;
          if (column < count) f.get(this.at.a).memory('v128.load', 4 * column * stride);
          else f.f32x4(0);
          f.set(r);
        });
        f.get(r0).get(r1).shuffle([0, 4, 1, 5]).set(p).get(r0).get(r1).shuffle([2, 6, 3, 7]).set(q);
        f.get(r2).get(r3).shuffle([0, 4, 1, 5]).set(s).get(r2).get(r3).shuffle([2, 6, 3, 7]).set(t);
        const store = (row: number, x: Local, y: Local, lanes: [number, number, number, number]) => {
          f.get(this.at.b)
            .get(x)
            .get(y)
            .shuffle(lanes)
            .memory('v128.store', row * bytes + 16 * v);
        };
        store(0, p, s, [0, 1, 4, 5]);
        store(1, p, s, [2, 3, 6, 7]);
        store(2, q, t, [0, 1, 4, 5]);
        store(3, q, t, [2, 3, 6, 7]);
      }
      f.advance(this.at.a, 16).advance(this.at.b, 4 * bytes);
    });
    for (let row = 0; row < depth % 4; row++) {
      this.packRow(count);
      f.advance(this.at.a, 4);
    }
    // As after the loop over rows: the place is at the end of the axis.
  }
}

/** Loads the first lanes of a vector at the address on the stack; nothing after them is read, and the others are 0. */
export function loadVector(f: FunctionBuilder, lanes: number, offset: number): void {
  if (lanes === 4) f.memory('v128.load', offset);
  else if (lanes === 2) f.memory('v128.load64_zero', offset);
  else if (lanes === 1) f.memory('v128.load32_zero', offset);
  else {
    const address = f.local(ADDRESS);
    const vector = f.local(V128);
    f.tee(address).memory('v128.load64_zero', offset).set(vector);
    f.get(address)
      .get(vector)
      .laneMemory('v128.load32_lane', 2, offset + 8);
  }
}
