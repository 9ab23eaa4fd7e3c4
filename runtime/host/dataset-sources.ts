/**
 * Datasets as a run sees them: what makes their elements, one after the other. The ops that build them, and the iterators
 * that sessions own, are in `datasets.ts`.
 */
import { shuffleBuffers } from '../../src/keras/utils/shuffle-buffer.ts';
import type { DType } from '../../src/util/dtype.ts';
import { InvalidArgumentError } from '../../src/util/errors.ts';
import { allocate, type Data, NdArray, type NumericData } from '../../src/util/ndarray.ts';
import { formatShapeBrackets, type Shape, sizeOf } from '../../src/util/shape.ts';

/** One array a component. */
export type DatasetElement = readonly NdArray[];

/** A pass over a dataset. After the end it gives null again and again; after an error it goes on behind the fault. */
export interface Elements {
  next(): DatasetElement | null;
}

/** A recipe: it holds no position, so that any number of passes may go on at once. */
export class Dataset {
  readonly types: readonly DType[];
  readonly shapes: readonly Shape[];
  /** Starts a pass. */
  readonly iterate: () => Elements;
  private readonly copy: () => void;

  /** @param copy makes what the dataset was given its own: the arrays may be feeds, which are their user's after the run */
  constructor(types: readonly DType[], shapes: readonly Shape[], iterate: () => Elements, copy: () => void) {
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

const NOTHING: Elements = { next: () => null };

/** The `count` elements that `make` gives by number. */
function counted(count: number, make: (i: number) => DatasetElement): Elements {
  let i = 0;
  return { next: () => (i < count ? make(i++) : null) };
}

export function rangeElements(start: bigint, stop: bigint, step: bigint, dtype: DType): () => Elements {
  const span = step > 0n ? stop - start : start - stop;
  const stride = step > 0n ? step : -step;
  const count = span > 0n ? Number((span + stride - 1n) / stride) : 0;
  const value = (i: number): NdArray => {
    const data = allocate(dtype, 1) as NumericData;
    const number = start + BigInt(i) * step;
    data[0] = dtype.isBigInt ? number : Number(number);
    return new NdArray(dtype, [], data);
  };
  return () => counted(count, (i) => [value(i)]);
}

/** Arrays that a dataset was given, and the way to make them its own. */
export class Components {
  private arrays: readonly NdArray[];
  private isOwn = false;

  constructor(arrays: readonly NdArray[]) {
    this.arrays = arrays;
  }

  readonly own = (): void => {
    if (!this.isOwn) this.arrays = this.arrays.map(({ dtype, shape, data }) => new NdArray(dtype, shape, data.slice()));
    this.isOwn = true;
  };
  readonly once = (): Elements => counted(1, () => this.arrays);
  readonly rows = (): Elements => counted(this.arrays[0].shape[0], (i) => this.arrays.map((array) => rowOf(array, i)));
}

function rowOf({ dtype, shape, data }: NdArray, i: number): NdArray {
  const row = shape.slice(1);
  const width = sizeOf(row) * (dtype.isComplex ? 2 : 1);
  return new NdArray(dtype, row, data.slice(i * width, (i + 1) * width) as Data);
}

/** @param count negative: for ever, unless there is nothing to repeat */
export function repeated(input: Dataset, count: number): Elements {
  let left = count;
  let pass: Elements | null = null;
  return {
    next() {
      while (left !== 0) {
        const isFresh = pass === null;
        pass ??= input.iterate();
        const element = pass.next();
        if (element) return element;
        pass = null;
        if (left > 0) left--;
        else if (isFresh) left = 0;
      }
      return null;
    },
  };
}

/** @param count negative: all */
export function taken(input: Dataset, count: number): Elements {
  if (count < 0) return input.iterate();
  const pass = input.iterate();
  let left = count;
  return {
    next() {
      if (left === 0) return null;
      left--;
      const element = pass.next();
      if (!element) left = 0;
      return element;
    },
  };
}

/** @param count negative: all */
export function skipped(input: Dataset, count: number): Elements {
  if (count < 0) return NOTHING;
  const pass = input.iterate();
  let left = count;
  return {
    next() {
      for (; left > 0; left--) {
        if (!pass.next()) {
          left = 0;
          return null;
        }
      }
      return pass.next();
    },
  };
}

export function zipped(inputs: readonly Dataset[]): Elements {
  const passes = inputs.map((input) => input.iterate());
  let isDone = false;
  return {
    next() {
      if (isDone) return null;
      const parts = passes.map((pass) => pass.next());
      isDone = parts.includes(null);
      return isDone ? null : (parts as DatasetElement[]).flat();
    },
  };
}

export function concatenated(first: Dataset, second: Dataset): Elements {
  let pass = first.iterate();
  let isSecond = false;
  return {
    next() {
      const element = pass.next();
      if (element || isSecond) return element;
      isSecond = true;
      pass = second.iterate();
      return pass.next();
    },
  };
}

export function batched(input: Dataset, size: number, dropRemainder: boolean): Elements {
  const pass = input.iterate();
  return {
    next() {
      const elements: DatasetElement[] = [];
      while (elements.length < size) {
        const element = pass.next();
        if (!element) break;
        elements.push(element);
      }
      if (elements.length === 0 || (dropRemainder && elements.length < size)) return null;
      return elements[0].map((_, component) => stacked(elements, component));
    },
  };
}

function stacked(elements: readonly DatasetElement[], component: number): NdArray {
  const { dtype, shape } = elements[0][component];
  const width = sizeOf(shape) * (dtype.isComplex ? 2 : 1);
  const data = allocate(dtype, elements.length * sizeOf(shape));
  elements.forEach((element, i) => {
    const array = element[component];
    if (`${array.shape}` !== `${shape}`) {
      const [had, has] = [shape, array.shape].map(formatShapeBrackets);
      throw new InvalidArgumentError(
        null,
        `Cannot batch tensors with different shapes in component ${component}. First element had shape ${had} and element ${i} had shape ${has}.`,
      );
    }
    for (let k = 0; k < width; k++) data[i * width + k] = array.data[k];
  });
  return new NdArray(dtype, [elements.length, ...shape], data);
}

/** Each pass has an order of its own, drawn from the seeds, or the same one where it is not to change. */
export function shuffled(
  input: Dataset,
  size: number,
  seeds: readonly [number, number],
  reshuffleEachIteration: boolean,
): () => Elements {
  const makeBuffer = shuffleBuffers<DatasetElement>(size, seeds, reshuffleEachIteration);
  return () => {
    const buffer = makeBuffer();
    const pass = input.iterate();
    let rest: Iterator<DatasetElement> | null = null;
    return {
      next() {
        while (!rest) {
          const element = pass.next();
          if (!element) {
            rest = buffer.rest()[Symbol.iterator]();
            break;
          }
          const [drawn] = buffer.push(element);
          if (drawn) return drawn;
        }
        const { done, value } = rest.next();
        return done ? null : value;
      },
    };
  };
}
