/** `DropoutWrapper`: dropout around a cell, on its inputs, outputs and states. The cell inside is not its business. */
import { getDefaultGraph } from '../../graph/default-graph.ts';
import { Tensor } from '../../graph/graph.ts';
import { divide } from '../../ops/arithmetic.ts';
import { dropout } from '../../ops/dropout.ts';
import { convertToTensor, emitOne } from '../../ops/emit.ts';
import { concat } from '../../ops/joining.ts';
import { isPlainNode, keysOf, likeList } from '../../ops/nest.ts';
import { randomUniform } from '../../ops/random.ts';
import { constantValue } from '../../ops/static-value.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import type { DTypeLike } from '../../util/dtype.ts';
import { TypeError, ValueError } from '../../util/errors.ts';
import { md5 } from '../../util/md5.ts';
import { TensorShape } from '../../util/shape.ts';
import type { LayerOptions } from '../layer.ts';
import type { CellLike, StepResult } from './cell.ts';
import { LSTMStateTuple } from './lstm-state.ts';
import { mapUpTo, type SizeStructure, type TensorStructure } from './structure.ts';
import { CellWrapper, type InnerStep, isCellObject } from './wrappers.ts';

/** Tells of a part of the state whether it is dropped: a boolean, or a boolean for each of its own parts. */
export type DropoutStateFilter = (part: unknown) => boolean | readonly boolean[] | { readonly [key: string]: boolean };

export interface DropoutWrapperOptions<
  S extends TensorStructure = TensorStructure,
  O extends TensorStructure = TensorStructure,
> extends LayerOptions {
  readonly cell?: CellLike<S, O>;
  /** The share of inputs that is kept: a number or a float scalar between 0 and 1. */
  readonly inputKeepProb?: TensorLike;
  /** The share of outputs that is kept. */
  readonly outputKeepProb?: TensorLike;
  /** The share of the next state that is kept; of LSTMs that of `h` alone. */
  readonly stateKeepProb?: TensorLike;
  /** True: what is dropped is drawn once for all steps and rows of a run. */
  readonly variationalRecurrent?: boolean;
  /** The sizes of the inputs; wanted with `variationalRecurrent` where inputs are dropped. */
  readonly inputSize?: SizeStructure | null;
  readonly seed?: number | null;
  /** Which parts of a state are dropped; all but the `c` of LSTMs without it. */
  readonly dropoutStateFilterVisitor?: DropoutStateFilter | null;
}

const PARTS = ['input', 'state', 'output'] as const;
type Part = (typeof PARTS)[number];

const POSITIONS = [
  'cell',
  'inputKeepProb',
  'outputKeepProb',
  'stateKeepProb',
  'variationalRecurrent',
  'inputSize',
  'dtype',
  'seed',
  'dropoutStateFilterVisitor',
] as const;

/**
 * A cell with dropout: of inputs, outputs and next states the given shares are kept, and divided by the share, the rest is
 * zero. Each step draws anew, unless `variationalRecurrent` asks for one draw for all (Gal and Ghahramani 2015). Throws
 * `TypeError` for what is no cell or filter, `ValueError` for shares beyond [0, 1], and where `dtype` or `inputSize` is missing
 * beside `variationalRecurrent`.
 *
 *     const cell = new tf.nn.rnnCell.DropoutWrapper(new tf.nn.rnnCell.LSTMCell(64), {outputKeepProb: keep, seed: 1});
 */
export class DropoutWrapper<
  S extends TensorStructure = TensorStructure,
  O extends TensorStructure = TensorStructure,
> extends CellWrapper<S, O> {
  static override readonly className: string = 'DropoutWrapper';
  readonly #keep: Readonly<Record<Part, number | Tensor>>;
  readonly #seed: number | null;
  readonly #filter: DropoutStateFilter;
  /** The draws for all steps; null where each step draws. */
  readonly #noise: Readonly<Record<Part, unknown>> | null;

  constructor(
    ...rest: Rest<
      [
        cell: CellLike<S, O>,
        inputKeepProb: TensorLike,
        outputKeepProb: TensorLike,
        stateKeepProb: TensorLike,
        variationalRecurrent: boolean,
        inputSize: SizeStructure | null,
        dtype: DTypeLike | null,
        seed: number | null,
        dropoutStateFilterVisitor: DropoutStateFilter | null,
      ],
      DropoutWrapperOptions<S, O>
    >
  ) {
    const [given] = rest;
    const isBare = rest.length === 1 && isCellObject(given);
    const options = isBare
      ? ({ cell: given } as DropoutWrapperOptions<S, O>)
      : bind<DropoutWrapperOptions<S, O>>(POSITIONS, rest);
    super(options.cell, layerOptions(options));
    const { dropoutStateFilterVisitor: filter = null } = options;
    if (filter !== null && typeof filter !== 'function') {
      throw new TypeError(`dropout_state_filter_visitor must be callable. Received: ${String(filter)}`);
    }
    this.#filter = filter ?? allButMemory;
    this.#seed = options.seed ?? null;
    const graph = getDefaultGraph();
    [this.#keep, this.#noise] = graph.atomic(() => {
      const keep = graph.nameScope('DropoutWrapperInit', () => ({
        input: shareOf('input', options.inputKeepProb ?? 1),
        state: shareOf('state', options.stateKeepProb ?? 1),
        output: shareOf('output', options.outputKeepProb ?? 1),
      }));
      return [keep, options.variationalRecurrent ? this.#draws(keep, options) : null] as const;
    });
  }

  /** The cell inside. */
  get wrappedCell(): CellLike<S, O> {
    return this.cell;
  }

  #draws(keep: Readonly<Record<Part, number | Tensor>>, options: DropoutWrapperOptions<S, O>) {
    const { dtype = null, inputSize = null } = options;
    if (dtype === null) throw new ValueError('When variational_recurrent=True, dtype must be provided');
    const draw = (part: Part, sizes: SizeStructure) =>
      mapUpTo(
        sizes,
        (i, size) => {
          const dims = Int32Array.from(size instanceof TensorShape ? (size.asList() as number[]) : [size as number]);
          return randomUniform(concat([Int32Array.of(1), dims], 0), { seed: this.#seedOf(part, i), dtype });
        },
        sizes,
      );
    if (isDropped(keep.input) && inputSize === null) {
      throw new ValueError(
        'When variational_recurrent=True and input_keep_prob < 1.0 or is unknown, input_size must be provided',
      );
    }
    return {
      input: isDropped(keep.input) ? draw('input', inputSize as SizeStructure) : null,
      state: draw('state', this.stateSize),
      output: draw('output', this.outputSize),
    };
  }

  /** The seed of the op that draws for one tensor, as TensorFlow hashes it. */
  #seedOf(part: Part, index: number): number | null {
    if (this.#seed === null) return null;
    return Number((md5(`${this.#seed}${part}_${index}`) >> 96n) & 0x7fffffffn);
  }

  protected override around(inputs: TensorStructure, step: InnerStep<S, O>): StepResult<O, S> {
    const keep = this.#keep;
    const given = isDropped(keep.input) ? this.#drop('input', inputs, inputs) : inputs;
    const [output, state] = step(given as TensorStructure);
    const next = isDropped(keep.state) ? this.#drop('state', state, chosen(this.#filter, state)) : state;
    return [(isDropped(keep.output) ? this.#drop('output', output, output) : output) as O, next as S];
  }

  /** Drops what stands in the places of the leaves of `shallow` that are not false. */
  #drop(part: Part, values: unknown, shallow: unknown): unknown {
    const keep = this.#keep[part];
    return mapUpTo<unknown>(
      shallow,
      (i, isWanted, value, noise) => {
        if (isWanted === false) return value;
        const x = value as Tensor;
        return this.#noise ? dropBy(x, noise as Tensor, keep) : dropAnew(x, keep, this.#seedOf(part, i));
      },
      shallow,
      values,
      ...(this.#noise ? [this.#noise[part]] : []),
    );
  }
}

function layerOptions<S extends TensorStructure, O extends TensorStructure>({
  trainable,
  name,
  dtype,
  activityRegularizer,
  _scope,
  _reuse,
}: DropoutWrapperOptions<S, O>): LayerOptions {
  return { trainable, name, dtype, activityRegularizer, _scope, _reuse };
}

/** The share that is kept, as a number where it is known. */
function shareOf(part: Part, given: TensorLike): number | Tensor {
  const tensor = convertToTensor(given);
  const known = constantValue(tensor);
  if (known === null) return tensor;
  const value = typeof given === 'number' ? given : Number(known.item());
  if (value < 0 || value > 1) {
    throw new ValueError(`Parameter ${part}_keep_prob must be between 0 and 1. Received ${value}`);
  }
  return value;
}

function isDropped(keep: number | Tensor): boolean {
  return typeof keep !== 'number' || keep < 1;
}

function dropAnew(x: Tensor, keep: number | Tensor, seed: number | null): Tensor {
  const rate = typeof keep === 'number' ? 1 - keep : emitOne('Sub', [1, keep], {}, 'sub');
  return dropout(x, { rate, seed });
}

/** Of draws from [0, 1): dropped where `keep + draw` is below 1. */
function dropBy(x: Tensor, noise: Tensor, keep: number | Tensor): Tensor {
  const kept = emitOne('Floor', [emitOne('AddV2', [keep, noise], {}, 'add')], {}, 'Floor');
  const result = divide(x, keep).mul(kept);
  result.setShape(x.shape);
  return result;
}

/** Everything is dropped but the memory of LSTMs, and arrays. */
const allButMemory: DropoutStateFilter = (part) => {
  if (part instanceof LSTMStateTuple) return new LSTMStateTuple(false, true);
  return part instanceof Tensor || isPlainNode(part);
};

/** Asks of each part of the state, from the whole to the leaves: the structure as deep as it was asked, of booleans. */
function chosen(filter: DropoutStateFilter, state: unknown): unknown {
  const answer = filter(state);
  if (!isPlainNode(state)) {
    if (typeof answer === 'boolean') return answer;
    throw new TypeError(`traverse_fn returned structure: ${String(answer)} for non-structure: ${String(state)}`);
  }
  if (answer === false) return false;
  const entries = keysOf(state).map((key) => {
    const part = (state as Record<string, unknown>)[key];
    if (answer === true) return [key, chosen(filter, part)] as const;
    const wanted = (answer as unknown as Record<string, unknown>)[key];
    if (typeof wanted !== 'boolean') {
      throw new TypeError(
        `traverse_fn didn't return a depth=1 structure of bools. saw: ${String(answer)} for structure: ${String(state)}`,
      );
    }
    return [key, wanted ? chosen(filter, part) : false] as const;
  });
  if (!Array.isArray(state)) return Object.fromEntries(entries);
  return likeList(
    state,
    entries.map(([, item]) => item),
  );
}
