/**
 * A pass over a dataset: what its sources have in common while it lasts, and how it advances where it has to wait. What the
 * sources do is in the files beside this one.
 */
import type { GraphFunction } from '../../src/graph/function.ts';
import type { DType } from '../../src/util/dtype.ts';
import { InternalError } from '../../src/util/errors.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import type { Shape } from '../../src/util/shape.ts';
import type { FunctionCaller, FunctionStreams } from './registry.ts';

/** One array a component. */
export type DatasetElement = readonly NdArray[];

/** Something done in steps: it yields the promises that it waits for, and is sent on with what they gave. */
export type Steps<T> = Generator<Promise<unknown>, T, unknown>;

/** The elements of a pass. After the end it gives null again and again; after an error it goes on behind the fault. */
export interface Elements {
  next(): Steps<DatasetElement | null>;
}

/** Gives a promise's value to what is done in steps. */
export function* settled<T>(promise: Promise<T>): Steps<T> {
  return (yield promise) as T;
}

/** Does all steps: at once where nothing is waited for. */
export function drive<T>(steps: Steps<T>): T | Promise<T> {
  const first = steps.next();
  return first.done ? first.value : goOn(steps, first.value);
}

async function goOn<T>(steps: Steps<T>, first: Promise<unknown>): Promise<T> {
  for (let promise = first; ; ) {
    let failed = false;
    let value: unknown;
    try {
      value = await promise;
    } catch (error) {
      failed = true;
      value = error;
    }
    const step = failed ? steps.throw(value) : steps.next(value);
    if (step.done) return step.value;
    promise = step.value;
  }
}

/** What lasts as long as a pass: random streams of its functions, things to close. */
export class Pass {
  /** By the run that advances the pass. */
  caller: FunctionCaller | null = null;
  private readonly streams: FunctionStreams = new Map();
  private readonly closers = new Set<() => unknown>();

  /** Calls a function. */
  *call(fn: GraphFunction, args: readonly NdArray[]): Steps<readonly NdArray[]> {
    if (!this.caller) throw new InternalError(null, 'A pass is advanced outside of runs.');
    const made = this.caller.call(fn, args, this.streams);
    return made instanceof Promise ? yield* settled(made) : made;
  }

  /** Calls a function that clears up, whatever has become of the run. Its failure is nobody's. */
  clearUp(fn: GraphFunction, args: readonly NdArray[]): void {
    try {
      const made = this.caller?.callDetached(fn, args);
      if (made instanceof Promise) made.catch(() => {});
    } catch {
      // The elements are what the pass was for.
    }
  }

  /** Has `close` called when the pass is given up before its end; the function that is given back takes that back. */
  onClose(close: () => unknown): () => void {
    this.closers.add(close);
    return () => this.closers.delete(close);
  }
  close(): void {
    const closers = [...this.closers];
    this.closers.clear();
    for (const close of closers) close();
  }
}

/** A recipe: it holds no position, so that any number of passes may go on at once. */
export class Dataset {
  readonly types: readonly DType[];
  readonly shapes: readonly Shape[];
  /** The elements of a pass. */
  readonly iterate: (pass: Pass) => Elements;
  private readonly copy: () => void;

  /** @param copy makes what the dataset was given its own: the arrays may be feeds, which are their user's after the run */
  constructor(
    types: readonly DType[],
    shapes: readonly Shape[],
    iterate: (pass: Pass) => Elements,
    copy: () => void = () => {},
  ) {
    this.types = types;
    this.shapes = shapes;
    this.iterate = iterate;
    this.copy = copy;
  }

  /** To be called before a pass that outlives the run. */
  own(): void {
    this.copy();
  }
}

/** Arrays that a dataset was given, and the way to make them its own. */
export class Components {
  private held: readonly NdArray[];
  private isOwn = false;

  constructor(arrays: readonly NdArray[]) {
    this.held = arrays;
  }

  get arrays(): readonly NdArray[] {
    return this.held;
  }
  readonly own = (): void => {
    if (!this.isOwn) this.held = this.held.map(({ dtype, shape, data }) => new NdArray(dtype, shape, data.slice()));
    this.isOwn = true;
  };
}
