/**
 * Accumulators of gradients as programs use them: `tf.ConditionalAccumulator` for whole gradients,
 * `tf.SparseConditionalAccumulator` for rows of them. The sums, and the runs that wait for them, are the runtime's.
 */
import type { Operation, Tensor } from '../graph/graph.ts';
import { cast } from '../ops/cast.ts';
import type { NameOption } from '../ops/control.ts';
import { convertToTensor, emit, emitOne } from '../ops/emit.ts';
import { IndexedSlices } from '../ops/indexed-slices.ts';
import { bind, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import { asDType, type DType, type DTypeLike, int64 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { asShape, formatShape, isCompatible, type Shape, type ShapeLike } from '../util/shape.ts';

/** What is done with the gradients that are taken. */
export type ReductionType = 'MEAN' | 'SUM';

export interface AccumulatorOptions {
  /** The shape of the gradients; unknown without it. */
  readonly shape?: ShapeLike | null;
  /** Accumulators of one graph with the same shared name are one. */
  readonly sharedName?: string | null;
  readonly name?: string;
  readonly reductionType?: ReductionType;
}

export type AccumulatorRest = Rest<
  [shape: ShapeLike | null, sharedName: string | null, name: string, reductionType: ReductionType],
  AccumulatorOptions
>;

const OPTIONS = ['shape', 'sharedName', 'name', 'reductionType'] as const;

function makeHandle(type: string, dtype: DType, options: AccumulatorOptions, defaultName: string): Tensor {
  const { shape = null, sharedName, name, reductionType = 'MEAN' } = options;
  const attrs = {
    dtype,
    shape: shape === null ? null : asShape(shape),
    shared_name: sharedName ?? '',
    reduction_type: reductionType,
  };
  return emitOne(type, [], attrs, name ?? defaultName);
}

/**
 * What accumulators have in common: a count of gradients, and a step. A gradient of a step before that of the accumulator
 * is dropped in silence.
 */
export class ConditionalAccumulatorBase {
  /** The element type of the gradients. */
  readonly dtype: DType;
  /** The handle of the accumulator. */
  readonly accumulatorRef: Tensor;
  protected readonly shape: Shape;

  /** An accumulator by its handle. */
  constructor(dtype: DTypeLike, shape: ShapeLike | null, accumulatorRef: Tensor) {
    this.dtype = asDType(dtype);
    this.shape = shape === null ? null : asShape(shape);
    this.accumulatorRef = accumulatorRef;
  }

  /** The last part of the name of the op that makes the handle. */
  get name(): string {
    const { name } = this.accumulatorRef.op;
    return name.slice(name.lastIndexOf('/') + 1);
  }

  /** The number of gradients that have come since the last were taken, an int32 scalar. */
  numAccumulated(...rest: Rest<[name: string | null], NameOption>): Tensor {
    const { name } = bind<NameOption>(['name'], rest);
    const type = `${this.prefix}AccumulatorNumAccumulated`;
    return emitOne(type, [this.accumulatorRef], {}, name ?? `${this.name}_NumAccumulated`);
  }
  /** Sets the step of the accumulator; it can be set back, too. */
  setGlobalStep(newGlobalStep: TensorLike, ...rest: Rest<[name: string | null], NameOption>): Operation {
    const { name } = bind<NameOption>(['name'], rest);
    return this.build(() => {
      const step = cast(convertToTensor(newGlobalStep), int64);
      return emit(`${this.prefix}AccumulatorSetGlobalStep`, [this.accumulatorRef, step], {}, name);
    });
  }

  /** What the names of the ops on the handle begin with. */
  protected get prefix(): string {
    return this.accumulatorRef.op.type === 'ResourceConditionalAccumulator' ? 'Resource' : '';
  }
  /** Runs `body` on the graph of the handle, all or nothing. */
  protected build<R>(body: () => R): R {
    const { graph } = this.accumulatorRef;
    return graph.atomic(() => graph.asDefault(body));
  }
}

export interface ApplyGradOptions extends NameOption {
  /** The step at which the gradient was computed; 0 without it. */
  readonly localStep?: TensorLike;
}

/**
 * An accumulator that the session keeps: runs add gradients, and another takes their mean (or sum) when there are enough;
 * it waits for them, and other runs of the session go on meanwhile. Each session has an accumulator of its own.
 *
 *     const acc = new tf.ConditionalAccumulator(tf.float32, [2]);
 *     await sess.run(acc.applyGrad(grad));
 *     await sess.run(acc.applyGrad(other));
 *     await sess.run(acc.takeGrad(2));          // their mean
 */
export class ConditionalAccumulator extends ConditionalAccumulatorBase {
  constructor(dtype: DTypeLike, ...rest: AccumulatorRest) {
    const options = bind<AccumulatorOptions>([...OPTIONS], rest);
    const type = asDType(dtype);
    const handle = makeHandle('ResourceConditionalAccumulator', type, options, 'conditional_accumulator');
    super(type, options.shape ?? null, handle);
  }

  /**
   * Adds a gradient, unless its step is before that of the accumulator. Throws `ValueError` for a static shape that does
   * not fit; a run fails with `InvalidArgumentError`.
   */
  applyGrad(
    grad: TensorLike,
    ...rest: Rest<[localStep: TensorLike, name: string | null], ApplyGradOptions>
  ): Operation {
    const { localStep = 0, name } = bind<ApplyGradOptions>(['localStep', 'name'], rest);
    return this.build(() => {
      const gradient = convertToTensor(grad, { dtype: this.dtype });
      if (!isCompatible(gradient.shape, this.shape)) {
        throw new ValueError(`Shapes ${formatShape(gradient.shape)} and ${formatShape(this.shape)} are incompatible`);
      }
      const step = cast(convertToTensor(localStep), int64);
      return emit('ResourceAccumulatorApplyGradient', [this.accumulatorRef, step, gradient], {}, name);
    });
  }

  /**
   * The mean (or sum) of all gradients that have come, when there are `numRequired`; the accumulator is empty then, and
   * its step is one more. A run fails with `InvalidArgumentError` where `numRequired` is not positive.
   */
  takeGrad(numRequired: TensorLike, ...rest: Rest<[name: string | null], NameOption>): Tensor {
    const { name } = bind<NameOption>(['name'], rest);
    const inputs = [this.accumulatorRef, numRequired];
    const taken = emitOne('ResourceAccumulatorTakeGradient', inputs, { dtype: this.dtype }, name);
    taken.setShape(this.shape);
    return taken;
  }
}

export interface ApplySparseGradOptions extends ApplyGradOptions {
  /** The shape of the whole gradient. */
  readonly gradShape?: TensorLike | null;
}

/**
 * As `ConditionalAccumulator`, for gradients that touch only some rows: `tf.IndexedSlices`, or their indices and values.
 * The mean of a row is over the gradients that had it.
 *
 *     const acc = new tf.SparseConditionalAccumulator(tf.float32, [100, 2]);
 *     await sess.run(acc.applyGrad([3], [[1, 2]]));
 *     const [indices, values, shape] = await sess.run([...acc.takeGrad(1)]);
 */
export class SparseConditionalAccumulator extends ConditionalAccumulatorBase {
  constructor(dtype: DTypeLike, ...rest: AccumulatorRest) {
    const options = bind<AccumulatorOptions>([...OPTIONS], rest);
    const type = asDType(dtype);
    const handle = makeHandle('SparseConditionalAccumulator', type, options, 'sparse_conditional_accumulator');
    super(type, options.shape ?? null, handle);
  }

  /** Adds rows of a gradient, unless their step is before that of the accumulator. */
  applyIndexedSlicesGrad(
    grad: IndexedSlices,
    ...rest: Rest<[localStep: TensorLike, name: string | null], ApplyGradOptions>
  ): Operation {
    const given = bind<ApplyGradOptions>(['localStep', 'name'], rest);
    return this.applyGrad(grad.indices, grad.values, { ...given, gradShape: grad.denseShape });
  }

  /**
   * Adds the rows `gradValues` at `gradIndices`, a vector. A run fails with `InvalidArgumentError` for what does not fit
   * the accumulator or the rows before.
   */
  applyGrad(
    gradIndices: TensorLike,
    gradValues: TensorLike,
    ...rest: Rest<[gradShape: TensorLike | null, localStep: TensorLike, name: string | null], ApplySparseGradOptions>
  ): Operation {
    const names = ['gradShape', 'localStep', 'name'] as const;
    const { gradShape = null, localStep = 0, name } = bind<ApplySparseGradOptions>([...names], rest);
    return this.build(() => {
      const step = cast(convertToTensor(localStep), int64);
      const indices = cast(convertToTensor(gradIndices), int64);
      const shape = cast(convertToTensor(gradShape ?? []), int64);
      const inputs = [this.accumulatorRef, step, indices, gradValues, shape];
      const attrs = { dtype: this.dtype, has_known_shape: gradShape !== null };
      return emit('SparseAccumulatorApplyGradient', inputs, attrs, name);
    });
  }

  /** Indices, values and shape of the mean (or sum) of the rows that have come, when there are enough gradients. */
  takeGrad(
    numRequired: TensorLike,
    ...rest: Rest<[name: string | null], NameOption>
  ): readonly [indices: Tensor, values: Tensor, shape: Tensor] {
    const { name } = bind<NameOption>(['name'], rest);
    const inputs = [this.accumulatorRef, numRequired];
    const [indices, values, shape] = emit('SparseAccumulatorTakeGradient', inputs, { dtype: this.dtype }, name).outputs;
    return [indices, values, shape];
  }

  /** As `takeGrad`, in one piece. */
  takeIndexedSlicesGrad(numRequired: TensorLike, ...rest: Rest<[name: string | null], NameOption>): IndexedSlices {
    const [indices, values, shape] = this.takeGrad(numRequired, ...rest);
    return new IndexedSlices(values, indices, shape);
  }
}
