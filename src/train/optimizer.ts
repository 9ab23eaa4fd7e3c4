/**
 * The base of all optimizers: gradients of a loss, slots, and the step that applies the gradients. The rule that turns a
 * gradient into an update is each subclass's own.
 */

import { AggregationMethod } from '../autodiff/aggregate.ts';
import { gradients } from '../autodiff/gradients.ts';
import type { Gradient } from '../autodiff/registry.ts';
import { getDefaultGraph } from '../graph/default-graph.ts';
import { type Graph, type Operation, Tensor } from '../graph/graph.ts';
import { GraphKeys } from '../graph/graph-keys.ts';
import { group, tuple } from '../ops/control.ts';
import { convertToTensor, emit, emitOne } from '../ops/emit.ts';
import { IndexedSlices } from '../ops/indexed-slices.ts';
import { bind, isConvertible, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import { bfloat16, type DType, float16, float32, float64 } from '../util/dtype.ts';
import { RuntimeError, TypeError, ValueError } from '../util/errors.ts';
import { Variable } from '../variables/variable.ts';
import { assignAdd, castTo, createSlot, createZerosSlot, exists, type SlotStart } from './slots.ts';

export { AggregationMethod };

/** A gradient with the variable that it is for; null where the loss does not depend on the variable. */
export type GradientAndVariable = readonly [gradient: Gradient | TensorLike, variable: Variable];

/** A number, tensor or variable, or a function that gives one when the step is built. */
export type Hyperparameter = TensorLike | (() => TensorLike);

export interface ComputeGradientsOptions {
  /** The variables to train; all trainable ones of the graph without it. */
  readonly varList?: Variable | readonly Variable[] | null;
  /** `Optimizer.GATE_NONE`, `GATE_OP` (without it) or `GATE_GRAPH`: what must be computed before gradients are used. */
  readonly gateGradients?: number;
  readonly aggregationMethod?: number | null;
  readonly colocateGradientsWithOps?: boolean;
  /** The gradient of the loss, 1 without it. */
  readonly gradLoss?: TensorLike | null;
}

export interface ApplyGradientsOptions {
  /** A variable that the step raises by one after all updates. */
  readonly globalStep?: Variable | null;
  /** The name of the step; the optimizer's without it. */
  readonly name?: string | null;
}

export interface MinimizeOptions extends ComputeGradientsOptions, ApplyGradientsOptions {}

const TRAINABLE: readonly DType[] = [float16, bfloat16, float32, float64];

/**
 * Trains variables. One optimizer may serve several graphs and losses; its slots are made at the first step built for a
 * variable.
 *
 *     const opt = new tf.train.AdamOptimizer(1e-3);
 *     const step = opt.minimize(loss, {globalStep});
 */
export abstract class Optimizer {
  static readonly GATE_NONE = 0;
  static readonly GATE_OP = 1;
  static readonly GATE_GRAPH = 2;

  private readonly slots = new Map<string, Map<Variable, Variable>>();
  private readonly others = new WeakMap<Graph, Map<string, Variable>>();
  /** Takes back the slots made by a call that fails. */
  private undo: (() => void)[] = [];

  constructor(
    /** Kept for the sake of exported graphs; runs are in order anyway. */
    protected readonly useLocking: boolean,
    private readonly ownName: string,
  ) {
    if (!ownName) throw new ValueError('Must specify the optimizer name');
  }

  getName(): string {
    return this.ownName;
  }

  /**
   * The step that lowers the loss: `computeGradients` and `applyGradients` in one. Throws `ValueError` where the loss
   * depends on none of the variables; the graph is then as before.
   *
   *     const step = new tf.train.GradientDescentOptimizer(0.1).minimize(loss, globalStep);
   *     await sess.run(step, {feedDict: [[x, batch]]});
   */
  minimize(
    loss: Tensor,
    ...rest: Rest<
      [
        globalStep: Variable | null,
        varList: Variable | readonly Variable[] | null,
        gateGradients: number,
        aggregationMethod: number | null,
        colocateGradientsWithOps: boolean,
        name: string | null,
        gradLoss: TensorLike | null,
      ],
      MinimizeOptions
    >
  ): Operation {
    const { globalStep, name, ...options } = bind<MinimizeOptions>(
      ['globalStep', 'varList', 'gateGradients', 'aggregationMethod', 'colocateGradientsWithOps', 'name', 'gradLoss'],
      rest,
    );
    return loss.graph.atomic(() => {
      const pairs = this.computeGradients(loss, options);
      if (pairs.every(([gradient]) => gradient === null)) {
        throw new ValueError(
          `No gradients provided for any variable, check your graph for ops that do not support gradients, between variables ${listOf(pairs)} and loss ${loss}.`,
        );
      }
      return this.applyGradients(pairs, { globalStep, name });
    });
  }

  /**
   * The gradient of the loss for every variable, null where there is none: to be changed, clipped say, and passed to
   * `applyGradients`. Throws `ValueError` for a loss or variables that are not floats, or where there is no variable.
   */
  computeGradients(
    loss: Tensor,
    ...rest: Rest<
      [
        varList: Variable | readonly Variable[] | null,
        gateGradients: number,
        aggregationMethod: number | null,
        colocateGradientsWithOps: boolean,
        gradLoss: TensorLike | null,
      ],
      ComputeGradientsOptions
    >
  ): [gradient: Gradient, variable: Variable][] {
    const options = bind<ComputeGradientsOptions>(
      ['varList', 'gateGradients', 'aggregationMethod', 'colocateGradientsWithOps', 'gradLoss'],
      rest,
    );
    const gate = options.gateGradients ?? Optimizer.GATE_OP;
    if (gate !== Optimizer.GATE_NONE && gate !== Optimizer.GATE_OP && gate !== Optimizer.GATE_GRAPH) {
      throw new ValueError(
        `gate_gradients must be one of: Optimizer.GATE_NONE, Optimizer.GATE_OP, Optimizer.GATE_GRAPH.  Not ${gate}`,
      );
    }
    this.checkTypes([loss]);
    if (options.gradLoss instanceof Tensor) this.checkTypes([options.gradLoss]);
    const variables = options.varList
      ? ((Array.isArray(options.varList) ? options.varList : [options.varList]) as readonly Variable[])
      : (loss.graph.getCollection(GraphKeys.TRAINABLE_VARIABLES) as Variable[]);
    if (variables.length === 0) throw new ValueError('No variables to optimize.');
    return loss.graph.atomic(() => {
      const found = gradients(loss, variables, {
        gradYs: options.gradLoss === null || options.gradLoss === undefined ? null : [options.gradLoss],
        gateGradients: gate === Optimizer.GATE_OP,
        aggregationMethod: options.aggregationMethod,
        colocateGradientsWithOps: options.colocateGradientsWithOps,
      });
      const gated = gate === Optimizer.GATE_GRAPH ? tuple(found) : found;
      this.checkTypes(variables.filter((_, i) => gated[i] !== null));
      return variables.map((variable, i) => [gated[i], variable]);
    });
  }

  /**
   * The step that applies gradients to variables, and raises `globalStep` if there is one. It is added to the collection
   * `TRAIN_OP`. Throws `ValueError` where no variable has a gradient; the graph is then as before.
   */
  applyGradients(
    gradsAndVars: Iterable<GradientAndVariable>,
    ...rest: Rest<[globalStep: Variable | null, name: string | null], ApplyGradientsOptions>
  ): Operation {
    const { globalStep, name } = bind<ApplyGradientsOptions>(['globalStep', 'name'], rest);
    const pairs = [...gradsAndVars];
    if (pairs.length === 0) throw new ValueError('No variables provided.');
    const { graph } = pairs[0][1];
    this.undo = [];
    try {
      return graph.atomic(() => graph.asDefault(() => this.apply(graph, pairs, globalStep ?? null, name ?? null)));
    } catch (error) {
      for (const undo of this.undo) undo();
      throw error;
    }
  }

  private apply(
    graph: Graph,
    pairs: readonly GradientAndVariable[],
    globalStep: Variable | null,
    name: string | null,
  ): Operation {
    const converted = pairs.map(([gradient, variable]) => [gradientOf(gradient), variable] as const);
    const present = converted.filter((pair): pair is readonly [Tensor | IndexedSlices, Variable] => pair[0] !== null);
    if (present.length === 0) throw new ValueError(`No gradients provided for any variable: ${listOf(pairs)}.`);
    graph.controlDependencies(null, () => this.createSlots(present.map(([, variable]) => variable)));
    const step = graph.nameScope(name || this.ownName, (scope) => {
      this.prepare();
      const updates = present.map(([gradient, variable]) =>
        graph.nameScope(`update_${variable.op.name}`, () =>
          graph.colocateWith(variable.op, false, () => this.update(gradient, variable)),
        ),
      );
      if (!globalStep) return this.finish(updates, scope);
      const updated = this.finish(updates, 'update');
      return graph.controlDependencies([updated], () =>
        graph.colocateWith(globalStep.op, false, () => assignAdd(globalStep, 1, scope)),
      );
    });
    graph.addToCollection(GraphKeys.TRAIN_OP, step);
    return step;
  }

  private update(gradient: Tensor | IndexedSlices, variable: Variable): Operation {
    if (gradient instanceof IndexedSlices) {
      if (variable.constraint) throw new RuntimeError('Cannot use a constraint function on a sparse variable.');
      return this.applySparseDuplicates(gradient.values, variable, gradient.indices);
    }
    const updated = this.applyDense(gradient, variable);
    const { constraint, graph } = variable;
    if (!constraint) return updated;
    return graph.controlDependencies([updated], () => variable.assign(constraint(variable.value())).op);
  }

  // Slots

  /** The slot of a variable, such as its momentum; null where there is none. */
  getSlot(variable: Variable, name: string): Variable | null {
    return this.slots.get(name)?.get(variable) ?? null;
  }
  /** The names of the slots made so far, sorted. */
  getSlotNames(): string[] {
    return [...this.slots.keys()].sort();
  }
  /** All variables of this optimizer's own on the default graph, by name. */
  variables(): Variable[] {
    const graph = getDefaultGraph();
    const found = [...(this.others.get(graph)?.values() ?? [])];
    for (const slot of this.slots.values()) for (const variable of slot.values()) found.push(variable);
    return found.filter((v) => v.graph === graph).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Makes a slot, unless the variable has it. */
  protected addSlot(variable: Variable, start: SlotStart, slotName: string, opName = this.ownName): Variable {
    return this.slot(variable, slotName, () => createSlot(variable, start, opName));
  }
  protected addZerosSlot(variable: Variable, slotName: string, opName = this.ownName): Variable {
    return this.slot(variable, slotName, () => createZerosSlot(variable, opName));
  }
  private slot(variable: Variable, slotName: string, make: () => Variable): Variable {
    let slots = this.slots.get(slotName);
    if (!slots) {
      slots = new Map();
      this.slots.set(slotName, slots);
      this.undo.push(() => this.slots.delete(slotName));
    }
    const known = slots.get(variable);
    if (known && exists(known)) return known;
    const made = make();
    slots.set(variable, made);
    this.undo.push(() => this.slots.get(slotName)?.delete(variable));
    return made;
  }

  /** Makes a variable that belongs to no other one, unless the graph has it. */
  protected addVariable(initial: TensorLike, name: string, beside: Variable): Variable {
    const { graph } = beside;
    const known = this.others.get(graph)?.get(name);
    if (known && exists(known)) return known;
    const made = graph.colocateWith(beside.op, false, () => new Variable(initial, { name, trainable: false }));
    const ofGraph = this.others.get(graph) ?? new Map<string, Variable>();
    this.others.set(graph, ofGraph.set(name, made));
    this.undo.push(() => this.others.get(graph)?.delete(name));
    return made;
  }
  protected variableNamed(name: string, graph: Graph): Variable {
    return this.others.get(graph)?.get(name) as Variable;
  }

  // What subclasses say

  /** Makes the slots of the variables. */
  protected createSlots(_variables: readonly Variable[]): void {}
  /** Makes the tensors of the hyperparameters, inside the step's name scope. */
  protected prepare(): void {}
  protected abstract applyDense(gradient: Tensor, variable: Variable): Operation;
  /** Applies rows; no index occurs twice. */
  protected abstract applySparse(gradient: Tensor, variable: Variable, indices: Tensor): Operation;
  /** Applies rows of which several may be for one index: their sum counts. */
  protected applySparseDuplicates(gradient: Tensor, variable: Variable, indices: Tensor): Operation {
    const [unique, positions] = emit('Unique', [indices], {}, 'Unique').outputs;
    const count = emitOne('Shape', [unique], {}, 'Shape').slice(0);
    const summed = emitOne('UnsortedSegmentSum', [gradient, positions, count], {}, 'UnsortedSegmentSum');
    return this.applySparse(summed, variable, unique);
  }
  /** The operation of the whole step. */
  protected finish(updates: readonly Operation[], name: string): Operation {
    return group(...updates, { name });
  }

  // For subclasses

  /** A hyperparameter as a tensor under its name. */
  protected hyper(value: Hyperparameter, name: string): Tensor {
    return convertToTensor(typeof value === 'function' ? value() : value, { name });
  }
  /** An update op. Variables stand for their handles, tensors are cast to the type of the first variable. */
  protected emitUpdate(
    type: string,
    inputs: readonly (Variable | Tensor | readonly ['read', Variable])[],
    attrs: Readonly<Record<string, boolean>> = {},
  ): Operation {
    const { dtype } = inputs[0] as Variable;
    const given = inputs.map((input) => {
      if (Array.isArray(input)) return castTo(input[1] as Variable, dtype);
      if (input instanceof Variable) return input.handle;
      const tensor = input as Tensor;
      return tensor.dtype.isFloating ? castTo(tensor, dtype) : tensor;
    });
    return emit(type, given, { use_locking: this.useLocking, ...attrs }, type);
  }

  private checkTypes(items: readonly { readonly dtype: DType; readonly name: string }[]): void {
    for (const { dtype, name } of items) {
      if (TRAINABLE.includes(dtype)) continue;
      const valid = TRAINABLE.map((type) => `tf.${type.name}`).join(', ');
      throw new ValueError(`Invalid type tf.${dtype.name} for ${name}, expected: [${valid}].`);
    }
  }
}

function listOf(pairs: Iterable<readonly [unknown, Variable]>): string {
  return `[${[...pairs].map(([, variable]) => `"${variable}"`).join(', ')}]`;
}

function gradientOf(gradient: Gradient | TensorLike): Gradient {
  if (gradient === null || gradient instanceof Tensor || gradient instanceof IndexedSlices) return gradient;
  if (typeof gradient === 'object' || isConvertible(gradient) || typeof gradient === 'number') {
    return convertToTensor(gradient);
  }
  throw new TypeError(`Gradient must be convertible to a Tensor or IndexedSlices, or None: ${String(gradient)}`);
}
