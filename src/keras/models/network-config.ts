/**
 * Configurations of models: what layers they are made of and which calls connect them, in the form of Keras 2.15's JSON,
 * and the way back. JSON text and whole files are `model-json.ts`'s and `../saving`'s.
 */
import { Tensor } from '../../graph/graph.ts';
import { constantValue } from '../../ops/static-value.ts';
import { ValueError } from '../../util/errors.ts';
import { buildingIn } from '../binding.ts';
import type { KerasContext } from '../context.ts';
import { type CallRecord, type History, historyOf } from '../engine/history.ts';
import { InputLayer } from '../engine/input-layer.ts';
import type { Layer } from '../engine/layer.ts';
import { flat, type ShapeNest, type TensorNest } from '../engine/nest.ts';
import { TensorFlowOpLayer } from '../engine/op-layer.ts';
import { atomically } from '../engine/undo.ts';
import { deserializeLayer, registerLayers } from '../layers/registry.ts';
import { type Config, isSerialized, type Named, type Serialized } from '../serialization.ts';
import { getRegisteredName } from '../utils/registration.ts';
import { Network } from './network.ts';

registerLayers({ TensorFlowOpLayer });

/** A tensor as a layer's name, the number of the call, and its place among what the call gave. */
type Place = readonly [layer: string, node: number, tensor: number];
/** The same with what the call was given beside its inputs. */
type InputData = readonly [...Place, options: Config] | Place;

/** A layer as an entry of a functional model's configuration. */
interface LayerEntry extends Serialized {
  readonly name: string;
  /** Per call its inputs. */
  readonly inboundNodes: readonly (readonly InputData[])[];
}

/** The configuration of a functional model. */
interface FunctionalConfig extends Config {
  readonly name?: string;
  readonly trainable?: boolean;
  readonly layers: readonly LayerEntry[];
  readonly inputLayers: readonly Place[] | Place;
  readonly outputLayers: readonly Place[] | Place;
}

/** The name that files give a layer's class: a model between tensors is `Functional`, whatever made it so. */
export function fileClassName(layer: Layer<TensorNest>): string {
  const name = getRegisteredName(layer.constructor as Named);
  return name === 'Model' && (layer as unknown as Network).isGraphNetwork ? 'Functional' : name;
}

/** A layer or model as its class's name and its configuration. */
export function serializeEntry(layer: Layer<TensorNest>): Serialized {
  return { className: fileClassName(layer), config: layer.getConfig() };
}

/** Keras counts as a model's first call the one that made it, between its own inputs and outputs. */
function firstNode(layer: object): 0 | 1 {
  if (!(layer instanceof Network)) return 0;
  return layer.countsOwnCall ? 1 : 0;
}

// ---------------------------------------------------------------------------------------------------------------------
// To configurations

/** Throws `ValueError` for a layer that cannot say what it was made from. */
export function functionalConfig(model: Network<TensorNest>): Config {
  const kept = new Set(model.calls);
  const nodeNumbers = new Map<CallRecord, number>();
  for (const layer of model.layers) {
    let number: number = firstNode(layer);
    for (const call of layer.inboundNodes) if (kept.has(call)) nodeNumbers.set(call, number++);
  }
  const place = ({ layer, nodeIndex, tensorIndex }: History): Place => {
    const number = nodeNumbers.get(layer.inboundNodes[nodeIndex]) ?? 0;
    return [layer.name, number, tensorIndex];
  };
  const layers = model.layers.map((layer): LayerEntry => {
    const calls = layer.inboundNodes.filter((call) => kept.has(call) && call.inbound.length > 0);
    const inboundNodes = calls.map((call) => {
      const options = writeOptions(layer, call.options, place);
      return call.inbound.map((history): InputData => [...place(history), options]);
    });
    return { ...serializeEntry(layer as Layer<TensorNest>), name: layer.name, inboundNodes };
  });
  const places = (tensors: readonly Tensor[]) => tensors.map((tensor) => place(historyOf(tensor) as History));
  return {
    name: model.name,
    trainable: model.trainable,
    layers,
    inputLayers: places(model.inputs),
    outputLayers: places(model.outputs),
  };
}

/** Options of a call as JSON has them: a tensor of the model as its place, a constant as its value. */
function writeOptions(layer: Layer, options: Config, place: (history: History) => Place): Config {
  const write = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(write);
    if (!(value instanceof Tensor)) return value;
    const history = historyOf(value);
    if (history) return place(history);
    const known = constantValue(value);
    if (known) return known;
    throw new ValueError(
      `Layer ${layer.name} was passed non-JSON-serializable arguments: ${value} is neither of the model nor a constant.`,
    );
  };
  return Object.fromEntries(Object.entries(options).map(([key, value]) => [key, write(value)]));
}

/** A model of layers in a row: `inputShape` says that the model was built by it, not by its first layer. */
export function sequentialConfig(
  name: string,
  layers: readonly Layer<TensorNest>[],
  inputShape: ShapeNest | null,
): Config {
  const entries = layers.map(serializeEntry);
  return { name, layers: entries, ...(inputShape ? { buildInputShape: inputShape } : {}) };
}

// ---------------------------------------------------------------------------------------------------------------------
// From configurations

export interface Reconstructed {
  readonly name: string | null;
  readonly trainable: boolean;
  readonly inputs: readonly Tensor[];
  readonly outputs: Tensor | readonly Tensor[];
}

/**
 * Makes the layers of a functional model and calls them; `make` makes the model of the tensors. Throws `ValueError` for a
 * configuration that does not fit together; the graph is then as before.
 */
export function fromFunctionalConfig<M>(context: KerasContext, config: Config, make: (parts: Reconstructed) => M): M {
  if (!isFunctional(config)) throw new ValueError('Improperly formatted model config.');
  const build = () => {
    const builder = new Builder(config);
    const [inputs, made] = [builder.tensors(config.inputLayers), builder.tensors(config.outputLayers)];
    const outputs = made.length === 1 ? made[0] : made;
    return make({ name: config.name ?? null, trainable: config.trainable !== false, inputs, outputs });
  };
  return buildingIn(context, () => atomically(context.graph, build));
}

function isFunctional(config: Config): config is FunctionalConfig {
  return Array.isArray(config.layers) && Array.isArray(config.inputLayers) && Array.isArray(config.outputLayers);
}

/** A call that is still to be made. */
interface Pending {
  readonly layer: Layer<TensorNest>;
  readonly inputs: readonly InputData[];
}

class Builder {
  private readonly layers = new Map<string, Layer<TensorNest>>();
  /** Calls by layer, in the order in which they must be made. */
  private readonly pending = new Map<Layer<TensorNest>, Pending[]>();
  /** What calls gave, by layer and number. */
  private readonly outputs = new Map<Layer<TensorNest>, (readonly Tensor[])[]>();
  /** Layers that wait for a call of another. */
  private readonly waiting = new Map<Layer<TensorNest>, Set<Layer<TensorNest>>>();

  constructor(config: FunctionalConfig) {
    for (const entry of config.layers) this.create(entry);
    const queue = [...this.layers.values()];
    // Breadth first, as Keras does it: in the order of the configuration where nothing has to wait.
    for (let i = 0; i < queue.length; i++) queue.push(...this.callLayer(queue[i]));
    const left = [...this.pending].find(([, calls]) => calls.length > 0);
    if (left) {
      throw new ValueError(
        `Improperly formatted model config: layer "${left[0].name}" is called on a tensor that no layer gives.`,
      );
    }
  }

  private create(entry: LayerEntry): void {
    const layer = deserializeLayer(entry);
    const name = entry.name ?? layer.name;
    if (this.layers.has(name))
      throw new ValueError(`Improperly formatted model config: two layers are named "${name}".`);
    this.layers.set(name, layer);
    const made: (readonly Tensor[])[] = firstNode(layer) === 1 ? [[]] : [];
    if (layer instanceof InputLayer) made.push(flat(layer.output as Tensor));
    this.outputs.set(layer, made);
    this.pending.set(
      layer,
      (entry.inboundNodes ?? []).map((inputs) => ({ layer, inputs: listOf(inputs) })),
    );
  }

  /** Makes the calls of a layer that can be made; gives the layers that may go on now. */
  private callLayer(layer: Layer<TensorNest>): Layer<TensorNest>[] {
    const calls = this.pending.get(layer) as Pending[];
    let done = 0;
    while (done < calls.length && this.call(calls[done])) done++;
    calls.splice(0, done);
    if (done === 0) return [];
    const woken = [...(this.waiting.get(layer) ?? [])];
    this.waiting.delete(layer);
    return woken;
  }

  private call({ layer, inputs }: Pending): boolean {
    const missing = [...inputs, ...placesIn(inputs[0]?.[3], this.layers)].find((place) => !this.find(place));
    if (missing) {
      const source = this.named(missing[0]);
      this.waiting.set(source, (this.waiting.get(source) ?? new Set()).add(layer));
      return false;
    }
    const tensors = inputs.map((place) => this.find(place) as Tensor);
    const given = tensors.length === 1 ? tensors[0] : tensors;
    const result = layer.apply(given, this.options(inputs[0]?.[3] ?? {}));
    this.outputs.get(layer)?.push(flat(result as Tensor | readonly Tensor[]));
    return true;
  }

  /** The options of a call, tensors for their places. */
  private options(options: Config): Config {
    const read = (value: unknown): unknown => {
      if (isPlace(value, this.layers)) return this.find(value);
      return Array.isArray(value) ? value.map(read) : value;
    };
    return Object.fromEntries(Object.entries(options).map(([key, value]) => [key, read(value)]));
  }

  private named(name: string): Layer<TensorNest> {
    const layer = this.layers.get(name);
    if (layer) return layer;
    throw new ValueError(`Improperly formatted model config: there is no layer "${name}".`);
  }

  private find([name, node, tensor]: InputData): Tensor | undefined {
    const layer = this.named(name);
    return this.outputs.get(layer)?.[layer instanceof InputLayer ? 0 : node]?.[tensor];
  }

  tensors(places: FunctionalConfig['inputLayers']): Tensor[] {
    return listOf(places).map((place) => this.find(place) as Tensor);
  }
}

/** One place may stand for a list of it. */
function listOf(places: readonly InputData[] | InputData): readonly InputData[] {
  return typeof places[0] === 'string' ? [places as InputData] : (places as readonly InputData[]);
}

function isPlace(value: unknown, layers: ReadonlyMap<string, unknown>): value is Place {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [name, node, tensor] = value as unknown[];
  return typeof name === 'string' && layers.has(name) && typeof node === 'number' && typeof tensor === 'number';
}

/** The places among the options of a call. */
function placesIn(options: unknown, layers: ReadonlyMap<string, unknown>): Place[] {
  const found: Place[] = [];
  const stack: unknown[] = options ? Object.values(options) : [];
  while (stack.length > 0) {
    const value = stack.pop();
    if (isPlace(value, layers)) found.push(value);
    else if (Array.isArray(value)) stack.push(...value);
  }
  return found;
}

/** What the configuration of a model of layers in a row says. The oldest form is the list of layers alone. */
export interface SequentialParts {
  readonly name: string | null;
  readonly layers: readonly Serialized[];
  readonly inputShape: ShapeNest | null;
}

export function sequentialParts(config: Config | readonly Serialized[]): SequentialParts {
  const {
    name = null,
    layers,
    buildInputShape: inputShape = null,
  } = (Array.isArray(config) ? { layers: config } : config) as {
    readonly name?: string | null;
    readonly layers?: readonly Serialized[];
    readonly buildInputShape?: ShapeNest | null;
  };
  if (!Array.isArray(layers) || !layers.every(isSerialized)) throw new ValueError('Improperly formatted model config.');
  return { name, layers, inputShape };
}

/** Makes a model of layers in a row: `make` adds them to one. The graph is as before where that fails. */
export function fromSequentialConfig<M>(
  context: KerasContext,
  config: Config | readonly Serialized[],
  make: (parts: Omit<SequentialParts, 'layers'> & { readonly layers: readonly Layer[] }) => M,
): M {
  const parts = sequentialParts(config);
  return buildingIn(context, () =>
    atomically(context.graph, () =>
      make({ ...parts, layers: parts.layers.map((entry) => deserializeLayer(entry) as Layer) }),
    ),
  );
}
