/**
 * Host kernels that take features out of messages of type `SequenceExample`. How features are asked for is the front end's
 * business, how messages are read that of `example-messages.ts`.
 */
import { type DType, int64 } from '../../src/util/dtype.ts';
import { allocate, NdArray } from '../../src/util/ndarray.ts';
import { type Shape, sizeOf } from '../../src/util/shape.ts';
import { copyRun, integers, invalid } from './elements.ts';
import {
  cppName,
  type Feature,
  readSequenceExample,
  type SequenceExample,
  storageOf,
  valuesOf,
} from './example-messages.ts';
import { defineHostKernels, type HostOp } from './registry.ts';
import { shown, textsOf } from './texts.ts';

interface Request {
  readonly examples: readonly SequenceExample[];
  /** One text, not a batch: results have no axis for it. */
  readonly isSingle: boolean;
  readonly names: readonly string[];
}

/** What is asked for, under TensorFlow's names, from the inputs or attributes of an op. */
interface Wanted {
  readonly contextSparse: readonly string[];
  readonly contextDense: readonly string[];
  readonly contextRagged: readonly string[];
  readonly listSparse: readonly string[];
  readonly listDense: readonly string[];
  readonly listRagged: readonly string[];
  /** By feature of `listDense`, whether it may be missing. */
  readonly mayMiss: readonly boolean[];
  readonly presets: readonly NdArray[];
}

defineHostKernels({
  ParseSequenceExampleV2: ([serialized, names, a, b, c, d, e, f, mayMiss, ...presets], op) =>
    parse(requestOf(serialized, names), op, {
      contextSparse: keysOf(a),
      contextDense: keysOf(b),
      contextRagged: keysOf(c),
      listSparse: keysOf(d),
      listDense: keysOf(e),
      listRagged: keysOf(f),
      mayMiss: Array.from(mayMiss.data as Uint8Array, Boolean),
      presets,
    }),
});

function keysOf(array: NdArray): string[] {
  return textsOf(array).map(shown);
}

function requestOf(serialized: NdArray, names: NdArray): Request {
  if (names.size > 0 && names.size !== serialized.size) {
    throw invalid('example_names must be empty or have the correct number of elements');
  }
  const texts = keysOf(names);
  const examples = textsOf(serialized).map((bytes, i) => {
    try {
      return readSequenceExample(bytes);
    } catch {
      throw invalid(`Invalid protocol message input, example id: ${texts[i] ?? '<unknown>'}`);
    }
  });
  return { examples, isSingle: serialized.rank === 0, names: texts };
}

const nameAt = ({ names }: Request, i: number): string => names[i] ?? '<unknown>';

function parse(request: Request, op: HostOp, wanted: Wanted): NdArray[] {
  const types = (name: string) => op.attr<readonly DType[]>(name);
  const shapes = (name: string) => op.attr<readonly Shape[]>(name) as readonly (readonly number[])[];
  const context = (keys: readonly string[], dtypes: readonly DType[]) =>
    keys.map((key, i) => contextRows(request, key, dtypes[i]));
  const lists = (keys: readonly string[], dtypes: readonly DType[]) =>
    keys.map((key, i) => listRows(request, key, dtypes[i]));
  const contextRagged = context(wanted.contextRagged, types('context_ragged_value_types'));
  const contextSplits = types('context_ragged_split_types');
  const dense = wanted.listDense.map((key, i) =>
    denseList(
      request,
      key,
      types('feature_list_dense_types')[i],
      shapes('feature_list_dense_shapes')[i],
      wanted.mayMiss[i],
    ),
  );
  const listRagged = lists(wanted.listRagged, types('feature_list_ragged_value_types'));
  const listSplits = types('feature_list_ragged_split_types');
  const outer = (counts: readonly number[], dtype: DType) =>
    request.isSingle ? integers(dtype, [0], []) : splits(counts, dtype);
  return [
    ...sparse(request, context(wanted.contextSparse, types('context_sparse_types')).map(oneStep), false),
    ...wanted.contextDense.map((key, i) =>
      denseContext(request, key, types('Tcontext_dense')[i], shapes('context_dense_shapes')[i], wanted.presets[i]),
    ),
    ...contextRagged.map(({ dtype, rows }) => flat(dtype, rows)),
    ...contextRagged.map(({ rows }, i) =>
      outer(
        rows.map(({ length }) => length),
        contextSplits[i],
      ),
    ),
    ...sparse(request, lists(wanted.listSparse, types('feature_list_sparse_types')), true),
    ...dense.map(({ values }) => values),
    ...dense.map(({ lengths }) => lengths),
    ...listRagged.map(({ dtype, rows }) => flat(dtype, rows.flat())),
    ...listRagged.map(({ rows }, i) =>
      outer(
        rows.map(({ length }) => length),
        listSplits[i],
      ),
    ),
    ...listRagged.map(({ rows }, i) =>
      splits(
        rows.flat().map(({ length }) => length),
        listSplits[i],
      ),
    ),
  ];
}

type Values = readonly unknown[];

/** The values of a feature of the context, by example; none where it is missing. */
interface ContextRows {
  readonly dtype: DType;
  readonly rows: readonly Values[];
}

/** The values of a feature by example and step. */
interface ListRows {
  readonly dtype: DType;
  readonly rows: readonly (readonly Values[])[];
}

const oneStep = ({ dtype, rows }: ContextRows): ListRows => ({ dtype, rows: rows.map((row) => [row]) });

function contextValues(request: Request, i: number, key: string, dtype: DType): Values | null {
  const feature = request.examples[i].context.get(key);
  if (feature === undefined) return null;
  if (feature === null) return [];
  if (feature.dtype !== dtype) {
    throw invalid(
      `Name: ${nameAt(request, i)}, Context feature: ${key}.  Data types don't match. Expected type: ${typeName(dtype)}`,
    );
  }
  return valuesOf(feature);
}

const typeName = (dtype: DType): string => (dtype === int64 ? 'int64' : cppName(dtype));

function contextRows(request: Request, key: string, dtype: DType): ContextRows {
  return { dtype, rows: request.examples.map((_, i) => contextValues(request, i, key, dtype) ?? []) };
}

function stepValues(
  request: Request,
  i: number,
  key: string,
  dtype: DType,
  step: number,
  feature: Feature | null,
): Values {
  if (feature === null) return [];
  if (feature.dtype === dtype) return valuesOf(feature);
  throw invalid(
    `Name: ${nameAt(request, i)}, Feature list: ${key}, Index: ${step}.  Data types don't match. Expected type: ${typeName(dtype)}`,
  );
}

function listRows(request: Request, key: string, dtype: DType): ListRows {
  const rows = request.examples.map(({ lists }, i) =>
    (lists.get(key) ?? []).map((feature, step) => stepValues(request, i, key, dtype, step, feature)),
  );
  return { dtype, rows };
}

function flat(dtype: DType, rows: readonly Values[]): NdArray {
  const all = rows.flat();
  return new NdArray(dtype, [all.length], storageOf(dtype, all));
}

/** Where each row ends, from 0. */
function splits(counts: readonly number[], dtype: DType): NdArray {
  const ends = [0];
  for (const count of counts) ends.push(ends[ends.length - 1] + count);
  return integers(dtype, [ends.length], ends);
}

/** Indices of all, values of all, shapes of all; features of a context have no axis of steps. */
function sparse(request: Request, features: readonly ListRows[], hasSteps: boolean): NdArray[] {
  const keep = [!request.isSingle, hasSteps, true];
  const pick = (parts: readonly number[]) => parts.filter((_, axis) => keep[axis]);
  const rank = pick([0, 0, 0]).length;
  const indices = features.map(({ rows }) => {
    const at: number[] = [];
    rows.forEach((steps, row) => {
      steps.forEach((values, step) => {
        for (let i = 0; i < values.length; i++) at.push(...pick([row, step, i]));
      });
    });
    return integers(int64, [at.length / rank, rank], at);
  });
  const most = (counts: readonly number[]) => counts.reduce((a, b) => Math.max(a, b), 0);
  const shapes = features.map(({ rows }) => {
    const steps = most(rows.map(({ length }) => length));
    const values = most(rows.flatMap((each) => each.map(({ length }) => length)));
    return integers(int64, [rank], pick([rows.length, steps, values]));
  });
  return [...indices, ...features.map(({ dtype, rows }) => flat(dtype, rows.flat())), ...shapes];
}

function denseContext(request: Request, key: string, dtype: DType, shape: readonly number[], preset: NdArray): NdArray {
  const size = sizeOf(shape);
  const rows = request.examples.map((_, i) => contextValues(request, i, key, dtype));
  const most = rows.reduce((greatest, row) => Math.max(greatest, row?.length ?? 0), preset.size);
  if (most !== size) {
    throw invalid(`Inconsistent max number of elements for feature ${key}: expected ${size}, but found ${most}`);
  }
  const data = allocate(dtype, rows.length * size);
  rows.forEach((row, i) => {
    if (row === null && preset.size === 0 && size > 0) {
      throw invalid(`Feature: ${key} (data type: ${typeName(dtype)}) is required but could not be found.`);
    }
    if (row !== null && row.length !== size) {
      throw invalid(`Unexpected number of elements in example ${nameAt(request, i)}`);
    }
    copyRun(row === null ? preset.data : storageOf(dtype, row), 0, data, i * size, size);
  });
  return new NdArray(dtype, request.isSingle ? shape : [rows.length, ...shape], data);
}

/** Steps as rows, filled with zeros up to the longest example, and how many steps each example has. */
function denseList(
  request: Request,
  key: string,
  dtype: DType,
  shape: readonly number[],
  mayMiss: boolean,
): { readonly values: NdArray; readonly lengths: NdArray } {
  const size = sizeOf(shape);
  const rows = request.examples.map(({ lists }, i) => {
    const list = lists.get(key);
    if (!list && !mayMiss) {
      throw invalid(
        `Name: ${nameAt(request, i)}, Feature list '${key}' is required but could not be found.  Did you mean to include it in feature_list_dense_missing_assumed_empty or feature_list_dense_defaults?`,
      );
    }
    return (list ?? []).map((feature, step) => {
      const values = stepValues(request, i, key, dtype, step, feature);
      if (values.length === size) return values;
      throw invalid(
        `Name: ${nameAt(request, i)}, Key: ${key}, Index: ${step}.  Number of values != expected.  values size: ${values.length} but output shape: [${shape}]`,
      );
    });
  });
  const counts = rows.map(({ length }) => length);
  const steps = counts.reduce((a, b) => Math.max(a, b), 0);
  const data = allocate(dtype, rows.length * steps * size);
  rows.forEach((row, i) => {
    row.forEach((values, step) => {
      copyRun(storageOf(dtype, values), 0, data, (i * steps + step) * size, size);
    });
  });
  const batch = request.isSingle ? [] : [rows.length];
  return { values: new NdArray(dtype, [...batch, steps, ...shape], data), lengths: integers(int64, batch, counts) };
}
