/**
 * Renders sums of products as a WebAssembly function. Tiles of rows by columns are summed up in registers; the right operand
 * is copied into panels as wide as a tile where its rows lie far apart, or its columns not side by side, and a transposed left
 * operand into panels as high as a tile where long sums would go through it in great steps. Parameters are the
 * addresses of inputs and outputs, the scalars, the extents that are told in the call, and the address of room for the
 * panels.
 *
 * The scheme is that of K. Goto and R. van de Geijn, Anatomy of High-Performance Matrix Multiplication (2008), for a small
 * number of registers.
 */
import { expand } from '../elementary.ts';
import type { ContractionAxis, ContractionKernel, Operand } from '../kernel.ts';
import { type ElementType, needed, type ValueId } from '../values.ts';
import { ADDRESS, type Count, FunctionBuilder, type Local } from './assembler.ts';
import type { Features } from './features.ts';
import { F32, I32, V128, type ValueType } from './opcodes.ts';
import { loadVector, Panels } from './panels.ts';
import type { Given } from './sizes.ts';
import { DEPTH, depthOf, isLong, outerSums, ROWS, TALL, type Tiling, tilingOf } from './tiling.ts';
import { putConstant, putOp, Scope } from './values.ts';

/** Before which row of a tall tile its block is cut in two. */
const PAUSE = 3;

export function renderContraction(
  kernel: ContractionKernel,
  given: readonly Given[],
  name: string,
  features: Features,
): FunctionBuilder {
  const { values, ids } = expand(kernel.values);
  const results = kernel.results.map((id) => ids[id]);
  const count = outerSums(kernel);
  const [outer, sums] = [kernel.sums.slice(0, count), kernel.sums.slice(count)];
  return new ContractionRenderer({ ...kernel, sums, values, results }, outer, given, name, features).render();
}

class ContractionRenderer {
  private readonly f: FunctionBuilder;
  private readonly tiling: Tiling;
  /** How many products a sum has, where they are not told; how often the outermost axes are gone along, told or not. */
  private readonly depth: Count;
  private readonly counts: { readonly batch: Count; readonly rows: Count; readonly sums: Count; readonly outer: Count };
  /** The places of left and right operand at the batch, and of the others at the tile. */
  private readonly left: Local;
  private readonly right: Local;
  private readonly others: readonly { readonly operand: Operand; readonly pointer: Local }[];
  private readonly scratch: Local;
  /** Where the panels of the left operand begin. */
  private readonly leftPanels: Local;
  private readonly wholeRows: Count;
  /** How many tiles of each height there are, one after the other. */
  private readonly heights: readonly { readonly rows: number; readonly count: Count }[];
  /** Not 0 where the output holds sums of earlier places of the outer axes. */
  private readonly isBegun: Local;
  private readonly scalars = new Scope();
  // How far a part of the sums is from the first.
  private readonly partLeft: Local;
  private readonly partRight: Local;
  // The places of the operands within a tile.
  private readonly a: Local;
  private readonly b: Local;
  private readonly stop: Local;
  private readonly sums: Local[] = [];
  private readonly columns: Local[] = [];
  private readonly element: Local;
  private readonly panelsOf: Panels;

  constructor(
    private readonly kernel: ContractionKernel,
    /** Axes of sums around everything else; the sums lie in the output between one place of theirs and the next. */
    private readonly outer: readonly ContractionAxis[],
    given: readonly Given[],
    name: string,
    private readonly features: Features,
  ) {
    const operands = [...kernel.inputs, ...kernel.outputs];
    const params: ValueType[] = operands.map(() => ADDRESS);
    for (const type of kernel.scalars) params.push(type === 'f32' ? F32 : I32);
    const told = params.length;
    const countOf = (which: Given, extent: number): Count =>
      given.includes(which) ? { local: told + given.indexOf(which) } : extent;
    const [sum] = kernel.sums;
    this.counts = {
      batch: countOf('batch', kernel.batch[0]?.extent ?? 1),
      rows: countOf('rows', kernel.rows.extent),
      // Told is the extent of the first axis of sums, wherever that is gone along.
      sums: outer.length > 0 ? sum.extent : countOf('sums', sum.extent),
      outer: outer.length > 0 ? countOf('sums', outer[0].extent) : 1,
    };
    for (const _ of given) params.push(I32);
    params.push(ADDRESS);
    const f = new FunctionBuilder(name, params);
    this.f = f;
    this.tiling = tilingOf(kernel);
    this.scratch = params.length - 1;
    this.wholeRows = this.divided(this.counts.rows, this.tiling.rows);
    this.heights = this.tileHeights();
    this.depth = this.depthCount();
    this.leftPanels = f.local(ADDRESS);
    const pointers = operands.map(({ offset, type }, k) => {
      const pointer = f.local(ADDRESS);
      f.get(k)
        .i32(offset * bytesOf(type))
        .op('i32.add')
        .set(pointer);
      return pointer;
    });
    [this.left, this.right] = pointers;
    this.others = operands.slice(2).map((operand, k) => ({ operand, pointer: pointers[k + 2] }));
    this.isBegun = f.local(I32);
    this.partLeft = f.local(I32);
    this.partRight = f.local(I32);
    this.a = f.local(ADDRESS);
    this.b = f.local(ADDRESS);
    this.stop = f.local(ADDRESS);
    const height = this.tiling.hasTall ? TALL : this.tiling.rows;
    for (let i = 0; i < height * this.tiling.vectors; i++) this.sums.push(f.local(V128));
    for (let i = 0; i < this.tiling.vectors; i++) this.columns.push(f.local(V128));
    this.element = f.local(V128);
    const { left, right, scratch, leftPanels, a, b, element, depth, wholeRows } = this;
    this.panelsOf = new Panels(f, kernel, this.tiling, {
      ...{ left, right, scratch, leftPanels, a, b, element },
      ...{ depth, wholeRows, sums: this.counts.sums },
    });
  }

  /** How often `by` is contained. */
  private divided(count: Count, by: number): Count {
    const { f } = this;
    if (typeof count === 'number') return Math.floor(count / by);
    const local = f.local(I32);
    f.get(count.local).i32(by).op('i32.div_u').set(local);
    return { local };
  }
  /**
   * The tiles that the rows are cut into. With tall ones: what is left over by four goes to as many of them, and of every
   * five others four more are made.
   */
  private tileHeights(): { readonly rows: number; readonly count: Count }[] {
    const { f, tiling, wholeRows } = this;
    const left = this.kernel.rows.extent % tiling.rows;
    if (!tiling.hasTall) {
      return [
        { rows: tiling.rows, count: wholeRows },
        { rows: left, count: left > 0 ? 1 : 0 },
      ];
    }
    if (typeof wholeRows === 'number') {
      const fives = Math.floor((wholeRows - left) / TALL);
      return [
        { rows: TALL, count: left + ROWS * fives },
        { rows: ROWS, count: wholeRows - left - TALL * fives },
      ];
    }
    const others = f.local(I32);
    f.get(wholeRows.local).i32(left).op('i32.sub').set(others);
    const fives = this.divided({ local: others }, TALL);
    const [tall, low] = [f.local(I32), f.local(I32)];
    f.times(fives, ROWS).i32(left).op('i32.add').set(tall);
    f.get(others).times(fives, TALL).op('i32.sub').set(low);
    return [
      { rows: TALL, count: { local: tall } },
      { rows: ROWS, count: { local: low } },
    ];
  }
  /** How many products a sum has. */
  private depthCount(): Count {
    const { f, kernel, counts } = this;
    if (typeof counts.sums === 'number' || kernel.sums.length === 1)
      return kernel.sums.length === 1 ? counts.sums : depthOf(kernel);
    const local = f.local(I32);
    f.times(counts.sums, depthOf(kernel) / kernel.sums[0].extent).set(local);
    return { local };
  }

  render(): FunctionBuilder {
    const { f, kernel } = this;
    kernel.values.forEach((value, id) => {
      if (value.kind !== 'scalar') return;
      f.get(kernel.inputs.length + kernel.outputs.length + value.scalar);
      f.op(value.type === 'f32' ? 'f32x4.splat' : 'i32x4.splat');
      this.scalars.define(f, id);
    });
    const { batch } = kernel;
    const own = batch.flatMap(({ right }, axis) => (right === 0 ? [] : [axis]));
    const shared = batch.flatMap(({ right }, axis) => (right === 0 ? [axis] : []));
    this.nest(own, () => {
      this.aroundAll(() => {
        if (this.tiling.packs) this.panelsOf.copyRight();
        if (this.tiling.packsLeft) this.panelsOf.copyLeft();
        this.parts((part) => this.panels((panel) => this.nest(shared, () => this.tiles(panel, part))));
      });
    });
    return f;
  }

  // -------------------------------------------------------------------------------------------------------------------
  // Loops around the tiles

  private nest(axes: readonly number[], body: () => void): void {
    let inner = body;
    for (const axis of [...axes].reverse()) {
      const around = inner;
      const { extent, left, right } = this.kernel.batch[axis];
      const count = axis === 0 ? this.counts.batch : extent;
      const move = (times: Count, places: number) => {
        this.f.advanceBy(this.left, times, 4 * places * left).advanceBy(this.right, times, 4 * places * right);
        this.moveOthers(axis, times, places);
      };
      inner = () => {
        this.f.repeat(this.f.local(I32), count, 1, () => {
          around();
          move(1, 1);
        });
        move(count, -1);
      };
    }
    inner();
  }

  /** Goes along the outer axes of sums. */
  private aroundAll(body: () => void): void {
    const { f, outer } = this;
    if (outer.length === 0) {
      body();
      return;
    }
    const move = ({ left, right }: ContractionAxis, times: Count, places: number) => {
      f.advanceBy(this.left, times, 4 * places * left).advanceBy(this.right, times, 4 * places * right);
    };
    let inner = () => {
      body();
      f.i32(1).set(this.isBegun);
    };
    for (const axis of [...outer].reverse()) {
      const around = inner;
      const count = axis === outer[0] ? this.counts.outer : axis.extent;
      inner = () => {
        f.repeat(f.local(I32), count, 1, () => {
          around();
          move(axis, 1, 1);
        });
        move(axis, count, -1);
      };
    }
    f.i32(0).set(this.isBegun);
    inner();
  }

  /** Moves the operands of what is done to the sums. The axes after the batch are rows and columns. */
  private moveOthers(axis: number, count: Count, places: number): void {
    for (const { operand, pointer } of this.others) {
      this.f.advanceBy(pointer, count, places * operand.strides[axis] * bytesOf(operand.type));
    }
  }

  /** The sums in parts; between parts they lie in the first output. */
  private parts(body: (part: Part) => void): void {
    const { f, kernel, depth } = this;
    // Where a depth is told, sums are not formed in parts.
    if (!isLong(kernel) || typeof depth !== 'number') {
      body({ isFirst: true, isLast: true, count: depth });
      return;
    }
    const next = () =>
      f.advance(this.partLeft, 4 * DEPTH * this.stepLeft).advance(this.partRight, 4 * DEPTH * this.stepRight);
    f.i32(0).set(this.partLeft).i32(0).set(this.partRight);
    body({ isFirst: true, isLast: false, count: DEPTH });
    next();
    const between = Math.ceil(depth / DEPTH) - 2;
    if (between > 0) {
      f.repeat(f.local(I32), between, 1, () => {
        body({ isFirst: false, isLast: false, count: DEPTH });
        next();
      });
    }
    body({ isFirst: false, isLast: true, count: depth - (between + 1) * DEPTH });
  }

  /** How many elements further the next row of the right operand lies, or of a panel. */
  private get stepRight(): number {
    const { kernel, tiling } = this;
    return tiling.packs ? 4 * tiling.vectors : kernel.sums[kernel.sums.length - 1].right;
  }

  /** The same of the next column of the left operand. */
  private get stepLeft(): number {
    const { kernel, tiling } = this;
    return tiling.packsLeft ? ROWS : kernel.sums[kernel.sums.length - 1].left;
  }

  private panels(body: (panel: Panel) => void): void {
    const { f, tiling, kernel } = this;
    const { extent, right } = kernel.columns;
    const width = 4 * tiling.vectors;
    const whole = Math.floor(extent / width);
    const axis = kernel.batch.length + 1;
    const start = f.local(ADDRESS);
    if (tiling.packs) f.get(this.scratch).set(start);
    else f.get(this.right).set(start);
    if (whole > 0) {
      f.repeat(f.local(I32), whole, 1, () => {
        body({ lanes: new Array<number>(tiling.vectors).fill(4), start });
        if (tiling.packs) f.advanceBy(start, this.depth, 4 * width);
        else f.advance(start, 4 * width * right);
        this.moveOthers(axis, 1, width);
      });
    }
    const left = extent - whole * width;
    if (left > 0) {
      const lanes = Array.from({ length: Math.ceil(left / 4) }, (_, v) => Math.min(4, left - 4 * v));
      body({ lanes, start });
    }
    this.moveOthers(axis, whole, -width);
  }

  /** The rows, in tiles. */
  private tiles(panel: Panel, part: Part): void {
    const { f, tiling, kernel } = this;
    const { left } = kernel.rows;
    const axis = kernel.batch.length;
    const row = f.local(ADDRESS);
    f.get(tiling.packsLeft ? this.leftPanels : this.left).set(row);
    if (!part.isFirst) f.get(row).get(this.partLeft).op('i32.add').set(row);
    for (const { rows, count } of this.heights) {
      f.ifAny(count, () => {
        f.repeat(f.local(I32), count, 1, () => {
          this.tile(panel, row, rows, part);
          if (tiling.packsLeft) f.advanceBy(row, this.depth, 4 * ROWS);
          else f.advance(row, 4 * rows * left);
          this.moveOthers(axis, 1, rows);
        });
      });
    }
    for (const { rows, count } of this.heights) this.moveOthers(axis, count, -rows);
  }

  // -------------------------------------------------------------------------------------------------------------------
  // A tile

  private tile({ lanes, start }: Panel, row: Local, rows: number, { isFirst, isLast, count }: Part): void {
    const { f, kernel, tiling } = this;
    for (let r = 0; r < rows; r++) {
      for (const v of lanes.keys()) f.f32x4(0).set(this.sum(r, v));
    }
    if (!isFirst) this.takeUp(rows, lanes);
    else if (this.outer.length > 0) f.get(this.isBegun).when(() => this.takeUp(rows, lanes));
    f.get(row).set(this.a).get(start).set(this.b);
    const innermost = kernel.sums[kernel.sums.length - 1];
    if (!isFirst) f.get(this.b).get(this.partRight).op('i32.add').set(this.b);
    // Panels are wide throughout, so that of a narrow one whole vectors can be read.
    const read = tiling.packs ? lanes.map(() => 4) : lanes;
    const inner = (times: Count) => this.sumUp(rows, read, times, this.stepLeft, this.stepRight);
    if (kernel.sums.length === 1) inner(count);
    else {
      this.sumNest(0, () => inner(innermost.extent));
    }
    if (!isLast) {
      const output = this.others[kernel.inputs.length - 2];
      for (let r = 0; r < rows; r++) {
        for (const [v, n] of lanes.entries()) this.storeLanes(output, r, v, n, () => f.get(this.sum(r, v)));
      }
      return;
    }
    for (let r = 0; r < rows; r++) for (const [v, n] of lanes.entries()) this.finish(r, v, n);
  }

  /** Goes on with sums that lie in the output. */
  private takeUp(rows: number, lanes: readonly number[]): void {
    for (let r = 0; r < rows; r++) {
      for (const [v, n] of lanes.entries()) {
        this.loadLanes(this.others[this.kernel.inputs.length - 2], r, v, n);
        this.f.set(this.sum(r, v));
      }
    }
  }

  /** The outer axes of a sum; after the inner one the places are at its end. */
  private sumNest(index: number, body: () => void): void {
    const { f, tiling } = this;
    const { sums } = this.kernel;
    if (index === sums.length - 1) {
      body();
      return;
    }
    const [axis, next] = [sums[index], sums[index + 1]];
    f.repeat(f.local(I32), index === 0 ? this.counts.sums : axis.extent, 1, () => {
      this.sumNest(index + 1, body);
      f.advance(this.a, 4 * (axis.left - next.extent * next.left));
      // Panels hold the rows in the order in which they are taken.
      if (!tiling.packs) f.advance(this.b, 4 * (axis.right - next.extent * next.right));
    });
  }

  /** The inner loop: a column of the tile's rows times a row of the panel, added to the sums. */
  private sumUp(rows: number, lanes: readonly number[], times: Count, left: number, right: number): void {
    const { f, kernel, tiling } = this;
    const far = 4 * (tiling.packsLeft ? 1 : kernel.rows.left);
    const byRight = right !== 0;
    const pointer = byRight ? this.b : this.a;
    const length = 4 * (byRight ? right : left);
    const round = () => {
      lanes.forEach((n, v) => {
        f.get(this.b);
        loadVector(f, n, 16 * v);
        f.set(this.columns[v]);
      });
      for (let r = 0; r < rows; r++) {
        // Never so: but V8 loads all that a block needs before it computes anything, and five elements beside ten sums would
        // not all be in registers. With the block in two 30x92 by 92x256 takes 27 µs instead of 34.
        if (rows === TALL && r === PAUSE) f.get(pointer).op('i32.eqz').leave();
        f.get(this.a)
          .memory('v128.load32_splat', r * far)
          .set(this.element);
        lanes.forEach((_, v) => {
          this.addProduct(this.sum(r, v), this.element, this.columns[v]);
        });
      }
      f.advance(this.a, 4 * left);
      if (byRight) f.advance(this.b, 4 * right);
    };
    if (length === 0) {
      // One number times one number, again and again: neither moves.
      f.repeat(f.local(I32), times, 1, round);
      return;
    }
    f.get(pointer).times(times, length).op('i32.add').set(this.stop);
    f.until(pointer, this.stop, round);
  }

  private addProduct(sum: Local, a: Local, b: Local): void {
    const { f } = this;
    if (this.features.multiplyAdd) f.get(a).get(b).get(sum).op('f32x4.relaxed_madd');
    else f.get(sum).get(a).get(b).op('f32x4.mul').op('f32x4.add');
    f.set(sum);
  }

  private sum(row: number, vector: number): Local {
    return this.sums[row * this.tiling.vectors + vector];
  }

  /** Does to a vector of sums what is to be done, and writes it. */
  private finish(row: number, vector: number, lanes: number): void {
    const { f, kernel } = this;
    const scope = new Scope(this.scalars);
    const put = (id: ValueId) => {
      const value = kernel.values[id];
      if (value.kind === 'constant') putConstant(f, value.type, value.value);
      else f.get(scope.local(id) as Local);
    };
    for (const id of needed(kernel.values, kernel.results)) {
      const value = kernel.values[id];
      if (value.kind === 'constant' || scope.local(id) !== undefined) continue;
      if (value.kind === 'reduced') scope.bind(id, this.sum(row, vector));
      else {
        if (value.kind === 'load') this.loadLanes(this.others[value.input - 2], row, vector, lanes);
        else if (value.kind === 'op') putOp(f, kernel.values, value, this.features, put);
        scope.define(f, id);
      }
    }
    kernel.results.forEach((id, output) => {
      this.storeLanes(this.others[kernel.inputs.length - 2 + output], row, vector, lanes, () => put(id));
    });
  }

  private loadLanes({ operand, pointer }: Other, row: number, vector: number, lanes: number): void {
    const { f } = this;
    const [down, along] = this.stridesOf(operand);
    f.get(pointer);
    if (along === 0) f.memory('v128.load32_splat', 4 * row * down);
    else loadVector(f, lanes, 4 * (row * down + 4 * vector));
  }
  private storeLanes({ operand, pointer }: Other, row: number, vector: number, lanes: number, put: () => void): void {
    const [down, along] = this.stridesOf(operand);
    const offset = 4 * (row * down + 4 * vector * along);
    const { f } = this;
    if (along === 1 && lanes === 4) {
      f.get(pointer);
      put();
      f.memory('v128.store', offset);
      return;
    }
    for (let lane = 0; lane < lanes; lane++) {
      f.get(pointer);
      put();
      f.laneMemory('v128.store32_lane', lane, offset + 4 * lane * along);
    }
  }
  private stridesOf({ strides }: Operand): [down: number, along: number] {
    const { length } = this.kernel.batch;
    return [strides[length], strides[length + 1]];
  }
}

/** A part of the sums: so many of them. */
interface Part {
  readonly isFirst: boolean;
  readonly isLast: boolean;
  readonly count: Count;
}

/** A panel of columns: how many of each vector there are, and where its first row lies. */
interface Panel {
  readonly lanes: readonly number[];
  readonly start: Local;
}

type Other = { readonly operand: Operand; readonly pointer: Local };

function bytesOf(type: ElementType): number {
  return type === 'bool' ? 1 : 4;
}
