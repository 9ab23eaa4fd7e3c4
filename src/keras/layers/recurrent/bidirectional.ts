/** A recurrent layer over sequences in both directions. What each direction computes is the layer's inside. */
import { getDefaultGraph } from '../../../graph/default-graph.ts';
import type { Tensor } from '../../../graph/graph.ts';
import { flatten } from '../../../ops/nest.ts';
import { bind, type Rest, type TensorLike } from '../../../ops/tensor-like.ts';
import { ValueError } from '../../../util/errors.ts';
import { concatenate, reverse } from '../../backend/shaping.ts';
import { Layer } from '../../engine/layer.ts';
import { flat, type LayerShape, type MaskNest, type ShapeNest, shapeList, type TensorNest } from '../../engine/nest.ts';
import { onUndo } from '../../engine/undo.ts';
import type { WeightValue } from '../../engine/weights.ts';
import { type Config, customObjectScope, isSerialized, type Named, type Serialized } from '../../serialization.ts';
import { deserializeLayer } from '../lookup.ts';
import { Wrapper, type WrapperOptions } from '../wrappers/wrapper.ts';
import { withSettledType } from './cell.ts';
import { areOfModel, type RNN, type RNNCallOptions, separate, withSpecs } from './rnn.ts';
import { requireStateful } from './states.ts';

/** How the outputs of both directions become one; null gives both. */
export type MergeMode = 'sum' | 'mul' | 'concat' | 'ave' | null;

export interface BidirectionalOptions extends WrapperOptions {
  /** `concat` without it. */
  readonly mergeMode?: MergeMode;
  /** The layer for the way back; a copy of the layer that goes the other way without it. */
  readonly backwardLayer?: Layer<TensorNest> | Serialized | null;
  /** How many of the inputs are constants: what a configuration says. */
  readonly numConstants?: number;
}

const MODES: readonly unknown[] = ['sum', 'mul', 'ave', 'concat', null];

/** A layer that goes over steps, with whatever it gives. */
type Recurrent = Layer<TensorNest> & Pick<RNN, 'goBackwards' | 'returnSequences' | 'returnState' | 'stateful'>;

/**
 * Runs a copy of a recurrent layer forwards and another backwards, and merges what they give; outputs of the way back stand
 * where their inputs stood. With `returnState` the states of both come behind, and the result is a list, as it is for
 * `mergeMode` null. Initial states are first those of the way there, then those of the way back. Throws `ValueError` for
 * another mode, and for two layers that go the same way or differ in what they give.
 *
 *     const y = new tf.keras.layers.Bidirectional(new tf.keras.layers.LSTM(8, {returnSequences: true})).apply(x);
 */
export class Bidirectional extends Wrapper {
  static readonly className: string = 'Bidirectional';
  readonly forwardLayer: Layer<TensorNest>;
  readonly backwardLayer: Layer<TensorNest>;
  readonly mergeMode: MergeMode;
  readonly returnSequences: boolean;
  readonly returnState: boolean;
  readonly #backwardConfig: Serialized | null;
  #numConstants: number;

  constructor(
    ...rest: Rest<
      [
        layer: Layer<TensorNest> | Serialized,
        mergeMode: MergeMode,
        weights: readonly WeightValue[] | null,
        backwardLayer: Layer<TensorNest> | null,
      ],
      BidirectionalOptions
    >
  ) {
    const options = bind<BidirectionalOptions>(['layer', 'mergeMode', 'weights', 'backwardLayer'], rest);
    const { mergeMode = 'concat', weights, backwardLayer, ...others } = options;
    const layer = layerOf(
      options.layer,
      'Please initialize `Bidirectional` layer with a `tf.keras.layers.Layer` instance. Received: ',
    );
    const back =
      backwardLayer &&
      layerOf(backwardLayer, '`backward_layer` need to be a `tf.keras.layers.Layer` instance. Received: ');
    if (!MODES.includes(mergeMode)) {
      throw new ValueError(
        `Invalid merge mode. Received: ${mergeMode}. Merge mode should be one of {"sum", "mul", "ave", "concat", None}`,
      );
    }
    super({ ...others, layer, trainable: options.trainable ?? layer.trainable });
    const half = weights ? Math.floor(weights.length / 2) : 0;
    const part = (first: boolean) => (weights ? { weights: first ? weights.slice(0, half) : weights.slice(half) } : {});
    this.#backwardConfig = back ? withSettledType(back) : null;
    this.forwardLayer = copyOf(layer, `forward_${layer.name}`, part(true));
    this.backwardLayer = back
      ? renamed(back, `backward_${back.name}`)
      : copyOf(layer, `backward_${layer.name}`, { goBackwards: !(layer as Recurrent).goBackwards, ...part(false) });
    checkPair(this.forwardLayer as Recurrent, this.backwardLayer as Recurrent);
    for (const one of [this.forwardLayer, this.backwardLayer] as RNN[]) {
      if ('zeroOutputForMask' in one) one.zeroOutputForMask = one.returnSequences;
    }
    this.mergeMode = mergeMode;
    const { returnSequences, returnState, stateful } = layer as Recurrent;
    this.returnSequences = returnSequences;
    this.returnState = returnState;
    this.stateful = stateful;
    this.#numConstants = options.numConstants ?? 0;
    this.supportsMasking = true;
    this.inputSpec = layer.inputSpec;
  }

  /** The layer that was given is a pattern, and no part of this one. */
  protected override get sublayers(): readonly Layer[] {
    return [this.forwardLayer, this.backwardLayer] as unknown as Layer[];
  }

  override apply(inputs: TensorLike | readonly TensorLike[], options: RNNCallOptions = {}): Tensor {
    const given = separate(inputs, options, this.#numConstants);
    const { initialState, constants, ...others } = options;
    const states = given.initialState === null ? [] : flatten<TensorLike>(given.initialState as never);
    if (states.length % 2 > 0) {
      throw new ValueError(
        `When passing \`initial_state\` to a Bidirectional RNN, the state should be a list containing the states of the underlying RNNs. Received: [${states.join(', ')}]`,
      );
    }
    const added = [...states, ...(given.constants ?? [])];
    if (added.length === 0) return super.apply(given.inputs, others);
    this.countConstants(given.constants?.length ?? 0);
    if (!areOfModel(added, given)) return super.apply(given.inputs, { ...others, ...given });
    return withSpecs(this, added.length, () => super.apply([given.inputs, ...added], others));
  }

  private countConstants(count: number): void {
    const before = this.#numConstants;
    onUndo(() => {
      this.#numConstants = before;
    });
    this.#numConstants = count;
  }

  override build(inputShape: ShapeNest): void {
    const shape = shapeList(inputShape)[0];
    for (const one of [this.forwardLayer, this.backwardLayer]) {
      getDefaultGraph().nameScope(one.name, () => one.ensureBuilt(shape));
    }
    // Not that of the wrapper, which builds the pattern.
    Layer.prototype.build.call(this, inputShape);
  }

  override call(inputs: TensorNest, options: RNNCallOptions): Tensor {
    const given = separate(inputs, options, this.#numConstants);
    const { training, mask } = options;
    const states = given.initialState === null ? null : flatten<TensorLike>(given.initialState as never);
    const half = (states?.length ?? 0) / 2;
    const run = (layer: Layer<TensorNest>, own: readonly TensorLike[] | null) => {
      const extra = {
        ...(own ? { initialState: own } : {}),
        ...(given.constants ? { constants: given.constants } : {}),
      };
      return flat(layer.apply(given.inputs, { training, mask, ...extra }) as Tensor | readonly Tensor[]);
    };
    const [y, ...after] = run(this.forwardLayer, states?.slice(0, half) ?? null);
    const [back, ...afterBack] = run(this.backwardLayer, states?.slice(half) ?? null);
    const yBack = this.returnSequences ? reverse(back, (this.forwardLayer as RNN).timeMajor ? 0 : 1) : back;
    const results = this.mergeMode === null ? [y, yBack] : [merged(y, yBack, this.mergeMode)];
    if (this.returnState) results.push(...after, ...afterBack);
    return (results.length === 1 && !this.returnState ? results[0] : results) as Tensor;
  }

  /**
   * Sets what both layers keep: to zeros, or to values, first those of the way there. Throws `RuntimeError` for layers that
   * keep nothing.
   */
  async resetStates(states: readonly WeightValue[] | null = null): Promise<void> {
    requireStateful(this.stateful);
    const half = states ? Math.floor(states.length / 2) : 0;
    await (this.forwardLayer as RNN).resetStates(states?.slice(0, half) ?? null);
    await (this.backwardLayer as RNN).resetStates(states?.slice(half) ?? null);
  }

  override computeOutputShape(inputShape: ShapeNest): ShapeNest {
    const [output, ...states] = shapeList(this.forwardLayer.computeOutputShape(inputShape));
    const last = output[output.length - 1];
    const wide: LayerShape = [...output.slice(0, -1), last === null ? null : 2 * last];
    const results = this.mergeMode === null ? [output, output] : [this.mergeMode === 'concat' ? wide : output];
    if (this.returnState) return [...results, ...states, ...states];
    return results.length === 1 ? results[0] : results;
  }

  override computeMask(_inputs: TensorNest, mask: MaskNest = null): MaskNest {
    const first = flat(mask as Tensor | null | readonly (Tensor | null)[])[0] ?? null;
    const own = this.returnSequences ? first : null;
    const outputs = this.mergeMode === null ? [own, own] : [own];
    if (!this.returnState) return outputs.length === 1 ? outputs[0] : outputs;
    const states = flat(this.forwardLayer.computeMask([], null) as readonly (Tensor | null)[]).slice(1);
    return [...outputs, ...states, ...states];
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      layer: withSettledType(this.layer),
      mergeMode: this.mergeMode,
      ...(this.#numConstants > 0 ? { numConstants: this.#numConstants } : {}),
      ...(this.#backwardConfig ? { backwardLayer: this.#backwardConfig } : {}),
    };
  }
}

function layerOf(given: unknown, words: string): Layer<TensorNest> {
  const layer = isSerialized(given) ? deserializeLayer(given) : given;
  if (!(layer instanceof Layer)) throw new ValueError(`${words}${String(layer)}`);
  return layer as Layer<TensorNest>;
}

/** The layer anew, from its configuration, with some of it changed. Classes of its cells need not be known by name. */
function copyOf(layer: Layer<TensorNest>, name: string, changes: Config): Layer<TensorNest> {
  const cell = (layer as unknown as { readonly cell?: object }).cell;
  const cells = cell ? [cell, ...((cell as { readonly cells?: readonly object[] }).cells ?? [])] : [];
  const objects = new Map(cells.map((one) => [one.constructor.name, one.constructor as unknown as Named]));
  const dtype = layer.settledDtype?.name ?? null;
  const config = { ...layer.getConfig(), dtype, name, ...changes };
  const { constructor } = layer as unknown as { constructor: { fromConfig(config: Config): Layer<TensorNest> } };
  return customObjectScope(objects, () => constructor.fromConfig(config));
}

function renamed(layer: Layer<TensorNest>, name: string): Layer<TensorNest> {
  (layer as { name: string }).name = name;
  return layer;
}

function checkPair(forward: Recurrent, backward: Recurrent): void {
  const shown = (value: unknown) => (value === true ? 'True' : value === false ? 'False' : value);
  if (forward.goBackwards === backward.goBackwards) {
    throw new ValueError(
      `Forward layer and backward layer should have different \`go_backwards\` value.forward_layer.go_backwards = ${shown(forward.goBackwards)},backward_layer.go_backwards = ${shown(backward.goBackwards)}`,
    );
  }
  const names = { stateful: 'stateful', returnSequences: 'return_sequences', returnState: 'return_state' } as const;
  for (const key of Object.keys(names) as (keyof typeof names)[]) {
    if (forward[key] === backward[key]) continue;
    throw new ValueError(
      `Forward layer and backward layer are expected to have the same value for attribute "${names[key]}", got "${shown(forward[key])}" for forward layer and "${shown(backward[key])}" for backward layer`,
    );
  }
}

function merged(y: Tensor, back: Tensor, mode: Exclude<MergeMode, null>): Tensor {
  switch (mode) {
    case 'concat':
      return concatenate([y, back]);
    case 'sum':
      return y.add(back);
    case 'ave':
      return y.add(back).div(2);
    case 'mul':
      return y.mul(back);
  }
}
