/**
 * One run of a plan: the values in its slots, on the device, on the host or both, and what must happen to them however
 * the run ends. Which step does what is in `steps.ts`, their order in `executor.ts`.
 */
import type { Tensor as TfjsTensor } from '@tensorflow/tfjs-core';
import type { ExecutionPlan, Slot } from '../compiler/plan/plan.ts';
import type { NodeId } from '../src/graph/node.ts';
import type { ErrorNode } from '../src/util/errors.ts';
import { NdArray } from '../src/util/ndarray.ts';
import { type Backend, type BufferId, type DeviceValue, deviceTypes } from './backends/backend.ts';
import { type CancelToken, deadlineError } from './cancel.ts';
import type { FunctionCaller, Wait } from './host/registry.ts';
import type { StepRecorder } from './metadata.ts';
import type { RunState, StoredValue } from './resources.ts';

/** A fed value: a buffer that stays its owner's, or an array that nobody writes to while the run lasts. */
export interface FeedValue {
  readonly device: DeviceValue | null;
  readonly host: NdArray | null;
}

/** What results come as: arrays, tfjs tensors that share the buffers, or values as they are, to be fed again. */
export type ResultForm = 'array' | 'tensor' | 'value';
export type RunValue = NdArray | TfjsTensor | FeedValue;

/** Gives up a job's turn until the promise has settled, and waits for its next turn. */
export type Pass = (promise: Promise<void>) => Promise<void>;

/** All that a run needs beside its plan. */
export interface RunContext {
  readonly transaction: RunState;
  /** In the order of the plan's feeds. */
  readonly feeds: readonly FeedValue[];
  readonly form: ResultForm;
  readonly cancel: CancelToken;
  /** The time (of `performance.now`) at which the run has taken too long; 0 for never. */
  readonly deadline: number;
  readonly recorder: StepRecorder | null;
  /** The functions that host kernels call. */
  readonly functions: { caller(context: RunContext): FunctionCaller };
  /** Lets other runs of the session pass until the promise has settled; null where the run must not wait. */
  readonly pass: Pass | null;
  /** The operation that an error names, and the line that built it, where it is known. */
  blame(origin: NodeId): { readonly op: ErrorNode; readonly site?: string };
}

/** The slots that keep their values from run to run, shared by the runs of a plan. */
export class ConstantSlots {
  /** Every slot of the plan; null where it is not a constant, or not on the device yet. */
  readonly device: (DeviceValue | null)[];
  readonly host: (NdArray | null)[];
  private readonly constant: Uint8Array;

  constructor(
    plan: ExecutionPlan,
    private readonly backend: Backend,
  ) {
    const count = plan.slots.length;
    this.device = new Array<DeviceValue | null>(count).fill(null);
    this.host = new Array<NdArray | null>(count).fill(null);
    this.constant = new Uint8Array(count);
    for (const { slot, value } of plan.constants) {
      this.host[slot] = value;
      this.constant[slot] = 1;
    }
  }

  has(slot: Slot): boolean {
    return this.constant[slot] === 1;
  }
  addBuffers(ids: Set<BufferId>): void {
    for (const value of this.device) if (value) ids.add(value.dataId);
  }
  dispose(): void {
    this.device.forEach((value, slot) => {
      if (value) this.backend.dispose(value.dataId);
      this.device[slot] = null;
    });
  }
}

export class Run {
  readonly device: (DeviceValue | null)[];
  readonly host: (NdArray | null)[];
  /** Whether nothing can fail any more: variables may be updated in place, and the run goes on to its end. */
  isSealed = false;
  /** What the step that was executed last waits for. */
  wait: Wait | null = null;
  /** By slot, the value of a variable that may not be on the device yet. */
  private borrowed: (StoredValue | undefined)[] | null = null;

  constructor(
    readonly plan: ExecutionPlan,
    readonly backend: Backend,
    private readonly constants: ConstantSlots,
    readonly context: RunContext,
  ) {
    this.device = constants.device.slice();
    this.host = constants.host.slice();
  }

  /** Gives a feed its value, with a reference of its own. */
  feed(index: number, { device, host }: FeedValue): void {
    if (device) this.backend.incRef(device.dataId);
    this.feedOwned(index, device, host);
  }
  /** Gives a feed its value, and the caller's reference with it. */
  feedOwned(index: number, device: DeviceValue | null, host: NdArray | null): void {
    const { slot } = this.plan.feeds[index];
    this.device[slot] = device;
    this.host[slot] = host;
  }

  /** Puts the value of a variable into a slot, with a reference of its own. */
  borrow(slot: Slot, value: StoredValue): void {
    const { device, host } = value;
    if (device) this.backend.incRef(device.dataId);
    this.device[slot] = device;
    this.host[slot] = host;
    if (device) return;
    this.borrowed ??= [];
    this.borrowed[slot] = value;
  }

  /** The value on the device, brought there if it is not. The reference stays the slot's. */
  deviceOf(slot: Slot): DeviceValue {
    return this.device[slot] ?? this.upload(slot);
  }
  private upload(slot: Slot): DeviceValue {
    // Another run of the plan may have brought a constant there while this one waited.
    const known = this.constants.has(slot) ? this.constants.device[slot] : null;
    const value = known ?? this.backend.write(this.host[slot] as NdArray);
    this.device[slot] = value;
    if (this.constants.has(slot)) this.constants.device[slot] = value;
    const source = this.borrowed?.[slot];
    // The variable keeps it: the next run finds it there.
    if (source && !source.device && !source.isReplaced) {
      this.backend.incRef(value.dataId);
      source.device = value;
    }
    return value;
  }

  /** The value on the host, read back if it is not there. Whether that is possible was checked by the executor. */
  hostOf(slot: Slot): NdArray {
    const here = this.host[slot];
    if (here) return here;
    const read = this.backend.readSync(this.device[slot] as DeviceValue, this.plan.slots[slot].dtype);
    this.host[slot] = read;
    return read;
  }
  async readToHost(slot: Slot): Promise<void> {
    if (this.host[slot]) return;
    const { dtype } = this.plan.slots[slot];
    this.host[slot] = await this.context.cancel.race(this.backend.read(this.device[slot] as DeviceValue, dtype));
  }

  /** Brings values to the host, all of them together where that is better. */
  readTogether(slots: readonly Slot[]): void {
    const { backend } = this;
    if (!backend.readAll || slots.length < 2) return;
    const missing = [...new Set(slots)].filter((slot) => !this.host[slot]);
    if (missing.length < 2) return;
    const values = missing.map((slot) => this.device[slot] as DeviceValue);
    const read = backend.readAll(
      values,
      missing.map((slot) => this.plan.slots[slot].dtype),
    );
    missing.forEach((slot, i) => {
      this.host[slot] = read[i];
    });
  }

  /** Gives up the slot's references. Constants keep theirs. */
  free(slot: Slot): void {
    if (this.constants.has(slot)) return;
    const device = this.device[slot];
    if (device) this.backend.dispose(device.dataId);
    this.device[slot] = null;
    this.host[slot] = null;
  }
  freeAll(): void {
    for (let slot = 0; slot < this.device.length; slot++) this.free(slot);
  }

  /** Gives the run arrays of its own, before others go on: those it was fed are their owner's. */
  detach(): void {
    if (this.plan.feeds.length === 0) return;
    const fed = new Set(this.context.feeds.map(({ host }) => host && memoryOf(host)));
    for (let slot = 0; slot < this.host.length; slot++) {
      const value = this.host[slot];
      // Kernels may pass on an input's memory. What has memory of its own can be large: it is not copied.
      const isShared = value && (Array.isArray(value.data) || fed.has(memoryOf(value)));
      if (isShared && !this.constants.has(slot)) this.host[slot] = copyOf(value);
    }
  }

  /** Throws where the run was cancelled or has taken too long. */
  check(): void {
    const { cancel, deadline } = this.context;
    if (cancel.reason) throw cancel.reason;
    if (deadline !== 0 && performance.now() > deadline) throw deadlineError();
  }

  /** The value in the slot, with a reference for the caller. */
  share(slot: Slot): FeedValue {
    const device = this.device[slot];
    if (device) this.backend.incRef(device.dataId);
    return { device, host: this.host[slot] };
  }
  /** Puts a value into the slot, the caller's reference with it. */
  put(slot: Slot, { device, host }: FeedValue): void {
    this.device[slot] = device;
    this.host[slot] = host;
  }
  /** Gives up a reference that was the caller's. */
  release(value: FeedValue): void {
    if (value.device) this.backend.dispose(value.device.dataId);
  }

  /** The fetched value for the user, who may do with it what he likes. */
  result(slot: Slot): RunValue {
    if (this.context.form === 'tensor') return this.tensorOf(slot);
    const here = this.host[slot];
    if (this.context.form === 'value') {
      const device = this.device[slot];
      if (device) this.backend.incRef(device.dataId);
      return { device, host: device ? null : here };
    }
    if (!here) return this.backend.readSync(this.device[slot] as DeviceValue, this.plan.slots[slot].dtype);
    return copyOf(here);
  }

  private tensorOf(slot: Slot): TfjsTensor {
    const { dtype } = this.plan.slots[slot];
    if (!deviceTypes.has(dtype)) return this.backend.makeTensor(this.host[slot] as NdArray);
    const value = this.deviceOf(slot);
    this.backend.incRef(value.dataId);
    return this.backend.shareTensor(value);
  }
}

/** What two arrays have in common where they share elements. */
function memoryOf({ data }: NdArray): object {
  return Array.isArray(data) ? data : data.buffer;
}

/** The array with data of its own. */
export function copyOf(array: NdArray): NdArray {
  return new NdArray(array.dtype, array.shape, array.data.slice());
}
