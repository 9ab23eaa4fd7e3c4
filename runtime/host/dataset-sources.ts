/**
 * Datasets that are made of values and of other datasets: what makes their elements, one after the other. Those that call
 * functions are in `dataset-functions.ts`, those that read files in `dataset-files.ts`, the ops that build them in
 * `datasets.ts`.
 */
import { shuffleBuffers } from '../../src/keras/utils/shuffle-buffer.ts';
import type { DType } from '../../src/util/dtype.ts';
import { InvalidArgumentError } from '../../src/util/errors.ts';
import { allocate, type Data, NdArray, type NumericData } from '../../src/util/ndarray.ts';
import { formatShapeBrackets, sizeOf } from '../../src/util/shape.ts';
import type { Components, Dataset, DatasetElement, Elements, Pass, Steps } from './dataset-pass.ts';

const NOTHING: Elements = {
  // biome-ignore lint/correctness/useYield: it never waits
  *next() {
    return null;
  },
};

/** The `count` elements that `make` gives by number. */
function counted(count: () => number, make: (i: number) => DatasetElement): Elements {
  let i = 0;
  return {
    // biome-ignore lint/correctness/useYield: it never waits
    *next() {
      return i < count() ? make(i++) : null;
    },
  };
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
  return () =>
    counted(
      () => count,
      (i) => [value(i)],
    );
}

/** The arrays as one element. */
export function once(components: Components): Elements {
  return counted(
    () => 1,
    () => components.arrays,
  );
}

/** An element for each row of the arrays. */
export function rows(components: Components): Elements {
  return counted(
    () => components.arrays[0].shape[0],
    (i) => components.arrays.map((array) => rowOf(array, i)),
  );
}

export function rowOf({ dtype, shape, data }: NdArray, i: number): NdArray {
  const row = shape.slice(1);
  const width = sizeOf(row) * (dtype.isComplex ? 2 : 1);
  return new NdArray(dtype, row, data.slice(i * width, (i + 1) * width) as Data);
}

/** @param count negative: for ever, unless there is nothing to repeat */
export function repeated(input: Dataset, count: number, pass: Pass): Elements {
  let left = count;
  let round: Elements | null = null;
  return {
    *next() {
      while (left !== 0) {
        const isFresh = round === null;
        round ??= input.iterate(pass);
        const element = yield* round.next();
        if (element) return element;
        round = null;
        if (left > 0) left--;
        else if (isFresh) left = 0;
      }
      return null;
    },
  };
}

/** @param count negative: all */
export function taken(input: Dataset, count: number, pass: Pass): Elements {
  const source = input.iterate(pass);
  if (count < 0) return source;
  let left = count;
  return {
    *next() {
      if (left === 0) return null;
      left--;
      const element = yield* source.next();
      if (!element) left = 0;
      return element;
    },
  };
}

/** @param count negative: all */
export function skipped(input: Dataset, count: number, pass: Pass): Elements {
  if (count < 0) return NOTHING;
  const source = input.iterate(pass);
  let left = count;
  return {
    *next() {
      for (; left > 0; left--) {
        if (!(yield* source.next())) {
          left = 0;
          return null;
        }
      }
      return yield* source.next();
    },
  };
}

export function zipped(inputs: readonly Dataset[], pass: Pass): Elements {
  const sources = inputs.map((input) => input.iterate(pass));
  let isDone = false;
  return {
    *next() {
      if (isDone) return null;
      const parts: DatasetElement[] = [];
      for (const source of sources) {
        const part: DatasetElement | null = yield* source.next();
        if (part) parts.push(part);
        else isDone = true;
      }
      return isDone ? null : parts.flat();
    },
  };
}

export function concatenated(first: Dataset, second: Dataset, pass: Pass): Elements {
  let source = first.iterate(pass);
  let isSecond = false;
  return {
    *next() {
      const element = yield* source.next();
      if (element || isSecond) return element;
      isSecond = true;
      source = second.iterate(pass);
      return yield* source.next();
    },
  };
}

export function batched(input: Dataset, size: number, dropRemainder: boolean, pass: Pass): Elements {
  const source = input.iterate(pass);
  return {
    *next() {
      const elements = yield* some(source, size);
      if (elements.length === 0 || (dropRemainder && elements.length < size)) return null;
      return elements[0].map((_, component) => stacked(elements, component));
    },
  };
}

/** The next so many elements, or as many as there are. */
export function* some(source: Elements, size: number): Steps<DatasetElement[]> {
  const elements: DatasetElement[] = [];
  while (elements.length < size) {
    const element = yield* source.next();
    if (!element) break;
    elements.push(element);
  }
  return elements;
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
): (pass: Pass) => Elements {
  const makeBuffer = shuffleBuffers<DatasetElement>(size, seeds, reshuffleEachIteration);
  return (pass) => {
    const buffer = makeBuffer();
    const source = input.iterate(pass);
    let rest: Iterator<DatasetElement> | null = null;
    return {
      *next() {
        while (!rest) {
          const element = yield* source.next();
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
