/**
 * The ops on lists of tensors. Elements stay where they are, on the device or on the host; a list that nobody else has is
 * changed in place. Lists themselves are `tensor-list.ts`, what an op sees of the run `list-operands.ts`.
 */
import { cppName } from '../src/util/cpp-names.ts';
import { type DType, int32, int64, string, variant } from '../src/util/dtype.ts';
import { InvalidArgumentError } from '../src/util/errors.ts';
import { allocateAny, NdArray } from '../src/util/ndarray.ts';
import { formatShapeBrackets, isCompatible, type KnownShape, type Shape, sizeOf } from '../src/util/shape.ts';
import type { Operands } from './list-operands.ts';
import type { FeedValue } from './run.ts';
import { asList, type Item, listValue, shapeOf, type TensorList } from './tensor-list.ts';

export interface ListKernel {
  /** Inputs that may be on the device: they are only handed on. */
  readonly anywhere: readonly number[];
  /** Whether it looks at elements of lists, and does not only hand them on. */
  readonly reads: boolean;
  run(op: Operands): void;
}

export function findListKernel(type: string): ListKernel | undefined {
  return Object.hasOwn(KERNELS, type) ? KERNELS[type] : undefined;
}

const kernel = (run: (op: Operands) => void, ...anywhere: number[]): ListKernel => ({ anywhere, reads: false, run });
const reading = (run: (op: Operands) => void): ListKernel => ({ anywhere: [], reads: true, run });
const show = formatShapeBrackets;

function fail(message: string): never {
  throw new InvalidArgumentError(null, message);
}

// Shapes and types

/** What is known from both, in the words of the kernels where they contradict. */
function merged(a: Shape, b: Shape): Shape {
  if (a === null) return b;
  if (b === null) return a;
  if (a.length !== b.length) {
    fail(`PartialTensorShape: Incompatible ranks during merge: ${a.length} vs. ${b.length}`);
  }
  if (!isCompatible(a, b)) fail(`PartialTensorShape: Incompatible shapes during merge: ${show(a)} vs. ${show(b)}`);
  return a.map((d, axis) => d ?? b[axis]);
}

function isKnown(shape: Shape): shape is KnownShape {
  return shape?.every((d) => d !== null) ?? false;
}

function isWritten(item: Item | undefined): item is NonNullable<Item> {
  return item !== null && item !== undefined;
}

/** The shape asked for, and what the list says of its elements. */
function askedShape(op: Operands, input: number, list: TensorList): Shape {
  return merged(op.shape(input), list.elementShape);
}

function checkType(list: TensorList, dtype: DType): void {
  if (list.dtype === dtype) return;
  fail(`Invalid data types; op elements ${cppName(dtype)} but list elements ${cppName(list.dtype)}`);
}

/** The list of an op that says which type elements have. */
function typed(op: Operands, input = 0): TensorList {
  const list = op.list(input);
  checkType(list, op.attr<DType>('element_dtype'));
  return list;
}

function checkElement(list: TensorList, item: NonNullable<Item>, what: string): void {
  if (isCompatible(list.elementShape, shapeOf(item))) return;
  fail(`${what} Op element shape: ${show(shapeOf(item))} list shape: ${show(list.elementShape)}`);
}

const PUSHED = 'Tried to append a tensor with incompatible shape to a list.';
const SET = 'Tried to set a tensor with incompatible shape at a list index.';

function inRange(list: TensorList, index: number, verb: string): void {
  if (index >= 0 && index < list.items.length) return;
  fail(`Trying to ${verb} element ${index} in a list with ${list.items.length} elements.`);
}

const integers = (dtype: DType, shape: KnownShape, values: readonly number[]): NdArray =>
  new NdArray(dtype, shape, dtype === int64 ? BigInt64Array.from(values, BigInt) : Int32Array.from(values));

const zeros = (dtype: DType, shape: KnownShape): NdArray =>
  new NdArray(dtype, shape, allocateAny(dtype, sizeOf(shape)));

// Parts of arrays

/** The parts of an array along its first axis, `length` rows each; they share its data. */
function rows(array: NdArray, lengths: readonly number[] | null): NdArray[] {
  const [count, ...rest] = array.shape as number[];
  const size = sizeOf(rest) * (array.dtype.isComplex ? 2 : 1);
  const parts = lengths ?? new Array<number>(count).fill(1);
  let at = 0;
  return parts.map((length) => {
    const [from, to] = [at * size, (at + length) * size];
    const { data } = array;
    const part = array.dtype === string ? data.slice(from, to) : (data as Float32Array).subarray(from, to);
    at += length;
    return new NdArray(array.dtype, lengths ? [length, ...rest] : rest, part as NdArray['data']);
  });
}

const hostItem = (host: NdArray): Item => ({ device: null, host });

/** The arrays one after the other, under a shape. */
function joined(dtype: DType, shape: KnownShape, arrays: readonly NdArray[]): NdArray {
  const data = allocateAny(dtype, sizeOf(shape));
  let at = 0;
  for (const array of arrays) {
    if (Array.isArray(data)) for (const [i, bytes] of (array.data as Uint8Array[]).entries()) data[at + i] = bytes;
    else (data as Float32Array).set(array.data as Float32Array, at);
    at += array.data.length;
  }
  return new NdArray(dtype, shape, data);
}

/** The elements as arrays, those that are not written as zeros. */
function arraysOf(op: Operands, list: TensorList, indices: readonly number[], missing: KnownShape): NdArray[] {
  return indices.map((index) => {
    const item = list.items[index];
    return isWritten(item) ? op.read(item, list.dtype) : zeros(list.dtype, missing);
  });
}

// Reading

function getItem(op: Operands): void {
  const list = typed(op);
  const index = op.integer(1);
  inRange(list, index, 'access');
  op.give(0, elementAt(op, list, index, 2));
}

/** The element at a place, zeros where none was written. */
function elementAt(op: Operands, list: TensorList, index: number, shapeInput: number): FeedValue {
  const item = list.items[index];
  if (isWritten(item)) return op.share(item);
  let shape = askedShape(op, shapeInput, list);
  const asked = shape;
  if (!isKnown(shape)) for (const other of list.items) if (isWritten(other)) shape = merged(shape, shapeOf(other));
  if (isKnown(shape)) return { device: null, host: zeros(list.dtype, shape) };
  return fail(
    `Trying to read an uninitialized tensor but element_shape is not fully defined: ${show(asked)} and no list element is set.`,
  );
}

function popBack(op: Operands): void {
  const list = typed(op);
  const last = list.items.length - 1;
  if (last < 0) fail('Trying to pop from an empty list.');
  const value = elementAt(op, list, last, 1);
  const shorter = op.mutable(0);
  shorter.giveUp(shorter.items.pop() as Item);
  op.giveList(0, shorter);
  op.give(1, value);
}

function stack(op: Operands): void {
  const list = typed(op);
  const { length } = list.items;
  const wanted = op.attr<number>('num_elements');
  if (wanted >= 0 && wanted !== length) {
    fail(`Operation expected a list with ${wanted} elements but got a list with ${length} elements.`);
  }
  let shape = askedShape(op, 1, list);
  if (!isKnown(shape) && length === 0) {
    fail(`Tried to stack elements of an empty list with non-fully-defined element_shape: ${show(shape)}`);
  }
  for (const item of list.items) if (isWritten(item)) shape = merged(shape, shapeOf(item));
  if (!isKnown(shape)) {
    fail(
      `Tried to stack list which only contains uninitialized tensors and has a non-fully-defined element_shape: ${show(shape)}`,
    );
  }
  op.giveArray(0, joined(list.dtype, [length, ...shape], arraysOf(op, list, [...list.items.keys()], shape)));
}

function gather(op: Operands): void {
  const list = typed(op);
  const indices = op.integers(1);
  let shape = askedShape(op, 2, list);
  if (!isKnown(shape) && indices.length === 0) {
    fail(`Tried to gather 0-elements from a list with non-fully-defined shape: ${show(shape)}`);
  }
  const { length } = list.items;
  for (const index of indices) {
    // TensorFlow has other words where the list says the shape of its elements.
    if (index >= length && isKnown(list.elementShape)) {
      fail(`Index ${index} out o range; list only has ${length} elements.`);
    }
    inRange(list, index, 'gather');
    const item = list.items[index];
    if (isWritten(item)) shape = merged(shape, shapeOf(item));
  }
  if (!isKnown(shape)) {
    fail(`Tried to gather uninitialized tensors from a list with non-fully-defined element_shape: ${show(shape)}`);
  }
  op.giveArray(0, joined(list.dtype, [indices.length, ...shape], arraysOf(op, list, indices, shape)));
}

const restOf = (shape: Shape): Shape => (shape === null ? null : shape.slice(1));

function concat(op: Operands, asked: Shape, leading: readonly number[]): void {
  const list = typed(op);
  const { items } = list;
  if (asked !== null && asked.length === 0) {
    fail('Concat requires elements to be at least vectors, found scalars instead.');
  }
  let rest = merged(restOf(asked), restOf(list.elementShape));
  if (!isKnown(rest) && items.length === 0) {
    fail(
      `All except the first dimension must be fully defined when concating an empty tensor list. element_shape: ${show(rest)}`,
    );
  }
  items.forEach((item, i) => {
    if (!isWritten(item)) return;
    const shape = shapeOf(item);
    if (shape.length === 0) fail(`Concat saw a scalar shape at index ${i} but requires at least vectors.`);
    rest = merged(rest, restOf(shape));
  });
  if (!isKnown(rest)) {
    fail(
      `Tried to concat list which only contains uninitialized tensors and has a non-fully-defined element_shape_except_first_dim: ${show(rest)}`,
    );
  }
  const known = asked?.[0] ?? list.elementShape?.[0] ?? null;
  const lengths = items.map((item, i) => {
    if (isWritten(item)) return shapeOf(item)[0];
    if (known !== null) return known;
    if (i < leading.length) return leading[i];
    return fail(
      `List contains uninitialized tensor at index ${i} but leading_dims has only ${leading.length} elements.`,
    );
  });
  const tail = rest;
  const arrays = items.map((item, i) =>
    isWritten(item) ? op.read(item, list.dtype) : zeros(list.dtype, [lengths[i], ...tail]),
  );
  const total = lengths.reduce((a, b) => a + b, 0);
  op.giveArray(0, joined(list.dtype, [total, ...tail], arrays));
  op.giveArray(1, integers(int64, [lengths.length], lengths));
}

function elementShape(op: Operands): void {
  const { elementShape: shape } = op.list(0);
  const dtype = op.outputDType(0);
  if (shape === null) op.giveArray(0, integers(dtype, [], [-1]));
  else
    op.giveArray(
      0,
      integers(
        dtype,
        [shape.length],
        shape.map((d) => d ?? -1),
      ),
    );
}

// Making and writing

function reserve(op: Operands): void {
  const array = op.host(1);
  if (array.size !== 1) fail(`The num_elements to reserve must be a tensor size 1, but got ${show(array.shape)}`);
  const [count] = op.integers(1);
  if (count < 0) fail(`The num_elements to reserve must be a non negative number, but got ${count}`);
  op.giveList(0, op.newList(op.attr('element_dtype'), op.shape(0), new Array<Item>(count).fill(null)));
}

function emptyList(op: Operands): void {
  const limit = op.integer(1);
  op.giveList(0, op.newList(op.attr('element_dtype'), op.shape(0), [], limit < 0 ? undefined : limit));
}

/** Puts the value of an input into the list; the list that comes is the caller's, the value the list's. */
function writing(op: Operands, input: number, check: (item: NonNullable<Item>) => void): [TensorList, Item] {
  const item = op.item(input);
  try {
    checkType(op.list(0), op.dtypeOf(input));
    check(item);
  } catch (error) {
    op.run.release(item);
    throw error;
  }
  return [op.mutable(0), item];
}

function pushBack(op: Operands): void {
  const { items, limit } = op.list(0);
  const [list, item] = writing(op, 1, (value) => {
    checkElement(op.list(0), value, PUSHED);
    if (items.length >= limit) {
      fail(`Tried to push item into a full list list size: ${items.length} max_num_elements: ${limit}`);
    }
  });
  list.items.push(item);
  op.giveList(0, list);
}

function setItem(op: Operands): void {
  const index = op.integer(1);
  const resizes = op.attr<boolean>('resize_if_index_out_of_bounds') && index >= 0;
  const [list, item] = writing(op, 2, (value) => {
    if (!resizes) inRange(op.list(0), index, 'modify');
    checkElement(op.list(0), value, SET);
  });
  while (list.items.length <= index) list.items.push(null);
  list.giveUp(list.items[index]);
  list.items[index] = item;
  op.giveList(0, list);
}

function resize(op: Operands): void {
  const size = op.integer(1);
  if (size < 0) fail(`TensorListSlice expects size to be non-negative. Got: ${size}`);
  const list = op.mutable(0);
  while (list.items.length > size) list.giveUp(list.items.pop() as Item);
  while (list.items.length < size) list.items.push(null);
  op.giveList(0, list);
}

function atLeastVector(tensor: NdArray): void {
  if (tensor.rank === 0) fail('Tensor must be at least a vector, but saw shape: []');
}

function fits(shape: Shape, part: KnownShape): void {
  if (isCompatible(shape, part)) return;
  fail(`Specified a list with shape ${show(shape)} from a tensor with shape ${show(part)}`);
}

function fromTensor(op: Operands): void {
  const tensor = op.host(0);
  atLeastVector(tensor);
  const shape = op.shape(1);
  fits(shape, tensor.shape.slice(1) as number[]);
  op.giveList(0, op.newList(op.dtypeOf(0), shape, rows(tensor, null).map(hostItem)));
}

function scatter(op: Operands, size: number): void {
  const tensor = op.host(0);
  const indices = op.integers(1);
  const shape = op.shape(2);
  atLeastVector(tensor);
  fits(shape, tensor.shape.slice(1) as number[]);
  if (size < -1) fail(`TensorListScatter expects num_elements >= -1, found: ${size}`);
  if (indices.length !== tensor.shape[0]) {
    fail(`Invalid number of rows in input tensor. Expected: ${indices.length} Actual: ${tensor.shape[0]}`);
  }
  notNegative(indices);
  const highest = indices.reduce((a, b) => Math.max(a, b), -1);
  if (size >= 0 && highest >= size) {
    fail(`TensorListScatter: Trying to scatter at index ${highest} in list with size ${size}`);
  }
  const list = op.newList(op.dtypeOf(0), shape, new Array<Item>(Math.max(size, highest + 1)).fill(null));
  place(list, indices, rows(tensor, null));
  op.giveList(0, list);
}

function notNegative(indices: readonly number[]): void {
  if (indices.some((index) => index < 0)) fail('Indices in TensorListScatter must all be non-negative.');
}

function place(list: TensorList, indices: readonly number[], parts: readonly NdArray[]): void {
  indices.forEach((index, i) => {
    while (list.items.length <= index) list.items.push(null);
    list.giveUp(list.items[index]);
    list.items[index] = hostItem(parts[i]);
  });
}

function scatterInto(op: Operands): void {
  checkType(op.list(0), op.dtypeOf(1));
  const tensor = op.host(1);
  const indices = op.integers(2);
  atLeastVector(tensor);
  if (indices.length !== tensor.shape[0]) {
    fail(`Expected len(indices) == tensor.shape[0], but saw: ${indices.length} vs. ${tensor.shape[0]}`);
  }
  notNegative(indices);
  const list = op.mutable(0);
  place(list, indices, rows(tensor, null));
  op.giveList(0, list);
}

function split(op: Operands): void {
  const tensor = op.host(0);
  const lengths = op.integers(2);
  atLeastVector(tensor);
  const shape = op.shape(1);
  fits(restOf(shape), tensor.shape.slice(1) as number[]);
  const count = tensor.shape[0] as number;
  let end = 0;
  for (const length of lengths) {
    if (length < 0) fail(`Invalid value in lengths: ${length}`);
    if (end + length > count) {
      fail(`Attempting to slice [${end}, ${end + length}] from tensor with length ${count}`);
    }
    end += length;
  }
  if (end !== count) fail(`Unused values in tensor. Length of tensor: ${count} Values used: ${end}`);
  op.giveList(0, op.newList(op.dtypeOf(0), shape, rows(tensor, lengths).map(hostItem)));
}

// Whole lists

function concatLists(op: Operands): void {
  const more = op.list(1);
  checkType(op.list(0), more.dtype);
  const list = op.mutable(0);
  for (const item of [...more.items]) list.items.push(item && op.share(item));
  op.giveList(0, list);
}

/** Element by element, where an element that is missing counts as zeros. Lists of lists are as deep as loops are nested. */
function sumOf(op: Operands, lists: readonly TensorList[]): TensorList {
  const [first, ...others] = lists;
  let shape = first.elementShape;
  for (const { dtype, items, elementShape } of others) {
    if (dtype !== first.dtype) {
      const types = `One is ${cppName(first.dtype)} and the other is ${cppName(dtype)}`;
      fail(`Trying to add two lists of tensors of different dtypes. ${types}`);
    }
    if (items.length !== first.items.length) {
      const lengths = `One is ${first.items.length} and the other is ${items.length}`;
      fail(`Trying to add two lists of tensors with different lengths. ${lengths}`);
    }
    shape = merged(shape, elementShape);
  }
  const sums = first.items.map((_, i) =>
    sumOfElements(op, first.dtype, lists.map((list) => list.items[i]).filter(isWritten)),
  );
  return op.newList(first.dtype, shape, sums);
}

function sumOfElements(op: Operands, dtype: DType, elements: readonly NonNullable<Item>[]): Item {
  if (elements.length < 2) return elements[0] ? op.share(elements[0]) : null;
  if (dtype === variant) return { device: listValue(sumOf(op, elements.map(listOf))), host: null };
  elements.reduce<Shape>((known, item) => merged(known, shapeOf(item)), null);
  const [first, ...others] = elements.map((item) => op.read(item, dtype));
  const data = (first.data as Float32Array).slice();
  for (const { data: other } of others) {
    for (let k = 0; k < data.length; k++) data[k] += (other as Float32Array)[k];
  }
  return hostItem(new NdArray(dtype, first.shape, data));
}

function listOf({ device }: NonNullable<Item>): TensorList {
  return asList(device) ?? fail("Input handle is not a list. Saw: 'tensorflow::Tensor'");
}

function zerosLike(op: Operands, list: TensorList): TensorList {
  const items = list.items.map((item): Item => {
    if (!isWritten(item)) return null;
    if (list.dtype === variant) return { device: listValue(zerosLike(op, listOf(item))), host: null };
    return isKnown(list.elementShape) ? null : hostItem(zeros(list.dtype, shapeOf(item)));
  });
  return op.newList(list.dtype, list.elementShape, items);
}

const KERNELS: Readonly<Record<string, ListKernel>> = {
  EmptyTensorList: kernel(emptyList),
  TensorListReserve: kernel(reserve),
  TensorListPushBack: kernel(pushBack, 1),
  TensorListPopBack: kernel(popBack),
  TensorListLength: kernel((op) => op.giveArray(0, integers(int32, [], [op.list(0).items.length]))),
  TensorListElementShape: kernel(elementShape),
  TensorListResize: kernel(resize),
  TensorListGetItem: kernel(getItem),
  TensorListSetItem: kernel(setItem, 2),
  TensorListStack: reading(stack),
  TensorListFromTensor: kernel(fromTensor),
  TensorListGather: reading(gather),
  TensorListScatter: kernel((op) => scatter(op, -1)),
  TensorListScatterV2: kernel((op) => scatter(op, op.integer(3))),
  TensorListScatterIntoExistingList: kernel(scatterInto),
  TensorListConcat: reading((op) => concat(op, op.attr<Shape>('element_shape'), [])),
  TensorListConcatV2: reading((op) => concat(op, op.shape(1), op.integers(2))),
  TensorListSplit: kernel(split),
  TensorListConcatLists: kernel(concatLists),
  AddN: reading((op) =>
    op.giveList(
      0,
      sumOf(
        op,
        Array.from({ length: op.count }, (_, i) => op.list(i)),
      ),
    ),
  ),
  ZerosLike: kernel((op) => op.giveList(0, zerosLike(op, op.list(0)))),
};
