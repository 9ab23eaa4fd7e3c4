/**
 * Averages of variables and tensors over training steps, kept in variables of their own.
 */
import { getDefaultGraph } from '../graph/default-graph.ts';
import type { Operation, Tensor } from '../graph/graph.ts';
import { GraphKeys } from '../graph/graph-keys.ts';
import { cast } from '../ops/cast.ts';
import { group } from '../ops/control.ts';
import { convertToTensor, emit, emitOne, graphOf, opScope } from '../ops/emit.ts';
import { bind, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import { bfloat16, type DType, float16, float32, float64 } from '../util/dtype.ts';
import { TypeError } from '../util/errors.ts';
import { Variable } from '../variables/variable.ts';
import { assignAdd, castTo, createSlot, createZerosSlot, exists, type Primary, readOf } from './slots.ts';

const AVERAGED: readonly DType[] = [bfloat16, float16, float32, float64];

export interface AssignMovingAverageOptions {
  /** Corrects for a start at zero, at the cost of two further variables; true without it. */
  readonly zeroDebias?: boolean;
  readonly name?: string | null;
}

/**
 * The operation `variable -= (variable - value) * (1 - decay)`. With `zeroDebias` the variable, which must start at zero,
 * is set to the average as if it had not.
 *
 *     tf.train.assignMovingAverage(mean, batchMean, 0.99, {zeroDebias: false})
 */
export function assignMovingAverage(
  variable: Variable,
  value: TensorLike,
  decay: TensorLike,
  ...rest: Rest<[zeroDebias: boolean, name: string | null], AssignMovingAverageOptions>
): Operation {
  const { zeroDebias = true, name } = bind<AssignMovingAverageOptions>(['zeroDebias', 'name'], rest);
  return opScope(name, 'AssignMovingAvg', [variable, value, decay], (scope) => {
    const kept = emitOne('Sub', [1, convertToTensor(decay, { name: 'decay' })], {}, 'sub');
    const rate = castTo(kept, variable.dtype) as Tensor;
    return zeroDebias ? debiased(variable, value, rate, scope) : move(variable, value, rate);
  });
}

/** The assigning operation, with the read of the new value that TensorFlow builds after it. */
function move(variable: Variable, value: TensorLike, rate: Tensor): Operation {
  const difference = emitOne('Sub', [readOf(variable), value], {}, 'sub');
  return variable.assignSub(emitOne('Mul', [difference, rate], {}, 'mul')).op;
}

function debiased(variable: Variable, value: TensorLike, rate: Tensor, scope: string): Operation {
  const { dtype, graph } = variable;
  const beside = (name: string, shape: readonly number[] | null) =>
    graph.controlDependencies(null, () => createZerosSlot(variable, name, { shape }));
  const biased = beside('biased', null);
  const count = beside('local_step', []);
  const moved = move(biased, value, rate);
  const counted = assignAdd(count, 1, 'AssignAddVariableOp');
  graph.controlDependencies([counted], () => readOf(count));
  const decay = emitOne('Sub', [1, rate], {}, 'sub');
  const power = graph.controlDependencies([counted], () => emitOne('Pow', [decay, count], {}, 'Pow'));
  const missing = emitOne('Sub', [1, power], {}, 'sub');
  const sum = graph.controlDependencies([moved], () => readOf(biased));
  const average = emitOne('RealDiv', [sum, castTo(missing, dtype)], {}, 'truediv');
  const assigned = emit('AssignVariableOp', [variable.handle, average], {}, scope);
  graph.controlDependencies([assigned], () => readOf(variable));
  return assigned;
}

export interface ExponentialMovingAverageOptions {
  /** The number of updates so far: early on the decay is then smaller. */
  readonly numUpdates?: TensorLike | null;
  /** Corrects averages of tensors for their start at zero. */
  readonly zeroDebias?: boolean;
  /** The suffix of the averages' names; `ExponentialMovingAverage` without it. */
  readonly name?: string;
}

/**
 * Averages that forget: `average -= (1 - decay) * (average - value)`. Those of variables start at the variable's initial
 * value, those of tensors at zero.
 *
 *     const ema = new tf.train.ExponentialMovingAverage(0.999);
 *     const maintain = g.controlDependencies([step], () => ema.apply([w, b]));
 *     ema.average(w)    // the variable `w/ExponentialMovingAverage`
 */
export class ExponentialMovingAverage {
  readonly name: string;
  private readonly averages = new Map<Primary, Variable>();
  private readonly debiasing = new Set<Variable>();
  private readonly options: ExponentialMovingAverageOptions;

  constructor(
    private readonly decay: TensorLike,
    ...rest: Rest<[numUpdates: TensorLike | null, zeroDebias: boolean, name: string], ExponentialMovingAverageOptions>
  ) {
    this.options = bind<ExponentialMovingAverageOptions>(['numUpdates', 'zeroDebias', 'name'], rest);
    this.name = this.options.name ?? 'ExponentialMovingAverage';
  }

  /**
   * The operation that updates the averages of these variables and tensors, all trainable variables if none are given;
   * their averages are made where they do not exist. Throws `TypeError` for what is not of a float type.
   */
  apply(varList: readonly Primary[] | null = null): Operation {
    const items = varList ?? (getDefaultGraph().getCollection(GraphKeys.TRAINABLE_VARIABLES) as readonly Variable[]);
    const graph = graphOf(items);
    return graph.atomic(() =>
      graph.asDefault(() => {
        for (const item of items) this.prepare(item);
        return graph.nameScope(this.name, (scope) => {
          const decay = this.decayTensor();
          const updates = items.map((item) => {
            const average = this.average(item) as Variable;
            return assignMovingAverage(average, item, decay, { zeroDebias: this.debiasing.has(average) });
          });
          return group(...updates, { name: scope });
        });
      }),
    );
  }

  private prepare(item: Primary): void {
    if (!AVERAGED.includes(item.dtype)) {
      throw new TypeError(`The variables must be half, float, or double: ${item.name}`);
    }
    const { graph } = item;
    const known = this.averages.get(item);
    if (known && exists(known)) return;
    const average = graph.controlDependencies(null, () => {
      if (item instanceof Variable) return createSlot(item, item.initialValue, this.name);
      return createZerosSlot(item, this.name, { colocate: false });
    });
    if (item instanceof Variable) graph.addToCollection(GraphKeys.MOVING_AVERAGE_VARIABLES, item);
    else if (this.options.zeroDebias) this.debiasing.add(average);
    this.averages.set(item, average);
  }

  private decayTensor(): Tensor {
    const decay = convertToTensor(this.decay, { preferredDtype: float32, name: 'decay' });
    const { numUpdates } = this.options;
    if (numUpdates === null || numUpdates === undefined) return decay;
    const updates = scopedCast(numUpdates);
    const more = emitOne('AddV2', [1, updates], {}, 'add');
    const less = emitOne('AddV2', [10, updates], {}, 'add');
    return emitOne('Minimum', [decay, emitOne('RealDiv', [more, less], {}, 'truediv')]);
  }

  /** The variable that holds the average; null where `apply` was not called for it. */
  average(item: Primary): Variable | null {
    return this.averages.get(item) ?? null;
  }

  /** The name of that variable: the one that it has, or would get. Checkpoints know averages by it. */
  averageName(item: Primary): string {
    const average = this.averages.get(item);
    return average ? average.op.name : getDefaultGraph().uniqueName(`${item.op.name}/${this.name}`, false);
  }

  /**
   * For a saver that restores averages in the place of their variables: variables by the name to restore them from. Without
   * an argument all trainable variables and all with an average count; the other global variables keep their names.
   */
  variablesToRestore(movingAvgVariables: readonly Variable[] | null = null): Map<string, Variable> {
    const graph = getDefaultGraph();
    const collection = (key: string) => graph.getCollection(key) as Variable[];
    const averaged = new Set(
      movingAvgVariables ?? [
        ...collection(GraphKeys.TRAINABLE_VARIABLES),
        ...collection(GraphKeys.MOVING_AVERAGE_VARIABLES),
      ],
    );
    const found = new Map<string, Variable>();
    for (const variable of averaged) found.set(this.averageName(variable), variable);
    for (const variable of new Set(collection(GraphKeys.GLOBAL_VARIABLES))) {
      if (!averaged.has(variable) && !found.has(variable.op.name)) found.set(variable.op.name, variable);
    }
    return found;
  }
}

function scopedCast(value: TensorLike): Tensor {
  return value instanceof Variable && value.dtype !== float32
    ? emitOne('Cast', [value], { DstT: float32 }, 'num_updates')
    : cast(value, float32, { name: 'num_updates' });
}
