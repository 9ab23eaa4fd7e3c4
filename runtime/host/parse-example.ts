/**
 * Host kernels that take features out of messages of type `Example`. How features are asked for is the front end's business,
 * how messages are read that of `example-messages.ts`.
 */
import { type DType, int64, string } from '../../src/util/dtype.ts';
import { allocate, type Data, NdArray } from '../../src/util/ndarray.ts';
import { type Shape, sizeOf } from '../../src/util/shape.ts';
import { copyRun, integers, invalid } from './elements.ts';
import { cppName, type Example, type Feature, readExample, storageOf, valuesOf } from './example-messages.ts';
import { defineHostKernels, type HostOp } from './registry.ts';
import { shown, textsOf } from './texts.ts';

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
