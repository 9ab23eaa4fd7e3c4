/**
 * The gradient of loops: a loop that goes through the rounds of the first one backwards. Values of each round that it needs
 * and cannot compute again are kept in lists, by further variables that the first loop is given.
 */
import { getDefaultGraph } from '../graph/default-graph.ts';
import { type FuncGraph, funcGraphOf } from '../graph/func-graph.ts';
import type { GraphFunction } from '../graph/function.ts';
import type { Operation, Tensor } from '../graph/graph.ts';
import type { AttrValue, TensorSpec } from '../graph/node.ts';
import { constantOp, emit } from '../ops/emit.ts';
import { finishBody, newBody } from '../ops/functions.ts';
import { constantValue } from '../ops/static-value.ts';
import { type DType, int32, resource, variant } from '../util/dtype.ts';
import { NdArray } from '../util/ndarray.ts';
import { isFullyDefined, type Shape, sameShape } from '../util/shape.ts';
import { backward } from './backward.ts';
import { dense, differentiableArguments, GradientBody, Recomputable, zerosFor } from './function-gradients.ts';
import { tensorVocabulary as $ } from './graph-builder.ts';
import { type Gradient, registerStructuralGradient } from './registry.ts';

for (const type of ['While', 'StatelessWhile']) registerStructuralGradient(type, loopGradient);

/** What a loop is given beside its inputs, as its attribute `_extra` says: a counter, or an empty list of tensors. */
const COUNTER = 'counter';

function loopGradient(op: Operation, grads: readonly Gradient[]): readonly Gradient[] {
  const loop = new ForwardLoop(op);
  const wanted = reached(loop, grads);
  if (wanted.length === 0) return op.node.inputs.map(() => null);
  const rounds = loop.rounds();
  const entering = wanted.map((i) => dense(grads[i] ?? null) ?? zerosFor(op.outputs[i]));
  const backwards = new BackwardLoop(loop, wanted, entering, rounds);
  const results = backwards.build();
  return op.node.inputs.map((_, i) => {
    const position = wanted.indexOf(i);
    return position < 0 ? null : results[position];
  });
}

/** The variables that gradients flow through: those asked for, and those that these depend on in some round. */
function reached({ body, inputs, outputs }: ForwardLoop, grads: readonly Gradient[]): number[] {
  const found = new Set<number>();
  const pending: number[] = [];
  const add = (i: number): void => {
    if (found.has(i) || !inputs[i].dtype.isTrainable) return;
    found.add(i);
    pending.push(i);
  };
  grads.forEach((grad, i) => {
    if (grad !== null) add(i);
  });
  while (pending.length > 0) {
    const i = pending.pop() as number;
    for (const j of differentiableArguments(body, inputs, [outputs[i]])) add(j);
  }
  return [...found].sort((a, b) => a - b);
}

/** The loop that is differentiated, which can be made to keep more. */
class ForwardLoop {
  readonly body: FuncGraph;
  private readonly test: FuncGraph;
  /** The arguments and results of the body; they grow by what is kept. */
  readonly inputs: Tensor[];
  readonly outputs: Tensor[];
  private readonly condInputs: Tensor[];
  private readonly condOutput: Tensor;
  private readonly lists = new Map<Tensor, number>();
  private counter: number | null = null;

  constructor(readonly op: Operation) {
    const cond = op.getAttr('cond') as unknown as GraphFunction;
    const body = op.getAttr('body') as unknown as GraphFunction;
    this.body = funcGraphOf(body);
    this.test = funcGraphOf(cond);
    this.inputs = body.inputs.map((id) => this.body.operation(id).output(0));
    this.outputs = body.outputs.map(({ node, index }) => this.body.operation(node).output(index));
    this.condInputs = cond.inputs.map((id) => this.test.operation(id).output(0));
    this.condOutput = this.test.operation(cond.outputs[0].node).output(cond.outputs[0].index);
  }

  /** Whether a variable of the loop is the same in every round. */
  stays(i: number): boolean {
    return this.outputs[i] === this.inputs[i];
  }

  /** How many rounds there were. */
  rounds(): Tensor {
    if (this.op.node.attrs._counted === true) return this.op.outputs[0];
    if (this.counter === null) {
      const value = this.body.addInput({ dtype: int32, shape: [] }, 'rounds');
      const next = this.body.extend(() => $.add(value, 1, 'counted'));
      this.counter = this.add(COUNTER, value, next);
    }
    return this.op.outputs[this.counter];
  }

  /** The list of the values that the tensor of the body had, the last round's at its end. */
  keep(tensor: Tensor): Tensor {
    let position = this.lists.get(tensor);
    if (position === undefined) {
      const list = this.body.addInput({ dtype: variant, shape: [] }, 'accumulator');
      const longer = this.body.extend(() =>
        $.op('TensorListPushBack', [list, tensor], { element_dtype: tensor.dtype }, 'TensorListPushBack'),
      );
      position = this.add(tensor.dtype.name, list, longer);
      this.lists.set(tensor, position);
    }
    return this.op.outputs[position];
  }

  /** Gives the loop a variable more, and the operation an output for it. */
  private add(kind: string, input: Tensor, output: Tensor): number {
    this.inputs.push(input);
    this.outputs.push(output);
    this.condInputs.push(this.test.addInput(input.spec, 'unused'));
    const { op } = this;
    const { attrs, outputs } = op.node;
    const body = this.body.finish(this.outputs, {
      isStateful: (attrs.body as unknown as GraphFunction).isStateful,
      inputs: this.inputs,
    });
    const cond = this.test.finish([this.condOutput], {
      isStateful: (attrs.cond as unknown as GraphFunction).isStateful,
      inputs: this.condInputs,
    });
    const shapes = attrs.output_shapes as readonly Shape[];
    const spec: TensorSpec = { dtype: input.dtype, shape: [] };
    op.graph.extendOp(
      op,
      {
        ...attrs,
        T: [...(attrs.T as readonly DType[]), input.dtype],
        body: body as unknown as AttrValue,
        cond: cond as unknown as AttrValue,
        output_shapes: shapes.length > 0 ? [...shapes, []] : shapes,
        _extra: [...((attrs._extra as readonly string[] | undefined) ?? []), kind],
      },
      [...outputs, spec],
    );
    return outputs.length;
  }
}

/** The loop that goes backwards. Its variables: the rounds so far, the gradients, the lists of kept values. */
class BackwardLoop {
  private readonly outer = getDefaultGraph();
  private readonly body: GradientBody;
  private readonly counter: Tensor;
  private readonly arriving: readonly Tensor[];
  /** By kept list what it is outside, and what it is in a round before and after its end is taken off. */
  private readonly lists: { readonly outside: Tensor; readonly before: Tensor; readonly after: Tensor }[] = [];
  private readonly same: Recomputable;
  private readonly counted: Recomputable;

  constructor(
    private readonly loop: ForwardLoop,
    private readonly wanted: readonly number[],
    private readonly entering: readonly Tensor[],
    private readonly rounds: Tensor,
  ) {
    const { op } = loop;
    this.body = new GradientBody(`${op.name}_body`, this.outer, loop.body, (tensor) => this.supply(tensor));
    this.counter = this.body.addInput({ dtype: int32, shape: [] }, 'grad_counter');
    this.arriving = entering.map((grad, k) => {
      const { shape } = loop.inputs[wanted[k]];
      const isFixed = grad.dtype === variant || loop.inputs[wanted[k]].dtype === resource;
      return this.body.addInput({ dtype: grad.dtype, shape: isFixed ? grad.shape : shape }, 'grad_ys');
    });
    const position = new Map(loop.inputs.map((input, i) => [input, i]));
    const stays = (input: Tensor) => loop.stays(position.get(input) as number);
    this.same = new Recomputable(loop.body, stays, true);
    this.counted = new Recomputable(loop.body, (input) => stays(input) || this.step(input) !== null, false);
  }

  build(): Tensor[] {
    const { loop, wanted, body, entering, outer } = this;
    const next = body.asDefault(() => {
      const ys = wanted.map((i) => loop.outputs[i]);
      const xs = wanted.map((i) => loop.inputs[i]);
      const found = backward(loop.body, ys, xs, this.arriving);
      const grads = found.map((grad, k) => dense(grad) ?? this.noGradient(k));
      return [$.add(this.counter, 1, 'add'), ...grads.map((grad) => body.capture(grad))];
    });
    const limit = body.capture(this.rounds);
    const captured = body.captured;
    const own = [this.counter, ...this.arriving, ...this.lists.map(({ before }) => before)];
    const inputs = [...own, ...captured.map((tensor) => body.capture(tensor))];
    const results = [...next, ...this.lists.map(({ after }) => after), ...inputs.slice(own.length)];
    const bodyFn = finishBody(body, results, inputs);
    const condFn = this.condition(inputs, inputs.indexOf(limit));
    const start = constantOp(new NdArray(int32, [], Int32Array.of(0)), 'grad_counter');
    const given = [start, ...entering, ...this.lists.map(({ outside }) => outside), ...captured];
    const type = condFn.isStateful || bodyFn.isStateful ? 'While' : 'StatelessWhile';
    const shapes = inputs.map((input, i) =>
      i >= 1 && i <= entering.length ? this.arriving[i - 1].shape : input.shape,
    );
    const call = emit(
      type,
      [given.map((tensor) => outer.capture(tensor))],
      {
        cond: condFn as unknown as AttrValue,
        body: bodyFn as unknown as AttrValue,
        output_shapes: shapes,
        parallel_iterations: loop.op.node.attrs.parallel_iterations,
        _counted: true,
      },
      'while_grad',
    );
    return entering.map((_, k) => $.identity(call.outputs[1 + k]));
  }

  private condition(inputs: readonly Tensor[], limit: number): GraphFunction {
    const test = newBody(`${this.loop.op.name}_cond_grad`, this.outer);
    const own = inputs.map((input) => test.addInput(input.spec, 'placeholder'));
    const less = test.asDefault(() => $.less(own[0], own[limit]));
    return finishBody(test, [less], own);
  }

  /** What a round gives for a variable that no gradient flows to. */
  private noGradient(k: number): Tensor {
    const i = this.wanted[k];
    const [input, output] = [this.loop.inputs[i], this.loop.outputs[i]];
    if (input.dtype === resource) return $.zerosLike(this.arriving[k]);
    if (input.dtype !== variant && (isFullyDefined(input.shape) || sameShape(input.shape, output.shape))) {
      return isFullyDefined(input.shape) ? $.zerosLike(input) : $.op('ZerosLike', [this.arriving[k]], {}, 'zeros_like');
    }
    return input.dtype === variant ? $.op('ZerosLike', [this.arriving[k]]) : $.op('ZerosLike', [input]);
  }

  /** What stands in a backward round for a value of the same forward round. */
  private supply(tensor: Tensor): Tensor {
    const { loop, body } = this;
    if (tensor.op.type === 'Placeholder') {
      const i = loop.inputs.indexOf(tensor);
      if (loop.stays(i)) return body.capture(i < loop.op.node.inputs.length ? loop.op.inputs[i] : loop.op.outputs[i]);
      const step = this.step(tensor);
      if (step) return this.induction(i, step);
    } else if (this.same.has(tensor) || this.counted.has(tensor)) {
      return body.again(tensor.op).output(tensor.index);
    }
    return this.pop(tensor);
  }

  /** How much an integer variable grows in each round; null for another one. */
  private step(input: Tensor): NdArray | null {
    const { loop } = this;
    const i = loop.inputs.indexOf(input);
    const next = loop.outputs[i];
    if (!input.dtype.isInteger || i >= loop.op.node.inputs.length || input.shape?.length !== 0) return null;
    if (next.op.type !== 'AddV2' && next.op.type !== 'Add') return null;
    const [a, b] = next.op.inputs;
    if (a !== input && b !== input) return null;
    return constantValue(a === input ? b : a);
  }

  /** A variable that grows evenly, as it was in the round: start + step · (rounds − 1 − rounds backwards). */
  private induction(i: number, step: NdArray): Tensor {
    const { loop, body } = this;
    return body.asDefault(() => {
      const { dtype } = loop.inputs[i];
      const start = body.capture(loop.op.inputs[i]);
      const done = $.sub($.sub(body.capture(this.rounds), 1), this.counter);
      const times = dtype === int32 ? done : $.cast(done, dtype);
      return $.add(start, $.mul(times, constantOp(step, 'step')), 'induction');
    });
  }

  /** The last element of a list of kept values. */
  private pop(tensor: Tensor): Tensor {
    const { loop, body } = this;
    const outside = loop.keep(tensor);
    const before = body.addInput({ dtype: variant, shape: [] }, 'accumulator');
    const [after, value] = body.asDefault(() => {
      const known = tensor.dtype === variant ? [] : tensor.shape;
      const shape = known === null ? $.ints(-1) : $.ints(known.map((d) => d ?? -1));
      return $.ops('TensorListPopBack', [before, shape], { element_dtype: tensor.dtype }, 'TensorListPopBack');
    });
    this.lists.push({ outside, before, after });
    return value;
  }
}
