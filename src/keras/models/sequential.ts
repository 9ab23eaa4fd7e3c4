/** A model that is one layer after the other. */
import type { Tensor } from '../../graph/graph.ts';
import { TypeError, ValueError } from '../../util/errors.ts';
import { buildingIn, contextOfClass } from '../binding.ts';
import { historyOf } from '../engine/history.ts';
import { InputLayer } from '../engine/input-layer.ts';
import { type CallOptions, Layer } from '../engine/layer.ts';
import { type ShapeNest, singleShape, type TensorNest } from '../engine/nest.ts';
import { atomically } from '../engine/undo.ts';
import { registerLayers } from '../layers/registry.ts';
import type { Config } from '../serialization.ts';
import type { Data } from '../training/data.ts';
import { Model } from './model.ts';
import type { ModelClass } from './model-json.ts';
import { fromSequentialConfig, sequentialConfig } from './network-config.ts';

export interface SequentialOptions {
  readonly layers?: readonly Layer[] | null;
  readonly name?: string | null;
  readonly trainable?: boolean;
}

/**
 * Layers in a row. It is built when its first layer knows its input shape, else by `build` or by the first data.
 *
 *     const model = new tf.keras.Sequential([
 *       new tf.keras.layers.Dense(64, {activation: 'relu', inputShape: [784]}),
 *       new tf.keras.layers.Dense(10, {activation: 'softmax'}),
 *     ]);
 */
export class Sequential extends Model {
  static override readonly className: string = 'Sequential';
  #layers: Layer[] = [];
  /** The input layer, if the model has one already. It is not among `layers`. */
  #input: InputLayer | null = null;
  /** What the layers have given so far; null while the input shape is unknown. */
  #tensors: Tensor[] | null = null;
  /** The input shape, where `build` said it and not the first layer. */
  #givenShape: ShapeNest | null = null;

  constructor(first?: readonly Layer[] | SequentialOptions | null, second: SequentialOptions = {}) {
    const options = { ...second, ...(isLayerList(first) ? { layers: first } : first) };
    super({ name: options.name, trainable: options.trainable });
    for (const layer of options.layers ?? []) this.add(layer);
  }

  override get layers(): readonly Layer[] {
    return this.#layers;
  }
  /** The layers with the input layer. */
  get allLayers(): readonly Layer[] {
    return this.#input ? [this.#input, ...this.#layers] : this.#layers;
  }

  /** Adds a layer at the end. Throws `ValueError` for a second layer of a name, `TypeError` for what is no layer. */
  add(layer: Layer): void {
    if (!(layer instanceof Layer)) {
      throw new TypeError(
        `The added layer must be an instance of class Layer. Received: layer=${String(layer)} of type ${typeof layer}.`,
      );
    }
    if (this.#layers.some(({ name }) => name === layer.name)) {
      throw new ValueError(
        `All layers added to a Sequential model should have unique names. Name "${layer.name}" is already the name of a layer in this model. Update the \`name\` argument to pass a unique name.`,
      );
    }
    if (this.allLayers.length === 0) {
      if (layer instanceof InputLayer) {
        this.#input = layer;
        this.#tensors = [layer.output];
        return;
      }
      const shape = firstInputShape(layer);
      if (shape) this.begin(shape.shape, shape.dtype, `${layer.name}_input`);
    }
    if (this.#tensors) {
      const last = this.#tensors[this.#tensors.length - 1];
      const output = layer.apply(last);
      if (Array.isArray(output)) {
        throw new ValueError(
          'All layers in a Sequential model should have a single output tensor. For multi-output layers, use the functional API.',
        );
      }
      this.#tensors.push(output);
    }
    this.#layers.push(layer);
    this.reconnect();
  }

  /** Takes the last layer away. Throws `TypeError` where there is none. */
  pop(): void {
    if (this.#layers.length === 0) throw new TypeError('There are no layers in the model.');
    this.#layers.pop();
    this.#tensors?.pop();
    this.reconnect();
  }

  private begin(shape: readonly (number | null)[], dtype: string | null, name: string): void {
    buildingIn(this.context, () => {
      this.#input = new InputLayer({ batchInputShape: shape, dtype: dtype as never, name });
      this.#tensors = [this.#input.output];
    });
  }

  private reconnect(): void {
    this.disconnect();
    if (!this.#tensors || this.#layers.length === 0) return;
    this.connect(this.#tensors[0], this.#tensors[this.#tensors.length - 1]);
  }

  /** Builds the layers for inputs of this shape, the batch first. Nothing happens where they are built. */
  override build(inputShape: ShapeNest): void {
    if (this.#tensors) return;
    const first = this.#layers[0];
    if (!first) throw new ValueError(`Model ${this.name} has no layers to build.`);
    const { graph } = this.context;
    atomically(graph, () => {
      this.begin(singleShape(inputShape), null, `${first.name}_input`);
      const tensors = this.#tensors as Tensor[];
      try {
        for (const layer of this.#layers) tensors.push(layer.apply(tensors[tensors.length - 1]));
      } catch (error) {
        this.#tensors = null;
        this.#input = null;
        throw error;
      }
    });
    this.reconnect();
    this.#givenShape = inputShape;
  }

  /** Weights that the first data bring are named after the model as well. */
  protected override buildFor(x: Data): void {
    if (this.inputs.length > 0) return;
    const { graph } = this.context;
    atomically(graph, () => graph.nameScope(this.name, () => super.buildFor(x)));
  }

  override get countsOwnCall(): boolean {
    return this.#input !== null && this.#givenShape === null;
  }
  /** The layers' configurations; with the input shape where that came by `build`. */
  override getConfig(): Config {
    const given = this.#givenShape;
    return sequentialConfig(this.name, given ? this.layers : this.allLayers, given);
  }
  /** A model from what `getConfig` gave; with new weights. */
  static override fromConfig<T>(this: new (config: never) => T, config: Config): T {
    // biome-ignore lint/complexity/noThisInStatic: a subclass makes models of its own.
    const Class = this as unknown as ModelClass<T>;
    return fromSequentialConfig(contextOfClass(Class), config, ({ name, layers, inputShape }) => {
      const model = new Class({ name });
      for (const layer of layers) (model as Sequential).add(layer);
      if (inputShape && (model as Sequential).inputs.length === 0) (model as Sequential).build(inputShape);
      return model;
    });
  }

  override call(inputs: TensorNest, options: CallOptions): Tensor {
    if (this.isGraphNetwork) return super.call(inputs, options);
    return this.#layers.reduce<Tensor>((x, layer) => layer.apply(x, { training: options.training }), inputs as Tensor);
  }
}
registerLayers({ Sequential });

function isLayerList(value: unknown): value is readonly Layer[] {
  return Array.isArray(value);
}

/** The input shape that a layer brings: its own, or that of the first layer of a model in first place. */
function firstInputShape(layer: Layer): { shape: readonly (number | null)[]; dtype: string | null } | null {
  if (layer.batchInputShape) return { shape: layer.batchInputShape, dtype: layer.dtype.name };
  if (layer instanceof Model) {
    const input = layer.inputs[0];
    if (input) return { shape: input.shape ?? [], dtype: input.dtype.name };
    const inner = layer.layers[0];
    return inner ? firstInputShape(inner) : null;
  }
  const history = layer.inboundNodes[0]?.inbound[0];
  const tensor =
    history && historyOf(layer.inboundNodes[0].inputs as Tensor) ? (layer.inboundNodes[0].inputs as Tensor) : null;
  return tensor ? { shape: tensor.shape ?? [], dtype: tensor.dtype.name } : null;
}
