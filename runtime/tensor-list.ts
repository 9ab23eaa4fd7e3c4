/**
 * `TensorList`: a list of tensors as a value of a run, counted like a buffer of the backend, so that its last user may
 * change it in place. The ops on lists are in `list-steps.ts`.
 */
import type { DType } from '../src/util/dtype.ts';
import type { NdArray } from '../src/util/ndarray.ts';
import { formatShapeBrackets, type KnownShape, type Shape } from '../src/util/shape.ts';
import type { Backend, DeviceValue } from './backends/backend.ts';

/** An element, wherever it is; the list has a reference to it. Null: not written yet, which reads as zeros. */
export type Item = { readonly device: DeviceValue | null; host: NdArray | null } | null;

export class TensorList {
  private references = 1;

  /** @param items owned by the list from now on */
  constructor(
    private readonly backend: Backend,
    readonly dtype: DType,
    readonly elementShape: Shape,
    readonly items: Item[],
    /** How many elements it may have. */
    readonly limit = Number.POSITIVE_INFINITY,
  ) {}

  get isShared(): boolean {
    return this.references > 1;
  }
  retain(): void {
    this.references++;
  }
  /** The last one gives up the elements. */
  release(): void {
    if (--this.references > 0) return;
    for (const item of this.items) this.giveUp(item);
    this.items.length = 0;
  }
  giveUp(item: Item): void {
    if (item?.device) this.backend.dispose(item.device.dataId);
  }
  /** A list with the same elements. */
  copy(items: readonly Item[] = this.items): TensorList {
    for (const item of items) if (item?.device) this.backend.incRef(item.device.dataId);
    return new TensorList(this.backend, this.dtype, this.elementShape, [...items], this.limit);
  }

  toString(): string {
    return `<TensorList of ${this.items.length} ${this.dtype.name} ${formatShapeBrackets(this.elementShape)}>`;
  }
}

export function shapeOf(item: NonNullable<Item>): KnownShape {
  return (item.host ?? (item.device as DeviceValue)).shape as KnownShape;
}

/** The list as what a slot holds. */
export function listValue(list: TensorList): DeviceValue {
  return { dataId: list, shape: [], dtype: 'string' };
}

/** The list that a slot holds; null for another value. */
export function asList(value: DeviceValue | null): TensorList | null {
  return value?.dataId instanceof TensorList ? value.dataId : null;
}
