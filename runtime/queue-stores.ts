/**
 * How queues keep their elements, and in which order they give them. Capacities and waiting are `queues.ts`'s business.
 */
import type { NdArray } from '../src/util/ndarray.ts';
import { philoxBlocks } from './host/philox.ts';
import { advanceStream, startStream } from './resources.ts';
import type { StreamState } from './stream-state.ts';

/** An element: one array per component. Nobody writes to them. */
export type Tuple = readonly NdArray[];

export interface ElementStore {
  readonly size: number;
  /** Whether several elements are given only when there are as many, since later ones may come before them. */
  readonly allAtOnce: boolean;
  push(element: Tuple): void;
  /** The next element. There must be one. */
  pop(): Tuple;
  /** Takes back what was popped, in the order in which it was. */
  restore(elements: readonly Tuple[]): void;
}

/** First in, first out. Elements leave from a moving start, so that no array is shifted. */
export class FifoStore implements ElementStore {
  readonly allAtOnce = false;
  private elements: (Tuple | null)[] = [];
  private start = 0;

  get size(): number {
    return this.elements.length - this.start;
  }
  push(element: Tuple): void {
    this.elements.push(element);
  }
  pop(): Tuple {
    const element = this.elements[this.start] as Tuple;
    this.elements[this.start++] = null;
    if (this.start > 32 && this.start * 2 > this.elements.length) {
      this.elements = this.elements.slice(this.start);
      this.start = 0;
    }
    return element;
  }
  restore(elements: readonly Tuple[]): void {
    this.elements = [...elements, ...this.elements.slice(this.start)];
    this.start = 0;
  }
}

/** In random order, draw by draw as TensorFlow does for the same seeds. */
export class ShuffleStore implements ElementStore {
  readonly allAtOnce = false;
  private readonly elements: Tuple[] = [];
  private stream: StreamState;
  private readonly words = new Uint32Array(4);
  private used = 4;

  constructor(seed: number | bigint, seed2: number | bigint) {
    this.stream = startStream(BigInt(seed), BigInt(seed2));
  }

  get size(): number {
    return this.elements.length;
  }
  push(element: Tuple): void {
    this.elements.push(element);
  }
  pop(): Tuple {
    const last = this.elements.length - 1;
    const index = this.draw() % this.elements.length;
    const element = this.elements[index];
    this.elements[index] = this.elements[last];
    this.elements.pop();
    return element;
  }
  restore(elements: readonly Tuple[]): void {
    this.elements.push(...elements);
  }

  private draw(): number {
    if (this.used === this.words.length) {
      philoxBlocks(this.stream, 0, this.words);
      this.stream = { key: this.stream.key, counter: advanceStream(this.stream.counter, 1) };
      this.used = 0;
    }
    return this.words[this.used++];
  }
}

interface Ranked {
  readonly priority: bigint;
  /** The number of the element, for those of one priority: first in, first out. */
  readonly serial: number;
  readonly element: Tuple;
}

/** The lowest priority first: a binary heap. The first component of an element is its priority. */
export class PriorityStore implements ElementStore {
  readonly allAtOnce = true;
  private readonly heap: Ranked[] = [];
  private readonly serials = new WeakMap<Tuple, number>();
  private next = 0;

  get size(): number {
    return this.heap.length;
  }
  push(element: Tuple): void {
    let serial = this.serials.get(element);
    if (serial === undefined) {
      serial = this.next++;
      this.serials.set(element, serial);
    }
    const entry: Ranked = { priority: (element[0].data as BigInt64Array)[0], serial, element };
    const { heap } = this;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = entry;
  }
  pop(): Tuple {
    const { heap } = this;
    const [first] = heap;
    const entry = heap.pop() as Ranked;
    if (heap.length === 0) return first.element;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
      if (!isBefore(heap[child], entry)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = entry;
    return first.element;
  }
  restore(elements: readonly Tuple[]): void {
    for (const element of elements) this.push(element);
  }
}

function isBefore(a: Ranked, b: Ranked): boolean {
  return a.priority === b.priority ? a.serial < b.serial : a.priority < b.priority;
}
