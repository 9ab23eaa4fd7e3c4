/**
 * Computes a kernel in JavaScript, place by place, as its description says: what renderers are tested against. Floats are
 * rounded to 32 bits after each op; elementary functions are those of `Math`.
 */
import type { LoopKernel, Operand, Reduction, Stage } from './kernel.ts';
import { EXPONENT, type Op, type Value, type ValueId } from './values.ts';

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
        return value.type === 'f32' ? f(value.value) : value.value;
      case 'index':
        return place[value.axis];
      case 'reduced':
        return results[value.stage] ?? 0;
      case 'op': {
        const args = value.args.map((arg) => numbers[arg]);
        const result = compute(value.op, args, kernel.values[value.args[0]].type === 'i32');
        return value.type === 'f32' ? f(result) : value.type === 'i32' ? result | 0 : Number(result !== 0);
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

function compute(op: Op, [a, b, c]: readonly number[], isInteger: boolean): number {
  switch (op) {
    case 'neg':
      return -a;
    case 'abs':
      return Math.abs(a);
    case 'sqrt':
      return Math.sqrt(a);
    case 'floor':
      return Math.floor(a);
    case 'ceil':
      return Math.ceil(a);
    case 'nearest':
      return nearest(a);
    case 'exp':
      return Math.exp(a);
    case 'log':
      return Math.log(a);
    case 'tanh':
      return Math.tanh(a);
    case 'sigmoid':
      return 1 / (1 + Math.exp(-a));
    case 'add':
      return a + b;
    case 'sub':
      return a - b;
    case 'mul':
      return isInteger ? Math.imul(a, b) : a * b;
    case 'div':
      return a / b;
    case 'min':
      return Math.min(a, b);
    case 'max':
      return Math.max(a, b);
    case 'lt':
      return Number(a < b);
    case 'le':
      return Number(a <= b);
    case 'gt':
      return Number(a > b);
    case 'ge':
      return Number(a >= b);
    case 'eq':
      return Number(a === b);
    case 'ne':
      return Number(a !== b);
    case 'and':
      return Number(a && b);
    case 'or':
      return Number(a || b);
    case 'not':
      return Number(!a);
    case 'select':
      return a ? b : c;
    case 'xor':
      return a ^ b;
    case 'mulHigh':
      return Number((BigInt(a >>> 0) * BigInt(b >>> 0)) >> 32n) | 0;
    case 'toFloat':
      return a;
    case 'toInt':
      return Math.trunc(a);
    case 'exp2':
      return 2 ** (a - EXPONENT);
    case 'mantissa':
      return a / 2 ** (Math.floor(Math.log2(a)) + 1);
    case 'exponent':
      return Math.floor(Math.log2(a)) + 1;
    case 'multiplyAdd':
      return a * b + c;
  }
}
