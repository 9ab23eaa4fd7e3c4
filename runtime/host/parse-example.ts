/**
 * Host kernels that read messages of type `Example`: a map from names to lists of texts, floats or integers. How features
 * are asked for is the front end's business.
 */
import { type DType, float32, int64, string } from '../../src/util/dtype.ts';
import { allocate, type Data, NdArray } from '../../src/util/ndarray.ts';
import { type Shape, sizeOf } from '../../src/util/shape.ts';
import { fixed32Of, readFields, varintsOf, type WireField } from '../../src/util/wire.ts';
import { copyRun, integers, invalid } from './elements.ts';
import { defineHostKernels, type HostOp } from './registry.ts';
import { shown, textsOf } from './texts.ts';

/** A list of a feature; its values are read when they are asked for. */
interface Feature {
  readonly dtype: DType;
  readonly fields: readonly WireField[];
}

type Example = ReadonlyMap<string, Feature>;

interface Dense {
  readonly key: string;
  readonly dtype: DType;
  /** The first dimension may be unknown: then the length varies. */
  readonly shape: readonly (number | null)[];
  readonly preset: NdArray;
}

interface Listed {
  readonly key: string;
  readonly dtype: DType;
}

interface Request {
  readonly examples: readonly Example[];
  /** One text, not a batch: results have no axis for it. */
  readonly isSingle: boolean;
  readonly names: readonly string[];
}

defineHostKernels({
  ParseExampleV2: ([serialized, names, sparseKeys, denseKeys, raggedKeys, ...presets], op) => {
    const request = requestOf(serialized, names);
    const sparseTypes = op.attr<readonly DType[]>('sparse_types');
    const raggedTypes = op.attr<readonly DType[]>('ragged_value_types');
    const splitTypes = op.attr<readonly DType[]>('ragged_split_types');
    const sparse = sparseOf(
      request,
      keysOf(sparseKeys).map((key, i) => ({ key, dtype: sparseTypes[i] })),
    );
    const dense = denseOf(request, denseRequests(keysOf(denseKeys), presets, op));
    const ragged = keysOf(raggedKeys).map((key, i) => listOf(request, { key, dtype: raggedTypes[i] }));
    return [
      ...sparse,
      ...dense,
      ...ragged.map(({ values }) => values),
      ...ragged.map(({ counts }, i) => splitsOf(request, counts, splitTypes[i])),
    ];
  },
  ParseExample: ([serialized, names, ...rest], op) => {
    const request = requestOf(serialized, names);
    const [sparse, dense] = [op.attr<number>('Nsparse'), op.attr<number>('Ndense')];
    const types = op.attr<readonly DType[]>('sparse_types');
    const keys = rest.slice(0, sparse + dense).flatMap(keysOf);
    const presets = rest.slice(sparse + dense);
    return [
      ...sparseOf(
        request,
        keys.slice(0, sparse).map((key, i) => ({ key, dtype: types[i] })),
      ),
      ...denseOf(request, denseRequests(keys.slice(sparse), presets, op)),
    ];
  },
  ParseSingleExample: ([serialized, ...presets], op) => {
    const request = requestOf(serialized, null);
    const types = op.attr<readonly DType[]>('sparse_types');
    const keys = op.attr<readonly string[]>('sparse_keys');
    return [
      ...sparseOf(
        request,
        keys.map((key, i) => ({ key, dtype: types[i] })),
      ),
      ...denseOf(request, denseRequests(op.attr<readonly string[]>('dense_keys'), presets, op)),
    ];
  },
});

function keysOf(array: NdArray): string[] {
  return textsOf(array).map(shown);
}

function requestOf(serialized: NdArray, names: NdArray | null): Request {
  if (names && names.size > 0 && names.shape.join() !== serialized.shape.join()) {
    throw invalid(
      `Expected names have the same shape as serialized: name.shape=[${names.shape}], serialized.shape=[${serialized.shape}]`,
    );
  }
  return {
    examples: textsOf(serialized).map(readExample),
    isSingle: serialized.rank === 0,
    names: names ? keysOf(names) : [],
  };
}

function denseRequests(keys: readonly string[], presets: readonly NdArray[], op: HostOp): Dense[] {
  const shapes = op.attr<readonly Shape[]>('dense_shapes');
  const types = op.attr<readonly DType[]>('Tdense');
  return keys.map((key, d) => {
    const shape = shapes[d] ?? [];
    const preset = presets[d];
    const fits = shape[0] === null ? preset.size <= 1 : preset.size === 0 || preset.shape.join() === shape.join();
    if (!fits) {
      throw invalid(
        `def_value[${d}].shape() == [${preset.shape}] is not compatible with dense_shapes_[${d}] == [${shape.map((x) => x ?? '?')}]`,
      );
    }
    return { key, dtype: types[d], shape, preset };
  });
}

/** The fields of `Feature`: which list it has. */
const KINDS: ReadonlyMap<number, DType> = new Map([
  [1, string],
  [2, float32],
  [3, int64],
]);

/** The last entry of a name counts, as in any map of such messages. */
function readExample(bytes: Uint8Array): Example {
  const features = new Map<string, Feature>();
  try {
    for (const { bytes: map } of readFields(bytes).filter(isMessage)) {
      for (const { bytes: entry } of readFields(map).filter(isMessage)) {
        const fields = readFields(entry);
        const key = shown(fields.find(({ number }) => number === 1)?.bytes ?? new Uint8Array(0));
        const lists = fields.filter(({ number }) => number === 2).flatMap(({ bytes: value }) => readFields(value));
        const list = lists.filter(({ number }) => KINDS.has(number)).at(-1);
        features.delete(key);
        if (!list) continue;
        const dtype = KINDS.get(list.number) as DType;
        features.set(key, { dtype, fields: readFields(list.bytes).filter(({ number }) => number === 1) });
      }
    }
  } catch {
    throw invalid(`Could not parse example input, value: '${shown(bytes)}'`);
  }
  return features;
}

const isMessage = ({ number }: WireField): boolean => number === 1;

const bits = new DataView(new ArrayBuffer(4));

function valuesOf({ dtype, fields }: Feature): readonly unknown[] {
  if (dtype === string) return fields.map(({ bytes }) => bytes);
  if (dtype === int64) return fields.flatMap(varintsOf).map((value) => BigInt.asIntN(64, value));
  return fields.flatMap(fixed32Of).map((word) => {
    bits.setUint32(0, word);
    return bits.getFloat32(0);
  });
}

/** How messages call a type. */
const cppName = (dtype: DType): string => (dtype === float32 ? 'float' : dtype.name);

const nameAt = ({ names }: Request, i: number): string => names[i] ?? '<unknown>';

/** The beginning of a message about one feature of one text. */
function about(request: Request, key: string, i: number): string {
  if (request.isSingle) return `Key: ${key}.  `;
  return `Name: ${nameAt(request, i)}, Key: ${key}, Index: ${i}.  `;
}

/** The values of a feature in all texts one after the other, and how many each has. */
function listOf(request: Request, { key, dtype }: Listed): { values: NdArray; counts: number[] } {
  const counts: number[] = [];
  const all: unknown[] = [];
  request.examples.forEach((example, i) => {
    const feature = example.get(key);
    if (feature && feature.dtype !== dtype) {
      const types = `Expected type: ${cppName(dtype)}, Actual type: ${cppName(feature.dtype)}`;
      throw invalid(`${about(request, key, i)}Data types don't match. ${types}`);
    }
    const values = feature ? valuesOf(feature) : [];
    for (const value of values) all.push(value);
    counts.push(values.length);
  });
  return { values: new NdArray(dtype, [all.length], storageOf(dtype, all)), counts };
}

function storageOf(dtype: DType, values: readonly unknown[]): Data {
  const data = allocate(dtype, values.length);
  for (let i = 0; i < values.length; i++) (data as unknown[])[i] = values[i];
  return data;
}

/** Indices of all, values of all, shapes of all. */
function sparseOf(request: Request, wanted: readonly Listed[]): NdArray[] {
  const lists = wanted.map((feature) => listOf(request, feature));
  const rank = request.isSingle ? 1 : 2;
  const indices = lists.map(({ counts, values }) => {
    const at = counts.flatMap((count, row) =>
      Array.from({ length: count }, (_, i) => (request.isSingle ? [i] : [row, i])).flat(),
    );
    return integers(int64, [values.size, rank], at);
  });
  const shapes = lists.map(({ counts }) => {
    const longest = counts.reduce((a, b) => Math.max(a, b), 0);
    return integers(int64, [rank], request.isSingle ? [longest] : [counts.length, longest]);
  });
  return [...indices, ...lists.map(({ values }) => values), ...shapes];
}

/** Where each row ends; nothing for a single text, whose only row is all there is. */
function splitsOf(request: Request, counts: readonly number[], dtype: DType): NdArray {
  if (request.isSingle) return integers(dtype, [0], []);
  const ends = [0];
  for (const count of counts) ends.push(ends[ends.length - 1] + count);
  return integers(dtype, [ends.length], ends);
}

function denseOf(request: Request, wanted: readonly Dense[]): NdArray[] {
  return wanted.map((dense) => {
    const lists = request.examples.map((example, i) => denseList(request, dense, example.get(dense.key), i));
    const inner = dense.shape.slice(1) as readonly number[];
    const varies = dense.shape[0] === null;
    const longest = lists.reduce((most, list) => Math.max(most, list?.length ?? 0), 0);
    const shape = varies ? [longest / Math.max(sizeOf(inner), 1), ...inner] : (dense.shape as readonly number[]);
    const run = sizeOf(shape);
    const data = allocate(dense.dtype, request.examples.length * run);
    if (varies && dense.preset.size > 0) (data as unknown[]).fill(dense.preset.data[0]);
    lists.forEach((list, i) => {
      // A default that is not there leaves what the padding is.
      const source = list ?? (varies ? null : dense.preset.data);
      if (source) copyRun(source as Data, 0, data, i * run, source.length);
    });
    return new NdArray(dense.dtype, request.isSingle ? shape : [request.examples.length, ...shape], data);
  });
}

/** The values of one text; null where the default counts. */
function denseList(request: Request, dense: Dense, feature: Feature | undefined, i: number): Data | null {
  const { key, dtype, shape } = dense;
  const varies = shape[0] === null;
  if (!feature) {
    if (varies || dense.preset.size > 0 || sizeOf(shape as number[]) === 0) return null;
    const name = request.isSingle ? '' : `Name: ${nameAt(request, i)}, `;
    throw invalid(`${name}Feature: ${key} (data type: ${cppName(dtype)}) is required but could not be found.`);
  }
  const prefix = about(request, key, i);
  if (feature.dtype !== dtype) {
    const types = `Data type: ${cppName(feature.dtype)} but expected type: ${cppName(dtype)}`;
    throw invalid(`${prefix}Data types don't match. ${types}`);
  }
  const values = valuesOf(feature);
  const type = dtype === string ? 'bytes' : cppName(dtype);
  const size = sizeOf((varies ? shape.slice(1) : shape) as number[]);
  if (varies && values.length % size !== 0) {
    if (request.isSingle) {
      throw invalid(
        `Error while parsing feature with key ${key}: number of elements should be divisible by ${size}, found ${values.length} instead`,
      );
    }
    throw invalid(
      `${prefix}Number of ${type} values is not a multiple of stride length. Saw ${values.length} values but output shape is: [${shape.map((d) => d ?? '?')}]`,
    );
  }
  if (!varies && values.length !== size) {
    if (request.isSingle) {
      throw invalid(`${prefix}Can't parse serialized Example: Some ${type}_list slice was not parsed.`);
    }
    throw invalid(
      `${prefix}Number of ${type} values != expected.  Values size: ${values.length} but output shape: [${shape}]`,
    );
  }
  return storageOf(dtype, values);
}
