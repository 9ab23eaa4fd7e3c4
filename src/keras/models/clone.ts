/** Copies of models: the same layers anew, with weights of their own. */
import type { Tensor } from '../../graph/graph.ts';
import { ValueError } from '../../util/errors.ts';
import { buildingIn } from '../binding.ts';
import { historyOf } from '../engine/history.ts';
import { InputLayer } from '../engine/input-layer.ts';
import type { Layer } from '../engine/layer.ts';
import { flat, type TensorNest } from '../engine/nest.ts';
import { TensorFlowOpLayer } from '../engine/op-layer.ts';
import { atomically } from '../engine/undo.ts';
import { deserializeLayer } from '../layers/registry.ts';
import { Model } from './model.ts';
import { serializeEntry } from './network-config.ts';
import { Sequential } from './sequential.ts';

export interface CloneOptions {
  /** Tensors for the copy to begin with, one per input; new inputs without them. */
  readonly inputTensors?: Tensor | readonly Tensor[] | null;
  /** Makes the copy of a layer; from its configuration without it. It is not asked for inputs. */
  readonly cloneFunction?: ((layer: Layer) => Layer) | null;
}

/** The copy. The graph is as before where that fails. */
export function copyOf(model: Model<TensorNest>, { inputTensors, cloneFunction }: CloneOptions): Model<TensorNest> {
  const { context } = model;
  if (!(model instanceof Sequential) && !model.isGraphNetwork) {
    throw new ValueError(
      'Expected `model` argument to be a functional `Model` instance, but got a subclassed model instead.',
    );
  }
  const copy = (layer: Layer): Layer => cloneFunction?.(layer) ?? fresh(layer);
  const given = inputTensors ? flat(inputTensors) : null;
  if (given && given.length !== model.inputs.length) {
    throw new ValueError(`The model has ${model.inputs.length} inputs, but \`inputTensors\` are ${given.length}.`);
  }
  return buildingIn(context, () =>
    atomically(given?.[0].graph ?? context.graph, () =>
      model instanceof Sequential ? copyRow(model, given?.[0] ?? null, copy) : copyCalls(model, given, copy),
    ),
  );
}

function fresh(layer: Layer): Layer {
  if (layer instanceof TensorFlowOpLayer) return layer.copy() as unknown as Layer;
  return deserializeLayer(serializeEntry(layer as Layer<TensorNest>)) as Layer;
}

function copyRow(model: Sequential, input: Tensor | null, copy: (layer: Layer) => Layer): Model {
  const [first] = model.allLayers;
  const copies = model.layers.map(copy);
  if (!input && model.countsOwnCall) return new Sequential([fresh(first), ...copies], { name: model.name });
  const begin = input ? [inputFor(input, first?.name ?? model.name)] : [];
  const made = new Sequential([...begin, ...copies], { name: model.name });
  // A model that `build` built.
  if (!input && model.isGraphNetwork) made.build(model.inputs[0].shape ?? []);
  return made;
}

/** The layer that a tensor comes from; one of a tensor of the program's own is made. */
function inputFor(tensor: Tensor, name: string): InputLayer {
  const layer = historyOf(tensor)?.layer;
  return layer instanceof InputLayer ? layer : new InputLayer({ inputTensor: tensor, name: `${name}_wrapped` });
}

function copyCalls(
  model: Model<TensorNest>,
  given: readonly Tensor[] | null,
  copy: (layer: Layer) => Layer,
): Model<TensorNest> {
  const inputs = model.inputs.map((tensor, i): Tensor => {
    const layer = historyOf(tensor)?.layer as Layer;
    return given ? inputFor(given[i], layer.name).output : (fresh(layer).output as Tensor);
  });
  const copies = new Map<object, Layer>();
  const tensors = new Map<Tensor, Tensor>(model.inputs.map((tensor, i) => [tensor, inputs[i]]));
  const read = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(read) : (tensors.get(value as Tensor) ?? value);
  for (const call of model.calls) {
    if (call.inbound.length === 0) continue;
    const layer = copies.get(call.layer) ?? copy(call.layer as Layer);
    copies.set(call.layer, layer);
    const options = Object.fromEntries(Object.entries(call.options).map(([key, value]) => [key, read(value)]));
    const results = flat(layer.apply(read(call.inputs) as Tensor, options) as Tensor | readonly Tensor[]);
    for (const [i, tensor] of flat(call.outputs as Tensor | readonly Tensor[]).entries())
      tensors.set(tensor, results[i]);
  }
  const outputs = model.outputs.map((tensor) => tensors.get(tensor) as Tensor);
  const { name, trainable } = model;
  return new Model<TensorNest>(inputs, outputs.length === 1 ? outputs[0] : outputs, { name, trainable });
}
