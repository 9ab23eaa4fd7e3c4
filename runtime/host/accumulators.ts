/**
 * Host kernels of accumulators of gradients: they check gradients and add them up. Steps, counts and who waits are
 * `runtime/accumulators.ts`'s business.
 *
 * What a run has done to an accumulator stays done if the run fails later, as in TensorFlow.
 */
import { type DType, float16, float32, float64, int32, int64, resource, string } from '../../src/util/dtype.ts';
import { CancelledError, NotFoundError } from '../../src/util/errors.ts';
import { allocate, decodeString, encodeString, NdArray } from '../../src/util/ndarray.ts';
import { formatShapeBrackets, isCompatible, type KnownShape, type Shape } from '../../src/util/shape.ts';
import { Accumulator, type Summing } from '../accumulators.ts';
import { brackets, invalid, rounded } from './elements.ts';
import { handleArray, handleOf } from './handles.ts';
import { integer, integers } from './operands.ts';
import { defineHostKernels, type HostOp } from './registry.ts';

/** Whole gradients, added element by element. */
class DenseSum implements Summing<NdArray> {
  private sum: Float64Array | null = null;
  private shape: KnownShape = [];

  constructor(
    private readonly dtype: DType,
    private readonly wanted: Shape,
    private readonly isMean: boolean,
  ) {}

  check({ shape }: NdArray): void {
    const expected = this.sum ? this.shape : this.wanted;
    if (isCompatible(this.wanted, shape) && isCompatible(expected, shape)) return;
    throw invalid(`Shape mismatch: expected ${formatShapeBrackets(expected)}, got ${brackets(shape)}`);
  }
  add({ shape, data }: NdArray): void {
    const added = data as Float32Array;
    this.shape = shape;
    if (!this.sum) {
      this.sum = Float64Array.from(added);
      return;
    }
    for (let i = 0; i < added.length; i++) this.sum[i] = round(this.dtype, this.sum[i] + added[i]);
  }
  take(count: number): NdArray[] {
    const out = allocate(this.dtype, this.sum?.length ?? 0) as Float32Array;
    const by = this.isMean ? count : 1;
    this.sum?.forEach((value, i) => {
      out[i] = value / by;
    });
    this.sum = null;
    return [rounded(this.dtype, this.shape, out)];
  }
}

/** Sums are kept in the type of the gradients. */
function round(dtype: DType, value: number): number {
  return dtype === float64 ? value : Math.fround(value);
}

interface SparseGradient {
  readonly indices: NdArray;
  readonly values: NdArray;
  /** Null where the gradient came without. */
  readonly shape: readonly number[] | null;
}

/** What has been added up for an index. */
interface Row {
  readonly index: number;
  readonly values: Float64Array;
  count: number;
}

/** Rows of gradients: those of one index are added up, and their mean is over the gradients that had it. */
class SparseSum implements Summing<SparseGradient> {
  private rows: Row[] | null = null;
  /** The shape of the values. */
  private shape: KnownShape = [];

  constructor(
    private readonly dtype: DType,
    private readonly wanted: Shape,
    private readonly isMean: boolean,
  ) {}

  check({ indices, values, shape }: SparseGradient): void {
    if (indices.rank !== 1)
      throw invalid(`Input indices should be vector but received shape: ${brackets(indices.shape)}`);
    const count = values.shape[0] ?? 0;
    if (indices.size > 0 && values.rank > 0 && count < indices.size) {
      throw invalid(`Expected ${indices.size} non-empty input values, got ${count}`);
    }
    const wanted = this.wanted ?? [];
    if (shape && wanted.length > shape.length) {
      throw invalid(`Shape mismatch: expected shape rank at least ${wanted.length}, got ${shape.length}`);
    }
    const differing = shape ? wanted.findIndex((d, i) => d !== null && d !== shape[i]) : -1;
    if (differing >= 0) {
      throw invalid(
        `Shape mismatch: expected shape dim ${differing} to be ${wanted[differing]}, got ${shape?.[differing]}`,
      );
    }
    if (wanted.length > values.rank) {
      throw invalid(`Shape mismatch: expected values rank at least ${wanted.length}, got ${values.rank}`);
    }
    this.checkValues(wanted, values.shape);
    const [limit = null] = wanted;
    const outside = integers(indices).findIndex((index) => limit !== null && index >= limit);
    if (outside >= 0) {
      throw invalid(
        `Shape mismatch: index of slice ${outside} exceeded limits of shape; index is ${indices.data[outside]} exceeded ${limit}`,
      );
    }
    if (!this.rows) return;
    if (this.shape.length !== values.rank) {
      throw invalid(`Shape mismatch: expected values rank ${this.shape.length}, got ${values.rank}`);
    }
    this.checkValues(this.shape, values.shape);
  }
  private checkValues(wanted: readonly (number | null)[], given: KnownShape): void {
    for (let axis = 1; axis < wanted.length; axis++) {
      if (wanted[axis] === null || wanted[axis] === given[axis]) continue;
      throw invalid(`Shape mismatch: expected values dim ${axis} to be ${wanted[axis]}, got ${given[axis]}`);
    }
  }

  /** Two lists are gone through side by side, as if they were sorted. */
  add({ indices, values }: SparseGradient): void {
    const width = values.shape.slice(1).reduce((a, b) => a * b, 1);
    const data = values.data as Float32Array;
    const added = integers(indices).map((index, i): Row => {
      return { index, values: Float64Array.from(data.subarray(i * width, (i + 1) * width)), count: 1 };
    });
    const known = this.rows ?? [];
    if (!this.rows) this.shape = values.shape;
    const merged: Row[] = [];
    let [i, j] = [0, 0];
    while (i < known.length || j < added.length) {
      if (j === added.length || (i < known.length && known[i].index < added[j].index)) merged.push(known[i++]);
      else if (i === known.length || known[i].index > added[j].index) merged.push(added[j++]);
      else {
        const row = known[i++];
        const more = added[j++].values;
        for (let k = 0; k < more.length; k++) row.values[k] = round(this.dtype, row.values[k] + more[k]);
        row.count++;
        merged.push(row);
      }
    }
    this.rows = merged;
  }
  take(): NdArray[] {
    const rows = this.rows ?? [];
    const tail = this.shape.slice(1);
    const width = tail.reduce((a, b) => a * b, 1);
    const out = allocate(this.dtype, rows.length * width) as Float32Array;
    rows.forEach(({ values, count }, i) => {
      for (let k = 0; k < width; k++) out[i * width + k] = values[k] / (this.isMean ? count : 1);
    });
    const shape = [this.wanted?.[0] ?? -1, ...tail];
    this.rows = null;
    return [
      new NdArray(
        int64,
        [rows.length],
        BigInt64Array.from(rows, ({ index }) => BigInt(index)),
      ),
      rounded(this.dtype, [rows.length, ...tail], out),
      new NdArray(int64, [shape.length], BigInt64Array.from(shape, BigInt)),
    ];
  }
}

const KIND = 'tensorflow::ConditionalAccumulatorBase';
const DENSE = 'tensorflow::ConditionalAccumulatorBase<Tensor>';
const SPARSE = 'tensorflow::ConditionalAccumulatorBase<SparseTensor>';

function make(op: HostOp, kind: typeof DENSE | typeof SPARSE): NdArray[] {
  const dtype = op.attr<DType>('dtype');
  if (![float16, float32, float64].includes(dtype)) {
    throw invalid(`No OpKernel was registered to support Op '${op.type}' used by {{node ${op.name}}}`);
  }
  const shape = op.attr<Shape>('shape');
  const isMean = op.attr<string>('reduction_type') === 'MEAN';
  const container = op.attr<string>('container');
  const shared = op.attr<string>('shared_name');
  const resources = op.services.resources();
  // Without a shared name the accumulator is its node's own: no other's name can be equal.
  const name = shared || `\u0001${op.name}`;
  const made = resources.lookupOrCreate<Accumulator<never>>(KIND, container, name, () => {
    const sum = kind === DENSE ? new DenseSum(dtype, shape, isMean) : new SparseSum(dtype, shape, isMean);
    return new Accumulator<never>(kind, sum as Summing<never>);
  });
  if (op.outputDType(0) === resource) return [handleArray({ container, name, kind: KIND, resource: made }, [2])];
  return [new NdArray(string, [2], [container, name].map(encodeString))];
}

/** The accumulator of a handle: the thing itself, or its names. */
function accumulatorOf<T>(handle: NdArray, op: HostOp, kinds: readonly string[]): Accumulator<T> {
  if (handle.dtype === resource) return handleOf(handle, KIND).resource as Accumulator<T>;
  const [container, name] = (handle.data as Uint8Array[]).map((bytes) => String(decodeString(bytes)));
  const missing = () => {
    throw new NotFoundError(null, `Resource ${container}/${name} does not exist.`);
  };
  const found = op.services.resources().lookupOrCreate<Accumulator<T>>(KIND, container, name, missing);
  if (kinds.includes(found.kind)) return found;
  throw invalid(`Expected ${kinds[0]}, found ${found.kind}`);
}

function take(accumulator: Accumulator<unknown>, required: NdArray, op: HostOp): readonly NdArray[] {
  const count = integer(required);
  if (count <= 0) throw invalid(`Argument num_required must be positive, but was ${count}`);
  const attempt = accumulator.take(count);
  const outputs = () => attempt.outputs as readonly NdArray[];
  if (attempt.outputs) return outputs();
  op.services.wait({
    ready: () => attempt.over(),
    outputs,
    cancel: () => accumulator.cancel(attempt),
    cancelled: () => new CancelledError(null, 'TakeGrad operation was cancelled'),
  });
  return [];
}

const stepOf = (array: NdArray): bigint => (array.data as BigInt64Array)[0];
const EITHER = [DENSE, SPARSE];

const onDense = {
  ApplyGradient: ([handle, step, gradient]: readonly NdArray[], op: HostOp) => {
    accumulatorOf<NdArray>(handle, op, [DENSE]).apply(gradient, stepOf(step));
    return [];
  },
  NumAccumulated: ([handle]: readonly NdArray[], op: HostOp) => [
    new NdArray(int32, [], Int32Array.of(accumulatorOf(handle, op, EITHER).accumulated)),
  ],
  SetGlobalStep: ([handle, step]: readonly NdArray[], op: HostOp) => {
    accumulatorOf(handle, op, EITHER).setStep(stepOf(step));
    return [];
  },
  TakeGradient: ([handle, required]: readonly NdArray[], op: HostOp) =>
    take(accumulatorOf(handle, op, [DENSE]), required, op),
};

for (const prefix of ['Resource', '']) {
  defineHostKernels({ [`${prefix}ConditionalAccumulator`]: (_, op) => make(op, DENSE) });
  for (const [name, kernel] of Object.entries(onDense)) defineHostKernels({ [`${prefix}Accumulator${name}`]: kernel });
}

defineHostKernels({
  SparseConditionalAccumulator: (_, op) => make(op, SPARSE),
  SparseAccumulatorApplyGradient: ([handle, step, indices, values, shape], op) => {
    const known = op.attr<boolean>('has_known_shape') ? integers(shape) : null;
    accumulatorOf<SparseGradient>(handle, op, [SPARSE]).apply({ indices, values, shape: known }, stepOf(step));
    return [];
  },
  SparseAccumulatorTakeGradient: ([handle, required], op) => take(accumulatorOf(handle, op, [SPARSE]), required, op),
});
