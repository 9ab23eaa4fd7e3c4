/**
 * Lookup tables for users: static ones with their initializers, and those that can be changed. Vocabularies with hash
 * buckets are in `vocabulary.ts`; what a table holds is the session's business.
 */
import { getDefaultGraph } from '../graph/default-graph.ts';
import type { Graph, Operation, Tensor } from '../graph/graph.ts';
import { GraphKeys } from '../graph/graph-keys.ts';
import { groupAll, noOp } from '../ops/control.ts';
import { convertToTensor, emit, emitOne, opScope } from '../ops/emit.ts';
import { bind, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import { asDType, type DType, type DTypeLike } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { formatShape, isCompatible, type Shape } from '../util/shape.ts';

/** What a table starts from: the types, and the operation that fills it. */
export interface TableInitializer {
  readonly keyDtype: DType;
  readonly valueDtype: DType;
  readonly graph: Graph;
  /** Builds the operation that gives the table its content, and adds it to the collection of `tablesInitializer`. */
  initialize(table: LookupTable): Operation;
}

/** What tables have in common. */
export interface LookupTable {
  readonly resourceHandle: Tensor;
  readonly keyDtype: DType;
  readonly valueDtype: DType;
}

export interface KeyValueTensorInitializerOptions {
  readonly keyDtype?: DTypeLike | null;
  readonly valueDtype?: DTypeLike | null;
  readonly name?: string | null;
}

/**
 * Fills a table with these keys and values, two vectors of one length. `initialize` throws `ValueError` for other shapes
 * and `TypeError` for types that are not the table's.
 *
 *     new tf.lookup.KeyValueTensorInitializer(['a', 'b'], [7, 8])
 */
export class KeyValueTensorInitializer implements TableInitializer {
  readonly keyDtype: DType;
  readonly valueDtype: DType;
  readonly graph: Graph;
  private readonly keys: Tensor;
  private readonly values: Tensor;
  private readonly name: string;

  constructor(
    keys: TensorLike,
    values: TensorLike,
    ...rest: Rest<
      [keyDtype: DTypeLike | null, valueDtype: DTypeLike | null, name: string | null],
      KeyValueTensorInitializerOptions
    >
  ) {
    const given = bind<KeyValueTensorInitializerOptions>(['keyDtype', 'valueDtype', 'name'], rest);
    this.keys = convertToTensor(keys, { dtype: given.keyDtype == null ? null : asDType(given.keyDtype), name: 'keys' });
    this.values = convertToTensor(values, {
      dtype: given.valueDtype == null ? null : asDType(given.valueDtype),
      name: 'values',
    });
    this.keyDtype = this.keys.dtype;
    this.valueDtype = this.values.dtype;
    this.graph = this.keys.graph;
    this.name = given.name ?? 'key_value_init';
  }

  initialize(table: LookupTable): Operation {
    checkTypes(table, this.keyDtype, this.valueDtype);
    const inputs = [table.resourceHandle, this.keys, this.values];
    return opScope(this.name, this.name, inputs, () => {
      const op = emit('LookupTableImportV2', inputs);
      this.graph.addToCollection(GraphKeys.TABLE_INITIALIZERS, op);
      return op;
    });
  }
}

/** Throws where the types of keys and values are not the table's. */
export function checkTypes(table: LookupTable, key: DType, value: DType): void {
  if (key !== table.keyDtype) {
    throw new TypeError(`Invalid key dtype for table, expected ${table.keyDtype} but got ${key}.`);
  }
  if (value !== table.valueDtype) {
    throw new TypeError(`Invalid value dtype for table, expected ${table.valueDtype} but got ${value}.`);
  }
}

/** Throws where the keys, which must be symbolic already, have another type than the table's. */
export function checkKeys(keys: Tensor, wanted: DType): void {
  if (keys.dtype !== wanted) {
    throw new TypeError(`Dtype of argument \`keys\` must be ${wanted}, received: ${keys.dtype}`);
  }
}

/** Keys as a tensor: values become one of the table's type, tensors keep theirs. */
export function keyTensor(keys: TensorLike, dtype: DType): Tensor {
  return convertToTensor(keys, { preferredDtype: dtype });
}

/** The last part of a node's name, by which a table calls its scopes. */
function baseName(handle: Tensor): string {
  return handle.op.name.slice(handle.op.name.lastIndexOf('/') + 1);
}

export interface NamedOptions {
  readonly name?: string | null;
}

/**
 * A table that is filled once, by its initializer, and never changes: run `table.initializer` or `tf.tablesInitializer()`
 * first. A session that has not done so rejects lookups with `FailedPreconditionError`.
 *
 *     const table = new tf.lookup.StaticHashTable(
 *       new tf.lookup.KeyValueTensorInitializer(['a', 'b'], [7, 8]), -1);
 *     await sess.run(tf.tablesInitializer());
 *     await sess.run(table.lookup(['b', 'q']))      // [8, -1]
 *
 * Keys are string, int64 or int32; values string, int64 (not under int32 keys), int32, float32, float64, or bool (under
 * string keys). Throws `ValueError` for a default that is no scalar.
 */
export class StaticHashTable implements LookupTable {
  readonly keyDtype: DType;
  readonly valueDtype: DType;
  readonly defaultValue: Tensor;
  readonly resourceHandle: Tensor;
  /** The operation that fills the table. */
  readonly initializer: Operation;

  constructor(
    initializer: TableInitializer,
    defaultValue: TensorLike,
    ...rest: Rest<[name: string | null], NamedOptions>
  ) {
    const { name } = bind<NamedOptions>(['name'], rest);
    const { graph } = initializer;
    this.keyDtype = initializer.keyDtype;
    this.valueDtype = initializer.valueDtype;
    const parts = graph.atomic(() =>
      graph.asDefault(() => {
        const fallback = convertToTensor(defaultValue, { dtype: this.valueDtype });
        if (!isCompatible(fallback.shape, [])) {
          throw new ValueError(`Shapes ${formatShape(fallback.shape)} and () are not compatible`);
        }
        const handle = emitOne(
          'HashTableV2',
          [],
          // Without a name of its own it would not be one table to all who know the handle.
          {
            shared_name: `hash_table_${crypto.randomUUID()}`,
            key_dtype: this.keyDtype,
            value_dtype: this.valueDtype,
          },
          name ?? 'hash_table',
        );
        const table = { resourceHandle: handle, keyDtype: this.keyDtype, valueDtype: this.valueDtype };
        return { fallback, handle, filled: initializer.initialize(table) };
      }),
    );
    this.defaultValue = parts.fallback;
    this.resourceHandle = parts.handle;
    this.initializer = parts.filled;
  }

  /** The name of the table. */
  get name(): string {
    return baseName(this.resourceHandle);
  }

  /** The number of keys, an int64 scalar; 0 before the table is filled. */
  size(...rest: Rest<[name: string | null], NamedOptions>): Tensor {
    const { name } = bind<NamedOptions>(['name'], rest);
    const inputs = [this.resourceHandle];
    return opScope(name, `${this.name}_Size`, inputs, () => emitOne('LookupTableSizeV2', inputs));
  }

  /**
   * The values of the keys, in their shape; the default value for those that are not in the table. Throws `TypeError` for
   * keys of another type than the table's.
   */
  lookup(keys: TensorLike, ...rest: Rest<[name: string | null], NamedOptions>): Tensor {
    const { name } = bind<NamedOptions>(['name'], rest);
    const { graph } = this.resourceHandle;
    return graph.atomic(() =>
      graph.asDefault(() => {
        const tensor = keyTensor(keys, this.keyDtype);
        checkKeys(tensor, this.keyDtype);
        const inputs = [this.resourceHandle, tensor, this.defaultValue];
        const values = opScope(name, `${this.name}_Lookup`, inputs, () => emitOne('LookupTableFindV2', inputs));
        values.setShape(tensor.shape);
        return values;
      }),
    );
  }

  /** All keys and values, two vectors, in no order that could be relied on. */
  export(...rest: Rest<[name: string | null], NamedOptions>): [keys: Tensor, values: Tensor] {
    const { name } = bind<NamedOptions>(['name'], rest);
    return opScope(name, `${this.name}_Export`, [this.resourceHandle], () => {
      const [keys, values] = exported(this);
      values.setShape(keys.shape === null ? null : [...keys.shape]);
      return [keys, values];
    });
  }
}

function exported({ resourceHandle, keyDtype, valueDtype }: LookupTable): [keys: Tensor, values: Tensor] {
  const op = emit('LookupTableExportV2', [resourceHandle], { Tkeys: keyDtype, Tvalues: valueDtype });
  return [op.output(0), op.output(1)];
}

export interface MutableHashTableOptions {
  readonly name?: string | null;
  /** Whether the content belongs to checkpoints; true without it. */
  readonly checkpoint?: boolean;
}

export interface MutableLookupOptions {
  /** Stands for the default value: one for all keys, or one for each. */
  readonly dynamicDefaultValues?: TensorLike | null;
  readonly name?: string | null;
}

/**
 * A table that programs change. It starts empty in each session. Values have the shape of `defaultValue`.
 *
 *     const table = new tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, -1);
 *     await sess.run(table.insert(['a', 'b'], [7, 8]));
 *     await sess.run(table.lookup(['b', 'q']))      // [8n, -1n]
 *
 * Keys are string, int64 or int32; values as in `StaticHashTable`, but no strings under string and int32 keys. A run that
 * fails takes its changes back.
 */
export class MutableHashTable implements LookupTable {
  readonly keyDtype: DType;
  readonly valueDtype: DType;
  readonly resourceHandle: Tensor;
  private readonly defaultValue: Tensor;

  constructor(
    keyDtype: DTypeLike,
    valueDtype: DTypeLike,
    defaultValue: TensorLike,
    ...rest: Rest<[name: string | null, checkpoint: boolean], MutableHashTableOptions>
  ) {
    const { name, checkpoint = true } = bind<MutableHashTableOptions>(['name', 'checkpoint'], rest);
    this.keyDtype = asDType(keyDtype);
    this.valueDtype = asDType(valueDtype);
    const graph = getDefaultGraph();
    const { fallback, handle } = graph.atomic(() => {
      const fallback = convertToTensor(defaultValue, { dtype: this.valueDtype });
      const isScalar = fallback.rank === 0;
      const attrs = { use_node_name_sharing: checkpoint, key_dtype: this.keyDtype, value_dtype: this.valueDtype };
      const handle = isScalar
        ? emitOne('MutableHashTableV2', [], attrs, name ?? 'MutableHashTable')
        : emitOne(
            'MutableHashTableOfTensorsV2',
            [],
            { ...attrs, value_shape: fallback.shape as Shape },
            name ?? 'MutableHashTable',
          );
      return { fallback, handle };
    });
    this.defaultValue = fallback;
    this.resourceHandle = handle;
    // What a saver would save.
    if (checkpoint) this.export();
  }

  /** The name of the table. */
  get name(): string {
    return baseName(this.resourceHandle);
  }

  private scope<R>(name: string | null | undefined, what: string, inputs: readonly unknown[], body: () => R): R {
    const { graph } = this.resourceHandle;
    return opScope(name, `${this.name}_${what}`, [this.resourceHandle, ...inputs], () =>
      graph.colocateWith(this.resourceHandle, false, body),
    );
  }

  /** The number of keys, an int64 scalar. */
  size(...rest: Rest<[name: string | null], NamedOptions>): Tensor {
    const { name } = bind<NamedOptions>(['name'], rest);
    return this.scope(name, 'Size', [], () => emitOne('LookupTableSizeV2', [this.resourceHandle]));
  }

  /**
   * The values of the keys, in their shape (and that of a value); the default for those that are not in the table. Throws
   * `ValueError` for keys of another type than the table's.
   */
  lookup(
    keys: TensorLike,
    ...rest: Rest<[dynamicDefaultValues: TensorLike | null, name: string | null], MutableLookupOptions>
  ): Tensor {
    const { name, dynamicDefaultValues } = bind<MutableLookupOptions>(['dynamicDefaultValues', 'name'], rest);
    const inputs = [keys, this.defaultValue];
    return opScope(name, `${this.name}_lookup_table_find`, [this.resourceHandle, ...inputs], () => {
      const tensor = this.converted('keys', keys, this.keyDtype);
      const { graph } = this.resourceHandle;
      return graph.colocateWith(this.resourceHandle, false, () =>
        emitOne('LookupTableFindV2', [this.resourceHandle, tensor, dynamicDefaultValues ?? this.defaultValue]),
      );
    });
  }

  /**
   * The operation that gives each key its value, in the place of the one it had. Throws `ValueError` for tensors of other
   * types than the table's.
   */
  insert(keys: TensorLike, values: TensorLike, ...rest: Rest<[name: string | null], NamedOptions>): Operation {
    const { name } = bind<NamedOptions>(['name'], rest);
    const { graph } = this.resourceHandle;
    return opScope(name, `${this.name}_lookup_table_insert`, [this.resourceHandle, keys, values], () => {
      const inputs = [
        this.resourceHandle,
        this.converted('keys', keys, this.keyDtype),
        this.converted('values', values, this.valueDtype),
      ];
      return graph.colocateWith(this.resourceHandle, false, () => emit('LookupTableInsertV2', inputs));
    });
  }

  /** The operation that takes the keys out. Throws `TypeError` for keys of another type than the table's. */
  remove(keys: TensorLike, ...rest: Rest<[name: string | null], NamedOptions>): Operation {
    const { name } = bind<NamedOptions>(['name'], rest);
    const { graph } = this.resourceHandle;
    return graph.atomic(() =>
      graph.asDefault(() => {
        const tensor = keyTensor(keys, this.keyDtype);
        checkKeys(tensor, this.keyDtype);
        const inputs = [this.resourceHandle, tensor];
        return opScope(name, `${this.name}_lookup_table_remove`, [...inputs, this.defaultValue], () =>
          emit('LookupTableRemoveV2', inputs),
        );
      }),
    );
  }

  /** All keys and values, in no order that could be relied on. */
  export(...rest: Rest<[name: string | null], NamedOptions>): [keys: Tensor, values: Tensor] {
    const { name } = bind<NamedOptions>(['name'], rest);
    return this.scope(name, 'lookup_table_export_values', [], () => exported(this));
  }

  /** With TensorFlow's words, which name the argument. */
  private converted(what: string, value: TensorLike, dtype: DType): Tensor {
    try {
      return convertToTensor(value, { dtype, name: what });
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('Tensor conversion requested')) {
        error.message = `${what}: ${error.message}`;
      }
      throw error;
    }
  }
}

/**
 * The operation that fills all tables of the default graph; one that does nothing where there are none.
 *
 *     await sess.run([tf.globalVariablesInitializer(), tf.tablesInitializer()]);
 */
export function tablesInitializer(...rest: Rest<[name: string | null], NamedOptions>): Operation {
  const { name } = bind<NamedOptions>(['name'], rest);
  const initializers = getDefaultGraph().getCollection(GraphKeys.TABLE_INITIALIZERS) as Operation[];
  const wished = name ?? 'init_all_tables';
  return initializers.length > 0 ? groupAll(initializers, wished) : noOp(wished);
}
