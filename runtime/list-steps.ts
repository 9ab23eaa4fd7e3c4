/**
 * The ops on lists of tensors. Elements stay where they are, on the device or on the host; a list that nobody else has is
 * changed in place. Lists themselves are `tensor-list.ts`.
 */
import type { ExecutionPlan, ListStep, Slot } from '../compiler/plan/plan.ts';
import type { DType } from '../src/util/dtype.ts';
import { int32, int64, string, variant } from '../src/util/dtype.ts';
import { InternalError, InvalidArgumentError } from '../src/util/errors.ts';
import { allocate, NdArray } from '../src/util/ndarray.ts';
import { formatShapeBrackets, isCompatible, type KnownShape, type Shape, sizeOf } from '../src/util/shape.ts';
import type { FeedValue, Run } from './run.ts';
import type { Step } from './step.ts';
import { asList, type Item, listValue, shapeOf, TensorList } from './tensor-list.ts';

/** What an op sees: its inputs and where its outputs go. */
export class List implements Step {
  readonly onHost: readonly Slot[];
  private readonly op: ListOp;
  private readonly dtypes: readonly DType[];
  private readonly outputTypes: readonly DType[];

  constructor(
    readonly instruction: ListStep,
    plan: ExecutionPlan,
  ) {
    const op = OPS[instruction.op];
    if (!op) throw new InternalError(null, `There is no op ${instruction.op} on lists.`);
    this.op = op;
    this.dtypes = instruction.inputs.map((slot) => plan.slots[slot].dtype);
    this.outputTypes = instruction.outputs.map((slot) => plan.slots[slot].dtype);
    this.onHost = instruction.inputs.filter((_, i) => this.dtypes[i] !== variant && !op.anywhere.includes(i));
  }

  execute(run: Run): void {
    this.op.run(new Operands(run, this.instruction, this.dtypes, this.outputTypes));
  }
}

class Operands {
  constructor(
    readonly run: Run,
    private readonly step: ListStep,
    private readonly dtypes: readonly DType[],
    private readonly outputTypes: readonly DType[],
  ) {}
  get count(): number {
    return this.step.inputs.length;
  }
  attr<T>(name: string): T {
    return this.step.attrs[name] as T;
  }
  list(input: number): TensorList {
    const list = asList(this.run.device[this.step.inputs[input]]);
    if (!list) throw new InvalidArgumentError(null, "Input handle is not a list. Saw: 'tensorflow::Tensor'");
    return list;
  }
  /** The list, to be changed: itself where this is its last use, else a copy. The reference is the caller's. */
  mutable(input: number): TensorList {
    const list = this.list(input);
    const slot = this.step.inputs[input];
    if (list.isShared || !this.step.frees.includes(slot)) return list.copy();
    list.retain();
    return list;
  }
  host(input: number): NdArray {
    return this.run.hostOf(this.step.inputs[input]);
  }
  item(input: number): FeedValue {
    return this.run.share(this.step.inputs[input]);
  }
  dtypeOf(input: number): DType {
    return this.dtypes[input];
  }
  integer(input: number): number {
    return Number(this.host(input).data[0]);
  }
  integers(input: number): number[] {
    return Array.from(this.host(input).data as ArrayLike<number | bigint>, Number);
  }
  /** A shape that is given as a tensor: -1 by itself for an unknown rank. */
  shape(input: number): Shape {
    const array = this.host(input);
    const dims = this.integers(input);
    if (array.rank === 0) return dims[0] === -1 ? null : [dims[0]];
    return dims.map((d) => (d < 0 ? null : d));
  }
  outputDType(output: number): DType {
    return this.outputTypes[output];
  }
  giveList(output: number, list: TensorList): void {
    this.run.device[this.step.outputs[output]] = listValue(list);
  }
  give(output: number, value: FeedValue): void {
    this.run.put(this.step.outputs[output], value);
  }
  giveArray(output: number, array: NdArray): void {
    this.run.host[this.step.outputs[output]] = array;
  }
  newList(dtype: DType, elementShape: Shape, items: Item[]): TensorList {
    return new TensorList(this.run.backend, dtype, elementShape, items);
  }
  /** The element as an array. */
  read(item: NonNullable<Item>, dtype: DType): NdArray {
    return item.host ?? this.run.backend.readSync(item.device as NonNullable<typeof item.device>, dtype);
  }
  share(item: NonNullable<Item>): FeedValue {
    if (item.device) this.run.backend.incRef(item.device.dataId);
    return item;
  }
}

interface ListOp {
  /** Inputs that may be on the device: they are only handed on. */
  readonly anywhere: readonly number[];
  run(op: Operands): void;
}

const op = (run: (op: Operands) => void, ...anywhere: number[]): ListOp => ({ anywhere, run });

const integerArray = (dtype: DType, shape: KnownShape, values: readonly number[]): NdArray =>
  new NdArray(dtype, shape, dtype === int64 ? BigInt64Array.from(values, BigInt) : Int32Array.from(values));

function check(list: TensorList, item: NonNullable<Item>, what: string): void {
  if (isCompatible(list.elementShape, shapeOf(item))) return;
  throw new InvalidArgumentError(
    null,
    `${what} Op element shape: ${formatShapeBrackets(shapeOf(item))} list shape: ${formatShapeBrackets(list.elementShape)}`,
  );
}

const PUSHED = 'Tried to append a tensor with incompatible shape to a list.';
const SET = 'Tried to set a tensor with incompatible shape at a list index.';

/** The element at a place, zeros where none was written. */
function elementAt(list: TensorList, index: number, asked: Shape, op: Operands): FeedValue {
  const item = list.items[index];
  if (item) {
    if (!isCompatible(asked, shapeOf(item))) {
      throw new InvalidArgumentError(
        null,
        `Incompatible shapes during merge: ${formatShapeBrackets(asked)} vs. ${formatShapeBrackets(shapeOf(item))}`,
      );
    }
    return op.share(item);
  }
  return { device: null, host: NdArray.zeros(list.dtype, missingShape(list, asked)) };
}

function missingShape(list: TensorList, asked: Shape): KnownShape {
  const shape = list.shapeOfMissing(asked);
  if (shape) return shape;
  throw new InvalidArgumentError(
    null,
    `Trying to read an uninitialized element but element_shape is not fully defined ${formatShapeBrackets(asked)}`,
  );
}

/** The parts of an array along its first axis, `length` rows each; they share its data. */
function rows(array: NdArray, lengths: readonly number[] | null): NdArray[] {
  const [count, ...rest] = array.shape as number[];
  const size = sizeOf(rest) * (array.dtype.isComplex ? 2 : 1);
  let at = 0;
  const parts = lengths ?? new Array<number>(count).fill(1);
  return parts.map((length) => {
    const data =
      array.dtype === string
        ? array.data.slice(at * size, (at + length) * size)
        : sub(array, at * size, (at + length) * size);
    at += length;
    return new NdArray(array.dtype, lengths ? [length, ...rest] : rest, data as NdArray['data']);
  });
}

function sub(array: NdArray, from: number, to: number): NdArray['data'] {
  return (array.data as Float32Array).subarray(from, to);
}

/** The arrays one after the other, under a shape. */
function joined(dtype: DType, shape: KnownShape, arrays: readonly NdArray[]): NdArray {
  const data = allocate(dtype, sizeOf(shape));
  let at = 0;
  for (const array of arrays) {
    if (Array.isArray(data)) for (const [i, bytes] of (array.data as Uint8Array[]).entries()) data[at + i] = bytes;
    else (data as Float32Array).set(array.data as Float32Array, at);
    at += array.data.length;
  }
  return new NdArray(dtype, shape, data);
}

/** The elements at these places, stacked. */
function stack(list: TensorList, indices: readonly number[], asked: Shape, op: Operands): NdArray {
  const shape = list.items.length > 0 || isKnown(asked) ? missingOrFirst(list, indices, asked) : emptyShape(asked);
  const arrays = indices.map((index) => {
    const value = list.items[index];
    const array = value ? op.read(value, list.dtype) : NdArray.zeros(list.dtype, shape);
    if (sizeOf(array.shape) !== sizeOf(shape) || array.rank !== shape.length) {
      throw new InvalidArgumentError(
        null,
        `Tried to stack list which only contains uninitialized tensors or tensors with different shapes: ${formatShapeBrackets(shape)} vs. ${formatShapeBrackets(array.shape)}`,
      );
    }
    return array;
  });
  return joined(list.dtype, [indices.length, ...shape], arrays);
}

function isKnown(shape: Shape): shape is KnownShape {
  return shape?.every((d) => d !== null) ?? false;
}

function missingOrFirst(list: TensorList, indices: readonly number[], asked: Shape): KnownShape {
  const first = indices.map((index) => list.items[index]).find((item) => item !== null && item !== undefined);
  if (!first) return missingShape(list, asked);
  if (!isCompatible(asked, shapeOf(first))) {
    throw new InvalidArgumentError(
      null,
      `Incompatible shapes during merge: ${formatShapeBrackets(asked)} vs. ${formatShapeBrackets(shapeOf(first))}`,
    );
  }
  return shapeOf(first);
}

function emptyShape(asked: Shape): never {
  throw new InvalidArgumentError(
    null,
    `Tried to stack elements of an empty list with non-fully-defined element_shape: ${formatShapeBrackets(asked)}`,
  );
}

function inRange(list: TensorList, index: number, verb: string): void {
  if (index >= 0 && index < list.items.length) return;
  throw new InvalidArgumentError(
    null,
    `Trying to ${verb} element ${index} in a list with ${list.items.length} elements.`,
  );
}

function scatter(list: TensorList, indices: readonly number[], tensor: NdArray): void {
  const parts = rows(tensor, null);
  if (indices.length > parts.length) {
    throw new InvalidArgumentError(
      null,
      `Invalid number of rows in input tensor. Expected: ${indices.length} Actual: ${parts.length}`,
    );
  }
  indices.forEach((index, i) => {
    if (index < 0) {
      throw new InvalidArgumentError(null, 'Indices in TensorListScatter must all be non-negative.');
    }
    while (list.items.length <= index) list.items.push(null);
    list.giveUp(list.items[index]);
    list.items[index] = { device: null, host: parts[i] };
  });
}

function concat(op: Operands, asked: Shape): void {
  const list = op.list(0);
  const rest = asked === null ? null : asked.slice(1);
  const arrays = list.items.map((item) => {
    if (item) return op.read(item, list.dtype);
    return NdArray.zeros(list.dtype, missingShape(list, asked));
  });
  const tail = arrays.length > 0 ? (arrays[0].shape.slice(1) as number[]) : rest;
  if (!isKnown(tail)) {
    throw new InvalidArgumentError(
      null,
      `All except the first dimension must be fully defined when concating an empty tensor list. element_shape: ${formatShapeBrackets(asked)}`,
    );
  }
  for (const array of arrays) {
    if (array.rank === 0) {
      throw new InvalidArgumentError(null, 'Concat saw a scalar shape at index 0 but requires at least vectors.');
    }
    if (sizeOf(array.shape.slice(1) as number[]) !== sizeOf(tail)) {
      throw new InvalidArgumentError(
        null,
        `Tried to concat tensors with unequal shapes: ${formatShapeBrackets(arrays[0].shape)} vs ${formatShapeBrackets(array.shape)}`,
      );
    }
  }
  const lengths = arrays.map((array) => array.shape[0] as number);
  const total = lengths.reduce((a, b) => a + b, 0);
  op.giveArray(0, joined(list.dtype, [total, ...tail], arrays));
  op.giveArray(1, integerArray(int64, [lengths.length], lengths));
}

/** Element by element, where an element that is missing counts as zeros. */
function sumOf(op: Operands): void {
  const first = op.list(0);
  const items: Item[] = first.items.map((_, i) => {
    const present: NonNullable<Item>[] = [];
    for (let input = 0; input < op.count; input++) {
      const item = op.list(input).items[i];
      if (item) present.push(item);
    }
    if (present.length < 2) return present[0] ? op.share(present[0]) : null;
    const arrays = present.map((item) => op.read(item, first.dtype));
    const data = (arrays[0].data as Float32Array).slice();
    for (const { data: other } of arrays.slice(1)) {
      for (let k = 0; k < data.length; k++) data[k] += (other as Float32Array)[k];
    }
    return { device: null, host: new NdArray(first.dtype, arrays[0].shape, data) };
  });
  op.giveList(0, op.newList(first.dtype, first.elementShape, items));
}

const OPS: Readonly<Record<string, ListOp>> = {
  EmptyTensorList: op((o) => o.giveList(0, o.newList(o.attr('element_dtype'), o.shape(0), []))),
  TensorListReserve: op((o) => {
    const count = o.integer(1);
    if (count < 0) {
      throw new InvalidArgumentError(
        null,
        `The num_elements to reserve must be a non negative number, but got ${count}`,
      );
    }
    o.giveList(0, o.newList(o.attr('element_dtype'), o.shape(0), new Array<Item>(count).fill(null)));
  }),
  TensorListPushBack: op((o) => {
    const item = o.item(1);
    try {
      check(o.list(0), item, PUSHED);
    } catch (error) {
      o.run.release(item);
      throw error;
    }
    const list = o.mutable(0);
    list.items.push(item);
    o.giveList(0, list);
  }, 1),
  TensorListPopBack: op((o) => {
    if (o.list(0).items.length === 0) throw new InvalidArgumentError(null, 'Trying to pop from an empty list.');
    const asked = o.shape(1);
    const value = elementAt(o.list(0), o.list(0).items.length - 1, asked, o);
    const list = o.mutable(0);
    list.giveUp(list.items.pop() as Item);
    o.giveList(0, list);
    o.give(1, value);
  }),
  TensorListLength: op((o) => o.giveArray(0, integerArray(int32, [], [o.list(0).items.length]))),
  TensorListElementShape: op((o) => {
    const { elementShape } = o.list(0);
    const dtype = o.outputDType(0);
    if (elementShape === null) o.giveArray(0, integerArray(dtype, [], [-1]));
    else {
      const dims = elementShape.map((d) => d ?? -1);
      o.giveArray(0, integerArray(dtype, [dims.length], dims));
    }
  }),
  TensorListResize: op((o) => {
    const size = o.integer(1);
    if (size < 0) throw new InvalidArgumentError(null, `TensorListSlice expects size to be non-negative. Got: ${size}`);
    const list = o.mutable(0);
    while (list.items.length > size) list.giveUp(list.items.pop() as Item);
    while (list.items.length < size) list.items.push(null);
    o.giveList(0, list);
  }),
  TensorListGetItem: op((o) => {
    const list = o.list(0);
    inRange(list, o.integer(1), 'access');
    o.give(0, elementAt(list, o.integer(1), o.shape(2), o));
  }),
  TensorListSetItem: op((o) => {
    const index = o.integer(1);
    const resizes = o.attr<boolean>('resize_if_index_out_of_bounds') && index >= 0;
    if (!resizes) inRange(o.list(0), index, 'modify');
    const item = o.item(2);
    try {
      check(o.list(0), item, SET);
    } catch (error) {
      o.run.release(item);
      throw error;
    }
    const list = o.mutable(0);
    while (list.items.length <= index) list.items.push(null);
    list.giveUp(list.items[index]);
    list.items[index] = item;
    o.giveList(0, list);
  }, 2),
  TensorListStack: op((o) => {
    const list = o.list(0);
    const wanted = o.attr<number>('num_elements');
    if (wanted >= 0 && wanted !== list.items.length) {
      throw new InvalidArgumentError(
        null,
        `Operation expected a list with ${wanted} elements but got a list with ${list.items.length} elements.`,
      );
    }
    o.giveArray(0, stack(list, [...list.items.keys()], o.shape(1), o));
  }),
  TensorListFromTensor: op((o) => {
    const tensor = o.host(0);
    if (tensor.rank === 0) throw new InvalidArgumentError(null, 'Tensor must be at least a vector, but saw shape: []');
    const shape = o.shape(1);
    const rest = tensor.shape.slice(1) as number[];
    if (!isCompatible(shape, rest)) {
      throw new InvalidArgumentError(
        null,
        `Specified a list with shape ${formatShapeBrackets(shape)} from a tensor with shape ${formatShapeBrackets(rest)}`,
      );
    }
    const items = rows(tensor, null).map((host) => ({ device: null, host }));
    o.giveList(0, o.newList(o.dtypeOf(0), shape, items));
  }),
  TensorListGather: op((o) => {
    const list = o.list(0);
    const indices = o.integers(1);
    for (const index of indices) inRange(list, index, 'gather');
    o.giveArray(0, stack(list, indices, o.shape(2), o));
  }),
  TensorListScatter: op((o) => {
    const list = o.newList(o.dtypeOf(0), o.shape(2), []);
    scatter(list, o.integers(1), o.host(0));
    o.giveList(0, list);
  }),
  TensorListScatterV2: op((o) => {
    const indices = o.integers(1);
    const size = o.integer(3);
    const highest = Math.max(-1, ...indices);
    if (size >= 0 && highest >= size) {
      throw new InvalidArgumentError(
        null,
        `TensorListScatter: Trying to scatter at index ${highest} in list with size ${size}`,
      );
    }
    const list = o.newList(o.dtypeOf(0), o.shape(2), new Array<Item>(Math.max(size, highest + 1)).fill(null));
    scatter(list, indices, o.host(0));
    o.giveList(0, list);
  }),
  TensorListScatterIntoExistingList: op((o) => {
    const tensor = o.host(1);
    const indices = o.integers(2);
    const list = o.mutable(0);
    try {
      scatter(list, indices, tensor);
    } catch (error) {
      list.release();
      throw error;
    }
    o.giveList(0, list);
  }),
  TensorListConcat: op((o) => concat(o, unknownFirst(o.attr<Shape>('element_shape')))),
  TensorListConcatV2: op((o) => concat(o, o.shape(1))),
  TensorListSplit: op((o) => {
    const tensor = o.host(0);
    const lengths = o.integers(2);
    const total = lengths.reduce((a, b) => a + b, 0);
    if (tensor.rank === 0) throw new InvalidArgumentError(null, 'Tensor must be at least a vector, but saw shape: []');
    if (lengths.some((length) => length < 0)) {
      const bad = lengths.find((length) => length < 0);
      throw new InvalidArgumentError(null, `Invalid value in lengths: ${bad}`);
    }
    if (total !== tensor.shape[0]) {
      throw new InvalidArgumentError(
        null,
        total > (tensor.shape[0] as number)
          ? `Attempting to slice [0, ${total}] from tensor with length ${tensor.shape[0]}`
          : `Unused values in tensor. Length of tensor: ${tensor.shape[0]} Values used: ${total}`,
      );
    }
    const items = rows(tensor, lengths).map((host) => ({ device: null, host }));
    o.giveList(0, o.newList(o.dtypeOf(0), o.shape(1), items));
  }),
  TensorListConcatLists: op((o) => {
    const list = o.mutable(0);
    for (const item of o.list(1).items) list.items.push(item && o.share(item));
    o.giveList(0, list);
  }),
  AddN: op(sumOf),
  ZerosLike: op((o) => {
    const list = o.list(0);
    const items = list.items.map((item): Item => {
      if (!item || isKnown(list.elementShape)) return null;
      return { device: null, host: NdArray.zeros(list.dtype, shapeOf(item)) };
    });
    o.giveList(0, o.newList(list.dtype, list.elementShape, items));
  }),
};

/** The attribute of the first version says all but the first dimension. */
function unknownFirst(shape: Shape): Shape {
  return shape === null ? null : [null, ...shape.slice(1)];
}
