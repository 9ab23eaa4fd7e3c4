/**
 * Host kernels of datasets that call functions for their elements. Compiling and running functions is the caller's business,
 * which a pass is given by the run that advances it.
 */
import type { GraphFunction } from '../../src/graph/function.ts';
import type { DType } from '../../src/util/dtype.ts';
import { bool } from '../../src/util/dtype.ts';
import { InvalidArgumentError, OutOfRangeError } from '../../src/util/errors.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { formatShapeBrackets, type Shape, shapeConflict } from '../../src/util/shape.ts';
import { Components, Dataset, type DatasetElement, drive, type Elements, Pass, type Steps } from './dataset-pass.ts';
import { datasetOf, numberIn } from './dataset-specs.ts';
import { typeName, variantOf } from './handles.ts';
import { whenMade } from './iterators.ts';
import { defineHostKernels, type HostKernel, type HostOp } from './registry.ts';

/** How many datasets are in turn where the program leaves that open. */
const ANY_CYCLE_LENGTH = 4;

/** A function with what it takes beside elements. */
interface Bound {
  readonly fn: GraphFunction;
  readonly captured: Components;
}

function* call({ fn, captured }: Bound, args: readonly NdArray[], pass: Pass): Steps<readonly NdArray[]> {
  return yield* pass.call(fn, [...args, ...captured.arrays]);
}

function functionalDataset(
  inputs: readonly NdArray[],
  op: HostOp,
  make: (input: Dataset, bound: Bound, pass: Pass) => Elements,
  attr = 'f',
): NdArray {
  const input = variantOf(inputs[0], Dataset);
  const count = op.attr<readonly DType[]>('Targuments').length;
  const captured = new Components(inputs.slice(1, 1 + count));
  const bound = { fn: op.attr<GraphFunction>(attr), captured };
  return datasetOf(
    op,
    [input],
    (pass) => make(input, bound, pass),
    () => {
      input.own();
      captured.own();
    },
  );
}

/** @param keepsCount whether a function that says there is nothing more is at fault */
function mapped(keepsCount: boolean): (input: Dataset, bound: Bound, pass: Pass) => Elements {
  return (input, bound, pass) => {
    const source = input.iterate(pass);
    return {
      *next() {
        const element = yield* source.next();
        if (!element) return null;
        try {
          return yield* call(bound, element, pass);
        } catch (error) {
          if (!(error instanceof OutOfRangeError)) throw error;
          if (!keepsCount) return null;
          throw new InvalidArgumentError(null, `Function invocation produced OutOfRangeError: ${error.detail}`);
        }
      },
    };
  };
}

const map: HostKernel = (inputs, op) => [
  functionalDataset(inputs, op, mapped(op.attr<boolean>('preserve_cardinality'))),
];

function holds([value]: readonly NdArray[], complaint: string): boolean {
  if (value.dtype !== bool || value.rank !== 0) throw new InvalidArgumentError(null, complaint);
  return value.data[0] !== 0;
}

function filtered(input: Dataset, bound: Bound, pass: Pass): Elements {
  const source = input.iterate(pass);
  return {
    *next() {
      for (;;) {
        const element = yield* source.next();
        if (!element) return null;
        const [verdict] = [yield* call(bound, element, pass)];
        if (holds(verdict, 'Filter predicate `f` must return a scalar bool.')) return element;
      }
    },
  };
}

function takenWhile(input: Dataset, bound: Bound, pass: Pass): Elements {
  const source = input.iterate(pass);
  let isOver = false;
  return {
    *next() {
      if (isOver) return null;
      const element = yield* source.next();
      isOver = !element;
      if (!element) return null;
      if (holds(yield* call(bound, element, pass), '`predicate` must returns a scalar bool tensor.')) return element;
      isOver = true;
      return null;
    },
  };
}

function flattened(input: Dataset, bound: Bound, pass: Pass): Elements {
  const source = input.iterate(pass);
  let current: Elements | null = null;
  return {
    *next() {
      for (;;) {
        if (!current) {
          const element = yield* source.next();
          if (!element) return null;
          current = yield* opened(bound, element, pass);
        }
        const inner: DatasetElement | null = yield* current.next();
        if (inner) return inner;
        current = null;
      }
    },
  };
}

/** The elements of the dataset that the function gives. */
function* opened(bound: Bound, element: DatasetElement, pass: Pass): Steps<Elements> {
  const [variant] = yield* call(bound, element, pass);
  return variantOf(variant, Dataset).iterate(pass);
}

/** Some elements of each dataset in turn; a dataset that has ended leaves its place to the next one. */
function interleaved(cycle: number, block: number): (input: Dataset, bound: Bound, pass: Pass) => Elements {
  return (input, bound, pass) => {
    const source = input.iterate(pass);
    const places: (Elements | null)[] = new Array<null>(cycle).fill(null);
    let open = 0;
    let place = 0;
    let taken = 0;
    let isOver = false;
    const goOn = (): void => {
      taken = 0;
      place = (place + 1) % cycle;
    };
    return {
      *next() {
        while (!isOver || open > 0) {
          const current: Elements | null = places[place];
          if (current) {
            const element: DatasetElement | null = yield* current.next();
            if (element) {
              if (++taken === block) goOn();
              return element;
            }
            places[place] = null;
            open--;
            goOn();
          } else if (isOver) goOn();
          else {
            const element = yield* source.next();
            isOver = !element;
            if (element) {
              places[place] = yield* opened(bound, element, pass);
              open++;
            }
          }
        }
        return null;
      },
    };
  };
}

const interleave: HostKernel = (inputs, op) => {
  const first = 1 + op.attr<readonly DType[]>('Targuments').length;
  const asked = numberIn(inputs[first]);
  const block = numberIn(inputs[first + 1]);
  const cycle = asked === -1 ? ANY_CYCLE_LENGTH : asked;
  if (cycle <= 0) throw new InvalidArgumentError(null, '`cycle_length` must be > 0');
  if (block <= 0) throw new InvalidArgumentError(null, '`block_length` must be > 0');
  return [functionalDataset(inputs, op, interleaved(cycle, block))];
};

/** The inputs of an op with a state: the dataset, the state, what the function captured. */
function withState(inputs: readonly NdArray[], op: HostOp): { input: Dataset; state: Components; bound: Bound } {
  const count = op.attr<readonly DType[]>('Tstate').length;
  return {
    input: variantOf(inputs[0], Dataset),
    state: new Components(inputs.slice(1, 1 + count)),
    bound: { fn: op.attr<GraphFunction>('f'), captured: new Components(inputs.slice(1 + count)) },
  };
}

const scan: HostKernel = (inputs, op) => {
  const { input, state, bound } = withState(inputs, op);
  const elements = (pass: Pass): Elements => {
    const source = input.iterate(pass);
    let held = state.arrays;
    return {
      *next() {
        const element = yield* source.next();
        if (!element) return null;
        const made = yield* call(bound, [...held, ...element], pass);
        held = made.slice(0, held.length);
        return made.slice(held.length);
      },
    };
  };
  const own = (): void => {
    for (const part of [input, state, bound.captured]) part.own();
  };
  return [datasetOf(op, [input], elements, own)];
};

function* reduced(
  source: Elements,
  initial: readonly NdArray[],
  bound: Bound,
  pass: Pass,
  check: (state: readonly NdArray[]) => void,
): Steps<readonly NdArray[]> {
  let state = initial;
  for (;;) {
    const element = yield* source.next();
    if (!element) return state;
    state = yield* call(bound, [...state, ...element], pass);
    check(state);
  }
}

const reduce: HostKernel = (inputs, op) => {
  const { input, state, bound } = withState(inputs, op);
  const types = op.attr<readonly DType[]>('output_types');
  const shapes = op.attr<readonly Shape[]>('output_shapes');
  const check = (made: readonly NdArray[]): void => {
    made.forEach(({ dtype, shape }, i) => {
      if (dtype !== types[i]) {
        throw new InvalidArgumentError(
          null,
          `Data type mismatch at component ${i}: expected ${typeName(types[i])} but got ${typeName(dtype)}.`,
        );
      }
      if (!shapeConflict(shapes[i], shape)) return;
      const [wanted, got] = [shapes[i], shape].map(formatShapeBrackets);
      throw new InvalidArgumentError(null, `Incompatible shapes at component ${i}: expected ${wanted} but got ${got}.`);
    });
  };
  const pass = new Pass();
  pass.caller = op.services.functions();
  // The run may have to wait: what it was given must then be its own.
  for (const part of [input, state, bound.captured]) part.own();
  const finish = (made: readonly NdArray[]): readonly NdArray[] => {
    pass.close();
    return made;
  };
  try {
    const outcome = drive(reduced(input.iterate(pass), state.arrays, bound, pass, check));
    if (outcome instanceof Promise) outcome.catch(() => pass.close());
    return whenMade(op, outcome, finish, () => pass.close());
  } catch (error) {
    pass.close();
    throw error;
  }
};

const generate: HostKernel = (inputs, op) => {
  let at = 0;
  const part = (name: string): Bound => {
    const { length } = op.attr<readonly DType[]>(`T${name}_args`);
    const captured = new Components(inputs.slice(at, at + length));
    at += length;
    return { fn: op.attr<GraphFunction>(name), captured };
  };
  const [init, next, finalize] = ['init_func', 'next_func', 'finalize_func'].map(part);
  const own = (): void => {
    for (const { captured } of [init, next, finalize]) captured.own();
  };
  return [datasetOf(op, [], (pass) => generated(init, next, finalize, pass), own)];
};

function generated(init: Bound, next: Bound, finalize: Bound, pass: Pass): Elements {
  let state: readonly NdArray[] | null = null;
  let isOver = false;
  let closed = (): void => {};
  const clearUp = (): void => pass.clearUp(finalize.fn, [...(state as NdArray[]), ...finalize.captured.arrays]);
  return {
    *next() {
      if (isOver) return null;
      if (!state) {
        state = yield* call(init, [], pass);
        closed = pass.onClose(clearUp);
      }
      try {
        return yield* call(next, state, pass);
      } catch (error) {
        if (!(error instanceof OutOfRangeError)) throw error;
        isOver = true;
        closed();
        clearUp();
        return null;
      }
    },
  };
}

defineHostKernels({
  MapDataset: map,
  ParallelMapDataset: map,
  ParallelMapDatasetV2: map,
  FilterDataset: (inputs, op) => [functionalDataset(inputs, op, filtered, 'predicate')],
  TakeWhileDataset: (inputs, op) => [functionalDataset(inputs, op, takenWhile, 'predicate')],
  FlatMapDataset: (inputs, op) => [functionalDataset(inputs, op, flattened)],
  InterleaveDataset: interleave,
  ParallelInterleaveDatasetV4: interleave,
  LegacyParallelInterleaveDatasetV2: interleave,
  ScanDataset: scan,
  ReduceDataset: reduce,
  GeneratorDataset: generate,
});
