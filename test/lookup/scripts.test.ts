/** Lookup tables against real TensorFlow, step by step: values, errors, names of nodes. */
import { suite } from 'uvu';
import * as tf from '../../src/index.ts';
import { emit, emitOne } from '../../src/ops/emit.ts';
import type { DTypeName } from '../../src/util/dtype.ts';
import { leakChecked } from '../support/leaks.ts';
import { follow, type Parts, scripts } from '../support/scripted.ts';

const { KeyValueTensorInitializer, StaticHashTable, StaticVocabularyTable } = tf.lookup;
const { MutableHashTable } = tf.lookup.experimental;

const [INF, NAN] = [Number.POSITIVE_INFINITY, Number.NaN];
const FLOATS = [0, -0, 1.5, -2.25, 1 / 3, 1e10, 1e21, 1.5e300, 1e-7, 123456.789, 1234567, INF, -INF, NAN];

function texts(): Parts {
  const add = (
    name: string,
    values: unknown,
    dtype: tf.DType,
    attrs: Readonly<Record<string, string | number | boolean>> = {},
  ) => {
    const input = tf.constant(values as number[], { dtype, name: `${name}_in` });
    return [name, emitOne('AsString', [input], attrs, name)] as const;
  };
  const float = (name: string, attrs = {}) => add(name, FLOATS, tf.float64, attrs);
  return Object.fromEntries([
    float('fixed'),
    float('precise', { precision: 3 }),
    float('scientific', { scientific: true }),
    float('shortest', { shortest: true }),
    float('shortest3', { shortest: true, precision: 3 }),
    float('wide', { width: 12, precision: 1 }),
    float('zeros', { width: 12, precision: 1, fill: '0' }),
    float('left', { width: 12, precision: 1, fill: '-' }),
    float('plus', { width: 12, precision: 1, fill: '+' }),
    float('space', { width: 12, precision: 1, fill: ' ' }),
    add('ints', [0, -5, 2 ** 31 - 1], tf.int32),
    add('long', [0n, -5n, 2n ** 63n - 1n, -(2n ** 63n)], tf.int64),
    add('byte', [0, 200], tf.uint8),
    add('iwide', [0, -5, 12], tf.int32, { width: 5 }),
    add('izero', [0, -5, 12], tf.int32, { width: 5, fill: '0' }),
    add('iplus', [0, -5, 12], tf.int32, { width: 5, fill: '+' }),
    add('bools', [true, false], tf.bool),
    add('complex', new tf.NdArray(tf.complex64, [2], Float32Array.of(1, 2, -0, -0.5)), tf.complex64, { precision: 2 }),
    add('half', [0.1, -3], tf.float16),
    add('single', [0.1, -3, 1e20], tf.float32),
  ]);
}

type Values = readonly (number | string | boolean)[];

/** Initializes, finds, counts, for a pair of types. */
function typed(
  key: DTypeName,
  value: DTypeName,
  keys: Values,
  values: Values,
  fallback: number | string | boolean,
  query: readonly unknown[],
): () => Parts {
  return () => {
    const initializer = new KeyValueTensorInitializer(keys, values, { keyDtype: key, valueDtype: value });
    const table = new StaticHashTable(initializer, fallback, { name: 'tab' });
    return {
      init: table.initializer,
      find: table.lookup(tf.constant(query as Values, { dtype: key })),
      size: table.size(),
    };
  };
}

/** A table whose content is fed. */
function fed(): Parts {
  const k = tf.placeholder(tf.string, [null], { name: 'k' });
  const v = tf.placeholder(tf.int32, [null], { name: 'v' });
  const table = new StaticHashTable(new KeyValueTensorInitializer(k, v, tf.string, tf.int32), -1);
  return { k, v, init: table.initializer, size: table.size(), find: table.lookup(tf.constant(['a', 'b'])) };
}

const small = () => new StaticHashTable(new KeyValueTensorInitializer(['a'], [1]), -1);
const int64 = (values: Values) => tf.constant(values, { dtype: tf.int64 });

const programs: Readonly<Record<string, () => Parts>> = {
  'static table of strings': () => {
    const table = new StaticHashTable(
      new KeyValueTensorInitializer(['a', 'b', 'c'], [7, 8, 9], { valueDtype: tf.int32 }),
      -1,
    );
    const x = tf.placeholder(tf.string, [null], { name: 'x' });
    const [keys] = table.export();
    const init = tf.tablesInitializer();
    const lookup = table.lookup(x);
    const size = table.size();
    return { init, own: table.initializer, lookup, size, x, get: table.lookup(tf.constant(['c', 'zz'])), keys };
  },
  'static int64 to string 3': typed('int64', 'string', [1, 2, 3], ['one', 'two', 'three'], 'none', [
    [3, 4],
    [1, 2],
  ]),
  'static int64 to float32 2': typed('int64', 'float32', [1, -2], [1.5, 2.5], 0.25, [-2, 2]),
  'static int64 to int64 2': typed('int64', 'int64', [1, 2], [10, 20], -1, [2, 5]),
  'static int64 to int32 2': typed('int64', 'int32', [1, 2], [10, 20], -1, [2, 5]),
  'static int32 to string 2': typed('int32', 'string', [1, 2], ['x', 'y'], '', [2, 5]),
  'static int32 to int32 2': typed('int32', 'int32', [1, 2], [5, 6], 0, [2, 5]),
  'static int32 to float64 2': typed('int32', 'float64', [1, 2], [0.5, 0.6], 0, [2, 5]),
  'static string to string 1': typed('string', 'string', ['k'], ['v'], 'd', ['k', 'l']),
  'static string to int64 1': typed('string', 'int64', ['k'], [4], -7, ['k', 'l']),
  'static string to float32 1': typed('string', 'float32', ['k'], [4], -7, ['k', 'l']),
  'static string to float64 1': typed('string', 'float64', ['k'], [4], -7, ['k', 'l']),
  'static string to bool 1': typed('string', 'bool', ['k'], [true], false, ['k', 'l']),
  'static int64 to float64 1': typed('int64', 'float64', [1], [0.1], 0, [1, 2]),
  'static int32 to int64 1': typed('int32', 'int64', [1], [1], 0, [1, 2]),
  'static int32 to float32 1': typed('int32', 'float32', [1], [1], 0, [1, 2]),
  'static float32 to int64 1': typed('float32', 'int64', [1], [1], 0, [1, 2]),
  'a key twice with two values': typed('string', 'int32', ['k', 'k'], [1, 2], 0, ['k']),
  'a key twice with one value': typed('string', 'int32', ['k', 'k'], [1, 1], 0, ['k']),
  'initialized again with other values': fed,
  'initialized with values that do not fit': fed,
  'mutable table': () => {
    const table = new MutableHashTable(tf.string, tf.int64, -1);
    const k = tf.placeholder(tf.string, null, { name: 'k' });
    const v = tf.placeholder(tf.int64, null, { name: 'v' });
    const [keys, values] = table.export();
    return {
      k,
      v,
      insert: table.insert(k, v),
      remove: table.remove(k),
      find: table.lookup(k),
      size: table.size(),
      keys,
      values,
      dyn: table.lookup(k, { dynamicDefaultValues: v }),
    };
  },
  'mutable table of vectors': () => {
    const table = new MutableHashTable(tf.int64, tf.float32, [0, -1], { name: 'vec' });
    const k = tf.placeholder(tf.int64, null, { name: 'k' });
    const v = tf.placeholder(tf.float32, null, { name: 'v' });
    const [keys, values] = table.export();
    const insert = table.insert(k, v);
    return { k, v, insert, find: table.lookup(k), size: table.size(), keys, values, remove: table.remove(k) };
  },
  'vocabulary of strings': () => {
    const initializer = new KeyValueTensorInitializer(['emerson', 'lake', 'palmer'], int64([0, 1, 2]));
    const table = new StaticVocabularyTable(initializer, 5);
    const x = tf.placeholder(tf.string, [null], { name: 'x' });
    const init = tf.tablesInitializer();
    return { init, x, find: table.lookup(x), size: table.size(), own: table.initializer };
  },
  'vocabulary of integers': () => {
    const initializer = new KeyValueTensorInitializer(int64([42, 1, -1000]), int64([0, 1, 2]));
    const table = new StaticVocabularyTable(initializer, 1000, { lookupKeyDtype: tf.int32 });
    const x = tf.placeholder(tf.int32, [null], { name: 'x' });
    return { init: tf.tablesInitializer(), x, find: table.lookup(x), size: table.size() };
  },
  'vocabulary without an initializer': () => {
    const table = new StaticVocabularyTable(null, 7);
    return { find: table.lookup(tf.constant(['a', 'b', 'c'])), size: table.size(), own: table.initializer };
  },
  'vocabulary with no buckets': () => ({ table: new StaticVocabularyTable(null, 0) }),
  'vocabulary with values of another type': () => ({
    table: new StaticVocabularyTable(new KeyValueTensorInitializer(['a'], [1], { valueDtype: tf.int32 }), 1),
  }),
  'vocabulary with keys of another type': () => ({
    table: new StaticVocabularyTable(new KeyValueTensorInitializer([1.5], int64([1])), 1),
  }),
  'vocabulary with mixed key types': () => ({
    table: new StaticVocabularyTable(new KeyValueTensorInitializer(['a'], int64([1])), 1, { lookupKeyDtype: 'int32' }),
  }),
  'keys of another type than the table': () => ({ find: small().lookup(tf.constant([1], { dtype: tf.int32 })) }),
  'a default value that is no scalar': () => ({
    table: new StaticHashTable(new KeyValueTensorInitializer(['a'], [1]), [1, 2]),
  }),
  'keys that are no vector': () => ({
    table: new StaticHashTable(new KeyValueTensorInitializer([['a']], [[1]], { valueDtype: tf.int32 }), -1),
  }),
  'mutable remove of another type': () => ({
    op: new MutableHashTable(tf.string, tf.int64, -1).remove(tf.constant([1], { dtype: tf.int32 })),
  }),
  'mutable insert of another type': () => ({
    op: new MutableHashTable(tf.string, tf.int64, -1).insert(tf.constant([1], { dtype: tf.int32 }), int64([1])),
  }),
  'vocabulary lookup of another type': () => ({
    ids: new StaticVocabularyTable(null, 3).lookup(tf.constant([1], { dtype: tf.int32 })),
  }),
  'raw ops that share a table': () => {
    const handle = (name: string, value_dtype: tf.DType, shared_name: string, type = 'HashTableV2') =>
      emitOne(type, [], { key_dtype: tf.string, value_dtype, shared_name }, name);
    const h = handle('h', tf.int64, 's');
    const h2 = handle('h2', tf.int64, 's');
    const h3 = handle('h3', tf.int32, 's');
    const h4 = handle('h4', tf.int64, '', 'MutableHashTableV2');
    const h5 = handle('h5', tf.int64, '');
    const k = tf.constant(['a', 'b']);
    const v = int64([1, 2]);
    const zero = () => int64([0]).reshape([]);
    return {
      init: emit('InitializeTableV2', [h, k, v]),
      find: emitOne('LookupTableFindV2', [h2, k, zero()], {}, 'LookupTableFindV2'),
      find3: emitOne('LookupTableFindV2', [h3, k, tf.constant(0, { dtype: tf.int32 })]),
      wrongkey: emitOne('LookupTableFindV2', [h, tf.constant([1], { dtype: tf.int32 }), zero()]),
      wrongval: emitOne('LookupTableFindV2', [h, k, tf.constant(0, { dtype: tf.int32 })]),
      insert: emit('LookupTableInsertV2', [h, k, v]),
      remove: emit('LookupTableRemoveV2', [h, k]),
      import: emit('LookupTableImportV2', [h, k, v]),
      initmut: emit('InitializeTableV2', [h4, k, v]),
      importmut: emit('LookupTableImportV2', [h4, k, v]),
      size4: emitOne('LookupTableSizeV2', [h4]),
      badinit: emit('InitializeTableV2', [h5, tf.constant([1, 2], { dtype: tf.int32 }), v]),
      size5: emitOne('LookupTableSizeV2', [h5]),
    };
  },
  'hash buckets': () => {
    const letters = (n: number) =>
      Array.from({ length: n }, (_, j) => String.fromCharCode(97 + ((n * 7 + j * 11) % 26)));
    const texts = Array.from({ length: 140 }, (_, n) => letters(n).join(''));
    const x = tf.constant([...texts, '\u00fc', '\u4f60\u597d', 'a'.repeat(1000)], { name: 'x' });
    return {
      hash: emitOne('StringToHashBucketFast', [x], { num_buckets: 2 ** 62 }, 'hash'),
      few: emitOne('StringToHashBucketFast', [x], { num_buckets: 10 }, 'few'),
    };
  },
  'numbers as texts': texts,
};

const test = suite('lookup/scripts');
const check = leakChecked(test);
for (const script of scripts('lookup')) {
  const program = programs[script.name];
  for (const backend of script.build_error ? ['cpu'] : ['cpu', 'wasm']) {
    check(`${script.name}, on ${backend}`, () =>
      // What TensorFlow names by itself among raw ops is of no interest here.
      follow(script, program, { backend, otherNodes: script.name.startsWith('raw') }),
    );
  }
}

test.run();
