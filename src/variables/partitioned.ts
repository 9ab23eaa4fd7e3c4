/**
 * Variables cut into parts along one axis, and the functions that decide how. Making and sharing the parts is
 * `variable-store.ts`'s business.
 */
import type { Evaluator } from '../graph/evaluator.ts';
import type { Graph, Operation, Tensor } from '../graph/graph.ts';
import { Chainable } from '../graph/operators.ts';
import { groupAll } from '../ops/control.ts';
import { emitOne } from '../ops/emit.ts';
import { bind, type Rest, type TensorConvertible } from '../ops/tensor-like.ts';
import type { DType } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { formatShape, type KnownShape, sizeOf, TensorShape } from '../util/shape.ts';
import type { Variable } from './variable.ts';

/** How many parts each axis is cut into; at most one axis may have more than one. */
export type Partitioner = (shape: KnownShape, dtype: DType) => readonly number[];

/** The place of one part in the whole. */
export interface Slice {
  readonly offset: KnownShape;
  readonly shape: KnownShape;
}

/** A variable made of parts. It stands for the parts joined along the axis that was cut. */
export class PartitionedVariable extends Chainable<Tensor> implements TensorConvertible {
  private joined: Tensor | null = null;

  constructor(
    /** The name of the whole, without an output index. */
    readonly name: string,
    readonly shape: KnownShape,
    readonly dtype: DType,
    private readonly list: readonly Variable[],
    readonly partitions: readonly number[],
  ) {
    super();
  }

  get graph(): Graph {
    return this.list[0].graph;
  }
  getShape(): TensorShape {
    return new TensorShape(this.shape);
  }
  /** The parts in order. */
  get variables(): readonly Variable[] {
    return this.list;
  }
  get length(): number {
    return this.list.length;
  }
  [Symbol.iterator](): Iterator<Variable> {
    return this.list[Symbol.iterator]();
  }
  /** Runs the initializers of all parts. */
  get initializer(): Operation {
    return groupAll(this.list.map((part) => part.initializer));
  }

  /** The parts joined; built once. */
  asTensor(dtype?: DType | null): Tensor {
    if (dtype && dtype !== this.dtype) {
      throw new ValueError(
        `Incompatible type conversion requested to type '${dtype.name}' for variable of type '${this.dtype.name}'.`,
      );
    }
    this.joined ??= this.join();
    return this.joined;
  }
  asGraphElement(): Tensor {
    return this.asTensor();
  }
  eval(session?: Evaluator | null): Promise<unknown> {
    return this.asTensor().eval(undefined, session);
  }

  private join(): Tensor {
    const { graph, list, name } = this;
    const axis = this.partitions.findIndex((count) => count > 1);
    return graph.atomic(() =>
      graph.asDefault(() => {
        const whole =
          axis < 0
            ? list[0].value()
            : graph.nameScope(`${name}/ConcatPartitions/`, () => emitOne('ConcatV2', [[...list], axis], {}, 'concat'));
        return graph.nameScope(null, () => emitOne('Identity', [whole], {}, name));
      }),
    );
  }

  override toString(): string {
    return `<tf.PartitionedVariable '${this.name}' shape=${formatShape(this.shape)} dtype=${this.dtype.name}>`;
  }
}

/**
 * The parts that a shape falls into: the first ones are longer by one where the axis does not divide evenly.
 * Throws `ValueError` where more than one axis is cut, or one into more parts than it is long.
 */
export function slicesOf(shape: KnownShape, partitions: readonly number[]): Slice[] {
  checkPartitions(shape, partitions);
  const axis = Math.max(
    partitions.findIndex((count) => count > 1),
    0,
  );
  const count = partitions[axis] ?? 1;
  const length = shape[axis] ?? 1;
  const slices: Slice[] = [];
  let offset = 0;
  for (let i = 0; i < count; i++) {
    const size = Math.floor(length / count) + (i < length % count ? 1 : 0);
    slices.push({
      offset: shape.map((_, k) => (k === axis ? offset : 0)),
      shape: shape.map((d, k) => (k === axis ? size : d)),
    });
    offset += size;
  }
  return slices;
}

function checkPartitions(shape: KnownShape, partitions: readonly number[]): void {
  if (!Array.isArray(partitions)) {
    throw new ValueError(`Partitioner must return a sequence, but saw: ${String(partitions)}`);
  }
  if (partitions.length !== shape.length) {
    throw new ValueError(
      `Partitioner returned a partition list that does not match the Variable's rank: [${partitions.join(', ')}] vs. ${formatShape(shape)}`,
    );
  }
  if (partitions.some((count) => count < 1)) {
    throw new ValueError(`Partitioner returned zero partitions for some axes: [${partitions.join(', ')}]`);
  }
  const cut = partitions.filter((count) => count > 1).length;
  if (cut > 1) {
    throw new ValueError(
      `Cannot partition along more than one dimension: ${formatShape(shape)} is partitioned as [${partitions.join(', ')}]`,
    );
  }
}

export interface FixedSizeOptions {
  readonly axis?: number;
}

/**
 * Cuts one axis (the first) into this many parts, or into as many as it is long where that is fewer.
 *
 *     tf.variableScope('s', {partitioner: tf.fixedSizePartitioner(3)}, () => tf.getVariable('w', [10, 4]))
 */
export function fixedSizePartitioner(numShards: number, ...rest: Rest<[axis: number], FixedSizeOptions>): Partitioner {
  const { axis = 0 } = bind<FixedSizeOptions>(['axis'], rest);
  return (shape) => shape.map((d, k) => (k === axis ? Math.max(1, Math.min(numShards, d)) : 1));
}

export interface MinMaxOptions {
  readonly axis?: number;
  /** Bytes that a part should have at least. */
  readonly minSliceSize?: number;
  /** Bytes that a string element counts as. */
  readonly bytesPerStringElement?: number;
}

/**
 * Cuts one axis into as many parts as keep each at `minSliceSize` bytes (256 KiB) or more, up to `maxPartitions`.
 * Throws `ValueError` for arguments out of range.
 */
export function minMaxVariablePartitioner(
  maxPartitions = 1,
  ...rest: Rest<[axis: number, minSliceSize: number, bytesPerStringElement: number], MinMaxOptions>
): Partitioner {
  const options = bind<MinMaxOptions>(['axis', 'minSliceSize', 'bytesPerStringElement'], rest);
  const { axis = 0, minSliceSize = 256 << 10, bytesPerStringElement = 16 } = options;
  if (maxPartitions < 1) {
    throw new ValueError(`Argument \`max_partitions\` must be positive. Received: ${maxPartitions}`);
  }
  if (minSliceSize < 1) throw new ValueError(`Argument \`min_slice_size\` must be positive. Received: ${minSliceSize}`);
  return (shape, dtype) => {
    if (axis >= shape.length) {
      throw new ValueError(`Cannot partition variable along axis ${axis} when shape is only ${formatShape(shape)}`);
    }
    const bytes = sizeOf(shape) * (dtype.size || bytesPerStringElement);
    const count = Math.max(1, Math.min(maxPartitions, shape[axis], Math.ceil(bytes / minSliceSize)));
    return shape.map((_, k) => (k === axis ? count : 1));
  };
}

export interface VariableAxisSizeOptions extends Omit<MinMaxOptions, 'minSliceSize'> {
  readonly maxShards?: number | null;
}

/** Cuts one axis into as many parts as keep each at `maxShardBytes` or less. Throws `ValueError` for arguments out of range. */
export function variableAxisSizePartitioner(
  maxShardBytes: number,
  ...rest: Rest<[axis: number, bytesPerStringElement: number, maxShards: number | null], VariableAxisSizeOptions>
): Partitioner {
  const options = bind<VariableAxisSizeOptions>(['axis', 'bytesPerStringElement', 'maxShards'], rest);
  const { axis = 0, bytesPerStringElement = 16, maxShards = null } = options;
  if (maxShardBytes < 1) {
    throw new ValueError(`Argument \`max_shard_bytes\` must be positive. Received: ${maxShardBytes}`);
  }
  if (maxShards !== null && maxShards < 1) {
    throw new ValueError(`Argument \`max_shards\` must be positive. Received: ${maxShards}`);
  }
  return (shape, dtype) => {
    const element = dtype.size || bytesPerStringElement;
    const rest = (sizeOf(shape) / Math.max(shape[axis], 1)) * element;
    const perShard = Math.max(1, Math.floor(maxShardBytes / Math.max(rest, 1)));
    const wanted = Math.ceil(shape[axis] / perShard);
    const count = Math.max(1, Math.min(wanted, shape[axis], maxShards ?? Infinity));
    return shape.map((_, k) => (k === axis ? count : 1));
  };
}

/** Refuses what cannot be a partitioner. */
export function checkPartitioner(partitioner: unknown): asserts partitioner is Partitioner {
  if (typeof partitioner !== 'function') {
    throw new ValueError(`Partitioner must be callable, but received: ${String(partitioner)}`);
  }
}
