/**
 * A model as a layer: what it is made of, its weights, and calling it on other tensors. Training is `model.ts`'s, its
 * configuration `network-config.ts`'s.
 */
import type { Graph, Operation, Tensor } from '../../graph/graph.ts';
import { ValueError } from '../../util/errors.ts';
import type { Variable } from '../../variables/variable.ts';
import { type CallRecord, historyOf, maskOf } from '../engine/history.ts';
import type { InputLayer } from '../engine/input-layer.ts';
import { type CallOptions, Layer, type LayerOptions } from '../engine/layer.ts';
import { flat, type MaskNest, type ShapeNest, shapeList, type TensorNest, unwrap } from '../engine/nest.ts';
import { completeHistory } from '../engine/op-history.ts';
import { mapTopology, type Topology } from './topology.ts';

export interface NetworkOptions extends LayerOptions {
  readonly inputs?: Tensor | readonly Tensor[] | null;
  readonly outputs?: Tensor | readonly Tensor[] | null;
}

/** Layers between inputs and outputs. Made by `Model`, `Sequential` and their subclasses. */
export abstract class Network<Out extends TensorNest = Tensor> extends Layer<Out> {
  #inputs: readonly Tensor[] | null = null;
  #outputs: TensorNest | null = null;
  #topology: Topology | null = null;

  constructor({ inputs, outputs, ...options }: NetworkOptions = {}) {
    super(options);
    this.supportsMasking = true;
    this.context.trackModel(this);
    if (inputs && outputs) this.connect(inputs, outputs);
  }

  /** Fixes what the model is made of. */
  protected connect(inputs: Tensor | readonly Tensor[], outputs: Tensor | readonly Tensor[]): void {
    const list = flat(inputs);
    if (new Set(list).size !== list.length) {
      throw new ValueError(
        `The list of inputs passed to the model contains the same input multiple times. All inputs should only appear once. Received inputs=${list.join(', ')}`,
      );
    }
    // Ops of TensorFlow may stand at the end of a model.
    completeHistory(flat(outputs));
    this.#topology = mapTopology(list, flat(outputs));
    this.#inputs = list;
    this.#outputs = outputs;
    this.stateful = this.layers.some(({ stateful }) => stateful);
    this.built = true;
  }
  /** Makes the model unconnected again: for models whose layers change. */
  protected disconnect(): void {
    this.#topology = null;
    this.#inputs = null;
    this.#outputs = null;
    this.built = false;
  }
  /** For subclassed models: tensors that a call was made on, and what it gave. */
  protected setTensors(inputs: readonly Tensor[], outputs: TensorNest): void {
    this.#inputs = inputs;
    this.#outputs = outputs;
  }

  /** Whether the model is given by tensors; a subclassed one is given by its `call`. */
  get isGraphNetwork(): boolean {
    return this.#topology !== null;
  }
  /** @internal Whether configurations number the calls from 1: the first is that between its own inputs and outputs. */
  get countsOwnCall(): boolean {
    return this.isGraphNetwork;
  }
  protected get topology(): Topology {
    if (this.#topology) return this.#topology;
    throw new ValueError(
      `Model ${this.name} has not been built: it is not known what its layers are called on. Give it an input shape, or call it on data.`,
    );
  }
  /** The calls of which the model consists, deepest first. */
  get calls(): readonly CallRecord[] {
    return this.topology.calls;
  }

  /** The tensors that are fed; empty before the model is built. */
  get inputs(): readonly Tensor[] {
    return this.#inputs ?? [];
  }
  /** What the model gives, one by one. */
  get outputs(): readonly Tensor[] {
    return this.#outputs ? flat(this.#outputs as Tensor | readonly Tensor[]) : [];
  }
  /** Whether the outputs are a list, if only of one. */
  protected get givesList(): boolean {
    return Array.isArray(this.#outputs);
  }
  override get input(): Tensor | readonly Tensor[] {
    return unwrap(this.inputs);
  }
  override get output(): Out {
    return (this.#outputs ?? this.topology) as Out;
  }
  override get inputShape(): ShapeNest {
    return unwrap(this.inputs.map((tensor) => tensor.shape ?? [])) as ShapeNest;
  }
  override get outputShape(): ShapeNest {
    return unwrap(this.outputs.map((tensor) => tensor.shape ?? [])) as ShapeNest;
  }
  /** The names of the layers that the inputs come from: keys for feeding them. */
  get inputNames(): string[] {
    return this.inputs.map((tensor, i) => historyOf(tensor)?.layer.name ?? `input_${i + 1}`);
  }
  /** The names of the layers that give the outputs, made unique by a number: keys for losses and metrics. */
  get outputNames(): string[] {
    const counts = new Map<string, number>();
    return this.outputs.map((tensor, i) => {
      const name = historyOf(tensor)?.layer.name ?? `output_${i + 1}`;
      const count = counts.get(name) ?? 0;
      counts.set(name, count + 1);
      return count === 0 ? name : `${name}_${count}`;
    });
  }
  override get graph(): Graph {
    return this.inputs[0]?.graph ?? super.graph;
  }

  // Layers and weights

  /** The layers, in the order of data. */
  get layers(): readonly Layer[] {
    return this.#topology?.layers ?? super.sublayers;
  }
  protected override get sublayers(): readonly Layer[] {
    return this.layers;
  }
  /** The layer of that name, or with that index. Throws `ValueError` where there is none. */
  getLayer(which: string | number | { readonly name?: string; readonly index?: number }): Layer {
    const { name, index } =
      typeof which === 'object' ? which : typeof which === 'string' ? { name: which } : { index: which };
    if (index !== undefined) {
      const found = this.layers[index];
      if (!found) {
        throw new ValueError(
          `Was asked to retrieve layer at index ${index} but model only has ${this.layers.length} layers.`,
        );
      }
      return found;
    }
    const found = this.layers.find((layer) => layer.name === name);
    if (found) return found;
    throw new ValueError(
      `No such layer: ${name}. Existing layers are: [${this.layers.map((layer) => `'${layer.name}'`).join(', ')}].`,
    );
  }
  /** All weights, layer by layer. */
  override get weights(): Variable[] {
    const own = super.weights;
    const byLayer = new Set(this.layers.flatMap((layer) => layer.weights));
    return [...byLayer, ...own.filter((variable) => !byLayer.has(variable))];
  }

  /** @internal What also steps that train nothing run: the updates of layers that keep states. */
  get stateUpdates(): Operation[] {
    return this.layers.flatMap((layer) => (layer.stateful ? layer.updates : []));
  }
  /**
   * Sets the states that layers keep from batch to batch to zeros.
   *
   *     await model.resetStates();
   */
  async resetStates(): Promise<void> {
    for (const layer of this.layers as readonly (Layer & { resetStates?(): Promise<void> })[]) {
      if (layer.stateful) await layer.resetStates?.();
    }
  }

  // Calling

  override call(inputs: TensorNest, options: CallOptions): Out {
    return this.runCalls(inputs, options) as Out;
  }

  /** Calls the layers on other tensors, call by call. */
  private runCalls(inputs: TensorNest, { training, mask }: CallOptions): TensorNest {
    const given = flat(inputs as Tensor | readonly Tensor[]);
    const masks = mask ? flat(mask as Tensor | readonly (Tensor | null)[]) : [];
    if (given.length !== this.inputs.length) {
      throw new ValueError(
        `Layer "${this.name}" expects ${this.inputs.length} input(s), but it received ${given.length} input tensors.`,
      );
    }
    const values = new Map<Tensor, Tensor>(this.inputs.map((tensor, i) => [tensor, given[i]]));
    const known = new Map<Tensor, Tensor | null>(
      this.inputs.map((tensor, i) => [tensor, masks[i] ?? maskOf(given[i])]),
    );
    for (const call of this.calls) {
      if (call.inbound.length === 0) continue;
      const list = flat(call.inputs as Tensor | readonly Tensor[]).map((tensor) => values.get(tensor) as Tensor);
      const inner = flat(call.inputs as Tensor | readonly Tensor[]).map((tensor) => known.get(tensor) ?? null);
      const outputs = (call.layer as Layer<TensorNest>).apply(Array.isArray(call.inputs) ? list : list[0], {
        ...call.options,
        training,
        ...(inner.some((item) => item !== null) ? { mask: Array.isArray(call.inputs) ? inner : inner[0] } : {}),
      });
      const results = flat(outputs as Tensor | readonly Tensor[]);
      flat(call.outputs as Tensor | readonly Tensor[]).forEach((tensor, i) => {
        values.set(tensor, results[i]);
        known.set(tensor, maskOf(results[i]));
      });
    }
    const outputs = this.outputs.map((tensor) => values.get(tensor) as Tensor);
    return Array.isArray(this.#outputs) ? outputs : outputs[0];
  }

  /** The masks that the layers gave the outputs. */
  override computeMask(_inputs: TensorNest, _mask: MaskNest = null): MaskNest {
    const masks = this.outputs.map(maskOf);
    return masks.some((mask) => mask !== null) ? unwrap(masks) : null;
  }

  override computeOutputShape(inputShape: ShapeNest): ShapeNest {
    const shapes = new Map<Tensor, readonly (number | null)[]>();
    for (const [i, shape] of shapeList(inputShape).entries()) shapes.set(this.inputs[i], shape);
    for (const call of this.calls) {
      if (call.inbound.length === 0) continue;
      const list = flat(call.inputs as Tensor | readonly Tensor[]).map(
        (tensor) => shapes.get(tensor) as readonly (number | null)[],
      );
      const given = Array.isArray(call.inputs) ? list : list[0];
      const results = shapeList((call.layer as Layer).computeOutputShape(given));
      for (const [i, tensor] of flat(call.outputs as Tensor | readonly Tensor[]).entries())
        shapes.set(tensor, results[i]);
    }
    return unwrap(this.outputs.map((tensor) => shapes.get(tensor) as readonly (number | null)[])) as ShapeNest;
  }

  /** The layers that the inputs come from. */
  get inputLayers(): readonly InputLayer[] {
    return this.inputs.map((tensor) => historyOf(tensor)?.layer as InputLayer);
  }
}
