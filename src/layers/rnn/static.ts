/**
 * `staticRnn`, `staticStateSavingRnn` and `staticBidirectionalRnn`: a cell run over a list of inputs, every step with ops of its
 * own. What a step computes is the cell's.
 */
import { getDefaultGraph } from '../../graph/default-graph.ts';
import type { Operation, Tensor } from '../../graph/graph.ts';
import { cast } from '../../ops/cast.ts';
import { convertToTensor } from '../../ops/emit.ts';
import { zeros } from '../../ops/filling.ts';
import { identity } from '../../ops/identity.ts';
import { concat, stack, unstack } from '../../ops/joining.ts';
import { flatten, isPlainNode, pack, type Structure } from '../../ops/nest.ts';
import { reduceMax, reduceMin } from '../../ops/reductions.ts';
import { shape as shapeIn } from '../../ops/shaping.ts';
import { reverseSequence } from '../../ops/slicing.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import { type DTypeLike, int32 } from '../../util/dtype.ts';
import { TypeError, ValueError } from '../../util/errors.ts';
import { type Dim, formatShape } from '../../util/shape.ts';
import { variableScope } from '../../variables/variable-scope.ts';
import { building, type CellLike, type CellScope } from '../rnn-cells/cell.ts';
import { zeroStateOf } from '../rnn-cells/multi-cell.ts';
import { batchShape, mapStructure, type Size, staticBatchShape, type TensorStructure } from '../rnn-cells/structure.ts';
import { assertLikeCell } from '../rnn-cells/wrappers.ts';
import { inRnnScope, stateDType, stepOrSkip } from './common.ts';

/** The inputs of all steps. */
type Inputs = readonly TensorStructure[];
type Outputs<O extends TensorStructure> = readonly O[];

interface SharedOptions {
  /** The type of states and outputs; wanted where no initial state is given. */
  readonly dtype?: DTypeLike | null;
  /** The number of steps of each row, an integer vector `[batch]`; all steps without it. */
  readonly sequenceLength?: TensorLike | null;
  /** The variable scope of the weights. */
  readonly scope?: CellScope;
}

export interface StaticRnnOptions<S extends TensorStructure> extends SharedOptions {
  /** The state before the first step; zeros without it. */
  readonly initialState?: S | null;
}

/**
 * Runs a cell over a list of inputs `[batch, …]`, one for each step: the list of outputs, and the last state. Past the end of a
 * sequence (`sequenceLength`) outputs are zero and the state stays; steps past the end of all do not run. Weights are made in the
 * variable scope `rnn`. Throws `TypeError` for what is no cell or no list, `ValueError` for an empty list, inputs of unknown
 * depth or of different batch sizes, and where neither a state nor a type is given.
 *
 *     const cell = new tf.nn.rnnCell.BasicRNNCell(64);
 *     const [outputs, state] = tf.nn.staticRnn(cell, tf.unstack(x, 28, 1), {dtype: tf.float32});
 */
export function staticRnn<S extends TensorStructure, O extends TensorStructure>(
  cell: CellLike<S, O>,
  inputs: Inputs,
  ...rest: Rest<
    [initialState: S | null, dtype: DTypeLike | null, sequenceLength: TensorLike | null, scope: CellScope],
    StaticRnnOptions<S>
  >
): readonly [outputs: O[], state: S] {
  const options = bind<StaticRnnOptions<S>>(['initialState', 'dtype', 'sequenceLength', 'scope'], rest);
  assertLikeCell('cell', cell);
  checkList(inputs);
  return building([inputs, options.initialState ?? []], () =>
    inRnnScope(options.scope, 'rnn', (scope) => {
      const { dtype = null } = options;
      const [first] = flatten<Tensor>(inputs);
      const knownBatch = batchOf(first, flatten<Tensor>(inputs));
      const batchSize = knownBatch || shapeIn(first).slice(0);
      if (!options.initialState && dtype === null) {
        throw new ValueError('If no initial_state is provided, argument `dtype` must be specified');
      }
      let state = options.initialState ?? zeroStateOf(cell, batchSize, dtype as DTypeLike);
      const ends = options.sequenceLength == null ? null : endsOf(options.sequenceLength, batchSize);
      const zeroOutput = ends
        ? mapStructure((size: Size) => {
            const zero = zeros(batchShape(batchSize, size), stateDType(dtype, state));
            zero.setShape(staticBatchShape([knownBatch], size));
            return zero;
          }, cell.outputSize)
        : null;
      const sequence = ends?.() ?? null;
      const outputs = inputs.map((input, time) => {
        if (time > 0) scope.reuseVariables();
        const before = state;
        const callCell = () => cell.apply(input, before);
        const [output, next] = sequence
          ? stepOrSkip(
              {
                sequenceLength: sequence.lengths,
                isOver: sequence.lengths.lessEqual(time),
                zeroOutput: zeroOutput as O,
                state: before,
                callCell,
              },
              {
                allOver: sequence.longest.lessEqual(time),
                noneOver: () => sequence.shortest.greater(time),
              },
            )
          : callCell();
        state = next;
        return output;
      });
      return [outputs, state] as const;
    }),
  );
}

function checkList(inputs: unknown): void {
  if (!isPlainNode(inputs)) throw new TypeError(`Argument \`inputs\` must be a sequence. Received: ${String(inputs)}`);
  if (flatten(inputs as Structure<unknown>).length === 0) throw new ValueError('Argument `inputs` must not be empty.');
}

/** The batch size of all inputs, if it is known. Throws `ValueError` where they differ, or a depth is not known. */
function batchOf(first: Tensor, inputs: readonly Tensor[]): Dim {
  if (first.rank === 1) return first.shape?.[0] ?? null;
  const batch = first.shape?.[0] ?? null;
  for (const input of inputs) {
    const { shape } = input;
    if (shape === null) continue;
    if (shape.length < 2) throw new ValueError(`Shape ${formatShape(shape)} must have rank at least 2`);
    if (batch !== null && shape[0] !== null && shape[0] !== batch) {
      throw new ValueError(`Dimensions ${batch} and ${shape[0]} are not compatible`);
    }
    shape.slice(1).forEach((size, i) => {
      if (size !== null) return;
      throw new ValueError(
        `Input size (dimension ${i} of input ${input}) must be accessible via shape inference, but saw value None.`,
      );
    });
  }
  return batch;
}

/** The lengths of sequences; calling it builds what the steps ask of them. */
function endsOf(given: TensorLike, batchSize: number | Tensor) {
  const lengths = convertToTensor(given, { preferredDtype: int32, name: 'sequence_length' });
  if (lengths.rank !== null && lengths.rank !== 1) {
    throw new ValueError(
      `Argument \`sequence_length\` must be a vector of length ${batchSize}. Received sequence_length=${lengths}.`,
    );
  }
  return () => {
    const own = cast(lengths, int32);
    return { lengths: own, shortest: reduceMin(own), longest: reduceMax(own) };
  };
}

/** Where a network's state is kept between runs. */
export interface StateSaver {
  /** The state of this name, as it was saved last. */
  state(name: string): Tensor;
  /** Saves it. */
  saveState(name: string, value: Tensor): Tensor | Operation;
}

/** A name, or names in the structure of the state. */
export type StateNames = Structure<string>;

export interface StateSavingOptions {
  readonly sequenceLength?: TensorLike | null;
  readonly scope?: CellScope;
}

/**
 * `staticRnn` that starts from the states of a state saver and saves the last ones there: the last output waits for that.
 * `stateName` has the structure of the cell's state. Throws `ValueError` where it has not.
 *
 *     const [outputs, state] = tf.nn.staticStateSavingRnn(cell, inputs, saver, ['c', 'h']);
 */
export function staticStateSavingRnn<S extends TensorStructure, O extends TensorStructure>(
  cell: CellLike<S, O>,
  inputs: Inputs,
  stateSaver: StateSaver,
  stateName: StateNames,
  ...rest: Rest<[sequenceLength: TensorLike | null, scope: CellScope], StateSavingOptions>
): readonly [outputs: O[], state: S] {
  const options = bind<StateSavingOptions>(['sequenceLength', 'scope'], rest);
  const { stateSize } = cell;
  const shownName = shownNames(stateName);
  if (isPlainNode(stateSize) !== isPlainNode(stateName)) {
    throw new ValueError(
      `Argument \`state_name\` should be the same type as \`cell.state_size\`. Received: state_name=${shownName}, cell.state_size=${String(stateSize)}.`,
    );
  }
  const names = flatten(stateName);
  const sizes = flatten<Size>(stateSize);
  if (names.length !== sizes.length) {
    throw new ValueError(
      `Number of elements in argument \`state_name\` and \`cell.state_size\` are mismatched. Received state_name=${shownName} with ${names.length} elements and cell.state_size=${String(stateSize)} with ${sizes.length} elements.`,
    );
  }
  return building(inputs, () => {
    const states = names.map((name) => stateSaver.state(name));
    const initialState = pack(stateSize, states) as S;
    const [outputs, state] = staticRnn(cell, inputs, { initialState, ...options });
    const saved = flatten<Tensor>(state).map((part, i) => stateSaver.saveState(names[i], part));
    return getDefaultGraph().controlDependencies(saved, () => {
      const last = mapStructure((output: Tensor) => identity(output), outputs[outputs.length - 1]) as O;
      return [[...outputs.slice(0, -1), last], mapStructure((part: Tensor) => identity(part), state) as S] as const;
    });
  });
}

function shownNames(names: StateNames): string {
  return Array.isArray(names)
    ? `(${flatten(names)
        .map((name) => `'${name}'`)
        .join(', ')})`
    : String(names);
}

export interface StaticBidirectionalOptions<F extends TensorStructure, B extends TensorStructure>
  extends SharedOptions {
  /** The states before the first step; zeros without them. */
  readonly initialStateFw?: F | null;
  readonly initialStateBw?: B | null;
}

/**
 * Runs one cell over a list of inputs from the beginning and another from the end, each sequence from its own
 * (`sequenceLength`): the list of outputs of both, joined along axis 1, and the last state of each. Weights are made in the
 * scopes `bidirectional_rnn/fw` and `bidirectional_rnn/bw`. Errors are those of `staticRnn`.
 *
 *     const [outputs, stateFw, stateBw] = tf.nn.staticBidirectionalRnn(cellFw, cellBw, inputs, {dtype: tf.float32});
 */
export function staticBidirectionalRnn<F extends TensorStructure, B extends TensorStructure, O extends TensorStructure>(
  cellFw: CellLike<F, O>,
  cellBw: CellLike<B, O>,
  inputs: Inputs,
  ...rest: Rest<
    [
      initialStateFw: F | null,
      initialStateBw: B | null,
      dtype: DTypeLike | null,
      sequenceLength: TensorLike | null,
      scope: CellScope,
    ],
    StaticBidirectionalOptions<F, B>
  >
): readonly [outputs: Outputs<O>, stateFw: F, stateBw: B] {
  const options = bind<StaticBidirectionalOptions<F, B>>(
    ['initialStateFw', 'initialStateBw', 'dtype', 'sequenceLength', 'scope'],
    rest,
  );
  assertLikeCell('cell_fw', cellFw);
  assertLikeCell('cell_bw', cellBw);
  checkList(inputs);
  const { initialStateFw, initialStateBw, scope, ...shared } = options;
  const lengths = options.sequenceLength ?? null;
  return building([inputs, initialStateFw ?? [], initialStateBw ?? []], () => {
    const [fw, bw] = variableScope(scope || 'bidirectional_rnn', () => [
      variableScope('fw', (own) => {
        return staticRnn<F, O>(cellFw, inputs, { ...shared, initialState: initialStateFw, scope: own });
      }),
      variableScope('bw', (own) => {
        const reversed = reverseSteps(inputs, lengths);
        return staticRnn<B, O>(cellBw, reversed, { ...shared, initialState: initialStateBw, scope: own });
      }),
    ]) as [readonly [O[], F], readonly [O[], B]];
    const backwards = flatten<Tensor>(reverseSteps(bw[0], lengths));
    const both = flatten<Tensor>(fw[0]).map((output, i) => concat([output, backwards[i]], 1));
    return [pack(fw[0], both) as unknown as O[], fw[1], bw[1]] as const;
  });
}

/** The steps from the last to the first, each row from its own last one. */
function reverseSteps<T extends TensorStructure>(steps: readonly T[], lengths: TensorLike | null): T[] {
  if (lengths === null) return [...steps].reverse();
  const flat = steps.map((step) => flatten<Tensor>(step));
  const columns = flat[0].map((_, i) => {
    const column = flat.map((step) => step[i]);
    const rank = column[0].rank;
    const unknown = rank === null ? null : new Array<null>(rank).fill(null);
    const joined = stack(column);
    const reversed = reverseSequence(joined, lengths, 0, 1);
    return unstack(reversed).map((step) => {
      step.setShape(unknown);
      return step;
    });
  });
  return steps.map(
    (step, t) =>
      pack(
        step,
        columns.map((column) => column[t]),
      ) as T,
  );
}
