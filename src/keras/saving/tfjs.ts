/**
 * Models in the layers format of TensorFlow.js: `model.json` (configuration and a list of weights) and the weights' bytes
 * in shards. Reading and writing files is `files.ts`'s.
 */
import { bool, type DType, float32, int32, string, uint8 } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import { type Data, decodeString, encodeString, NdArray, type NumericData } from '../../util/ndarray.ts';
import { sizeOf } from '../../util/shape.ts';
import type { Variable } from '../../variables/variable.ts';
import type { KerasContext } from '../context.ts';
import type { Layer } from '../engine/layer.ts';
import type { TensorNest } from '../engine/nest.ts';
import { Network } from '../models/network.ts';
import { serializeEntry } from '../models/network-config.ts';
import { type Assignment, checkBuilt, fitting, valuesOf } from './assignments.ts';
import { writeConfig } from './json-text.ts';
import { type LoadModelOptions, restore, type SavableModel, type SaveModelOptions } from './model-hdf5.ts';
import { trainingConfig } from './training-config.ts';
import { KERAS_VERSION } from './version.ts';

/** One weight in the list: its bytes follow those of the one before. */
export interface TfjsWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization?: { readonly dtype: string; readonly scale?: number; readonly min?: number };
}

/** `model.json`. */
export interface TfjsModelJson {
  readonly format?: string;
  readonly generatedBy?: string | null;
  readonly convertedBy?: string | null;
  readonly modelTopology: unknown;
  readonly trainingConfig?: unknown;
  readonly weightsManifest: readonly { readonly paths: readonly string[]; readonly weights: readonly TfjsWeight[] }[];
}

/** A model as TensorFlow.js keeps it. */
export interface TfjsArtifacts {
  readonly modelJson: TfjsModelJson;
  /** The weights one after the other, in the order of the manifest. */
  readonly weightData: Uint8Array<ArrayBuffer>;
}

/** Gives the bytes of a shard. */
export type ShardLoader = (path: string) => Uint8Array | ArrayBuffer | Promise<Uint8Array | ArrayBuffer>;

/** Bytes in one shard. */
const SHARD = 4 * 1024 * 1024;
const TYPES: ReadonlyMap<string, DType> = new Map(
  [float32, int32, bool, uint8, string].map((dtype) => [dtype.name, dtype]),
);

// ---------------------------------------------------------------------------------------------------------------------
// Saving

/**
 * The model as `model.json` and bytes, which `tf.loadLayersModel` of TensorFlow.js takes. What the model was compiled with
 * is in it unless `includeOptimizer` is false; the optimizer's state is not. Rejects with `ValueError` for weights of types
 * that the format has not.
 *
 *     const {modelJson, weightData} = await tf.keras.models.saveTfjs(model);
 */
export async function saveTfjs(
  model: SavableModel,
  { includeOptimizer = true }: SaveModelOptions = {},
): Promise<TfjsArtifacts> {
  const entry = writeConfig(serializeEntry(model)) as object;
  checkBuilt(model);
  const session = await model.context.sessionOf(model);
  const training = includeOptimizer && model.isCompiled ? await trainingConfig(model, session) : null;
  const names = tfjsNames(model);
  const values = await valuesOf(model, [...names.keys()]);
  const weights = [...names].map(([variable, name]) => {
    const { shape, dtype } = values.get(variable) as NdArray;
    if (TYPES.has(dtype.name)) return { name, shape, dtype: dtype.name };
    throw new ValueError(
      `The weight '${name}' is of type ${dtype.name}, which the format of TensorFlow.js does not have.`,
    );
  });
  const weightData = concatenated([...names.keys()].map((variable) => bytesOf(values.get(variable) as NdArray)));
  const count = Math.max(1, Math.ceil(weightData.length / SHARD));
  const paths = Array.from({ length: count }, (_, i) => `group1-shard${i + 1}of${count}.bin`);
  const modelJson = {
    format: 'layers-model',
    generatedBy: `keras v${KERAS_VERSION}`,
    convertedBy: 'tfjs-graph',
    modelTopology: {
      keras_version: KERAS_VERSION,
      backend: 'tensorflow',
      model_config: singleAxes(entry),
      ...(training ? { training_config: writeConfig(training) } : {}),
    },
    weightsManifest: [{ paths, weights }],
  };
  return { modelJson, weightData };
}

/** The shards of what `saveTfjs` gave, by path. */
export function shardsOf({ modelJson, weightData }: TfjsArtifacts): [path: string, bytes: Uint8Array][] {
  const [{ paths }] = modelJson.weightsManifest;
  return paths.map((path, i) => [path, weightData.subarray(i * SHARD, (i + 1) * SHARD)]);
}

/** TensorFlow.js takes an axis as a number where Keras has a list of one. */
function singleAxes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(singleAxes);
  if (typeof value !== 'object' || value === null) return value;
  const isNormalization = (value as { class_name?: unknown }).class_name === 'BatchNormalization';
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      if (!isNormalization || key !== 'config') return [key, singleAxes(item)];
      const { axis } = item as { axis?: unknown };
      return [key, { ...(item as object), axis: Array.isArray(axis) && axis.length === 1 ? axis[0] : axis }];
    }),
  );
}

/**
 * The names of the weights there: those of the variables without `:0`, scopes under the names of the layers, also where a
 * graph with more such scopes has given them a number.
 */
function tfjsNames(model: Network<TensorNest>): Map<Variable, string> {
  const scopes = new Map<Variable, readonly string[]>();
  const stack: { readonly layer: Layer<TensorNest>; readonly outer: readonly string[] }[] = [
    { layer: model, outer: [] },
  ];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { layer, outer } = next;
    if (layer instanceof Network) {
      const inner = layer === model ? [] : [...outer, layer.name];
      for (const item of layer.layers) stack.push({ layer: item as Layer<TensorNest>, outer: inner });
    }
    for (const variable of layer.weights) if (!(layer instanceof Network)) scopes.set(variable, [...outer, layer.name]);
  }
  const names = new Map<Variable, string>();
  for (const variable of model.weights) {
    const segments = variable.name.replace(/:\d+$/, '').split('/');
    for (const scope of scopes.get(variable) ?? []) {
      const at = segments.findIndex((segment) => segment === scope || isNumbered(segment, scope));
      if (at >= 0) segments[at] = scope;
    }
    names.set(variable, segments.join('/'));
  }
  return names;
}

function isNumbered(segment: string, name: string): boolean {
  return segment.startsWith(`${name}_`) && /^\d+$/.test(segment.slice(name.length + 1));
}

function bytesOf({ data, dtype }: NdArray): Uint8Array {
  if (dtype !== string) {
    const { buffer, byteOffset, byteLength } = data as NumericData;
    return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
  }
  // Each string after its length.
  return concatenated(
    (data as Uint8Array[]).flatMap((bytes) => [new Uint8Array(Uint32Array.of(bytes.length).buffer), bytes]),
  );
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

// ---------------------------------------------------------------------------------------------------------------------
// Loading

/**
 * The model of a `model.json` and its weights: all their bytes, or a function that gives those of a shard. Rejects with
 * `ValueError` for what is no model of layers, and where weights do not fit.
 */
export async function loadTfjsIn(
  context: KerasContext,
  modelJson: TfjsModelJson,
  weightData: Uint8Array | ArrayBuffer | ShardLoader,
  options: LoadModelOptions = {},
): Promise<SavableModel> {
  const { format, modelTopology: topology, weightsManifest: manifest } = modelJson;
  if (format === 'graph-model') {
    throw new ValueError('The model is a graph model of TensorFlow.js, not one of layers.');
  }
  if (!isObject(topology) || !Array.isArray(manifest)) throw new ValueError('The model.json holds no model of layers.');
  const paths = manifest.flatMap((group) => group.paths);
  const bytes =
    typeof weightData === 'function'
      ? concatenated((await Promise.all(paths.map(weightData))).map(asBytes))
      : asBytes(weightData);
  const arrays = readWeights(
    manifest.flatMap((group) => group.weights),
    bytes,
  );
  const config = topology.model_config ?? topology;
  const training = modelJson.trainingConfig ?? topology.training_config ?? null;
  return restore(context, config, training, options, (model) => ({
    weights: assignmentsFor(model, arrays),
    optimizer: () => null,
  }));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function asBytes(data: Uint8Array | ArrayBuffer): Uint8Array {
  return data instanceof Uint8Array ? data : new Uint8Array(data);
}

function readWeights(weights: readonly TfjsWeight[], bytes: Uint8Array): Map<string, NdArray> {
  const found = new Map<string, NdArray>();
  let offset = 0;
  for (const weight of weights) {
    const { name, shape, quantization } = weight;
    const dtype = TYPES.get(weight.dtype);
    if (!dtype) throw new ValueError(`The weight '${name}' is of type ${weight.dtype}, which is not supported.`);
    const count = sizeOf(shape);
    const [data, length] = quantization
      ? dequantized(weight, bytes.subarray(offset), count)
      : elements(dtype, bytes.subarray(offset), count);
    found.set(name, new NdArray(dtype, [...shape], data));
    offset += length;
  }
  if (offset !== bytes.length) {
    throw new ValueError(
      `The weights of the model are ${offset} bytes by its model.json, but ${bytes.length} were given.`,
    );
  }
  return found;
}

/** A copy of the bytes, which need not lie where a typed array may begin. */
function piece(bytes: Uint8Array, length: number): ArrayBuffer {
  if (bytes.length < length) throw new ValueError('There are fewer bytes of weights than model.json says.');
  return bytes.slice(0, length).buffer as ArrayBuffer;
}

function elements(dtype: DType, bytes: Uint8Array, count: number): [Data, number] {
  if (dtype === string) return texts(bytes, count);
  const length = count * dtype.size;
  const buffer = piece(bytes, length);
  if (dtype === float32) return [new Float32Array(buffer), length];
  return [dtype === int32 ? new Int32Array(buffer) : new Uint8Array(buffer), length];
}

function texts(bytes: Uint8Array, count: number): [Data, number] {
  let offset = 0;
  const items = Array.from({ length: count }, () => {
    const [length] = new Uint32Array(piece(bytes.subarray(offset), 4));
    const item = new Uint8Array(piece(bytes.subarray(offset + 4), length));
    offset += 4 + length;
    return encodeString(decodeString(item) as string);
  });
  return [items, offset];
}

function dequantized({ name, dtype, quantization }: TfjsWeight, bytes: Uint8Array, count: number): [Data, number] {
  const { dtype: kind, scale = 1, min = 0 } = quantization as NonNullable<TfjsWeight['quantization']>;
  if (kind !== 'uint8' && kind !== 'uint16' && kind !== 'float16') {
    throw new ValueError(`The weight '${name}' is quantized as ${kind}, which is not supported.`);
  }
  const length = kind === 'uint8' ? count : 2 * count;
  const buffer = piece(bytes, length);
  const given = kind === 'uint8' ? new Uint8Array(buffer) : new Uint16Array(buffer);
  if (kind === 'float16') return [Float32Array.from(given, halfToFloat), length];
  if (dtype === 'int32') return [Int32Array.from(given, (value) => Math.round(value * scale + min)), length];
  return [Float32Array.from(given, (value) => value * scale + min), length];
}

function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function assignmentsFor(model: Network<TensorNest>, arrays: ReadonlyMap<string, NdArray>): Assignment[] {
  return [...tfjsNames(model)].map(([variable, name]) => {
    const found = candidates(name).find((item) => arrays.has(item));
    if (!found) {
      throw new ValueError(
        `The model.json names no weight for ${variable.name}: it has [${[...arrays.keys()].join(', ')}].`,
      );
    }
    return fitting(variable, arrays.get(found) as NdArray, 'the weights of model.json');
  });
}

/** Names under which a weight may be found: TensorFlow.js leaves out the scope of a cell, and Python's files keep `:0`. */
function candidates(name: string): string[] {
  const segments = name.split('/');
  const short = [...segments.slice(0, -2), ...segments.slice(-1)].join('/');
  return segments.length > 2 ? [name, `${name}:0`, short, segments.slice(-2).join('/')] : [name, `${name}:0`];
}
