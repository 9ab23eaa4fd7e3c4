/**
 * Computes a kernel in JavaScript, place by place, as its description says: what renderers are tested against, and how a few
 * scalars are computed. Floats are rounded to 32 bits after each op; elementary functions are those of `Math`.
 */
import type { LoopKernel, Operand, Reduction, Stage } from './kernel.ts';
import { type ElementType, EXPONENT, needed, type Op, type Value, type ValueId } from './values.ts';

type Elements = Float32Array | Int32Array | Uint8Array;

const f = Math.fround;

/** Runs the kernel on arrays; what it writes goes into `outputs`. */
export function runKernel(
  kernel: LoopKernel,
  inputs: readonly Elements[],
  outputs: readonly Elements[],
  scalars: readonly number[] = [],
): void {
  const kept = kernel.axes.flatMap(({ isReduced }, axis) => (isReduced ? [] : [axis]));
  const reduced = kernel.axes.flatMap(({ isReduced }, axis) => (isReduced ? [axis] : []));
  const place = kernel.axes.map(() => 0);
  const at = ({ strides, offset }: Operand): number =>
    strides.reduce((sum, stride, axis) => sum + stride * place[axis], offset);
  const over = (axes: readonly number[], body: () => void): void => {
    const count = axes.reduce((product, axis) => product * kernel.axes[axis].extent, 1);
    for (let i = 0; i < count; i++) {
      let rest = i;
      for (const axis of [...axes].reverse()) {
        place[axis] = rest % kernel.axes[axis].extent;
        rest = Math.floor(rest / kernel.axes[axis].extent);
      }
      body();
    }
    for (const axis of axes) place[axis] = 0;
  };
  const results: number[] = [];
  const evaluate = (root: ValueId): number => {
    const numbers: number[] = [];
    for (let id = 0; id <= root; id++) numbers.push(one(kernel.values[id], numbers));
    return numbers[root];
  };
  const one = (value: Value, numbers: readonly number[]): number => {
    switch (value.kind) {
      case 'load':
        return inputs[value.input][at(kernel.inputs[value.input])];
      case 'scalar':
        return value.type === 'f32' ? f(scalars[value.scalar]) : scalars[value.scalar];
      case 'constant':
        return ROUND[value.type](value.value);
      case 'index':
        return place[value.axis];
      case 'reduced':
        return results[value.stage] ?? 0;
      case 'op': {
        const [a, b, c] = value.args.map((arg) => numbers[arg]);
        return ROUND[value.type](computeOf(value.op, kernel.values[value.args[0]].type === 'i32')(a, b, c));
      }
    }
  };
  const run = (stage: Stage, index: number): void => {
    if (stage.kind === 'reduce') {
      let total: number | null = null;
      over(reduced, () => {
        const next = evaluate(stage.value);
        total = total === null ? next : combine(stage.reduction, total, next);
      });
      if (stage.reduction === 'greatest' && Number.isNaN(total)) total = -Infinity;
      results[index] = total ?? 0;
      if (kernel.values[stage.value].type === 'f32') results[index] = f(results[index]);
      return;
    }
    const output = kernel.outputs[stage.output];
    const everywhere = reduced.some((axis) => output.strides[axis] !== 0);
    over(everywhere ? reduced : [], () => {
      outputs[kernel.buffers?.[stage.output] ?? stage.output][at(output)] = evaluate(stage.value);
    });
  };
  over(kept, () => kernel.stages.forEach(run));
}

/** Computes the outputs of a kernel of scalars from its inputs. */
export type ScalarFunction = (inputs: readonly number[], outputs: number[]) => void;

/**
 * A kernel without axes as a function: for a few scalars, which cost less than the call of a kernel on a backend. Null for
 * kernels that do more than to compute and write. The values are one list of numbers, each written by a step of its own.
 */
export function scalarFunction({ axes, values, stages }: LoopKernel): ScalarFunction | null {
  if (axes.length > 0 || stages.some(({ kind }) => kind === 'reduce')) return null;
  const numbers = new Array<number>(values.length).fill(0);
  const steps: ((inputs: readonly number[]) => void)[] = [];
  for (const id of needed(
    values,
    stages.map(({ value }) => value),
  )) {
    const value = values[id];
    const round = ROUND[value.type];
    if (value.kind === 'constant') numbers[id] = round(value.value);
    else if (value.kind === 'load') {
      const { input } = value;
      steps.push((inputs) => {
        numbers[id] = inputs[input];
      });
    } else if (value.kind === 'op') {
      const [a, b = a, c = a] = value.args;
      const compute = computeOf(value.op, values[a].type === 'i32');
      steps.push(() => {
        numbers[id] = round(compute(numbers[a], numbers[b], numbers[c]));
      });
    } else return null;
  }
  const results = stages.flatMap((stage) => (stage.kind === 'store' ? [[stage.output, stage.value]] : []));
  return (inputs, outputs) => {
    for (let i = 0; i < steps.length; i++) steps[i](inputs);
    for (const [output, value] of results) outputs[output] = numbers[value];
  };
}

function combine(reduction: Reduction, a: number, b: number): number {
  switch (reduction) {
    case 'sum':
      return a + b;
    case 'prod':
      return a * b;
    case 'max':
      return b > a || Number.isNaN(b) ? b : a;
    case 'greatest':
      return b > a || Number.isNaN(a) ? b : a;
    case 'min':
      return b < a || Number.isNaN(b) ? b : a;
    case 'any':
      return a || b;
    case 'all':
      return a && b;
  }
}

function nearest(x: number): number {
  if (x === 0 || !Number.isFinite(x)) return x;
  const floor = Math.floor(x);
  const rounded = x - floor === 0.5 ? 2 * Math.round(floor / 2) : Math.round(x);
  return rounded === 0 && x < 0 ? -0 : rounded;
}

type Compute = (a: number, b: number, c: number) => number;

/** What each op makes of its arguments, before it is rounded. */
const COMPUTE: Readonly<Record<Op, Compute>> = {
  neg: (a) => -a,
  abs: (a) => Math.abs(a),
  sqrt: (a) => Math.sqrt(a),
  floor: (a) => Math.floor(a),
  ceil: (a) => Math.ceil(a),
  nearest,
  exp: (a) => Math.exp(a),
  log: (a) => Math.log(a),
  tanh: (a) => Math.tanh(a),
  sigmoid: (a) => 1 / (1 + Math.exp(-a)),
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  min: (a, b) => Math.min(a, b),
  max: (a, b) => Math.max(a, b),
  lt: (a, b) => Number(a < b),
  le: (a, b) => Number(a <= b),
  gt: (a, b) => Number(a > b),
  ge: (a, b) => Number(a >= b),
  eq: (a, b) => Number(a === b),
  ne: (a, b) => Number(a !== b),
  and: (a, b) => Number(a && b),
  or: (a, b) => Number(a || b),
  not: (a) => Number(!a),
  select: (a, b, c) => (a ? b : c),
  xor: (a, b) => a ^ b,
  mulHigh: (a, b) => Number((BigInt(a >>> 0) * BigInt(b >>> 0)) >> 32n) | 0,
  toFloat: (a) => a,
  toInt: (a) => Math.trunc(a),
  exp2: (a) => 2 ** (a - EXPONENT),
  mantissa: (a) => a / 2 ** (Math.floor(Math.log2(a)) + 1),
  exponent: (a) => Math.floor(Math.log2(a)) + 1,
  multiplyAdd: (a, b, c) => a * b + c,
};

function computeOf(op: Op, isInteger: boolean): Compute {
  return isInteger && op === 'mul' ? Math.imul : COMPUTE[op];
}

/** As an element of the type holds it. */
const ROUND: Readonly<Record<ElementType, (x: number) => number>> = {
  f32: f,
  i32: (x) => x | 0,
  bool: (x) => Number(x !== 0),
};
