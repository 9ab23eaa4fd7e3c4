/** The cells and networks of `goldens/rnn.json`, built with our API under the names that they have there. */
import { readFileSync } from 'node:fs';
import type { Tensor } from '../../src/graph/graph.ts';
import * as tf from '../../src/index.ts';
import type { GoldenArray } from '../support/compare.ts';

const { rnnCell: rc } = tf.nn;

export interface BuiltCase {
  readonly variables: readonly string[];
  readonly ops: readonly (readonly [string, string])[];
  readonly seeds: readonly (readonly [number, number])[];
  readonly static: readonly (readonly (number | null)[] | null)[];
  readonly initial: readonly GoldenArray[];
  readonly values: readonly GoldenArray[];
  readonly gradients: readonly GoldenArray[];
}

export interface ProgramStep {
  readonly targets: readonly string[];
  readonly fetches: readonly string[];
  readonly feeds: Readonly<Record<string, GoldenArray>>;
  readonly outputs: readonly GoldenArray[];
}

interface GoldenProgram {
  readonly name: string;
  readonly variables: readonly string[];
  readonly fills: readonly GoldenArray[];
  readonly initial: Readonly<Record<string, GoldenArray>>;
  readonly steps: readonly ProgramStep[];
}

type Cases = Readonly<Record<string, BuiltCase>>;

export const golden = JSON.parse(readFileSync(new URL('../goldens/rnn.json', import.meta.url), 'utf8')) as {
  readonly cells: Cases;
  readonly twice: Cases;
  readonly networks: Cases;
  readonly programs: readonly GoldenProgram[];
};

const x2 = (): Tensor =>
  tf.constant([
    [1, -0.5],
    [0.25, 2],
  ]);

/** One step from a state that is not zero. */
export function step(make: () => tf.nn.rnnCell.CellLike): unknown {
  const cell = make() as tf.nn.rnnCell.RNNCell;
  const zero = cell.zeroState(2, tf.float32);
  const shift = (state: tf.nn.rnnCell.TensorStructure): tf.nn.rnnCell.TensorStructure =>
    Array.isArray(state)
      ? (state.constructor as ArrayConstructor).of(...Array.from(state, shift))
      : (state as Tensor).add(0.1);
  const state = shift(zero);
  return cell.apply(x2(), state);
}

/** Two steps. */
export function twice(make: () => tf.nn.rnnCell.CellLike): unknown {
  const cell = make() as tf.nn.rnnCell.RNNCell;
  const state = cell.zeroState(2, tf.float32);
  const [, next] = cell.apply(x2(), state);
  return cell.apply(x2(), next);
}

export const cells: Readonly<Record<string, () => tf.nn.rnnCell.CellLike>> = Object.fromEntries(
  Object.entries({
    'basic rnn': () => new rc.BasicRNNCell(3),
    'basic rnn relu': () => new rc.BasicRNNCell(3, { activation: 'relu', name: 'mine' }),
    gru: () => new rc.GRUCell(3),
    'gru initializers': () =>
      new rc.GRUCell(2, {
        kernelInitializer: tf.constantInitializer(0.5),
        biasInitializer: tf.constantInitializer(-0.25),
      }),
    'basic lstm': () => new rc.BasicLSTMCell(3),
    'basic lstm joined': () => new rc.BasicLSTMCell<Tensor>(3, 0.5, false),
    lstm: () => new rc.LSTMCell(3),
    'lstm joined': () => new rc.LSTMCell<Tensor>(3, { stateIsTuple: false, numProj: 2 }),
    'lstm all': () =>
      new rc.LSTMCell(4, {
        usePeepholes: true,
        cellClip: 0.3,
        numProj: 3,
        projClip: 0.05,
        initializer: tf.constantInitializer(0.4),
        forgetBias: 0.5,
      }),
    'lstm shards': () => new rc.LSTMCell(3, { numUnitShards: 2, numProj: 3, numProjShards: 3 }),
    multi: () => new rc.MultiRNNCell([new rc.BasicLSTMCell(2), new rc.GRUCell(3)] as never),
    'multi joined': () =>
      new rc.MultiRNNCell<Tensor>([new rc.GRUCell(2), new rc.BasicRNNCell(3)] as never, { stateIsTuple: false }),
    residual: () => new rc.ResidualWrapper(new rc.GRUCell(2)),
    'residual function': () =>
      new rc.ResidualWrapper(new rc.GRUCell(3), (i: unknown, o: Tensor) => tf.concat([i as Tensor, o], 1)),
    device: () => new rc.DeviceWrapper(new rc.BasicRNNCell(2), '/cpu:0'),
    dropout: () =>
      new rc.DropoutWrapper(new rc.BasicLSTMCell(3), {
        inputKeepProb: 0.5,
        outputKeepProb: 0.6,
        stateKeepProb: 0.7,
        seed: 7,
      }),
    'dropout visitor': () =>
      new rc.DropoutWrapper(new rc.BasicLSTMCell(3), {
        stateKeepProb: 0.5,
        seed: 3,
        dropoutStateFilterVisitor: (s: unknown) =>
          s instanceof rc.LSTMStateTuple ? new rc.LSTMStateTuple(true, false) : true,
      }),
    'dropout variational': () =>
      new rc.DropoutWrapper(new rc.MultiRNNCell([new rc.GRUCell(3), new rc.BasicLSTMCell(2)] as never), 0.5, 0.5, 0.5, {
        variationalRecurrent: true,
        inputSize: 2,
        dtype: tf.float32,
        seed: 11,
      }),
    'dropout tensor': () =>
      new rc.DropoutWrapper(new rc.GRUCell(3), { outputKeepProb: tf.placeholderWithDefault(0.5, []) }),
  }),
) as never;

const sequence = (): Tensor => tf.reshape(tf.range(24, { dtype: tf.float32 }).div(12).sub(1), [2, 4, 3]);
const lists = (): Tensor[] => tf.unstack(sequence(), { axis: 1 });
const dtype = tf.float32;

/** The state counts the steps. */
class Counter extends rc.RNNCell<Tensor, Tensor> {
  override get stateSize() {
    return new tf.TensorShape([]);
  }
  override get outputSize() {
    return 3;
  }
  override zeroState() {
    return tf.constant(0, { dtype: tf.int32 });
  }
  override call(inputs: Tensor, state: Tensor) {
    return [inputs, state.add(1)] as const;
  }
}

/** Outputs and states are structures of their own. */
class Unbalanced extends rc.RNNCell {
  override get outputSize() {
    return [3, new tf.TensorShape([2, 1])];
  }
  override get stateSize() {
    return [4, { a: 1, b: new tf.TensorShape([1, 2]) }];
  }
  override call(inputs: Tensor, [first, rest]: readonly [Tensor, { readonly a: Tensor; readonly b: Tensor }]) {
    const w = tf.getVariable('w', [3, 2], { initializer: tf.constantInitializer(0.5) });
    const y = tf.matmul(inputs, w);
    const a = rest.a.add(tf.slice(y, [0, 0], [-1, 1]));
    return [
      [inputs, tf.expandDims(y, 2)],
      [first.add(1), { a, b: rest.b.mul(0.5).add(1) }],
    ] as const;
  }
}

function raw(): unknown {
  const cell = new rc.BasicLSTMCell(2);
  const lengths = tf.constant([3, 1], { dtype: tf.int32 });
  const array = new tf.TensorArray(tf.float32, { size: 4, elementShape: [2, 3] }).unstack(
    tf.transpose(sequence(), [1, 0, 2]),
  );
  const [emitted, state, loop] = tf.nn.rawRnn(cell, (time, output, before, loopState: Tensor | null) => {
    const finished = time.greaterEqual(lengths);
    const next = output === null ? cell.zeroState(2, tf.float32) : before;
    const input = tf.cond(tf.reduceAll(finished), { trueFn: () => tf.zeros([2, 3]), falseFn: () => array.read(time) });
    const count = loopState === null ? tf.constant(10, { dtype: tf.int32 }) : loopState.add(time);
    return [finished, input as Tensor, next as NonNullable<typeof next>, output, count];
  });
  return [(emitted as tf.TensorArray).stack(), state, loop];
}

const saver = {
  state: (name: string): Tensor => tf.fill([2, 2], name === 'c' ? 0.25 : -0.5),
  saveState: (name: string, value: Tensor): Tensor => tf.identity(value, { name: `saved_${name}` }),
};

export const networks: Readonly<Record<string, () => unknown>> = {
  static: () => tf.nn.staticRnn(new rc.GRUCell(2), lists(), { dtype }),
  'static lengths': () =>
    tf.nn.staticRnn(new rc.BasicLSTMCell(2), lists(), { dtype, sequenceLength: tf.constant([3, 1], tf.int32) }),
  'static given state': () => tf.nn.staticRnn(new rc.BasicRNNCell(2), lists(), tf.ones([2, 2])),
  'static saving': () => tf.nn.staticStateSavingRnn(new rc.BasicLSTMCell(2), lists(), saver, ['c', 'h']),
  'static both ways': () => tf.nn.staticBidirectionalRnn(new rc.GRUCell(2), new rc.GRUCell(3), lists(), { dtype }),
  'static both ways lengths': () =>
    tf.nn.staticBidirectionalRnn(new rc.GRUCell(2), new rc.GRUCell(3), lists(), {
      dtype,
      sequenceLength: tf.constant([2, 4], tf.int32),
    }),
  dynamic: () => tf.nn.dynamicRnn(new rc.BasicRNNCell(2), sequence(), { dtype }),
  'dynamic lengths': () => tf.nn.dynamicRnn(new rc.GRUCell(2), sequence(), [2, 3], null, dtype),
  'dynamic long lengths': () =>
    tf.nn.dynamicRnn(new rc.GRUCell(2), sequence(), { dtype, sequenceLength: tf.constant([2, 3], tf.int64) }),
  'dynamic time major': () =>
    tf.nn.dynamicRnn(new rc.LSTMCell(2, { numProj: 3 }), sequence(), { dtype, timeMajor: true, scope: 'mine' }),
  'dynamic given state': () =>
    tf.nn.dynamicRnn(new rc.BasicLSTMCell(2), sequence(), {
      initialState: new rc.LSTMStateTuple(tf.ones([2, 2]), tf.zeros([2, 2])),
    }),
  'dynamic multi': () =>
    tf.nn.dynamicRnn(
      new rc.MultiRNNCell([new rc.BasicLSTMCell(2), new rc.LSTMCell(2, { usePeepholes: true })] as never),
      sequence(),
      { dtype },
    ),
  'dynamic residual': () => tf.nn.dynamicRnn(new rc.ResidualWrapper(new rc.GRUCell(3)), sequence(), { dtype }),
  'dynamic counter': () => tf.nn.dynamicRnn(new Counter(), sequence(), { dtype }),
  'dynamic unbalanced': () =>
    tf.nn.dynamicRnn(new Unbalanced() as tf.nn.rnnCell.RNNCell, sequence(), { dtype, sequenceLength: [4, 2] }),
  'both ways': () => tf.nn.bidirectionalDynamicRnn(new rc.GRUCell(2), new rc.BasicRNNCell(3), sequence(), { dtype }),
  'both ways time major': () =>
    tf.nn.bidirectionalDynamicRnn(new rc.GRUCell(2), new rc.BasicRNNCell(3), sequence(), {
      dtype,
      timeMajor: true,
      sequenceLength: [1, 2, 2, 1],
    }),
  raw,
};

/** All tensors of a structure, objects in the order of their keys. */
export function tensorsOf(structure: unknown): Tensor[] {
  if (structure instanceof tf.Tensor) return [structure];
  if (Array.isArray(structure)) return Array.from(structure).flatMap(tensorsOf);
  const object = structure as Record<string, unknown>;
  return Object.keys(object)
    .sort()
    .flatMap((key) => tensorsOf(object[key]));
}
