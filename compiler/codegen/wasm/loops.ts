/**
 * Renders a nest of loops as a WebAssembly function: the last axis in vectors of four elements and what is left over one by
 * one, the others as loops around it. Parameters are the addresses of inputs and outputs, the scalars, and the extent of the
 * first axis where that is told.
 */
import { expand } from '../elementary.ts';
import { type Axis, identityOf, type LoopKernel, type Operand, type Reduction, type Stage } from '../kernel.ts';
import { needed, type Op, type Value, type ValueId } from '../values.ts';
import { ADDRESS, type Count, FunctionBuilder, type Local } from './assembler.ts';
import type { Features } from './features.ts';
import { F32, I32, V128, type ValueType } from './opcodes.ts';
import { type Lanes, Places } from './places.ts';
import { instructionOf, putConstant, putOp, Scope } from './values.ts';

/**
 * Long reductions are formed in blocks of so many vectors. The sums of blocks are added with a compensation for what each
 * addition rounds away (W. Kahan, 1965), so that rounding errors grow with the length of a block only.
 */
const BLOCK = 256;

/** Bodies of sweeps are written out so often at most, instead of loops. */
const COPIES = 9;
/** Axes of so few places in all have no totals of their own. */
const FEW = 16;

const COMBINE: Readonly<Record<Reduction, Op>> = {
  sum: 'add',
  prod: 'mul',
  max: 'max',
  min: 'min',
  greatest: 'max',
  any: 'or',
  all: 'and',
};

/** The function that computes the kernel, whose axes are collapsed. With `isGiven` the first extent is told in the call. */
export function renderLoops(kernel: LoopKernel, isGiven: boolean, name: string, features: Features): FunctionBuilder {
  const { values, ids } = expand(kernel.values);
  const stages = kernel.stages.map((stage) => ({ ...stage, value: ids[stage.value] }));
  return new LoopRenderer({ ...kernel, values, stages }, isGiven, name, features).render();
}

/** How a value changes: not within a row, from element to element of it, or along reduced axes as well. */
type Level = 0 | 1 | 2;

/** Where code is written: how many elements it computes at once, and how far the places of inputs have come. */
interface Site {
  readonly lanes: Lanes;
  readonly scope: Scope;
}

type Reduce = Extract<Stage, { kind: 'reduce' }> & { readonly index: number };
type Store = Extract<Stage, { kind: 'store' }>;

/** What is done in one sweep along the reduced axes: all that takes results of earlier sweeps only. */
interface Pass {
  /** Of values that are the same along the reduced axes. */
  readonly stores: readonly Store[];
  readonly reductions: readonly Reduce[];
  readonly everywhere: readonly Store[];
}

class LoopRenderer {
  private readonly f: FunctionBuilder;
  private readonly passes: readonly Pass[];
  private readonly scalars = new Scope();
  /** By axis with a loop of its own, the number of the place; by axis that is written out, the place itself. */
  private readonly counters: Local[] = [];
  private readonly fixed: (number | undefined)[] = [];
  /** How often the body is written out already. */
  private copies = 1;
  private readonly levels: Level[];
  private readonly places: Places;
  private readonly end: Local;
  /** How many addresses there are before the scalars. */
  private readonly buffers: number;
  private readonly last: number;

  /** By axis, how many places it has; of the first this may be known in the call only. */
  private readonly counts: readonly Count[];

  constructor(
    private readonly kernel: LoopKernel,
    isGiven: boolean,
    name: string,
    private readonly features: Features,
  ) {
    const operands = [...kernel.inputs, ...kernel.outputs];
    const written = kernel.buffers ? Math.max(...kernel.buffers) + 1 : kernel.outputs.length;
    this.buffers = kernel.inputs.length + written;
    const params: ValueType[] = new Array<ValueType>(this.buffers).fill(ADDRESS);
    for (const type of kernel.scalars) params.push(type === 'f32' ? F32 : I32);
    if (isGiven) params.push(I32);
    this.counts = kernel.axes.map(({ extent }, axis) =>
      isGiven && axis === 0 ? { local: params.length - 1 } : extent,
    );
    this.f = new FunctionBuilder(name, params);
    this.end = this.f.local(I32);
    this.last = kernel.axes.length - 1;
    const parameters = [
      ...kernel.inputs.map((_, k) => k),
      ...kernel.outputs.map((_, k) => kernel.inputs.length + (kernel.buffers?.[k] ?? k)),
    ];
    this.places = new Places(this.f, operands, parameters, this.last);
    this.levels = this.findLevels();
    this.passes = this.findPasses();
  }

  private findPasses(): Pass[] {
    const { stages, values } = this.kernel;
    const found: { stores: Store[]; reductions: Reduce[]; everywhere: Store[] }[] = [];
    const passOf: number[] = [];
    stages.forEach((stage, index) => {
      let at = 0;
      for (const id of needed(values, [stage.value])) {
        const value = values[id];
        if (value.kind === 'reduced') at = Math.max(at, passOf[value.stage] + 1);
      }
      passOf[index] = at;
      while (found.length <= at) found.push({ stores: [], reductions: [], everywhere: [] });
      if (stage.kind === 'reduce') found[at].reductions.push({ ...stage, index });
      else if (this.operandLevel(this.kernel.outputs[stage.output]) === 2) found[at].everywhere.push(stage);
      else found[at].stores.push(stage);
    });
    return found;
  }

  private get isAcross(): boolean {
    return this.kernel.axes[this.last]?.isReduced ?? false;
  }
  private get extent(): number {
    return this.kernel.axes[this.last]?.extent ?? 1;
  }

  private findLevels(): Level[] {
    const levels: Level[] = [];
    for (const value of this.kernel.values) levels.push(this.levelOf(value, levels));
    return levels;
  }
  private levelOf(value: Value, levels: readonly Level[]): Level {
    switch (value.kind) {
      case 'scalar':
      case 'constant':
        return 0;
      case 'op':
        return Math.max(...value.args.map((arg) => levels[arg])) as Level;
      case 'reduced':
        return this.isAcross ? 0 : 1;
      case 'index':
        return this.kernel.axes[value.axis].isReduced ? 2 : value.axis === this.last ? 1 : 0;
      case 'load':
        return this.operandLevel(this.kernel.inputs[value.input]);
    }
  }
  private operandLevel({ strides }: Operand): Level {
    if (this.kernel.axes.some(({ isReduced }, axis) => isReduced && strides[axis] !== 0)) return 2;
    return this.last >= 0 && strides[this.last] !== 0 ? 1 : 0;
  }

  render(): FunctionBuilder {
    const { f, kernel } = this;
    kernel.values.forEach((value, id) => {
      if (value.kind !== 'scalar') return;
      f.get(this.buffers + value.scalar);
      if (value.type === 'f32') f.op('f32x4.splat');
      else f.op('i32x4.splat');
      if (value.type === 'bool') f.i32x4(0).op('i32x4.ne');
      this.scalars.define(f, id);
    });
    const kept = this.axes((axis, i) => !axis.isReduced && i !== this.last);
    this.nest(kept, () => this.row());
    return f;
  }

  private axes(choose: (axis: Axis, index: number) => boolean): number[] {
    return this.kernel.axes.flatMap((axis, i) => (choose(axis, i) ? [i] : []));
  }

  /** Loops over the axes, in order, around the body. */
  private nest(axes: readonly number[], body: () => void): void {
    let inner = body;
    for (const axis of [...axes].reverse()) {
      const around = inner;
      inner = () => this.loop(axis, this.counts[axis], around);
    }
    inner();
  }
  private loop(axis: number, count: Count, body: () => void): void {
    const { f } = this;
    const mayWriteOut = this.kernel.axes[axis].isReduced && this.places.areForward(axis);
    if (mayWriteOut && typeof count === 'number' && count * this.copies <= COPIES) {
      this.writeOut(axis, count, body);
      return;
    }
    this.counters[axis] = f.local(I32);
    f.repeat(this.counters[axis], count, 1, () => {
      body();
      this.places.move(axis, 1);
    });
    this.places.move(axis, count, -1);
  }
  /** The body once for each place of a short axis. */
  private writeOut(axis: number, count: number, body: () => void): void {
    this.copies *= count;
    for (let place = 0; place < count; place++) {
      this.fixed[axis] = place;
      body();
      this.places.shift(axis, 1);
    }
    this.places.shift(axis, -count);
    this.fixed[axis] = undefined;
    this.copies /= count;
  }

  /** What is done for each place of the outer kept axes. */
  private row(): void {
    const uniform: Site = { lanes: 'uniform', scope: new Scope(this.scalars) };
    this.emit(this.roots(), uniform, 0);
    if (this.isAcross) {
      for (const pass of this.passes) this.passAcross(pass, uniform);
      return;
    }
    this.vectors((lanes) => {
      const site: Site = { lanes, scope: new Scope(uniform.scope) };
      // All is read before anything is written: an output may lie where an input does.
      this.emit(this.roots(), site, 1);
      for (const pass of this.passes) this.pass(pass, site);
    });
  }

  private roots(): ValueId[] {
    return this.kernel.stages.map(({ value }) => value);
  }

  /** Goes along the last axis: in fours, then one by one. */
  private vectors(body: (lanes: 4 | 1) => void): void {
    const { f, extent } = this;
    f.i32(0).set(this.places.along);
    if (extent >= 4) {
      this.putWhole();
      f.set(this.end);
      f.loopTo(this.places.along, this.end, 16, () => body(4));
    }
    this.remainder(() => body(1));
  }
  /** Puts the bytes of the vectors along the last axis on the stack, without what is left over. */
  private putWhole(): void {
    const count = this.counts[this.last] ?? 1;
    if (typeof count === 'number') this.f.i32(4 * (count - (count % 4)));
    else this.f.get(count.local).i32(-4).op('i32.and').i32(4).op('i32.mul');
  }
  /** What is left over along the last axis, one by one. */
  private remainder(body: () => void): void {
    if (this.extent % 4 === 0) return;
    this.f.times(this.counts[this.last] ?? 1, 4).set(this.end);
    this.f.loopTo(this.places.along, this.end, 4, body);
  }

  // -------------------------------------------------------------------------------------------------------------------
  // The last axis is kept: each lane has a result of its own

  private pass({ stores, reductions, everywhere }: Pass, site: Site): void {
    const roots = [...stores, ...reductions, ...everywhere].map(({ value }) => value);
    this.emit(roots, site, 1);
    for (const stage of stores) this.store(stage, site);
    const reduced = this.axes((axis) => axis.isReduced);
    const inner = (totals: readonly Local[]) => {
      const place: Site = { lanes: site.lanes, scope: new Scope(site.scope) };
      this.emit(
        [...reductions, ...everywhere].map(({ value }) => value),
        place,
        2,
      );
      reductions.forEach((stage, k) => {
        this.combine(stage, totals[k], () => this.put(stage.value, place.scope));
      });
      for (const stage of everywhere) this.store(stage, place);
    };
    if (reductions.length === 0) {
      if (everywhere.length > 0) this.nest(reduced, () => inner([]));
      return;
    }
    const totals = this.sweep(reduced, reductions, inner);
    reductions.forEach((stage, k) => {
      this.keep(stage.index, totals[k], site);
    });
  }

  /** Goes along the axes; each of the longer ones has totals of its own, which then go into those of the axis around it. */
  private sweep(
    axes: readonly number[],
    stages: readonly Reduce[],
    inner: (totals: readonly Local[]) => void,
  ): readonly Local[] {
    const { f } = this;
    const totals = stages.map((stage) => this.start(stage));
    if (axes.length === 0) {
      inner(totals);
      return totals;
    }
    const [axis, ...rest] = axes;
    const few = rest.reduce((count, other) => count * this.kernel.axes[other].extent, 1) <= FEW;
    const body = (into: readonly Local[]) => {
      if (few) {
        this.nest(rest, () => inner(into));
        return;
      }
      const parts = this.sweep(rest, stages, inner);
      stages.forEach((stage, k) => {
        this.combine(stage, into[k], () => f.get(parts[k]));
      });
    };
    // In blocks the numbers of places are not known.
    const isNumbered = this.kernel.values.some((value) => value.kind === 'index' && value.axis === axis);
    const { blocks, left } = isNumbered ? { blocks: 0, left: this.counts[axis] } : this.inBlocks(this.counts[axis]);
    this.f.ifAny(blocks, () => {
      const add = stages.map((stage, k) => this.compensated(stage, totals[k]));
      f.repeat(f.local(I32), blocks, 1, () => {
        const parts = stages.map((stage) => this.start(stage));
        f.repeat(f.local(I32), BLOCK, 1, () => {
          body(parts);
          this.places.move(axis, 1);
        });
        for (const [k, part] of parts.entries()) add[k](part);
      });
    });
    this.f.ifAny(left, () => this.loop(axis, left, () => body(totals)));
    this.f.ifAny(blocks, () => this.places.move(axis, blocks, -BLOCK));
    return totals;
  }

  /** How many blocks a count is cut into, none where it is not long, and what is left over then. */
  private inBlocks(count: Count): { blocks: Count; left: Count } {
    const { f } = this;
    if (typeof count === 'number') {
      const blocks = count > 2 * BLOCK ? Math.floor(count / BLOCK) : 0;
      return { blocks, left: count - blocks * BLOCK };
    }
    const [blocks, left] = [f.local(I32), f.local(I32)];
    f.get(count.local).i32(Math.log2(BLOCK)).op('i32.shr_u');
    f.i32(2 * BLOCK)
      .get(count.local)
      .op('i32.lt_s')
      .op('i32.mul')
      .set(blocks);
    f.get(count.local).get(blocks).i32(BLOCK).op('i32.mul').op('i32.sub').set(left);
    return { blocks: { local: blocks }, left: { local: left } };
  }

  // -------------------------------------------------------------------------------------------------------------------
  // The last axis is reduced: lanes are parts of one result

  private passAcross({ stores, reductions, everywhere }: Pass, uniform: Site): void {
    const outer = this.axes((axis, i) => axis.isReduced && i !== this.last);
    this.emit(
      [...stores, ...reductions, ...everywhere].map(({ value }) => value),
      uniform,
      0,
    );
    for (const stage of stores) this.store(stage, uniform);
    if (reductions.length + everywhere.length === 0) return;
    const totals = reductions.map((stage) => this.start(stage));
    this.nest(outer, () => this.sweepAcross(reductions, everywhere, totals, uniform));
    reductions.forEach((stage, k) => {
      this.fold(stage, totals[k]);
      this.keep(stage.index, totals[k], uniform);
    });
  }

  private sweepAcross(
    reductions: readonly Reduce[],
    everywhere: readonly Store[],
    totals: readonly Local[],
    uniform: Site,
  ): void {
    const { f, extent } = this;
    const inner = (lanes: 4 | 1, into: readonly Local[]) => {
      const site: Site = { lanes, scope: new Scope(uniform.scope) };
      this.emit(
        [...reductions, ...everywhere].map(({ value }) => value),
        site,
        2,
      );
      reductions.forEach((stage, k) => {
        this.combine(stage, into[k], () => {
          this.put(stage.value, site.scope);
          if (lanes === 4) return;
          // Only the first lane holds an element.
          const { type } = this.kernel.values[stage.value];
          putConstant(f, type, identityOf(stage.reduction, type));
          f.shuffle([0, 4, 4, 4]);
        });
      });
      for (const stage of everywhere) this.store(stage, site);
    };
    f.i32(0).set(this.places.along);
    const { blocks } = reductions.length > 0 ? this.inBlocks(this.countVectors()) : { blocks: 0 };
    this.f.ifAny(blocks, () => {
      const add = reductions.map((stage, k) => this.compensated(stage, totals[k]));
      f.i32(0).set(this.end);
      f.repeat(f.local(I32), blocks, 1, () => {
        const parts = reductions.map((stage) => this.start(stage));
        f.advance(this.end, 16 * BLOCK);
        f.loopTo(this.places.along, this.end, 16, () => inner(4, parts));
        for (const [k, part] of parts.entries()) add[k](part);
      });
    });
    if (extent >= 4) {
      this.putWhole();
      f.set(this.end);
      f.loopTo(this.places.along, this.end, 16, () => inner(4, totals));
    }
    this.remainder(() => inner(1, totals));
  }
  /** How many vectors there are along the last axis. */
  private countVectors(): Count {
    const { f } = this;
    const count = this.counts[this.last] ?? 1;
    if (typeof count === 'number') return Math.floor(count / 4);
    const local = f.local(I32);
    f.get(count.local).i32(2).op('i32.shr_u').set(local);
    return { local };
  }

  /** Combines the lanes; each holds the result then. */
  private fold(stage: Extract<Stage, { kind: 'reduce' }>, total: Local): void {
    const { f } = this;
    for (const lanes of [
      [2, 3, 0, 1],
      [1, 0, 3, 2],
    ] as const) {
      this.combine(stage, total, () =>
        f
          .get(total)
          .get(total)
          .shuffle([...lanes]),
      );
    }
    f.get(total).get(total).shuffle([0, 0, 0, 0]).set(total);
  }

  // -------------------------------------------------------------------------------------------------------------------
  // Values

  private start({ reduction, value }: Extract<Stage, { kind: 'reduce' }>): Local {
    const { type } = this.kernel.values[value];
    const local = this.f.local(V128);
    putConstant(this.f, type, identityOf(reduction, type));
    this.f.set(local);
    return local;
  }

  /** `total = total ∘ what is put on the stack`. */
  private combine({ reduction, value }: Extract<Stage, { kind: 'reduce' }>, total: Local, put: () => void): void {
    const { f } = this;
    const { type } = this.kernel.values[value];
    if (type === 'f32' && reduction === 'greatest') {
      // The second where the first is less, which it is not than a NaN.
      f.get(total);
      put();
      f.op('f32x4.pmax').set(total);
      return;
    }
    if (type === 'f32' && (reduction === 'max' || reduction === 'min')) {
      // As TensorFlow compares: of equal zeros the first stays, and a NaN always.
      const next = f.local(V128);
      put();
      f.set(next).get(next).get(total);
      f.get(next)
        .get(total)
        .op(reduction === 'max' ? 'f32x4.gt' : 'f32x4.lt');
      f.get(next).get(next).op('f32x4.ne').op('v128.or').op('v128.bitselect').set(total);
      return;
    }
    const instruction = instructionOf(COMBINE[reduction], type);
    f.get(total);
    put();
    f.op(instruction as NonNullable<typeof instruction>).set(total);
  }

  /** Begins a total of parts, and gives what combines a part with it. */
  private compensated(stage: Extract<Stage, { kind: 'reduce' }>, total: Local): (part: Local) => void {
    const { f } = this;
    if (stage.reduction !== 'sum' || this.kernel.values[stage.value].type !== 'f32') {
      return (part) => this.combine(stage, total, () => f.get(part));
    }
    const lost = f.local(V128);
    const sum = f.local(V128);
    f.f32x4(0).set(lost);
    return (part) => {
      f.get(part).get(lost).op('f32x4.sub').set(part);
      f.get(total).get(part).op('f32x4.add').set(sum);
      f.get(sum).get(total).op('f32x4.sub').get(part).op('f32x4.sub').set(lost);
      // Infinity minus infinity is no loss.
      f.get(lost).f32x4(0).get(lost).get(lost).op('f32x4.eq').op('v128.bitselect').set(lost);
      f.get(sum).set(total);
    };
  }

  /** Makes the result of a stage known. */
  private keep(stage: number, total: Local, { scope }: Site): void {
    const id = this.kernel.values.findIndex((value) => value.kind === 'reduced' && value.stage === stage);
    if (id < 0) return;
    this.f.get(total);
    scope.define(this.f, id);
  }

  /** Computes what these values need, up to a level, as far as it is not known in the scope. */
  private emit(roots: readonly ValueId[], site: Site, level: Level): void {
    const { values } = this.kernel;
    for (const id of needed(values, roots)) {
      const value = values[id];
      if (this.levels[id] > level || value.kind === 'constant' || site.scope.local(id) !== undefined) continue;
      if (value.kind === 'load') this.places.load(value.input, site.lanes);
      else if (value.kind === 'index') this.index(value.axis, site);
      else if (value.kind === 'op') {
        if (!value.args.every((arg) => this.isKnown(arg, site.scope))) continue;
        putOp(this.f, values, value, this.features, (arg) => this.put(arg, site.scope));
      } else continue;
      site.scope.define(this.f, id);
    }
  }
  private isKnown(id: ValueId, scope: Scope): boolean {
    return this.kernel.values[id].kind === 'constant' || scope.local(id) !== undefined;
  }
  private put(id: ValueId, scope: Scope): void {
    const value = this.kernel.values[id];
    if (value.kind === 'constant') putConstant(this.f, value.type, value.value);
    else this.f.get(scope.local(id) as Local);
  }

  /** Puts the numbers of the places along an axis on the stack. */
  private index(axis: number, { lanes }: Site): void {
    const { f } = this;
    const place = this.fixed[axis];
    if (place !== undefined) {
      f.f32x4(place);
      return;
    }
    if (axis !== this.last) f.get(this.counters[axis]).op('i32x4.splat');
    else {
      f.get(this.places.along).i32(2).op('i32.shr_u').op('i32x4.splat');
      if (lanes === 4) f.numbers([0, 1, 2, 3]).op('i32x4.add');
    }
    f.op('f32x4.convert_i32x4_s');
  }

  private store({ output, value }: Store, { lanes, scope }: Site): void {
    this.places.store(this.kernel.inputs.length + output, lanes, () => this.put(value, scope));
  }
}
