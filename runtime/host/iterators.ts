/**
 * Host kernels of iterators: the passes over datasets that a session owns. What makes elements is the datasets' business.
 */
import type { GraphFunction } from '../../src/graph/function.ts';
import type { DType } from '../../src/util/dtype.ts';
import { CancelledError, FailedPreconditionError, OutOfRangeError } from '../../src/util/errors.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import type { Shape } from '../../src/util/shape.ts';
import { Dataset, type DatasetElement, drive, type Elements, Pass } from './dataset-pass.ts';
import { checkComponents } from './dataset-specs.ts';
import { handleArray, handleOf, variantOf } from './handles.ts';
import { defineHostKernels, type FunctionCaller, type HostOp, type ResourceAccess } from './registry.ts';

const ITERATOR = 'tensorflow::data::IteratorResource';

defineHostKernels({
  IteratorV2: (_, op) => [iteratorHandle(op)[0]],
  _OneShotIterator: ([variant], op) => {
    const [handle, state] = iteratorHandle(op);
    if (!state.position) start(state, variantOf(variant, Dataset), op.services.resources());
    return [handle];
  },
  OneShotIterator: (_, op) => {
    const [handle, state] = iteratorHandle(op);
    if (state.position) return [handle];
    const resources = op.services.resources();
    const factory = op.attr<GraphFunction>('dataset_factory');
    const begin = ([variant]: readonly NdArray[]): readonly NdArray[] => {
      const dataset = variantOf(variant, Dataset);
      checkComponents(state, dataset);
      if (!state.position) start(state, dataset, resources);
      return [handle];
    };
    return whenMade(op, op.services.functions().call(factory, [], new Map()), begin);
  },
  MakeIterator: ([variant, handle], op) => {
    const state = stateOf(handle);
    const dataset = variantOf(variant, Dataset);
    checkComponents(state, dataset);
    start(state, dataset, op.services.resources());
    return [];
  },
  IteratorGetNext: nextElement,
  IteratorGetNextSync: nextElement,
});

/** Where a pass over a dataset stands. */
class Position {
  /** What runs that failed have given back, the next one last. */
  readonly givenBack: DatasetElement[] = [];
  /** Settles when the element that somebody waits for is there; null where nobody does. */
  private busy: Promise<unknown> | null = null;

  constructor(
    private readonly elements: Elements,
    private readonly pass: Pass,
  ) {}

  advance(caller: FunctionCaller): DatasetElement | null | Promise<DatasetElement | null> {
    if (this.busy) return this.busy.then(() => this.advance(caller));
    const known = this.givenBack.pop();
    if (known) return known;
    this.pass.caller = caller;
    const made = drive(this.elements.next());
    if (!(made instanceof Promise)) return made;
    const busy = made
      .catch(() => {})
      .then(() => {
        if (this.busy === busy) this.busy = null;
      });
    this.busy = busy;
    return made;
  }

  close(): void {
    this.pass.close();
  }
}

/** An iterator of a session. */
class IteratorState {
  /** Null: not started. */
  position: Position | null = null;

  constructor(
    readonly types: readonly DType[],
    readonly shapes: readonly Shape[],
  ) {}

  dispose(): void {
    this.position?.close();
  }
}

function iteratorHandle(op: HostOp): [handle: NdArray, state: IteratorState] {
  const container = op.attr<string>('container');
  // Without a shared name the iterator is the node's own.
  const name = op.attr<string>('shared_name') || `_${op.name}`;
  const asked = new IteratorState(op.attr('output_types'), op.attr('output_shapes'));
  const state = op.services.resources().lookupOrCreate(ITERATOR, container, name, () => asked);
  checkComponents(asked, state);
  return [handleArray({ container: container || 'localhost', name, kind: ITERATOR, resource: state }), state];
}

function stateOf(handle: NdArray): IteratorState {
  return handleOf(handle, ITERATOR).resource as IteratorState;
}

function start(state: IteratorState, dataset: Dataset, resources: ResourceAccess): void {
  const { position } = state;
  dataset.own();
  const pass = new Pass();
  const started = new Position(dataset.iterate(pass), pass);
  state.position = started;
  resources.onRollback(() => {
    state.position = position;
    started.close();
  });
  if (position) resources.onCommit(() => position.close());
}

function nextElement([handle]: readonly NdArray[], op: HostOp): readonly NdArray[] {
  const state = stateOf(handle);
  const { position } = state;
  if (!position) {
    throw new FailedPreconditionError(
      null,
      'GetNext() failed because the iterator has not been initialized. Ensure that you have run the initializer operation for this iterator before getting the next element.',
    );
  }
  checkComponents({ types: op.attr('output_types'), shapes: op.attr('output_shapes') }, state);
  const resources = op.services.resources();
  const deliver = (element: DatasetElement | null): DatasetElement => {
    if (!element) throw new OutOfRangeError(null, 'End of sequence');
    resources.onRollback(() => position.givenBack.push(element));
    return element;
  };
  // An element that nobody waits for any more is the next one's.
  const unwanted = (element: DatasetElement | null): void => {
    if (element) position.givenBack.push(element);
  };
  return whenMade(op, position.advance(op.services.functions()), deliver, unwanted);
}

/** The outputs, made of a value that may have to be waited for. */
export function whenMade<T>(
  op: HostOp,
  value: T | Promise<T>,
  outputs: (value: T) => readonly NdArray[],
  unwanted: (value: T) => void = () => {},
): readonly NdArray[] {
  if (!(value instanceof Promise)) return outputs(value);
  let isTaken = false;
  let settled: () => T;
  const ready = value.then(
    (made) => {
      settled = () => made;
    },
    (error) => {
      settled = () => {
        throw error;
      };
    },
  );
  op.services.wait({
    ready: () => ready,
    outputs: () => {
      isTaken = true;
      return outputs(settled());
    },
    cancel: () => {
      if (!isTaken) value.then(unwanted, () => {});
    },
    cancelled: () => new CancelledError(null, `${op.type} was cancelled`),
  });
  return [];
}
