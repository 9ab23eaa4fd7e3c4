/**
 * Lookup tables: what they hold, and the host kernels that read and change them. That a session owns them is
 * `session-resources.ts`'s business.
 */
import type { DType } from '../../src/util/dtype.ts';
import { int64, string } from '../../src/util/dtype.ts';
import {
  AbortedError,
  FailedPreconditionError,
  InvalidArgumentError,
  UnimplementedError,
} from '../../src/util/errors.ts';
import { allocate, type Data, NdArray } from '../../src/util/ndarray.ts';
import { formatShapeBrackets, type KnownShape, sizeOf } from '../../src/util/shape.ts';
import { printNumber } from './control.ts';
import { type Handle, handleArray, handleOf, typeName } from './handles.ts';
import { defineHostKernels, type HostOp, type ResourceAccess } from './registry.ts';

const TABLE = 'tensorflow::lookup::LookupInterface';

/** What `Map` tells apart by value: of a text its bytes, a character each. */
type Key = string | number | bigint;
type Raw = number | bigint | Uint8Array;
/** The elements of a value. */
type Value = readonly Raw[];

/** The pairs of types that TensorFlow has kernels for, by the type of the key. */
const STATIC_TYPES: Readonly<Record<string, readonly string[]>> = {
  string: ['string', 'int64', 'int32', 'float32', 'float64', 'bool'],
  int64: ['string', 'int64', 'int32', 'float32', 'float64'],
  int32: ['string', 'int32', 'float32', 'float64'],
};
const MUTABLE_TYPES: Readonly<Record<string, readonly string[]>> = {
  string: ['int64', 'int32', 'float32', 'float64', 'bool'],
  int64: ['string', 'int64', 'int32', 'float32', 'float64'],
  int32: ['int32', 'float32', 'float64'],
};

class Table {
  entries = new Map<Key, Value>();
  /** Whether the table has been given its content; a table that can be changed always has one. */
  ready: boolean;

  constructor(
    readonly isStatic: boolean,
    readonly keyType: DType,
    readonly valueType: DType,
    readonly valueShape: KnownShape,
  ) {
    this.ready = !isStatic;
  }
}

defineHostKernels({
  HashTableV2: (_, op) => [tableHandle(op, STATIC_TYPES, [])],
  MutableHashTableV2: (_, op) => [tableHandle(op, MUTABLE_TYPES, [])],
  MutableHashTableOfTensorsV2: (_, op) => [tableHandle(op, MUTABLE_TYPES, op.attr<KnownShape>('value_shape'))],

  LookupTableFindV2: ([handle, keys, fallback]) => {
    const { table } = tableOf(handle);
    checkTypes(table, [keys.dtype, fallback.dtype], [fallback.dtype]);
    const shape = [...keys.shape, ...table.valueShape];
    const isWhole = isSame(fallback.shape, shape);
    if (!isWhole && !isSame(fallback.shape, table.valueShape)) {
      throw new InvalidArgumentError(
        null,
        `Expected shape ${formatShapeBrackets(table.valueShape)} or ${formatShapeBrackets(shape)} for default value, got ${formatShapeBrackets(fallback.shape)}`,
      );
    }
    if (!table.ready) throw new FailedPreconditionError(null, 'Table not initialized.');
    const width = sizeOf(table.valueShape);
    const out = allocate(table.valueType, sizeOf(shape));
    for (let i = 0; i < keys.size; i++) {
      const value = table.entries.get(keyAt(keys, i));
      // A default for each key is read in its place; a table that takes its content once has one for all.
      const from = isWhole && !table.isStatic ? i * width : 0;
      for (let k = 0; k < width; k++) put(out, i * width + k, value ? value[k] : (fallback.data[from + k] as Raw));
    }
    return [new NdArray(table.valueType, shape, out)];
  },

  LookupTableSizeV2: ([handle]) => [
    new NdArray(int64, [], BigInt64Array.of(BigInt(tableOf(handle).table.entries.size))),
  ],

  LookupTableExportV2: ([handle], op) => {
    const { table } = tableOf(handle);
    const types = [op.outputDType(0), op.outputDType(1)];
    if (types[0] !== table.keyType || types[1] !== table.valueType) {
      throw mismatch([], types, [], [table.keyType, table.valueType]);
    }
    if (!table.ready) throw new AbortedError(null, 'HashTable is not initialized.');
    const count = table.entries.size;
    const width = sizeOf(table.valueShape);
    const keys = allocate(table.keyType, count);
    const values = allocate(table.valueType, count * width);
    let at = 0;
    for (const [key, value] of table.entries) {
      put(keys, at, table.keyType === string ? bytesOf(key as string) : (key as Raw));
      for (let k = 0; k < width; k++) put(values, at * width + k, value[k]);
      at++;
    }
    return [
      new NdArray(table.keyType, [count], keys),
      new NdArray(table.valueType, [count, ...table.valueShape], values),
    ];
  },

  LookupTableInsertV2: ([handle, keys, values], op) => {
    const { table } = tableOf(handle);
    checkTypes(table, [keys.dtype, values.dtype], []);
    checkValues(table, keys, values);
    if (table.isStatic) throw unsupported('Insert');
    change(table, keys, op, (i) => valueAt(table, values, i));
    return [];
  },

  LookupTableRemoveV2: ([handle, keys], op) => {
    const { table } = tableOf(handle);
    if (keys.dtype !== table.keyType) throw mismatch([keys.dtype], [], [table.keyType], []);
    if (table.isStatic) throw unsupported('Remove');
    change(table, keys, op, () => undefined);
    return [];
  },

  LookupTableImportV2: ([handle, keys, values], op) => {
    const { table } = tableOf(handle);
    checkTypes(table, [keys.dtype, values.dtype], []);
    checkValues(table, keys, values);
    if (table.isStatic) initialize(table, keys, values, op.services.resources());
    else replace(table, entriesOf(table, keys, values), op.services.resources());
    return [];
  },

  InitializeTableV2: ([handle, keys, values], op) => {
    const { table, container, name } = tableOf(handle);
    if (!table.isStatic) throw new InvalidArgumentError(null, `Table ${container} ${name} is not initializable`);
    checkTypes(table, [keys.dtype, values.dtype], []);
    if (keys.rank !== 1) {
      const shape = formatShapeBrackets(keys.shape);
      throw new InvalidArgumentError(null, `Keys must be a vector, but received shape${shape}`);
    }
    checkValues(table, keys, values);
    initialize(table, keys, values, op.services.resources());
    return [];
  },
});

/** Fills a table from keys and values that were read elsewhere. */
export function initializeTable(handle: NdArray, keys: NdArray, values: NdArray, resources: ResourceAccess): void {
  initialize(tableOf(handle).table, keys, values, resources);
}

/** The types of a table that can be given its content. Throws `InvalidArgumentError` for one that cannot. */
export function initializableTypes(handle: NdArray): readonly [key: DType, value: DType] {
  const { table, container, name } = tableOf(handle);
  if (!table.isStatic) throw new InvalidArgumentError(null, `Table ${container} ${name} is not initializable`);
  return [table.keyType, table.valueType];
}

function tableHandle(op: HostOp, types: Readonly<Record<string, readonly string[]>>, shape: KnownShape): NdArray {
  const keyType = op.attr<DType>('key_dtype');
  const valueType = op.attr<DType>('value_dtype');
  if (!types[keyType.name]?.includes(valueType.name)) {
    throw new InvalidArgumentError(
      null,
      `No OpKernel was registered to support Op '${op.type}' used by {{node ${op.name}}}: no table has keys of ${keyType} and values of ${valueType}`,
    );
  }
  const shared = op.attr<string>('shared_name');
  // What has no shared name is the node's own, which no shared name must hit.
  const name = shared || (op.attr<boolean>('use_node_name_sharing') ? op.name : `_${op.name}`);
  const container = op.attr<string>('container');
  const isStatic = op.type === 'HashTableV2';
  const made = () => new Table(isStatic, keyType, valueType, shape);
  const table = op.services.resources().lookupOrCreate(TABLE, container, name, made);
  if (table.keyType !== keyType || table.valueType !== valueType) {
    const [asked, held] = [`${keyType.name}->${valueType.name}`, `${table.keyType.name}-${table.valueType.name}`];
    throw new InvalidArgumentError(null, `Conflicting key/value dtypes ${asked} with ${held} for table ${name}`);
  }
  return handleArray({ container: container || 'localhost', name, kind: TABLE, resource: table as object });
}

function tableOf(array: NdArray): Handle & { readonly table: Table } {
  const handle = handleOf(array, TABLE);
  return { ...handle, table: handle.resource as Table };
}

// Content

/** Sets each key to its value, or drops it where that is undefined. */
function change({ entries }: Table, keys: NdArray, op: HostOp, next: (i: number) => Value | undefined): void {
  const before: [Key, Value | undefined][] = [];
  for (let i = 0; i < keys.size; i++) {
    const key = keyAt(keys, i);
    before.push([key, entries.get(key)]);
    set(entries, key, next(i));
  }
  op.services.resources().onRollback(() => {
    for (const [key, value] of before.reverse()) set(entries, key, value);
  });
}

function set(entries: Map<Key, Value>, key: Key, value: Value | undefined): void {
  if (value) entries.set(key, value);
  else entries.delete(key);
}

function replace(table: Table, entries: Map<Key, Value>, resources: ResourceAccess): void {
  const { entries: before, ready } = table;
  table.entries = entries;
  table.ready = true;
  resources.onRollback(() => {
    table.entries = before;
    table.ready = ready;
  });
}

/** Gives a table its content. Where it has one, that many keys pass for the same. */
function initialize(table: Table, keys: NdArray, values: NdArray, resources: ResourceAccess): void {
  if (table.ready) {
    if (table.entries.size === keys.size) return;
    throw new FailedPreconditionError(null, 'Table was already initialized with different data.');
  }
  replace(table, entriesOf(table, keys, values, true), resources);
}

function entriesOf(table: Table, keys: NdArray, values: NdArray, isUnique = false): Map<Key, Value> {
  const entries = new Map<Key, Value>();
  for (let i = 0; i < keys.size; i++) {
    const key = keyAt(keys, i);
    const value = valueAt(table, values, i);
    const known = isUnique ? entries.get(key) : undefined;
    if (known && !sameRaw(known[0], value[0])) {
      const [has, adds] = [known[0], value[0]].map((raw) => printRaw(raw, table.valueType));
      const text = printRaw(keys.data[i] as Raw, table.keyType);
      throw new FailedPreconditionError(
        null,
        `HashTable has different value for same key. Key ${text} has ${has} and trying to add value ${adds}`,
      );
    }
    entries.set(key, value);
  }
  return entries;
}

function keyAt(keys: NdArray, i: number): Key {
  const raw = keys.data[i] as Raw;
  return raw instanceof Uint8Array ? charsOf(raw) : raw;
}

function valueAt(table: Table, values: NdArray, i: number): Value {
  const width = sizeOf(table.valueShape);
  return Array.from({ length: width }, (_, k) => values.data[i * width + k] as Raw);
}

function charsOf(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i++) text += String.fromCharCode(bytes[i]);
  return text;
}
function bytesOf(chars: string): Uint8Array {
  return Uint8Array.from(chars, (char) => char.charCodeAt(0));
}

function sameRaw(a: Raw, b: Raw): boolean {
  return a instanceof Uint8Array && b instanceof Uint8Array ? charsOf(a) === charsOf(b) : a === b;
}
function printRaw(raw: Raw, dtype: DType): string {
  if (raw instanceof Uint8Array) return new TextDecoder().decode(raw);
  return typeof raw === 'number' && dtype.isFloating ? printNumber(raw, dtype) : String(raw);
}
function put(data: Data, at: number, raw: Raw): void {
  (data as Raw[])[at] = raw;
}

// Checks

function checkTypes(table: Table, [key, value]: readonly DType[], outputs: readonly DType[]): void {
  if (key === table.keyType && value === table.valueType) return;
  throw mismatch([key, value], outputs, [table.keyType, table.valueType], outputs.length > 0 ? [table.valueType] : []);
}

function mismatch(
  inputs: readonly DType[],
  outputs: readonly DType[],
  wantedInputs: readonly DType[],
  wantedOutputs: readonly DType[],
): InvalidArgumentError {
  const signature = (from: readonly DType[], to: readonly DType[]) =>
    `${['resource', ...from.map(typeName)].join(', ')}->${to.map(typeName).join(', ')}`;
  const have = signature(inputs, outputs);
  return new InvalidArgumentError(
    null,
    `Signature mismatch, have: ${have} expected: ${signature(wantedInputs, wantedOutputs)}`,
  );
}

function checkValues(table: Table, keys: NdArray, values: NdArray): void {
  const wanted = [...keys.shape, ...table.valueShape];
  if (isSame(values.shape, wanted)) return;
  throw new InvalidArgumentError(
    null,
    `Expected shape ${formatShapeBrackets(wanted)} for value, got ${formatShapeBrackets(values.shape)}`,
  );
}

function isSame(a: KnownShape, b: KnownShape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

function unsupported(what: string): UnimplementedError {
  return new UnimplementedError(null, `${what} not supported by InitializableLookupTable implementations`);
}
