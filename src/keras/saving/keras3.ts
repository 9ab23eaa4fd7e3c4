/**
 * Weights in files of Keras 3 (`.weights.h5`, and `model.weights.h5` inside of `.keras`): layers by class and number, their
 * weights by number. Configurations are `keras3-config.ts`'s.
 */
import { ValueError } from '../../util/errors.ts';
import type { NdArray } from '../../util/ndarray.ts';
import type { Variable } from '../../variables/variable.ts';
import { Layer } from '../engine/layer.ts';
import type { TensorNest } from '../engine/nest.ts';
import { Network } from '../models/network.ts';
import { fileClassName } from '../models/network-config.ts';
import { toSnakeCase } from '../serialization.ts';
import { type Assignment, fitting } from './assignments.ts';
import type { Hdf5Group } from './hdf5.ts';

type AnyLayer = Layer<TensorNest>;

/** Where a model's layers are: in Keras 3, and in the first versions of the format. */
const CONTAINERS = ['layers', '_layer_checkpoint_dependencies'];

export function isKeras3Weights(root: Hdf5Group): boolean {
  return CONTAINERS.some((name) => root.groups.has(name)) || root.groups.has('vars');
}

/** What to assign. Throws `ValueError` where the file lacks a layer or a weight of the model, or a shape differs. */
export function keras3Assignments(root: Hdf5Group, model: Network<TensorNest>): Assignment[] {
  const assignments: Assignment[] = [];
  const seen = new Set<AnyLayer>();
  const stack: { readonly layer: AnyLayer; readonly path: string }[] = [{ layer: model, path: '' }];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { layer, path } = next;
    if (seen.has(layer)) continue;
    seen.add(layer);
    const inner = children(root, layer, path);
    assignments.push(...ownAssignments(root, layer, path, inner));
    stack.push(...[...inner].reverse());
  }
  return assignments;
}

interface Child {
  readonly layer: AnyLayer;
  readonly path: string;
}

/** The layers inside of a layer, with their places in the file. */
function children(root: Hdf5Group, layer: AnyLayer, path: string): Child[] {
  if (layer instanceof Network) {
    const container = CONTAINERS.find((name) => root.findGroup(join(path, name))) ?? CONTAINERS[0];
    return numbered(layer.layers as readonly AnyLayer[], join(path, container));
  }
  return Object.entries(layer).flatMap(([key, value]): Child[] => {
    const at = join(
      path,
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    );
    if (value instanceof Layer) return [{ layer: value as AnyLayer, path: at }];
    const list = Array.isArray(value) ? value.filter((item) => item instanceof Layer) : [];
    return numbered(list as AnyLayer[], at);
  });
}

/** Layers in a row: `dense`, `dense_1`, … by their classes. */
function numbered(layers: readonly AnyLayer[], path: string): Child[] {
  const counts = new Map<string, number>();
  return layers.map((layer) => {
    const name = toSnakeCase(fileClassName(layer).replace(/^.*>/, ''));
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    return { layer, path: join(path, count === 0 ? name : `${name}_${count}`) };
  });
}

function ownAssignments(root: Hdf5Group, layer: AnyLayer, path: string, inner: readonly Child[]): Assignment[] {
  const others = new Set(inner.flatMap((child) => child.layer.weights));
  const own = [...new Set([...layer.trainableWeights, ...layer.nonTrainableWeights])].filter(
    (item) => !others.has(item),
  );
  const values = arraysAt(root, join(path, 'vars'));
  if (values.length !== own.length) {
    throw new ValueError(
      `Layer '${layer.name}' expected ${own.length} variables, but received ${values.length} variables during loading. Expected: [${own.map(({ name }) => `'${name}'`).join(', ')}]`,
    );
  }
  return own.map((variable: Variable, i) => fitting(variable, values[i], `layer '${layer.name}'`));
}

/** The arrays `0`, `1`, … of a group. */
export function arraysAt(root: Hdf5Group, path: string): NdArray[] {
  const arrays = root.findGroup(path)?.arrays ?? new Map<string, NdArray>();
  const found: NdArray[] = [];
  for (let value = arrays.get('0'); value; value = arrays.get(String(found.length))) found.push(value);
  return found;
}

function join(path: string, name: string): string {
  return path ? `${path}/${name}` : name;
}
