/**
 * Order and side effects: `NoOp`, `group`, `tuple`, `withDependencies`, `Print` and `Assert`. Checks that build assertions
 * are in `checks.ts`.
 */
import { getDefaultGraph } from '../graph/default-graph.ts';
import { type Graph, Operation, Tensor } from '../graph/graph.ts';
import { bool, float32, int32, string } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { convertToTensor, emit, emitOne, graphOf, opScope } from './emit.ts';
import { IndexedSlices } from './indexed-slices.ts';
import { defineOp, sample } from './opdef/define.ts';
import { none, unchanged } from './opdef/shape-rules.ts';
import { bind, type Rest, type TensorConvertible, type TensorLike } from './tensor-like.ts';

defineOp({
  name: 'NoOp',
  doc: 'Does nothing; others order themselves by it.',
  infer: none,
  grad: () => [],
  samples: [{ inputs: [], outputs: [] }],
});

defineOp({
  name: 'Assert',
  doc: 'Stops the run, with the data in the message, where the condition is false.',
  inputs: ['condition: bool', 'data: T'],
  attrs: ['T: list(type) >= 1', 'summarize: int = 3'],
  effect: 'io',
  infer: none,
  grad: (op) => op.inputs.map(() => null),
  samples: [{ inputs: [sample(bool, [], [true]), sample(float32, [2], [1, 2])], outputs: [] }],
});

defineOp({
  name: 'Print',
  doc: 'The input unchanged; a run prints the data.',
  inputs: ['input: T', 'data: U'],
  outputs: ['output: T'],
  attrs: ['T: type', 'U: list(type) >= 0', 'message: string = ""', 'first_n: int = -1', 'summarize: int = 3'],
  effect: 'io',
  infer: unchanged,
  grad: (op, [dy]) => op.inputs.map((_, i) => (i === 0 ? dy : null)),
  samples: [
    {
      inputs: [sample(float32, [2], [1, 2]), sample(int32, [], [3])],
      attrs: { message: 'x: ' },
      outputs: [sample(float32, [2], [1, 2])],
    },
  ],
});

defineOp({
  name: 'PrintV2',
  doc: 'Prints a line of text.',
  inputs: ['input: string'],
  attrs: ['output_stream: string = "stderr"', 'end: string = "\n"'],
  effect: 'io',
  infer: none,
  grad: () => [null],
  samples: [{ inputs: [sample(string, [], ['a line'])], outputs: [] }],
});

/** What can be waited for: an operation, a tensor, or something that stands for one (a variable, `IndexedSlices`). */
export type Dependency = Operation | Tensor | TensorConvertible | { readonly op: Operation };
/** Dependencies in any nesting of arrays. */
export type Dependencies = Dependency | readonly Dependencies[];

export interface NameOption {
  readonly name?: string | null;
}

/**
 * An operation that does nothing.
 *
 *     tf.noOp('ready').run()
 */
export function noOp(...rest: Rest<[name: string | null], NameOption>): Operation {
  const { name } = bind<NameOption>(['name'], rest);
  return emit('NoOp', [], {}, name);
}

/**
 * An operation that is done when all inputs are. Inputs on several devices are first gathered per device. Takes any
 * number of operations and tensors, nested at will, and an options object last. Throws `TypeError` for anything else.
 *
 *     const step = tf.group(update, moving, {name: 'step'});
 */
export function group(...inputs: readonly (Dependencies | NameOption)[]): Operation {
  const last = inputs[inputs.length - 1];
  const options = isNameOption(last) ? last : {};
  const items = (isNameOption(last) ? inputs.slice(0, -1) : inputs) as readonly Dependencies[];
  return groupAll(items, options.name);
}

/** `group`, of a list. */
export function groupAll(inputs: readonly Dependencies[], name?: string | null): Operation {
  const operations = flattenDependencies(inputs);
  const graph = operations[0]?.graph ?? getDefaultGraph();
  return within(graph, name, 'group_deps', (scope) => {
    const byDevice = new Map<string, Operation[]>();
    for (const op of operations) {
      const list = byDevice.get(op.device);
      if (list) list.push(op);
      else byDevice.set(op.device, [op]);
    }
    const gather = (device: string, wished: string | null) => {
      const build = () => graph.controlDependencies(byDevice.get(device) ?? [], () => noOp(wished));
      return device ? graph.device(device, build) : build();
    };
    if (byDevice.size === 0) return noOp(scope);
    if (byDevice.size === 1) return gather([...byDevice.keys()][0], scope);
    const gathered = [...byDevice.keys()].sort().map((device) => gather(device, null));
    return graph.controlDependencies(gathered, () => noOp(scope));
  });
}

function isNameOption(value: unknown): value is NameOption {
  if (typeof value !== 'object' || value === null) return false;
  return Object.getPrototypeOf(value) === Object.prototype && Object.keys(value).every((key) => key === 'name');
}

function within<R>(graph: Graph, name: string | null | undefined, fallback: string, body: (scope: string) => R): R {
  return graph.atomic(() => graph.asDefault(() => graph.nameScope(name || fallback, body)));
}

/** The operations that these are or come from. */
export function flattenDependencies(inputs: readonly Dependencies[]): Operation[] {
  const found: Operation[] = [];
  const stack: unknown[] = [...inputs].reverse();
  while (stack.length > 0) {
    const item = stack.pop();
    if (Array.isArray(item)) for (let i = item.length - 1; i >= 0; i--) stack.push(item[i]);
    else found.push(operationOf(item));
  }
  return found;
}

function operationOf(item: unknown): Operation {
  if (item instanceof Operation) return item;
  const { op } = (item ?? {}) as { op?: unknown };
  if (op instanceof Operation) return op;
  throw new TypeError(
    `'inputs' should be zero or more (nested) Tensors. Received '${String(item)}' with type '${typeof item}'.`,
  );
}

/**
 * The value, which from now on is ready only when the dependencies are done too.
 *
 *     const fresh = withDependencies([assign], v.value());
 */
export function withDependencies(
  dependencies: readonly Dependencies[],
  output: TensorLike,
  ...rest: Rest<[name: string | null], NameOption>
): Tensor {
  const { name } = bind<NameOption>(['name'], rest);
  return within(graphOf([output]), name, 'control_dependency', (scope) => {
    const value = convertToTensor(output);
    return gate(value, flattenDependencies(dependencies), scope);
  });
}

function gate(value: Tensor, dependencies: readonly Operation[], name: string): Tensor {
  const { graph } = value;
  return graph.colocateWith(value.op, false, () =>
    graph.controlDependencies(dependencies, () => emitOne('Identity', [value], {}, name)),
  );
}

/**
 * The same tensors, each ready only when all are: no consumer of one starts before the last is computed. Null entries
 * stay null, operations become groups. Throws `ValueError` where there is nothing to wait for.
 *
 *     const [dx, dw] = tf.tuple(tf.gradients(loss, [x, w]));
 */
export function tuple<T extends Tensor | IndexedSlices | Operation | null>(
  tensors: readonly T[],
  ...rest: Rest<[name: string | null, controlInputs: readonly Dependencies[]], TupleOptions>
): T[] {
  const { name, controlInputs } = bind<TupleOptions>(['name', 'controlInputs'], rest);
  const given = tensors.filter((t) => t !== null) as (Tensor | IndexedSlices | Operation)[];
  const graph = given[0]?.graph ?? getDefaultGraph();
  return within(graph, name, 'tuple', () => {
    const gating = [...flattenDependencies(given), ...flattenDependencies(controlInputs ?? [])];
    const unique = [...new Set(gating)].sort((a, b) => a.id - b.id);
    if (unique.length === 0) {
      throw new ValueError(`\`tensors\` must have at least one Tensor. Received: [${tensors.map(String).join(', ')}].`);
    }
    const gateOp = groupAll(unique);
    return tensors.map((item): Tensor | IndexedSlices | Operation | null => {
      if (item === null) return null;
      if (item instanceof Operation) return graph.controlDependencies([gateOp], () => group(item));
      if (item instanceof Tensor) return withDependencies([gateOp], item);
      return new IndexedSlices(withDependencies([gateOp], item.values), item.indices, item.denseShape);
    }) as T[];
  });
}

export interface TupleOptions extends NameOption {
  /** More operations to wait for. */
  readonly controlInputs?: readonly Dependencies[];
}

export interface AssertOptions extends NameOption {
  /** How many elements of each tensor the message shows; 3 without it, all with -1. */
  readonly summarize?: number | null;
}

/**
 * An operation that stops the run with `InvalidArgumentError`, and the data in its message, where the condition is
 * false. Run it, or make others depend on it.
 *
 *     const check = tf.Assert(tf.reduceAll(tf.less(x, 1)), ['x was', x]);
 *     y = g.controlDependencies([check], () => tf.identity(y));
 */
export function Assert(
  condition: TensorLike,
  data: readonly TensorLike[],
  ...rest: Rest<[summarize: number | null, name: string | null], AssertOptions>
): Operation {
  const { summarize, name } = bind<AssertOptions>(['summarize', 'name'], rest);
  return opScope(name, 'Assert', [condition, data], () => {
    for (const item of data) convertToTensor(item);
    const more = summarize == null ? {} : { summarize };
    return emit('Assert', [condition, data], more, 'Assert');
  });
}

export interface PrintOptions extends NameOption {
  readonly message?: string | null;
  /** Print only in the first runs; always without it. */
  readonly firstN?: number | null;
  /** How many elements of each tensor are shown; 3 without it. */
  readonly summarize?: number | null;
}

/**
 * The input unchanged; each run that computes it prints `message` and the data, as `message[1 2 3...]`.
 *
 *     x = tf.Print(x, [x, tf.shape(x)], 'x: ');
 */
export function Print(
  input: TensorLike,
  data: readonly TensorLike[],
  ...rest: Rest<
    [message: string | null, firstN: number | null, summarize: number | null, name: string | null],
    PrintOptions
  >
): Tensor {
  const { message, firstN, summarize, name } = bind<PrintOptions>(['message', 'firstN', 'summarize', 'name'], rest);
  const attrs = { message: message ?? '', first_n: firstN ?? -1, summarize: summarize ?? 3 };
  return emitOne('Print', [input, data], attrs, name);
}
