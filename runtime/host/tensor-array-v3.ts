/**
 * Host kernels of arrays of tensors. An array is held by its handle alone: it lasts as long as the run that made it, and
 * every execution of the op makes a new one.
 */
import { bool, type DType, float32, int32, int64, string } from '../../src/util/dtype.ts';
import { UnimplementedError } from '../../src/util/errors.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import {
  formatShapeBrackets,
  isCompatible,
  isFullyDefined,
  type KnownShape,
  mergeShapes,
  type Shape,
  sameShape,
} from '../../src/util/shape.ts';
import { concatArrays, splitArray, stackArrays, unstackArray } from '../../src/util/strided.ts';
import { brackets, invalid, rounded } from './elements.ts';
import { handleArray, handleOf, typeName } from './handles.ts';
import { integer, integers } from './operands.ts';
import { defineHostKernels, type HostOp } from './registry.ts';
import { numberOf } from './serial-numbers.ts';

const KIND = 'tensorflow::TensorArray';
const CONTAINER = '_tensor_arrays';

/** A place of an array. */
interface Element {
  value: NdArray | null;
  /** Known for a place whose value stands for zeros, too. */
  shape: KnownShape | null;
  written: boolean;
  read: boolean;
  cleared: boolean;
  /** Whether nobody else has the value, so that it may be added to. */
  isOwn: boolean;
}

const empty = (): Element => ({
  value: null,
  shape: null,
  written: false,
  read: false,
  cleared: false,
  isOwn: false,
});

interface ArrayOptions {
  readonly dtype: DType;
  readonly elementShape: Shape;
  readonly isResizable: boolean;
  readonly clearsAfterRead: boolean;
  readonly hasIdenticalShapes: boolean;
  /** Whether what is written to one place is summed: in arrays of gradients. */
  readonly sums: boolean;
}

class TensorArray {
  readonly gradients = new Map<string, TensorArray>();
  private elements: Element[];
  private isResizable: boolean;
  private isClosed = false;
  private elementShape: Shape;

  constructor(
    readonly name: string,
    size: number,
    readonly options: ArrayOptions,
  ) {
    this.elements = Array.from({ length: size }, empty);
    this.isResizable = options.isResizable;
    this.elementShape = options.elementShape;
  }

  get size(): number {
    return this.elements.length;
  }
  get canGrow(): boolean {
    return this.isResizable;
  }
  /** Adds what is known of the shape of every element; the whole where it fits. */
  refineShape(shape: Shape): void {
    if (isCompatible(this.elementShape, shape)) this.elementShape = mergeShapes(this.elementShape, shape);
  }
  close(): void {
    this.isClosed = true;
    this.elements = [];
  }
  checkOpen(): void {
    if (this.isClosed) throw invalid(`TensorArray ${this.name} has already been closed.`);
  }
  checkIndex(index: number): void {
    if (index >= 0 && index < this.size) return;
    throw invalid(`Tried to read from index ${index} but array size is: ${this.size}`);
  }

  /** The array of gradients for a source; the first asking makes it, and fixes the size of this one. */
  gradientOf(source: string, inFront: KnownShape): TensorArray {
    this.checkOpen();
    if (this.options.sums) throw invalid(`Wrong input container. _tensor_array_grads${this.name}`);
    this.isResizable = false;
    const known = this.gradients.get(source);
    if (known) return known;
    const elementShape = this.elementShape === null ? null : [...inFront, ...this.elementShape];
    const made = new TensorArray(`${this.name}@${source}`, this.size, {
      ...this.options,
      elementShape,
      isResizable: false,
      clearsAfterRead: true,
      sums: true,
    });
    this.elements.forEach(({ written, shape }, i) => {
      if (!written || !shape) return;
      made.elements[i].written = true;
      made.elements[i].shape = [...inFront, ...shape];
    });
    this.gradients.set(source, made);
    return made;
  }

  write(index: number, value: NdArray): void {
    this.checkOpen();
    const about = `TensorArray ${this.name}: Could not write to TensorArray index ${index} because`;
    if (index < 0 || (index >= this.size && !this.isResizable)) {
      throw invalid(
        `TensorArray ${this.name}: Tried to write to index ${index} but array is not resizeable and size is: ${this.size}`,
      );
    }
    while (index >= this.size) this.elements.push(empty());
    const { hasIdenticalShapes, sums } = this.options;
    if (!isCompatible(this.elementShape, value.shape) && !sums) {
      throw invalid(
        `${about} the value shape is ${brackets(value.shape)} which is incompatible with the TensorArray's inferred element shape: ${formatShapeBrackets(this.elementShape)} (consider setting infer_shape=False).`,
      );
    }
    if (hasIdenticalShapes && !isFullyDefined(this.elementShape)) this.elementShape = value.shape;
    const element = this.elements[index];
    if (element.read) throw invalid(`${about} it has already been read.`);
    if (element.written && sums) {
      this.add(element, index, value);
      return;
    }
    if (element.written) throw invalid(`${about} it has already been written to.`);
    element.value = value;
    element.shape = value.shape;
    element.written = true;
  }

  private add(element: Element, index: number, value: NdArray): void {
    const { dtype } = this.options;
    if (element.shape && !sameShape(element.shape, value.shape)) {
      throw invalid(
        `TensorArray ${this.name}: Could not aggregate to TensorArray index ${index} because the existing shape is ${brackets(element.shape)} but the new input shape is ${brackets(value.shape)}.`,
      );
    }
    if (!element.value) {
      element.value = value;
      return;
    }
    if (dtype === string || dtype === bool) {
      throw invalid(`tensor_array::AddToTensor type not supported: ${typeName(dtype)}`);
    }
    const target = element.isOwn ? element.value.data : element.value.data.slice();
    const [sum, more] = [target as Float32Array, value.data as Float32Array];
    for (let i = 0; i < sum.length; i++) sum[i] += more[i];
    element.value = rounded(dtype, value.shape, target);
    element.isOwn = true;
  }

  read(index: number): NdArray {
    this.checkOpen();
    this.checkIndex(index);
    const element = this.elements[index];
    if (element.cleared) {
      throw invalid(
        `TensorArray ${this.name}: Could not read index ${index} twice because it was cleared after a previous read (perhaps try setting clear_after_read = false?).`,
      );
    }
    const value = element.value ?? this.zeros(element, index);
    element.read = true;
    if (this.options.clearsAfterRead) {
      element.value = null;
      element.cleared = true;
    } else {
      element.value = value;
    }
    element.isOwn = false;
    return value;
  }

  /** What stands at a place that nothing was written to. */
  private zeros(element: Element, index: number): NdArray {
    const shape = element.shape ?? this.elementShape;
    if (!isFullyDefined(shape)) {
      throw invalid(
        `TensorArray ${this.name}: Could not read from TensorArray index ${index}.  Furthermore, the element shape is not fully defined: ${formatShapeBrackets(shape)}.  It is possible you are working with a resizeable TensorArray and stop_gradients is not allowing the gradients to be written.  If you set the full element_shape property on the forward TensorArray, the proper all-zeros tensor will be returned instead of incurring this error.`,
      );
    }
    return NdArray.zeros(this.options.dtype, shape);
  }
}

function arrayOf(handle: NdArray): TensorArray {
  return handleOf(handle, KIND).resource as TensorArray;
}

function handleTo(array: TensorArray): NdArray {
  return handleArray({ container: CONTAINER, name: CONTAINER + array.name, kind: KIND, resource: array }, [2]);
}

const flow = (): NdArray => new NdArray(float32, [], new Float32Array(1));

function checkRead(array: TensorArray, op: HostOp): void {
  const asked = op.attr<DType>('dtype');
  if (asked === array.options.dtype) return;
  throw invalid(`TensorArray dtype is ${typeName(array.options.dtype)} but Op requested dtype ${typeName(asked)}.`);
}

function checkWrite(array: TensorArray, { dtype }: NdArray): void {
  if (dtype === array.options.dtype) return;
  throw invalid(
    `TensorArray dtype is ${typeName(array.options.dtype)} but Op is trying to write dtype ${typeName(dtype)}.`,
  );
}

function sizeless(what: string, shape: Shape, doing: string): UnimplementedError {
  return new UnimplementedError(
    null,
    `TensorArray has size zero, but ${what} ${formatShapeBrackets(shape)} is not fully defined. Currently only static shapes are supported when ${doing} zero-size TensorArrays.`,
  );
}

function gradient(handle: NdArray, op: HostOp, inFront: KnownShape): NdArray[] {
  return [handleTo(arrayOf(handle).gradientOf(op.attr('source'), inFront)), flow()];
}

function make(size: NdArray, op: HostOp): NdArray[] {
  const count = integer(size);
  if (size.rank > 0) throw invalid(`TensorArray size must be scalar, but had shape: ${brackets(size.shape)}`);
  if (count < 0) throw invalid('Size should be >= 0.');
  const name = `${op.attr<string>('tensor_array_name') || op.name}_${numberOf('tensor arrays', op)}`;
  const array = new TensorArray(name, count, {
    dtype: op.attr('dtype'),
    elementShape: op.attr('element_shape'),
    isResizable: op.attr('dynamic_size'),
    clearsAfterRead: op.attr('clear_after_read'),
    hasIdenticalShapes: op.attr('identical_element_shapes'),
    sums: false,
  });
  return [handleTo(array), flow()];
}

function gather(array: TensorArray, indices: NdArray, op: HostOp): NdArray {
  checkRead(array, op);
  array.checkOpen();
  const given = op.attr<Shape>('element_shape');
  array.refineShape(given);
  if (indices.rank !== 1) {
    throw invalid(`Expected indices to be a vector, but received shape: ${brackets(indices.shape)}`);
  }
  const positions = integers(indices);
  if (positions.length === 0) {
    if (!isFullyDefined(given)) throw sizeless('element shape', given, 'packing');
    return NdArray.zeros(array.options.dtype, [0, ...given]);
  }
  positions.forEach((index) => {
    array.checkIndex(index);
  });
  const values = positions.map((index) => array.read(index));
  const [first] = values;
  if (!isCompatible(given, first.shape)) {
    throw invalid(
      `TensorArray was passed element_shape ${formatShapeBrackets(given)} which does not match the Tensor at index 0: ${brackets(first.shape)}`,
    );
  }
  values.forEach(({ shape }, i) => {
    if (sameShape(shape, first.shape)) return;
    throw invalid(
      `TensorArray has inconsistent shapes.  Index 0 has shape: ${brackets(first.shape)} but index ${i} has shape: ${brackets(shape)}`,
    );
  });
  return stackArrays(values, 0);
}

function scatter(array: TensorArray, indices: NdArray, value: NdArray): void {
  checkWrite(array, value);
  array.checkOpen();
  if (indices.rank !== 1) {
    throw invalid(`Expected indices to be a vector, but received shape: ${brackets(indices.shape)}`);
  }
  if (value.rank === 0) throw invalid('Input value for unpack must be at least a vector but received shape: []');
  const positions = integers(indices);
  if (positions.length !== value.shape[0]) {
    throw invalid(`Expected len(indices) == values.shape[0], but saw: ${positions.length} vs. ${value.shape[0]}`);
  }
  const most = positions.reduce((a, b) => Math.max(a, b), -1);
  if (most >= array.size && !array.canGrow) {
    throw invalid(`Max scatter index must be < array size (${most} vs. ${array.size})`);
  }
  array.refineShape(value.shape.slice(1));
  const rows = unstackArray(value, 0);
  positions.forEach((index, i) => {
    array.write(index, rows[i]);
  });
}

function concat(array: TensorArray, op: HostOp): NdArray[] {
  checkRead(array, op);
  array.checkOpen();
  const given = op.attr<Shape>('element_shape_except0');
  if (array.size === 0) {
    if (!isFullyDefined(given)) throw sizeless('element_shape_except0', given, 'concatenating');
    return [NdArray.zeros(array.options.dtype, [0, ...given]), NdArray.zeros(int64, [0])];
  }
  const values = Array.from({ length: array.size }, (_, i) => array.read(i));
  const tails = values.map(({ shape, rank }, i) => {
    if (rank === 0) {
      throw invalid(
        `Concat saw a scalar shape at index ${i} but requires at least vectors.  Did you mean to call pack?`,
      );
    }
    const tail = shape.slice(1);
    if (!isCompatible(given, tail)) {
      throw invalid(
        `TensorArray was passed element_shape_except0 ${formatShapeBrackets(given)} but index ${i} has (excepting dimension 0) shape: ${brackets(tail)} which does not match.`,
      );
    }
    return tail;
  });
  tails.forEach((tail, i) => {
    if (sameShape(tail, tails[0])) return;
    throw invalid(
      `TensorArray has inconsistent shapes.  Index 0 has (excepting dimension 0) shape: ${brackets(tails[0])} but index ${i} has (excepting dimension 0) shape: ${brackets(tail)}`,
    );
  });
  const lengths = BigInt64Array.from(values, ({ shape }) => BigInt(shape[0]));
  return [concatArrays(values, 0), new NdArray(int64, [values.length], lengths)];
}

function split(array: TensorArray, value: NdArray, lengths: NdArray): void {
  checkWrite(array, value);
  array.checkOpen();
  if (lengths.rank !== 1) {
    throw invalid(`Expected lengths to be a vector, received shape: ${brackets(lengths.shape)}`);
  }
  if (value.rank === 0) throw invalid('Expected value to be at least a vector, but received shape: []');
  const counts = integers(lengths);
  const total = counts.reduce((a, b) => a + b, 0);
  if (total !== value.shape[0]) {
    throw invalid(
      `Expected sum of lengths to be equal to values.shape[0], but sum of lengths is ${total} and value's shape is: ${brackets(value.shape)}`,
    );
  }
  const size = array.canGrow ? Math.max(array.size, counts.length) : array.size;
  if (size !== counts.length) {
    throw invalid(
      `TensorArray's size is not equal to the size of lengths (${size} vs. ${counts.length}), and the TensorArray is not marked as dynamically resizeable`,
    );
  }
  const negative = counts.find((count) => count < 0);
  if (negative !== undefined) throw invalid(`Expected lengths to be non-negative, but saw ${negative}`);
  splitArray(value, counts, 0).forEach((part, i) => {
    array.write(i, part);
  });
}

defineHostKernels({
  TensorArrayV3: ([size], op) => make(size, op),
  TensorArrayGradV3: ([handle], op) => gradient(handle, op, []),
  TensorArrayGradWithShape: ([handle, , inFront], op) => gradient(handle, op, integers(inFront)),
  TensorArrayWriteV3: ([handle, index, value]) => {
    const array = arrayOf(handle);
    checkWrite(array, value);
    array.write(integer(index), value);
    return [flow()];
  },
  TensorArrayReadV3: ([handle, index], op) => {
    const array = arrayOf(handle);
    checkRead(array, op);
    return [array.read(integer(index))];
  },
  TensorArrayGatherV3: ([handle, indices], op) => [gather(arrayOf(handle), indices, op)],
  TensorArrayScatterV3: ([handle, indices, value]) => {
    scatter(arrayOf(handle), indices, value);
    return [flow()];
  },
  TensorArrayConcatV3: ([handle], op) => concat(arrayOf(handle), op),
  TensorArraySplitV3: ([handle, value, lengths]) => {
    split(arrayOf(handle), value, lengths);
    return [flow()];
  },
  TensorArraySizeV3: ([handle]) => [new NdArray(int32, [], Int32Array.of(arrayOf(handle).size))],
  TensorArrayCloseV3: ([handle]) => {
    arrayOf(handle).close();
    return [];
  },
});
