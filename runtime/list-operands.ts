/**
 * What an op on lists of tensors sees of a run: its inputs, wherever they are, and where its outputs go. The ops themselves
 * are `list-kernels.ts`.
 */
import type { ListStep } from '../compiler/plan/plan.ts';
import type { DType } from '../src/util/dtype.ts';
import { InvalidArgumentError } from '../src/util/errors.ts';
import type { NdArray } from '../src/util/ndarray.ts';
import { formatShapeBrackets, type Shape } from '../src/util/shape.ts';
import type { FeedValue, Run } from './run.ts';
import { asList, type Item, listValue, TensorList } from './tensor-list.ts';

/** What an op sees: its inputs and where its outputs go. */
export class Operands {
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
  /** A scalar. */
  integer(input: number): number {
    const array = this.host(input);
    if (array.rank === 0) return Number(array.data[0]);
    const shape = formatShapeBrackets(array.shape);
    const values = this.integers(input).slice(0, 3).join(' ');
    throw new InvalidArgumentError(
      null,
      `Expected argument ${input} to be a scalar. ReceivedTensor<type: ${array.dtype.name} shape: ${shape} values: ${values}${array.size > 3 ? '...' : ''}>`,
    );
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
  newList(dtype: DType, elementShape: Shape, items: Item[], limit = Number.POSITIVE_INFINITY): TensorList {
    return new TensorList(this.run.backend, dtype, elementShape, items, limit);
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
