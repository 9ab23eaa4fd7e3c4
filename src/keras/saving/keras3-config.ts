/**
 * Configurations of Keras 3 as those of Keras 2: what is written otherwise there. Weights of its files are `keras3.ts`'s.
 */
import { ValueError } from '../../util/errors.ts';

type Json = Readonly<Record<string, unknown>>;

/** A tensor of a model, as Keras 3 writes it. */
const TENSOR = '__keras_tensor__';

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function entriesOf(config: unknown): readonly Json[] {
  const layers = isObject(config) && isObject(config.config) ? config.config.layers : null;
  return Array.isArray(layers) ? layers.filter(isObject) : [];
}

/** Whether the configuration of a model, with the keys of files, is one of Keras 3. */
export function isKeras3(config: unknown): boolean {
  const stack = [config];
  while (stack.length > 0) {
    const entry = stack.pop();
    if (!isObject(entry) || !isObject(entry.config)) continue;
    if (isPolicy(entry.config.dtype)) return true;
    if (entry.class_name === 'InputLayer' && 'batch_shape' in entry.config) return true;
    stack.push(...entriesOf(entry));
  }
  return false;
}

function isPolicy(value: unknown): value is Json {
  return isObject(value) && typeof value.class_name === 'string' && value.class_name.endsWith('DTypePolicy');
}

/** The configuration in the form of Keras 2. Throws `ValueError` for what that has no form for. */
export function fromKeras3(config: unknown): unknown {
  return isObject(config) ? entry(config) : config;
}

function entry(given: Json): Json {
  const { class_name: className, name, inbound_nodes: nodes } = given;
  const config = isObject(given.config) ? configOf(className, given.config) : given.config;
  const offsets = entryOffsets(entriesOf(given));
  const converted = isObject(config) && Array.isArray(config.layers) ? functional(config, offsets) : config;
  return {
    class_name: className,
    config: converted,
    ...(name ? { name } : {}),
    ...(nodes ? { inbound_nodes: nodes } : {}),
  };
}

/** Options of any object: types by name, objects inside converted too, without what only Keras 3 has. */
function configOf(className: unknown, config: Json): Json {
  const kept = Object.entries(config).filter(([key]) => !DROPPED.has(key));
  const renamed = kept.map(([key, value]): [string, unknown] => {
    if (key === 'dtype') return [key, isPolicy(value) ? (value.config as Json).name : value];
    if (key === 'batch_shape' && className === 'InputLayer') return ['batch_input_shape', value];
    return [key, convert(value)];
  });
  return Object.fromEntries(renamed);
}
const DROPPED = new Set(['quantization_config', 'optional', 'input_axes', 'output_axes']);

function convert(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(convert);
  if (isObject(value) && 'class_name' in value && 'config' in value) return entry(value);
  return value;
}

/** Nested models count their own first call in Keras 2, in Keras 3 they do not. */
function entryOffsets(entries: readonly Json[]): ReadonlyMap<string, number> {
  return new Map(entries.map((item) => [String(item.name), hasOwnCall(item) ? 1 : 0]));
}

function hasOwnCall(item: Json): boolean {
  if (item.class_name === 'Functional') return true;
  return entriesOf(item)[0]?.class_name === 'InputLayer';
}

type Offsets = ReadonlyMap<string, number>;

function functional(config: Json, offsets: Offsets): Json {
  const layers = (config.layers as readonly Json[]).map((layer) =>
    Array.isArray(layer.inbound_nodes)
      ? { ...layer, inbound_nodes: layer.inbound_nodes.map((node) => inbound(node, offsets)) }
      : layer,
  );
  const places = (given: unknown) => {
    const list = Array.isArray(given) && typeof given[0] === 'string' ? [given] : given;
    return Array.isArray(list) ? list.map((place) => shifted(place, offsets)) : list;
  };
  return {
    ...config,
    layers,
    ...('input_layers' in config ? { input_layers: places(config.input_layers) } : {}),
    ...('output_layers' in config ? { output_layers: places(config.output_layers) } : {}),
  };
}

function shifted(place: unknown, offsets: Offsets): unknown[] {
  if (!Array.isArray(place) || typeof place[0] !== 'string') {
    throw new ValueError('Models with inputs or outputs by name are not supported: give them as lists.');
  }
  const [name, node, tensor] = place as [string, number, number];
  return [name, node + (offsets.get(name) ?? 0), tensor];
}

/** A call: the first argument's tensors one by one, the rest as options of the first. */
function inbound(node: unknown, offsets: Offsets): unknown {
  if (!isObject(node) || !Array.isArray(node.args)) return node;
  const read = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(read);
    if (isObject(value) && value.class_name === TENSOR) {
      return shifted((value.config as Json).keras_history, offsets);
    }
    return value;
  };
  const [first, ...more] = node.args;
  if (more.length > 0 && more.some((value) => value !== null)) {
    throw new ValueError('A layer is called with more than one positional argument, which is not supported.');
  }
  const options = Object.fromEntries(
    Object.entries(isObject(node.kwargs) ? node.kwargs : {})
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([key, value]) => [key, read(value)]),
  );
  const found = read(first) as unknown[];
  const list = (typeof found[0] === 'string' ? [found] : found) as unknown[][];
  return list.map((place) => [...place, options]);
}
