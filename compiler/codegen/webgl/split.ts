/**
 * Long reductions in two steps: parts of what is reduced side by side, and then the parts. Each element of a result is
 * computed by one run of a program, so that a long one in a single step would leave most of the machine idle.
 */
import type { Axis, LoopKernel, Operand, Stage } from '../kernel.ts';
import { denseStrides } from '../parts.ts';
import { type Value, type ValueId, Values } from '../values.ts';

/** So many elements are reduced to one in one step. */
export const STEP = 512;

/** Textures that every machine can write in one program. */
const TARGETS = 4;

export interface Split {
  /** Gives the parts, an array for each reduction: so many rows, of so many elements each. */
  readonly first: LoopKernel;
  /** Takes what the kernel takes, and then the parts. */
  readonly second: LoopKernel;
  readonly rows: number;
  readonly columns: number;
}

/** The number nearest to the square root that divides this one into two that a step takes each; null where none does. */
export function divisorOf(count: number): number | null {
  const root = Math.floor(Math.sqrt(count));
  for (let d = root; d >= 1 && count / d <= STEP; d--) if (count % d === 0) return d;
  return null;
}

/** A part of a kernel with long reductions, in two steps; null for others, and where nothing divides them. */
export function splitReduction(kernel: LoopKernel): Split | null {
  const reduced = kernel.axes.flatMap(({ isReduced }, axis) => (isReduced ? [axis] : []));
  const reductions = kernel.stages.filter((stage) => stage.kind === 'reduce');
  const count = reduced.reduce((product, axis) => product * kernel.axes[axis].extent, 1);
  const isEverywhere = kernel.outputs.some(({ strides }) => reduced.some((axis) => strides[axis] !== 0));
  // A reduction of what was reduced has to wait for that.
  const isNested = reductions.some(({ value }) => takesReduced(kernel.values, value));
  const isNumbered = kernel.values.some(({ kind }) => kind === 'index');
  if (count <= STEP || isEverywhere || isNested || isNumbered) return null;
  if (reductions.length === 0 || reductions.length > TARGETS) return null;
  const cut = bestCut(kernel.axes, reduced);
  return cut && steps(kernel, reductions, cut.axis, cut.inner);
}

function takesReduced(values: readonly Value[], root: ValueId): boolean {
  const depends: boolean[] = [];
  for (let id = 0; id <= root; id++) {
    const value = values[id];
    depends.push(value.kind === 'reduced' || (value.kind === 'op' && value.args.some((arg) => depends[arg])));
  }
  return depends[root];
}

/** The axis that is cut in two, and how much of it goes to the first step: that and all axes after it. */
function bestCut(axes: readonly Axis[], reduced: readonly number[]): { axis: number; inner: number } | null {
  const count = reduced.reduce((product, axis) => product * axes[axis].extent, 1);
  let best: { axis: number; inner: number; most: number } | null = null;
  let after = 1;
  for (const axis of [...reduced].reverse()) {
    const { extent } = axes[axis];
    for (let inner = 1; inner <= extent && inner * after <= STEP; inner++) {
      if (extent % inner !== 0) continue;
      const most = Math.max(inner * after, count / (inner * after));
      if (most <= STEP && (!best || most < best.most)) best = { axis, inner, most };
    }
    after *= extent;
  }
  return best;
}

function steps(
  kernel: LoopKernel,
  reductions: readonly Extract<Stage, { kind: 'reduce' }>[],
  cut: number,
  inner: number,
): Split {
  const { axes } = kernel;
  const kept = axes.flatMap(({ isReduced }, axis) => (isReduced ? [] : [axis]));
  const isOuter = (axis: number) => axes[axis].isReduced && axis < cut;
  const isInner = (axis: number) => axes[axis].isReduced && axis > cut;
  const outer = axes.flatMap((_, axis) => (isOuter(axis) ? [axis] : []));
  const within = axes.flatMap((_, axis) => (isInner(axis) ? [axis] : []));
  const above = axes[cut].extent / inner;
  const extent = (axis: number) => axes[axis].extent;
  const product = (list: readonly number[]) => list.reduce((size, axis) => size * extent(axis), 1);
  const [rows, columns] = [product(outer) * above, product(kept)];
  /** Elements along the outer axes, the upper part of the one that is cut, and the kept ones; then the inner ones. */
  const under = (strides: readonly number[]): number[] => [
    ...outer.map((axis) => strides[axis]),
    strides[cut] * inner,
    ...kept.map((axis) => strides[axis]),
    strides[cut],
    ...within.map((axis) => strides[axis]),
  ];
  const places = [...outer.map(extent), above, ...kept.map(extent)];
  const part: Operand[] = reductions.map(({ value }) => ({
    type: kernel.values[value].type,
    strides: [...denseStrides(places), 0, ...within.map(() => 0)],
    offset: 0,
  }));
  const values = [...kernel.values];
  const results = reductions.map(({ value }, stage): ValueId => {
    return values.push({ kind: 'reduced', type: kernel.values[value].type, stage }) - 1;
  });
  const first: LoopKernel = {
    ...kernel,
    axes: [
      ...places.map((each) => ({ extent: each, isReduced: false })),
      { extent: inner, isReduced: true },
      ...within.map((axis) => ({ extent: extent(axis), isReduced: true })),
    ],
    inputs: kernel.inputs.map((operand) => ({ ...operand, strides: under(operand.strides) })),
    outputs: part,
    values,
    stages: [...reductions, ...results.map((value, output): Stage => ({ kind: 'store', output, value }))],
  };
  return { first, second: secondStep(kernel, reductions, kept, rows), rows, columns };
}

/** Reduces the parts, and goes on with the results. */
function secondStep(
  kernel: LoopKernel,
  reductions: readonly Extract<Stage, { kind: 'reduce' }>[],
  kept: readonly number[],
  rows: number,
): LoopKernel {
  const $ = new Values();
  const loads = reductions.map(({ value }, k) => $.load(kernel.values[value].type, kernel.inputs.length + k));
  const ids: ValueId[] = [];
  for (const value of kernel.values) ids.push(copied($, value, ids));
  const extents = kept.map((axis) => kernel.axes[axis].extent);
  const columns = extents.reduce((size, extent) => size * extent, 1);
  const alongKept = ({ strides, ...operand }: Operand): Operand => ({
    ...operand,
    strides: [0, ...kept.map((axis) => strides[axis])],
  });
  return {
    ...kernel,
    axes: [{ extent: rows, isReduced: true }, ...extents.map((extent) => ({ extent, isReduced: false }))],
    inputs: [
      ...kernel.inputs.map(alongKept),
      ...reductions.map(({ value }) => ({
        type: kernel.values[value].type,
        strides: [columns, ...denseStrides(extents)],
        offset: 0,
      })),
    ],
    outputs: kernel.outputs.map(alongKept),
    values: $.list,
    stages: kernel.stages.map((stage): Stage => {
      if (stage.kind === 'store') return { ...stage, value: ids[stage.value] };
      return { ...stage, value: loads[reductions.indexOf(stage)] };
    }),
  };
}

function copied($: Values, value: Value, ids: readonly ValueId[]): ValueId {
  switch (value.kind) {
    case 'load':
      return $.load(value.type, value.input);
    case 'scalar':
      return $.scalar(value.type, value.scalar);
    case 'constant':
      return $.constant(value.value, value.type);
    case 'index':
      return $.index(value.axis);
    case 'reduced':
      return $.reduced(value.type, value.stage);
    case 'op':
      return $.op(value.op, ...value.args.map((arg) => ids[arg]));
  }
}
