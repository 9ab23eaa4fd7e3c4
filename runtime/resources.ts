/**
 * What a session remembers between runs: values of variables and positions of random streams. A run works on a
 * `Transaction`, so that a run that fails leaves no trace. Who may run when is the session's business.
 */

import type { NdArray } from '../src/util/ndarray.ts';
import { sameShape, sizeOf } from '../src/util/shape.ts';
import type { Backend, BufferId, DeviceValue } from './backends/backend.ts';
import type { RandomStream, ResourceAccess } from './host/registry.ts';
import { type SessionResource, SessionResources } from './session-resources.ts';
import type { StreamState } from './stream-state.ts';

/**
 * The value of a variable: a counted reference to a buffer; or an array, for types that the backend lacks and for scalars of
 * the host, which go to the backend when a kernel there first takes them.
 */
export interface StoredValue {
  device: DeviceValue | null;
  readonly host: NdArray | null;
  /** Whether the variable has been given another value, or is gone: nobody would give up a buffer that comes now. */
  isReplaced?: boolean;
}

interface Variable {
  readonly container: string;
  readonly value: StoredValue;
}

/** Gives up a variable's reference to its buffer. */
function giveUp({ value }: Variable, backend: Backend): void {
  value.isReplaced = true;
  if (value.device) backend.dispose(value.device.dataId);
}

/** The container of variables that name none. */
export const DEFAULT_CONTAINER = 'localhost';

/** Container and name of a variable as one key. Neither can hold the separator. References have keys of their own. */
export function resourceKey(container: string, name: string, isReference = false): string {
  return `${container || DEFAULT_CONTAINER}\u0000${name}${isReference ? '\u0000ref' : ''}`;
}

export class ResourceStore {
  private readonly variables = new Map<string, Variable>();
  private readonly streams = new Map<string, StreamState>();
  private readonly others = new SessionResources();

  constructor(private readonly backend: Backend) {}

  begin(): Transaction {
    return new Transaction(this.backend, this.variables, this.streams, this.others);
  }

  /** Whether the variable with this key has a value. */
  has(key: string): boolean {
    return this.variables.has(key);
  }
  /** The number of variables with a value. */
  get size(): number {
    return this.variables.size;
  }
  /** Bytes of the values. */
  get bytes(): number {
    let bytes = 0;
    for (const { value } of this.variables.values()) {
      const { device, host } = value;
      bytes += device ? sizeOf(device.shape) * (device.dtype === 'bool' ? 1 : 4) : (host as NdArray).byteLength;
    }
    return bytes;
  }
  /** Adds the buffers of the values; several may share one. */
  addBuffers(ids: Set<BufferId>): void {
    for (const { value } of this.variables.values()) if (value.device) ids.add(value.device.dataId);
  }

  /** Drops the values of a container. */
  clearContainer(container: string): void {
    for (const [key, variable] of this.variables) {
      if (variable.container !== (container || DEFAULT_CONTAINER)) continue;
      this.variables.delete(key);
      giveUp(variable, this.backend);
    }
    this.others.clearContainer(container || DEFAULT_CONTAINER);
  }

  dispose(): void {
    for (const variable of this.variables.values()) giveUp(variable, this.backend);
    this.variables.clear();
    this.streams.clear();
    this.others.dispose();
  }
}

/**
 * The state as one run sees it. Its own writes are visible to it at once and to others after `commit`; `rollback` takes
 * everything back. After either it must not be used again.
 */
export class Transaction implements ResourceAccess {
  /** Null: destroyed. */
  private writes: Map<string, Variable | null> | null = null;
  private draws: Map<string, StreamState> | null = null;
  private undos: (() => void)[] | null = null;
  private actions: (() => void)[] | null = null;

  constructor(
    private readonly backend: Backend,
    private readonly variables: Map<string, Variable>,
    private readonly streams: Map<string, StreamState>,
    private readonly others: SessionResources,
  ) {}

  /** The present value; null where there is none. The reference stays the transaction's. */
  read(key: string): StoredValue | null {
    const written = this.writes?.get(key);
    if (written !== undefined) return written?.value ?? null;
    return this.variables.get(key)?.value ?? null;
  }

  /** Whether any variable of the container has a value. */
  hasContainer(container: string): boolean {
    const inside = (variable: Variable | null): boolean => variable?.container === container;
    return [...this.variables.values()].some(inside) || [...(this.writes?.values() ?? [])].some(inside);
  }

  /** Takes over the reference in `value`. */
  assign(key: string, container: string, value: StoredValue): void {
    const { device } = value;
    if (device && isIn(device, this.read(key))) this.backend.dispose(device.dataId);
    else this.write(key, { container, value });
  }
  destroy(key: string): void {
    this.write(key, null);
  }
  private write(key: string, variable: Variable | null): void {
    this.writes ??= new Map();
    this.drop(this.writes.get(key));
    this.writes.set(key, variable);
  }

  /** The stream of an op, started with the seeds on first use; both 0: at random. */
  stream(op: string, seed: number | bigint, seed2: number | bigint): RandomStream {
    return {
      reserve: (count) => {
        const state = this.draws?.get(op) ?? this.streams.get(op) ?? startStream(BigInt(seed), BigInt(seed2));
        this.draws ??= new Map();
        this.draws.set(op, { key: state.key, counter: advanceStream(state.counter, count) });
        return state;
      },
    };
  }

  lookupOrCreate<T extends SessionResource>(kind: string, container: string, name: string, make: () => T): T {
    return this.others.lookupOrCreate(kind, container || DEFAULT_CONTAINER, name, make);
  }
  onRollback(undo: () => void): void {
    this.undos ??= [];
    this.undos.push(undo);
  }
  onCommit(action: () => void): void {
    this.actions ??= [];
    this.actions.push(action);
  }

  commit(): void {
    this.undos = null;
    if (this.writes) {
      for (const [key, variable] of this.writes) {
        this.drop(this.variables.get(key));
        if (variable) this.variables.set(key, variable);
        else this.variables.delete(key);
      }
      this.writes = null;
    }
    if (this.draws) {
      for (const [op, state] of this.draws) this.streams.set(op, state);
      this.draws = null;
    }
    const actions = this.actions ?? [];
    this.actions = null;
    for (const action of actions) action();
  }

  rollback(): void {
    if (this.writes) for (const variable of this.writes.values()) this.drop(variable);
    this.writes = null;
    this.draws = null;
    for (const undo of this.undos?.reverse() ?? []) undo();
    this.undos = null;
    this.actions = null;
  }

  private drop(variable: Variable | null | undefined): void {
    if (variable) giveUp(variable, this.backend);
  }
}

/** Whether the variable is in that buffer, as it is: a kernel has written the new value there. */
function isIn({ dataId, dtype, shape }: DeviceValue, present: StoredValue | null): boolean {
  if (!present?.device || present.host) return false;
  const { device } = present;
  return device.dataId === dataId && device.dtype === dtype && sameShape(device.shape, shape);
}

/** The state as a run sees it. */
export type RunState = Pick<Transaction, keyof Transaction>;

const word = (value: bigint, index: number): number => Number((value >> BigInt(32 * index)) & 0xffffffffn);

/** The state that a stream with these seeds starts in: key = seed, counter = seed2 · 2^64. */
export function startStream(seed: bigint, seed2: bigint): StreamState {
  if (seed === 0n && seed2 === 0n) {
    const random = crypto.getRandomValues(new Uint32Array(4));
    return { key: [random[0], random[1]], counter: [0, 0, random[2], random[3]] };
  }
  return { key: [word(seed, 0), word(seed, 1)], counter: [0, 0, word(seed2, 0), word(seed2, 1)] };
}

/** The counter after this many blocks. */
export function advanceStream(counter: StreamState['counter'], count: number): StreamState['counter'] {
  const next: [number, number, number, number] = [...counter];
  let carry = count;
  for (let i = 0; i < 4 && carry > 0; i++) {
    const sum = next[i] + carry;
    next[i] = sum % 2 ** 32;
    carry = Math.floor(sum / 2 ** 32);
  }
  return next;
}
