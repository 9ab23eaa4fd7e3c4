/**
 * `K.rnn`: a step function along the time axis, as a loop or unrolled, with masks. The layers that use it are in
 * `../layers/recurrent`, loops themselves in `ops/while-loop.ts`.
 */
import { Tensor } from '../../graph/graph.ts';
import { cast } from '../../ops/cast.ts';
import { greater, less } from '../../ops/comparison.ts';
import { convertToTensor, emitOne } from '../../ops/emit.ts';
import { zeros, zerosLike } from '../../ops/filling.ts';
import { stack, unstack } from '../../ops/joining.ts';
import { flatten, isPlainNode, pack } from '../../ops/nest.ts';
import { reduceMax } from '../../ops/reductions.ts';
import { whereV2 } from '../../ops/selection.ts';
import { expandDims, shape as shapeIn, transpose } from '../../ops/shaping.ts';
import { reverse } from '../../ops/slicing.ts';
import { constantValue } from '../../ops/static-value.ts';
import { TensorArray } from '../../ops/tensor-array.ts';
import { bind, isSymbolic, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import { whileLoop } from '../../ops/while-loop.ts';
import { bool, int32 } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import type { Dim } from '../../util/shape.ts';
import { build, formatTuple, operand } from './operands.ts';

/** Tensors in any nesting: the states of a cell, and what a step takes and gives where it is not one tensor. */
export type Tensors = Tensor | readonly Tensors[] | { readonly [key: string]: Tensors };

/** A list of states, each a tensor or a list of them. */
export type States = readonly Tensors[];

/**
 * One step: from what came in at that time, `[batch, …]`, and the states, to an output and the states after it. The
 * constants follow the states. Where inputs or states are structures, so are the arguments.
 */
export type StepFunction = (inputs: Tensor, states: Tensor[]) => readonly [output: Tensors, newStates: States];

export interface RnnOptions {
  /** From the last step to the first; what comes out is in that order. */
  readonly goBackwards?: boolean;
  /** `[batch, time]`, or with a last axis of 1: true where a step counts. */
  readonly mask?: TensorLike | null;
  readonly constants?: readonly TensorLike[] | null;
  /** Builds each step, in the place of a loop; the number of steps must be known. */
  readonly unroll?: boolean;
  /** A number, which changes nothing, or how many steps each example has, `[batch]`: a mask where there is none. */
  readonly inputLength?: number | Tensor | null;
  /** Whether time is the first axis, the batch the second, in inputs and outputs. */
  readonly timeMajor?: boolean;
  /** Whether the output of a masked step is zeros, instead of that of the step before. */
  readonly zeroOutputForMask?: boolean;
  /** Whether all outputs are kept; false keeps the last, as a sequence of one step. */
  readonly returnAllOutputs?: boolean;
}

type RnnRest = Rest<
  [
    goBackwards: boolean,
    mask: TensorLike | null,
    constants: readonly TensorLike[] | null,
    unroll: boolean,
    inputLength: number | Tensor | null,
    timeMajor: boolean,
    zeroOutputForMask: boolean,
    returnAllOutputs: boolean,
  ],
  RnnOptions
>;

const POSITIONS = [
  'goBackwards',
  'mask',
  'constants',
  'unroll',
  'inputLength',
  'timeMajor',
  'zeroOutputForMask',
  'returnAllOutputs',
] as const;

/** A sequence as the steps see it: time first. */
interface Sequence {
  readonly structure: Tensors;
  /** The tensors `[time, batch, …]`. */
  readonly tensors: readonly Tensor[];
  readonly steps: Dim;
  readonly batch: Dim;
  /** The number of steps in the run, where it is not known before. */
  readonly count: number | Tensor;
}

/** What of an example counts at a time: a boolean that broadcasts over `[batch, …]`. */
type MaskAt = (time: Tensor) => Tensor;

/**
 * Goes through the steps of `inputs`, `[batch, time, …]` or a structure of such tensors, beginning with the states
 * `initialStates`. Gives the last output `[batch, …]`, all outputs `[batch, time, …]` and the states in the end. Where a step
 * is masked, its output is that of the step before (zeros at first) and the states stay as they are. The step function is
 * called twice to build a loop: once to learn what it gives. Throws `ValueError` for inputs of fewer than three axes, and for
 * unrolling over an unknown number of steps.
 *
 *     const [last, outputs, [h]] = K.rnn((x, [h]) => {
 *       const next = tf.tanh(K.dot(x, w).add(K.dot(h, u)));
 *       return [next, [next]];
 *     }, x, [tf.zeros([batch, 8])]);
 */
export function rnn(
  stepFunction: StepFunction,
  inputs: TensorLike | Tensors,
  initialStates: readonly (TensorLike | Tensors)[],
  ...rest: RnnRest
): [lastOutput: Tensors, outputs: Tensors, newStates: Tensors[]] {
  const options = bind<RnnOptions>(POSITIONS, rest);
  const step = stepFunction as unknown as (inputs: Tensors, states: States) => readonly [Tensors, States];
  return build([inputs, initialStates, options.mask, options.constants], () => {
    const { timeMajor = false, goBackwards = false } = options;
    const given = isSymbolic(inputs) || !isPlainNode(inputs) ? operand(inputs as TensorLike) : (inputs as Tensors);
    const sequence = sequenceOf(given, timeMajor);
    const constants = (options.constants ?? []).map((item) => (isPlainNode(item) ? (item as never) : operand(item)));
    const initial = pack<Tensor>(initialStates, flatten<TensorLike>(initialStates as never).map(operand)) as States;
    const mask = options.mask == null ? null : maskOf(options.mask, timeMajor);
    const run: Run = {
      step: (x, states) => step(x, [...states, ...constants]),
      sequence,
      initial,
      mask,
      goBackwards,
      inputLength: options.inputLength ?? null,
      zeroes: options.zeroOutputForMask ?? false,
      keepsAll: options.returnAllOutputs ?? true,
    };
    const { last, outputs, states } = options.unroll ? unrolled(run) : looped(run);
    const whole = outputs.tensors.map((output) => {
      if (output.shape !== null) {
        output.setShape([run.keepsAll ? sequence.steps : 1, sequence.batch, ...output.shape.slice(2)]);
      }
      return timeMajor ? output : swapped(output);
    });
    return [
      pack<Tensor>(outputs.structure, last) as Tensors,
      pack<Tensor>(outputs.structure, whole) as Tensors,
      [...states] as Tensors[],
    ];
  });
}

interface Run {
  readonly step: (inputs: Tensors, states: States) => readonly [Tensors, States];
  readonly sequence: Sequence;
  readonly initial: States;
  /** `[time, batch, 1]` */
  readonly mask: Tensor | null;
  readonly goBackwards: boolean;
  readonly inputLength: number | Tensor | null;
  readonly zeroes: boolean;
  readonly keepsAll: boolean;
}

interface Result {
  readonly last: readonly Tensor[];
  /** Time first. */
  readonly outputs: { readonly structure: Tensors; readonly tensors: readonly Tensor[] };
  readonly states: States;
}

const swapped = (x: Tensor): Tensor => {
  const axes = (x.shape ?? []).map((_, i) => i);
  [axes[0], axes[1]] = [1, 0];
  return transpose(x, axes);
};

function sequenceOf(structure: Tensors, timeMajor: boolean): Sequence {
  const given = flatten<Tensor>(structure as never);
  for (const { shape } of given) {
    if (shape === null || shape.length >= 3) continue;
    throw new ValueError(`Shape ${formatTuple(shape)} must have rank at least 3`);
  }
  const tensors = timeMajor ? given : given.map(swapped);
  const [steps = null, batch = null] = tensors[0].shape ?? [];
  return { structure, tensors, steps, batch, count: steps ?? shapeIn(tensors[0]).slice(0) };
}

function maskOf(mask: TensorLike, timeMajor: boolean): Tensor {
  const tensor = convertToTensor(mask);
  const truth = tensor.dtype === bool ? tensor : cast(tensor, bool);
  const wide = truth.shape?.length === 2 ? expandDims(truth, -1) : truth;
  return timeMajor ? wide : swapped(wide);
}

/** The condition with as many axes as the value. */
function spread(condition: Tensor, value: Tensor): Tensor {
  let wide = condition;
  for (let rank = condition.shape?.length ?? 0; rank < (value.shape?.length ?? 0); rank++) wide = expandDims(wide, -1);
  return wide;
}

function chosen(condition: Tensor, values: readonly Tensor[], others: readonly Tensor[]): Tensor[] {
  return values.map((value, i) => whereV2(spread(condition, value), value, others[i]));
}

/** The states after a step, with what is known of the shapes of those before. */
function statesAfter(before: readonly Tensor[], after: States): Tensor[] {
  const states = flatten<Tensor>(after as never);
  if (states.length !== before.length) {
    throw new ValueError(`The step function gave ${states.length} states, but there are ${before.length}.`);
  }
  states.forEach((state, i) => {
    state.setShape(before[i].shape);
  });
  return states;
}

// ---------------------------------------------------------------------------------------------------------------------
// Step by step

function unrolled(run: Run): Result {
  const { sequence, initial, goBackwards, mask, zeroes, keepsAll } = run;
  if (!sequence.steps) throw new ValueError('Unrolling requires a fixed number of timesteps.');
  const inOrder = (parts: readonly Tensor[]) => (goBackwards ? [...parts].reverse() : parts);
  const parts = sequence.tensors.map((tensor) => inOrder(unstack(tensor)));
  const masks = mask && inOrder(unstack(mask));
  let structure: Tensors = [];
  let states = flatten<Tensor>(initial as never);
  let kept: (readonly Tensor[])[] = [];
  for (let i = 0; i < sequence.steps; i++) {
    const inputs = pack<Tensor>(
      sequence.structure,
      parts.map((list) => list[i]),
    ) as Tensors;
    const [output, next] = run.step(inputs, pack<Tensor>(initial, states) as States);
    structure = output;
    let outputs = flatten<Tensor>(output as never);
    let after = statesAfter(states, next);
    if (masks) {
      outputs = chosen(masks[i], outputs, kept[kept.length - 1] ?? outputs.map((item) => zerosLike(item)));
      after = chosen(masks[i], after, states);
    }
    states = after;
    kept = keepsAll ? [...kept, outputs] : [outputs];
  }
  let last = kept[kept.length - 1];
  let whole = last.map((_, k) => stack(kept.map((outputs) => outputs[k])));
  if (masks && mask && zeroes) {
    const zeroed = (condition: Tensor, values: readonly Tensor[]) =>
      chosen(
        condition,
        values,
        values.map((value) => zerosLike(value)),
      );
    last = zeroed(masks[masks.length - 1], last);
    whole = keepsAll ? zeroed(mask, whole) : last.map((item) => expandDims(item, 0));
  }
  return { last, outputs: { structure, tensors: whole }, states: pack<Tensor>(initial, states) as States };
}

// ---------------------------------------------------------------------------------------------------------------------
// As a loop

/**
 * The loop's variables are the time, the arrays of all outputs, the output of the step before as far as it is needed, and the
 * states. An output that is one of the states, as in most cells, is not a variable of its own.
 */
function looped(run: Run): Result {
  const { sequence, initial, goBackwards, zeroes, keepsAll } = run;
  const inOrder = (x: Tensor) => (goBackwards ? reverse(x, [0]) : x);
  const arrays = sequence.tensors.map((tensor) =>
    new TensorArray(tensor.dtype, { size: sequence.count }).unstack(inOrder(tensor)),
  );
  const inputsAt = (read: (k: number) => Tensor) =>
    pack<Tensor>(
      sequence.structure,
      arrays.map((_, k) => read(k)),
    );
  const before = flatten<Tensor>(initial as never);
  const [firstOutput, firstStates] = run.step(inputsAt((k) => sequence.tensors[k].slice(0)) as Tensors, initial);
  const samples = flatten<Tensor>(firstOutput as never);
  const maskAt = maskReader(run, inOrder);
  // An output that is a state is masked as the state is, but for where the two begin.
  const stateOf = aliases(samples, statesAfter(before, firstStates), (state) =>
    maskAt === null ? true : !zeroes && isZeros(before[state]),
  );
  const blank = samples.map((sample, k) =>
    stateOf[k] === null && (maskAt !== null || !keepsAll) ? blankLike(sample, sequence) : null,
  );
  const carried = blank.filter((item) => item !== null);
  const count = keepsAll ? sequence.count : 0;
  const empty = keepsAll
    ? samples.map(({ dtype, shape }) => new TensorArray(dtype, { size: count, elementShape: shape }))
    : [];
  const time = convertToTensor(0, { dtype: int32, name: 'time' });
  const places = blank.map((item) => (item === null ? null : carried.indexOf(item)));

  const body = (
    now: Tensor,
    written: readonly TensorArray[],
    outputsBefore: readonly Tensor[],
    flat: readonly Tensor[],
  ) => {
    const inputs = inputsAt((k) => arrays[k].read(now)) as Tensors;
    const [output, next] = run.step(inputs, pack<Tensor>(initial, flat) as States);
    let outputs = flatten<Tensor>(output as never);
    let states = statesAfter(flat, next);
    if (maskAt) {
      const condition = maskAt(now);
      const own = chosen(condition, states, flat);
      outputs = outputs.map((item, k) => {
        const state = stateOf[k];
        if (state !== null) return own[state];
        const place = places[k] as number;
        const other = zeroes ? (blank[k] as Tensor) : outputsBefore[place];
        return whereV2(spread(condition, item), item, other);
      });
      states = own;
    }
    const kept = outputs.filter((_, k) => blank[k] !== null);
    return [now.add(1), written.map((array, k) => array.write(now, outputs[k])), kept, states];
  };
  const [, filled, lastKept, after] = whileLoop(
    (now: Tensor) => less(now, sequence.count),
    body as never,
    [time, empty, carried, before],
    { parallelIterations: 32, swapMemory: true },
  ) as unknown as [Tensor, TensorArray[], Tensor[], Tensor[]];
  const whole = filled.map((array) => array.stack());
  const last = samples.map((_, k) => {
    const state = stateOf[k];
    if (state !== null) return after[state];
    const place = places[k];
    return place === null ? whole[k].slice(-1) : lastKept[place];
  });
  return {
    last,
    outputs: { structure: firstOutput, tensors: keepsAll ? whole : last.map((item) => expandDims(item, 0)) },
    states: pack<Tensor>(initial, after) as States,
  };
}

/** For each output the state that it is; null where it is none that may stand for it. */
function aliases(
  outputs: readonly Tensor[],
  states: readonly Tensor[],
  may: (state: number) => boolean,
): (number | null)[] {
  return outputs.map((output) => {
    const state = states.indexOf(output);
    return state >= 0 && may(state) ? state : null;
  });
}

/** Whether the tensor is known to be zeros, whatever its shape. */
function isZeros(tensor: Tensor): boolean {
  const filling = tensor.op.type === 'Fill' ? tensor.op.inputs[1] : tensor;
  const value = constantValue(filling);
  return value?.data.every((item: unknown) => Number(item) === 0) ?? false;
}

/** Zeros of the shape of an output, without computing the output where its shape is known but for the batch. */
function blankLike(sample: Tensor, { tensors, batch }: Sequence): Tensor {
  const [first = null, ...others] = sample.shape ?? [null, null];
  if (sample.shape === null || others.some((d) => d === null)) return zerosLike(sample);
  return zeros([first ?? batch ?? shapeIn(tensors[0]).slice(1), ...others] as TensorLike, sample.dtype);
}

/** Which examples count at a time of the loop; null where all do. */
function maskReader({ mask, sequence, inputLength, goBackwards }: Run, inOrder: (x: Tensor) => Tensor): MaskAt | null {
  if (mask) {
    const array = new TensorArray(bool, { size: sequence.count }).unstack(inOrder(mask));
    return (time) => array.read(time);
  }
  if (!(inputLength instanceof Tensor)) return null;
  if (!goBackwards) return (time) => greater(inputLength, time);
  const skipped = emitOne('Sub', [reduceMax(inputLength, 0).add(-1), inputLength], {}, 'sub');
  return (time) => less(skipped, time);
}
