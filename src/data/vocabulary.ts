/**
 * `StaticVocabularyTable`: ids of known keys, and hash buckets for all others. The table of the known ones is
 * `lookup-tables.ts`'s.
 */
import { getDefaultGraph } from '../graph/default-graph.ts';
import type { Operation, Tensor } from '../graph/graph.ts';
import { add } from '../ops/arithmetic.ts';
import { cast } from '../ops/cast.ts';
import { notEqual } from '../ops/comparison.ts';
import { noOp } from '../ops/control.ts';
import { convertToTensor, emitOne, graphOf, opScope } from '../ops/emit.ts';
import { whereV2 } from '../ops/selection.ts';
import { bind, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import { asDType, type DType, type DTypeLike, int64, string } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { checkKeys, keyTensor, type NamedOptions, StaticHashTable, type TableInitializer } from './lookup-tables.ts';

export interface StaticVocabularyTableOptions {
  /** The type of the keys that `lookup` takes; that of the initializer's without it. */
  readonly lookupKeyDtype?: DTypeLike | null;
  readonly name?: string | null;
}

/**
 * Ids of texts or integers: those that the initializer knows have its values, all others get one of `numOovBuckets`
 * numbers after the table's size, by a hash of the key.
 *
 *     const table = new tf.lookup.StaticVocabularyTable(
 *       new tf.lookup.KeyValueTensorInitializer(['emerson', 'lake'], [0, 1], tf.string, tf.int64), 5);
 *     await sess.run(tf.tablesInitializer());
 *     await sess.run(table.lookup(['lake', 'king']))
 *
 * Without an initializer all keys are texts that get buckets. Throws `ValueError` where there is no bucket, `TypeError`
 * for keys that are neither text nor int64 and for values that are not int64.
 */
export class StaticVocabularyTable {
  readonly keyDtype: DType;
  readonly valueDtype: DType = int64;
  /** The name of the table. */
  readonly name: string;
  private readonly buckets: number;
  private readonly table: StaticHashTable | null;

  constructor(
    initializer: TableInitializer | null,
    numOovBuckets: number,
    ...rest: Rest<[lookupKeyDtype: DTypeLike | null, name: string | null], StaticVocabularyTableOptions>
  ) {
    const { lookupKeyDtype, name } = bind<StaticVocabularyTableOptions>(['lookupKeyDtype', 'name'], rest);
    if (numOovBuckets <= 0) throw new ValueError('`num_oov_buckets` must be > 0; use StaticHashTable.');
    let keyDtype = lookupKeyDtype == null ? (initializer?.keyDtype ?? string) : asDType(lookupKeyDtype);
    if (initializer) checkInitializer(initializer, keyDtype);
    else keyDtype = string;
    if (!keyDtype.isInteger && keyDtype !== string) {
      throw new TypeError(`Invalid \`key_dtype\`, expected integer or string, got ${keyDtype}`);
    }
    this.keyDtype = keyDtype;
    this.buckets = numOovBuckets;
    this.table = initializer ? new StaticHashTable(initializer, -1) : null;
    const wished = name?.replace(/\/+$/, '') || this.table?.name || 'hash_bucket';
    this.name = wished.slice(wished.lastIndexOf('/') + 1);
  }

  /** The operation that fills the table. */
  get initializer(): Operation {
    if (this.table) return this.table.initializer;
    return getDefaultGraph().nameScope('init', () => noOp());
  }

  /** The handle of the table of known keys; null where there is none. */
  get resourceHandle(): Tensor | null {
    return this.table?.resourceHandle ?? null;
  }

  /** The number of ids, buckets included: an int64 scalar. */
  size(...rest: Rest<[name: string | null], NamedOptions>): Tensor {
    const { name } = bind<NamedOptions>(['name'], rest);
    return opScope(name, `${this.name}_Size`, this.inputs, () => {
      const known = this.table ? this.table.size() : convertToTensor(0n, { dtype: int64 });
      return add(known, BigInt(this.buckets), { name: 'add' });
    });
  }

  /** The ids of the keys, int64 in their shape. Throws `TypeError` for keys of another type than the table's. */
  lookup(keys: TensorLike, ...rest: Rest<[name: string | null], NamedOptions>): Tensor {
    const { name } = bind<NamedOptions>(['name'], rest);
    const graph = graphOf([...this.inputs, keys]);
    return graph.atomic(() =>
      graph.asDefault(() => {
        const tensor = keyTensor(keys, this.keyDtype);
        checkKeys(tensor, this.keyDtype);
        const values = this.table?.keyDtype === int64 ? cast(tensor, int64) : tensor;
        return opScope(name, `${this.name}_Lookup`, [values], () => this.find(values));
      }),
    );
  }

  private find(values: Tensor): Tensor {
    const text = values.dtype === string ? values : emitOne('AsString', [values]);
    const buckets = emitOne('StringToHashBucketFast', [text], { num_buckets: this.buckets }, 'hash_bucket');
    const { table } = this;
    if (!table) return buckets;
    const ids = table.lookup(values);
    const beyond = emitOne('AddV2', [buckets, table.size()], {}, 'Add');
    return whereV2(notEqual(ids, table.defaultValue), ids, beyond);
  }

  private get inputs(): readonly Tensor[] {
    return this.table ? [this.table.resourceHandle] : [];
  }
}

function checkInitializer({ keyDtype, valueDtype }: TableInitializer, lookupKeyDtype: DType): void {
  if (keyDtype !== int64 && keyDtype !== string) {
    throw new TypeError(`Invalid \`key_dtype\`, expected one of (tf.int64, tf.string), but got ${keyDtype}.`);
  }
  if (keyDtype.isInteger !== lookupKeyDtype.isInteger) {
    const wanted = lookupKeyDtype.isInteger ? 'integer' : 'non-integer';
    throw new TypeError(`Invalid \`key_dtype\`, expected ${wanted} but got ${keyDtype}.`);
  }
  if (valueDtype !== int64) {
    throw new TypeError(`Invalid \`value_dtype\`, expected ${int64} but got ${valueDtype}.`);
  }
}
