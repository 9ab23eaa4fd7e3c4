/**
 * Parts of a kernel: some of its outputs with what they need, and nothing else. A program writes textures of one kind only,
 * so that a kernel may come to several programs.
 */
import { collapse, type LoopKernel, type Stage } from '../kernel.ts';
import { needed, type Value, type ValueId } from '../values.ts';

export interface Part {
  readonly kernel: LoopKernel;
  /** By input and output of the part, which one of the kernel it is. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** The part that gives these outputs, with as few axes as it can do with. */
export function partOf(kernel: LoopKernel, outputs: readonly number[]): Part {
  const stores = kernel.stages.filter((stage) => stage.kind === 'store' && outputs.includes(stage.output));
  const { values, reductions } = reachable(
    kernel,
    stores.map(({ value }) => value),
  );
  const inputs = [...new Set(values.flatMap((id) => inputOf(kernel.values[id])))].sort((a, b) => a - b);
  const valueAt = new Map(values.map((id, i) => [id, i]));
  const stageAt = new Map(reductions.map((stage, i) => [stage, i]));
  const renamed = (value: Value): Value => {
    if (value.kind === 'op') return { ...value, args: value.args.map((arg) => valueAt.get(arg) as ValueId) };
    if (value.kind === 'load') return { ...value, input: inputs.indexOf(value.input) };
    return value.kind === 'reduced' ? { ...value, stage: stageAt.get(value.stage) as number } : value;
  };
  const stages = [...reductions.map((stage) => kernel.stages[stage]), ...stores].map((stage): Stage => {
    const value = valueAt.get(stage.value) as ValueId;
    return stage.kind === 'store' ? { ...stage, value, output: outputs.indexOf(stage.output) } : { ...stage, value };
  });
  const whole: LoopKernel = {
    kind: 'loops',
    // What is not reduced is the same as other axes.
    axes: reductions.length > 0 ? kernel.axes : kernel.axes.map(({ extent }) => ({ extent, isReduced: false })),
    inputs: inputs.map((input) => kernel.inputs[input]),
    scalars: kernel.scalars,
    outputs: outputs.map((output) => kernel.outputs[output]),
    values: values.map((id) => renamed(kernel.values[id])),
    stages,
  };
  return { kernel: collapse(whole), inputs, outputs };
}

function inputOf(value: Value): number[] {
  return value.kind === 'load' ? [value.input] : [];
}

/** The values that some need and the reductions among them, both in order: reductions need values of their own. */
function reachable(kernel: LoopKernel, roots: readonly ValueId[]): { values: ValueId[]; reductions: number[] } {
  const reductions = new Set<number>();
  const wanted = new Set(roots);
  for (;;) {
    const values = needed(kernel.values, wanted);
    const before = reductions.size;
    for (const id of values) {
      const value = kernel.values[id];
      if (value.kind !== 'reduced') continue;
      reductions.add(value.stage);
      wanted.add(kernel.stages[value.stage].value);
    }
    if (reductions.size === before) return { values, reductions: [...reductions].sort((a, b) => a - b) };
  }
}
