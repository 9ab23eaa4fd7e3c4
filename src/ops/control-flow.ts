/**
 * The functional ops of control flow: calls, branches and loops whose bodies are functions. The functions for users that
 * build them are `cond.ts` and `while-loop.ts`, their gradients those of `src/autodiff`.
 */
import { GraphFunction } from '../graph/function.ts';
import type { AttrValue, TensorSpec } from '../graph/node.ts';
import { type DType, float32 } from '../util/dtype.ts';
import { commonShape, type Shape } from '../util/shape.ts';
import { defineOp, type InferContext, type Inferred, ShapeError } from './opdef/define.ts';

/** What a result may be: of several functions, what all of them say. */
function resultsOf(functions: readonly AttrValue[], op: InferContext, count: number): Inferred {
  const shapes = op.attr<readonly Shape[]>('output_shapes');
  for (const fn of functions) mustGive(fn, count);
  const results: { shape: Shape; handle: TensorSpec['handle'] }[] = [];
  for (let i = 0; i < count; i++) {
    const specs = functions.map((fn) => (fn instanceof GraphFunction ? fn.body.spec(fn.outputs[i]) : null));
    const handle = specs[0]?.handle;
    const found = specs.map((spec) => spec?.shape ?? null).reduce((a, b) => commonShape(a, b));
    results.push({ shape: shapes?.[i] ?? found, handle });
  }
  return results;
}

/** Files may say anything of what a function gives. */
function mustGive(fn: AttrValue, wanted: number): void {
  if (!(fn instanceof GraphFunction) || fn.outputs.length === wanted) return;
  throw new ShapeError(`Function ${fn.func} gives ${fn.outputs.length} results where ${wanted} are expected`);
}

const count = (op: InferContext): number => op.attr<readonly DType[]>('Tout').length;

for (const [name, effect] of [
  ['StatelessIf', 'pure'],
  ['If', 'writes'],
] as const) {
  defineOp({
    name,
    doc: 'Calls one of two functions, by a condition.',
    inputs: ['cond: Tcond', 'input: Tin'],
    outputs: ['output: Tout'],
    attrs: [
      'Tcond: type',
      'Tin: list(type) >= 0',
      'Tout: list(type) >= 0',
      'then_branch: func',
      'else_branch: func',
      'output_shapes: list(shape) = []',
    ],
    effect,
    infer: (op) => resultsOf([op.attr('then_branch'), op.attr('else_branch')], op, count(op)),
    grad: null,
    samples: [],
  });
}

for (const [name, effect] of [
  ['StatelessCase', 'pure'],
  ['Case', 'writes'],
] as const) {
  defineOp({
    name,
    doc: 'Calls one of several functions, by its number; the last for a number that none has.',
    inputs: ['branch_index: int32', 'input: Tin'],
    outputs: ['output: Tout'],
    attrs: [
      'Tin: list(type) >= 0',
      'Tout: list(type) >= 0',
      'branches: list(func) >= 1',
      'output_shapes: list(shape) = []',
    ],
    effect,
    infer: (op) => resultsOf(op.attr<readonly AttrValue[]>('branches'), op, count(op)),
    grad: null,
    samples: [],
  });
}

for (const [name, effect] of [
  ['StatelessWhile', 'pure'],
  ['While', 'writes'],
] as const) {
  defineOp({
    name,
    doc: 'Calls a function on what it gave before, as long as another one says so.',
    inputs: ['input: T'],
    outputs: ['output: T'],
    attrs: [
      'T: list(type) >= 0',
      'cond: func',
      'body: func',
      'output_shapes: list(shape) = []',
      'parallel_iterations: int = 10',
    ],
    effect,
    infer: (op) => {
      const shapes = op.attr<readonly Shape[]>('output_shapes');
      const body = op.attr('body');
      mustGive(body, op.attr<readonly DType[]>('T').length);
      mustGive(op.attr('cond'), 1);
      return op.attr<readonly DType[]>('T').map((_, i) => {
        const passes = body instanceof GraphFunction && body.passedThrough(i) === i;
        const entered = i < op.inputCount ? op.shape(i) : null;
        const left = body instanceof GraphFunction ? body.body.spec(body.outputs[i]).shape : null;
        const shape = passes ? entered : shapes.length > 0 ? shapes[i] : commonShape(entered, left);
        return { shape, handle: i < op.inputCount ? op.handle(i) : undefined };
      });
    },
    grad: null,
    samples: [],
  });
}

for (const [name, effect] of [
  ['PartitionedCall', 'pure'],
  ['StatefulPartitionedCall', 'writes'],
] as const) {
  defineOp({
    name,
    doc: 'Calls a function.',
    inputs: ['args: Tin'],
    outputs: ['output: Tout'],
    attrs: [
      'Tin: list(type) >= 0',
      'Tout: list(type) >= 0',
      'f: func',
      'config: string = ""',
      'config_proto: string = ""',
      'executor_type: string = ""',
    ],
    effect,
    infer: (op) => {
      const fn = op.attr('f');
      mustGive(fn, count(op));
      return op.attr<readonly DType[]>('Tout').map((_, i) => {
        if (!(fn instanceof GraphFunction)) return null;
        const { shape, handle } = fn.body.spec(fn.outputs[i]);
        return { shape, handle };
      });
    },
    grad: null,
    samples: [],
  });
}

defineOp({
  name: 'FakeParam',
  doc: 'Stands for a result of a branch that is not taken; its value is never looked at.',
  outputs: ['output: dtype'],
  attrs: ['dtype: type', 'shape: shape'],
  infer: (op) => [op.attr<Shape>('shape')],
  grad: () => [],
  samples: [{ inputs: [], attrs: { dtype: float32, shape: [2, 3] }, outputs: [null], shapes: [[2, 3]] }],
});
